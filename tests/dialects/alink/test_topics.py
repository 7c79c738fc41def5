from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.alink.topics import (
    Topic,
    filter_of,
    is_addressable,
    is_own,
    parse,
    topic_of,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from tests.dialects.alink.strategies import DEVICES

_DEVICE = DeviceId("pk1", "dev1")


@given(device=DEVICES, topic=st.sampled_from(Topic))
def test_a_topic_names_its_device(device: DeviceId, topic: Topic) -> None:
    """Any keys that a topic can hold come back out of it."""
    assert parse(topic_of(device, topic)) == (device, topic)


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        (Topic.INFORM, "/ota/device/inform/pk1/dev1"),
        (Topic.UPGRADE, "/ota/device/upgrade/pk1/dev1"),
        (Topic.PROGRESS, "/ota/device/progress/pk1/dev1"),
        (Topic.REQUEST, "/ota/device/request/pk1/dev1"),
        (Topic.GET, "/sys/pk1/dev1/thing/ota/firmware/get"),
        (Topic.GET_REPLY, "/sys/pk1/dev1/thing/ota/firmware/get_reply"),
        (Topic.DOWNLOAD, "/sys/pk1/dev1/thing/file/download"),
        (Topic.DOWNLOAD_REPLY, "/sys/pk1/dev1/thing/file/download_reply"),
    ],
)
def test_topics_read_as_in_the_manual(topic: Topic, text: str) -> None:
    """The eight of "OTA updates"."""
    assert topic_of(_DEVICE, topic) == text


def test_a_filter_matches_every_device() -> None:
    """A wildcard for each of the two keys."""
    assert filter_of(Topic.GET) == "/sys/+/+/thing/ota/firmware/get"
    assert filter_of(Topic.INFORM) == "/ota/device/inform/+/+"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "ota/device/inform/pk1/dev1",
        "/ota/device/inform/pk1/dev1/",
        "/ota/device/Inform/pk1/dev1",
        "/ota/device/{device}/pk1/dev1",
        "/ota/device/inform/pk1",
        "/ota/device/inform//dev1",
        "/ota/device/inform/pk1/",
        "/ota/device/inform/+/dev1",
        "/sys/pk1/dev1/thing/ota/firmware/get/",
        "/sys/pk1/dev1/ota/device/inform",
        "/sys/{device}/thing/file/download",
        "/ext/register",
    ],
)
def test_other_topics_are_none_of_ours(topic: str) -> None:
    """Nothing but the exact form is an OTA topic."""
    with pytest.raises(DialectError, match="no OTA topic"):
        parse(topic)


@pytest.mark.parametrize(
    "topic_filter",
    [
        "/ota/device/upgrade/pk1/dev1",
        "/ota/device/+/pk1/dev1",
        "/sys/pk1/dev1/#",
        "/sys/pk1/dev1/thing/+/+",
        "/ext/ntp/pk1/dev1/response",
        "/shadow/get/pk1/dev1",
        "/pk1/dev1/user/get",
    ],
)
def test_a_device_owns_what_names_its_keys_in_their_place(topic_filter: str) -> None:
    """Wildcards may stand anywhere else."""
    assert is_own(_DEVICE, topic_filter)


@pytest.mark.parametrize(
    "topic_filter",
    [
        "",
        "#",
        "/#",
        "/ota/#",
        "/ota/device/upgrade/+/+",
        "/ota/device/upgrade/pk1/+",
        "/ota/device/upgrade/pk1/dev10",
        "/ota/device/upgrade/pk1/dev2/pk1/dev1",
        "/ota/+/upgrade/pk2/dev1",
        "/sys/+/dev1/#",
        "/sys/pk1/dev2/pk1/dev1",
        "/+/pk1/dev1/#",
        "$share/group//sys/pk1/dev1/#",
        "/ext/register",
        "/ext/+",
    ],
)
def test_a_device_owns_nothing_beside_its_keys(topic_filter: str) -> None:
    """A filter that could match one topic of another device is not its own."""
    assert not is_own(_DEVICE, topic_filter)


@pytest.mark.parametrize(
    ("device", "topic_filter"),
    [
        (DeviceId("sys", "pk2"), "/sys/pk2/#"),
        (DeviceId("ota", "device"), "/ota/device/upgrade/pk2/dev2"),
        (DeviceId("ext", "ntp"), "/ext/ntp/pk2/dev2/request"),
        (DeviceId("shadow", "get"), "/shadow/get/pk2/dev2"),
    ],
)
def test_a_product_named_as_a_root_owns_no_others_topics(
    device: DeviceId, topic_filter: str
) -> None:
    """A user's own topics begin with the keys, and these would be everybody's."""
    assert not is_own(device, topic_filter)


@pytest.mark.parametrize("device_key", ["", "+", "#", "a/b"])
def test_a_key_that_is_no_level_owns_nothing(device_key: str) -> None:
    """Spelt out in a filter, such a key would match other devices."""
    device = DeviceId("pk1", device_key)

    assert not is_addressable(device)
    assert not is_own(device, f"/sys/pk1/{device_key}/thing/file/download")
