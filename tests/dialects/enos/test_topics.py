from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.topics import (
    Leaf,
    fill,
    filter_of,
    is_addressable,
    is_own,
    is_reply,
    parse,
    reply_topic,
    template_of,
    topic_of,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from tests.dialects.enos.strategies import DEVICES

_DEVICE = DeviceId("pk1", "dk1")


@given(device=DEVICES, leaf=st.sampled_from(Leaf))
def test_a_topic_names_its_device_and_leaf(device: DeviceId, leaf: Leaf) -> None:
    """Any keys that a topic can hold come back out of it."""
    assert parse(topic_of(device, leaf)) == (device, leaf)


def test_topics_read_as_in_the_manual() -> None:
    """The form that "Developing OTA Capabilities on Devices" gives."""
    assert topic_of(_DEVICE, Leaf.UPGRADE) == "/sys/pk1/dk1/ota/device/upgrade"
    assert topic_of(_DEVICE, Leaf.INFORM_REPLY) == "/sys/pk1/dk1/ota/device/inform_reply"


def test_a_reply_stands_on_the_topic_of_its_request() -> None:
    """With the suffix that EnOS gives it everywhere."""
    assert reply_topic("/sys/a/b/ota/device/inform") == "/sys/a/b/ota/device/inform_reply"
    assert is_reply("/sys/a/b/ota/device/upgrade_reply")
    assert not is_reply("/sys/a/b/ota/device/inform")


def test_a_template_names_the_topics_of_all_devices() -> None:
    """A wildcard for each of the two keys."""
    assert filter_of("/sys/{device}/thing/topo/get") == "/sys/+/+/thing/topo/get"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "sys/pk1/dk1/ota/device/inform",
        "/sys/pk1/dk1/ota/device/inform/",
        "/sys/pk1/dk1/ota/device/Inform",
        "/sys/pk1/dk1/ota/device/request",
        "/sys/pk1/dk1/thing/event/inform",
        "/sys//dk1/ota/device/inform",
        "/sys/pk1//ota/device/inform",
        "/ext/session/pk1/dk1/ota/device/inform",
    ],
)
def test_other_topics_are_none_of_ours(topic: str) -> None:
    """Nothing but the exact form is an OTA topic."""
    with pytest.raises(DialectError, match="no OTA topic"):
        parse(topic)


@pytest.mark.parametrize(
    "topic_filter",
    [
        "/sys/pk1/dk1/ota/device/upgrade",
        "/sys/pk1/dk1/#",
        "/sys/pk1/dk1/+/device/+",
        "/ext/session/pk1/dk1/thing/activate/info",
    ],
)
def test_a_device_owns_what_is_below_its_keys(topic_filter: str) -> None:
    """Wildcards are legal as long as both keys are spelt out before them."""
    assert is_own(_DEVICE, topic_filter)


@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "/sys/#",
        "/sys/+/dk1/ota/device/upgrade",
        "/sys/pk1/+/ota/device/upgrade",
        "/sys/pk1/dk2/ota/device/upgrade",
        "/sys/pk1/dk10/ota/device/upgrade",
        "/sys/pk1/dk1",
        "$share/group//sys/pk1/dk1/ota/device/upgrade",
        "/ext/session/+/dk1/#",
    ],
)
def test_a_device_owns_nothing_beside_its_keys(topic_filter: str) -> None:
    """A filter that could match one topic of another device is not its own."""
    assert not is_own(_DEVICE, topic_filter)


@pytest.mark.parametrize("device_key", ["+", "#", "a/b", "a+", "dk/#"])
def test_a_key_that_is_a_wildcard_owns_nothing(device_key: str) -> None:
    """Spelt out in a filter, such a key would match other devices."""
    device = DeviceId("pk1", device_key)

    assert not is_addressable(device)
    assert not is_own(device, f"/sys/pk1/{device_key}/ota/device/upgrade")


@given(device=DEVICES)
def test_a_template_is_a_topic_without_its_device(device: DeviceId) -> None:
    """Either root, any keys that a topic can hold, and as many levels below as there are."""
    for template in ("/sys/{device}/thing/topo/add", "/ext/session/{device}/a", "/sys/{device}/"):
        assert template_of(fill(template, device)) == (device, template)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/sys/pk1/dk1",
        "/sys//dk1/a",
        "/sys/pk1//a",
        "/sys/+/dk1/a",
        "/sys/pk1/#/a",
        "/ext/pk/dk",
    ],
)
def test_a_topic_without_both_keys_has_no_template(topic: str) -> None:
    """It belongs to nobody."""
    assert template_of(topic) is None
