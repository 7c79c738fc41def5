from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.tuyalink.names import Names
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from tests.dialects.tuyalink.strategies import DEVICES


@pytest.mark.parametrize(
    ("device", "device_id"),
    [
        (DeviceId("p1", "dev1"), "p1.dev1"),
        (DeviceId("p1", "a.b"), "p1.a.b"),
        (DeviceId("p.1", "a"), "p%2E1.a"),
        (DeviceId("p%2E1", "a%"), "p%252E1.a%"),
    ],
)
def test_an_id_is_made_of_both_keys(device: DeviceId, device_id: str) -> None:
    """The product first; the first dot ends it."""
    assert Names().id_of(device) == device_id
    assert Names().device_of(device_id) == device


@given(DEVICES)
def test_every_device_has_an_id(device: DeviceId) -> None:
    """And that id is no other's."""
    assert Names().device_of(Names().id_of(device)) == device
    assert Names().is_fit(device)


@given(st.text(max_size=20))
def test_every_id_is_one_devices_or_nobodys(device_id: str) -> None:
    """No device has two."""
    try:
        device = Names().device_of(device_id)
    except DialectError:
        return
    assert Names().id_of(device) == device_id


def test_ids_of_a_platforms_own_are_device_keys() -> None:
    """Of the one product there is."""
    names = Names("p1")

    assert names.id_of(DeviceId("p1", "6c82.x")) == "6c82.x"
    assert names.device_of("6c82.x") == DeviceId("p1", "6c82.x")
    assert not names.is_fit(DeviceId("p2", "6c82.x"))


@pytest.mark.parametrize(
    "device_id", ["", "p1", ".dev1", "p1.", "p1.+", "#.x", "p.a/b", "p.a|b", "p.a,b", "p%41.x"]
)
def test_other_ids_are_nobodys(device_id: str) -> None:
    """A part is missing, or could not stand in a topic or in what is signed."""
    with pytest.raises(DialectError):
        Names().device_of(device_id)


@pytest.mark.parametrize("device_key", ["", "+", "a/b", "a|b"])
def test_some_devices_cannot_be_called(device_key: str) -> None:
    """Their keys would end the id early, or match others."""
    assert not Names().is_fit(DeviceId("p1", device_key))
    with pytest.raises(DialectError):
        Names("p1").device_of(device_key)
