from dataclasses import asdict

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError
from fleet_sim.scenario import vocabulary


def test_every_room_is_asked_for_its_names() -> None:
    """Names that the scenario reference promises are there."""
    assert "enos" in vocabulary.dialects()
    assert {"ethernet_lab", "wifi_good", "regular_3g", "nb_iot", "tunnel"} <= set(
        vocabulary.links()
    )
    assert {"healthy", "brick", "flap", "silent_success"} <= set(vocabulary.personas())
    assert "V01" in vocabulary.promises()
    assert "B01" in vocabulary.planted()
    assert set(vocabulary.EVENTS) == {"disconnect", "cancel", "stop", "retry"}


def test_defaults_are_known_names() -> None:
    """A fleet that says nothing must be legal."""
    assert vocabulary.DEFAULT_DIALECT in vocabulary.dialects()
    assert vocabulary.DEFAULT_LINK in vocabulary.links()
    assert vocabulary.DEFAULT_PERSONA in vocabulary.personas()
    assert vocabulary.contract(vocabulary.DEFAULT_DIALECT).timeout_s_min == 300


def test_a_dialect_that_cannot_be_used_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown, or another package's and broken."""
    assert vocabulary.dialect_fault("enos") == ""
    assert vocabulary.dialect_fault("enoss").startswith("there is no such dialect; did you mean")

    def broken(name: str) -> Dialect:
        raise DialectError(f"{name} is broken")

    monkeypatch.setattr(registry, "get", broken)
    assert vocabulary.dialect_fault("enos") == "enos is broken"


def test_what_messages_can_say_is_asked_of_the_codecs() -> None:
    """One of each kind is tried; a vendor whose answer is no makes each attribute needed."""
    said = {name: asdict(vocabulary.speech(name)) for name in vocabulary.dialects()}

    assert {
        attribute: {name for name, one in said.items() if not one[attribute]}
        for attribute in said["enos"]
    } == {
        "answers_pushes": {"alibaba", "huawei", "tuya", "tuyalink"},
        "tells_upgrades": {"alibaba", "enos", "tuya"},
        "activates": {"huawei", "tuyalink"},
        "tells_100_percent": {"huawei"},
        "searches_devices": {"huawei"},
        "searches_any_field": {"alibaba", "huawei", "tuya", "tuyalink"},
    }
