from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.huawei import names
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from tests.dialects.huawei.strategies import DEVICES

_DEVICE = DeviceId("p1", "node_1")


@given(device=DEVICES)
def test_a_device_id_and_both_topics_name_their_device(device: DeviceId) -> None:
    """Whatever stands in a node id, underscores included."""
    assert names.device_of(names.name_of(device)) == device
    assert names.speaker_of(names.up_topic(device)) == device
    assert names.hearer_of(names.down_topic(device)) == device


def test_the_topics_read_as_in_the_manual() -> None:
    """Two a device, for whatever is said."""
    assert names.up_topic(_DEVICE) == "$oc/devices/p1_node_1/sys/events/up"
    assert names.down_topic(_DEVICE) == "$oc/devices/p1_node_1/sys/events/down"


@pytest.mark.parametrize("name", ["", "p1", "_d", "p_"])
def test_half_an_id_is_nobodys(name: str) -> None:
    """Both halves are needed."""
    with pytest.raises(DialectError, match="no device id"):
        names.device_of(name)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "$oc/devices/p1_d1/sys/events/down",
        "$oc/devices/p1_d1/x/sys/events/up",
        "$oc/devices//sys/events/up",
        "oc/devices/p1_d1/sys/events/up",
        "$oc/devices/sys/events/up",
    ],
)
def test_other_topics_have_no_speaker(topic: str) -> None:
    """The downward one is among them."""
    with pytest.raises(DialectError, match="is no topic"):
        names.speaker_of(topic)


@given(topic=st.text(max_size=40))
def test_texts_of_any_kind_raise_nothing_else(topic: str) -> None:
    """A topic is somebody's or a `DialectError`."""
    for read in (names.speaker_of, names.hearer_of, names.device_of):
        try:
            found = read(topic)
        except DialectError:
            continue
        assert found.product_key


@pytest.mark.parametrize(
    ("topic", "is_own"),
    [
        ("$oc/devices/p1_node_1/sys/#", True),
        ("$oc/devices/p1_node_1/user/x", True),
        ("$oc/devices/p1_node_1", False),
        ("$oc/devices/p1_node_12/sys/#", False),
        ("$oc/devices/+/sys/#", False),
        ("$share/g/$oc/devices/p1_node_1/sys/#", False),
        ("#", False),
    ],
)
def test_what_is_below_the_id_is_the_devices_own(topic: str, is_own: bool) -> None:
    """The id has to be spelt out, so a wildcard can only stand below it."""
    assert names.is_own(_DEVICE, topic) is is_own


@pytest.mark.parametrize("key", ["a/b", "+", "d#"])
def test_an_id_that_would_be_a_wildcard_owns_nothing(key: str) -> None:
    """Else it would own what others do."""
    device = DeviceId("p1", key)

    assert not names.is_addressable(device)
    assert not names.is_own(device, f"$oc/devices/p1_{key}/x")


def test_keys_are_the_digits_they_are_made_of() -> None:
    """Projects and applications have 32 of them."""
    digits = "0123456789abcdef" * 2

    assert names.project_of(digits) == names.application_key_of(digits) == digits
