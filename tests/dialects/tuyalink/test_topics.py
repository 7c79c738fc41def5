from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.tuyalink.topics import Leaf, filter_of, is_below, parse, topic_of
from fleet_sim.dialects.wire import DialectError
from tests.dialects.tuyalink.strategies import KEYS


@given(device_id=KEYS, leaf=st.sampled_from(Leaf))
def test_a_topic_names_its_device(device_id: str, leaf: Leaf) -> None:
    """Any id that a topic can hold comes back out of it."""
    assert parse(topic_of(device_id, leaf)) == (device_id, leaf)


def test_topics_read_as_in_the_manual() -> None:
    """The five of "MQTT Topics"."""
    assert [topic_of("d1", leaf) for leaf in Leaf] == [
        "tylink/d1/ota/firmware/report",
        "tylink/d1/ota/issue",
        "tylink/d1/ota/get",
        "tylink/d1/ota/get_response",
        "tylink/d1/ota/progress/report",
    ]


def test_a_filter_matches_every_device() -> None:
    """A wildcard for the id."""
    assert filter_of(Leaf.GET) == "tylink/+/ota/get"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "tylink/",
        "tylink//ota/get",
        "/tylink/d1/ota/get",
        "tylink/d1/ota/get/",
        "tylink/d1/ota",
        "d1/ota/get",
    ],
)
def test_other_topics_are_none_of_ours(topic: str) -> None:
    """Nothing but the exact form is an OTA topic."""
    with pytest.raises(DialectError, match="no OTA topic"):
        parse(topic)


@pytest.mark.parametrize(
    ("topic_filter", "is_own"),
    [
        ("tylink/d1/ota/issue", True),
        ("tylink/d1/#", True),
        ("tylink/d1/+/+", True),
        ("tylink/d1/", False),
        ("tylink/d1", False),
        ("tylink/d10/ota/issue", False),
        ("tylink/+/ota/issue", False),
        ("tylink/#", False),
        ("#", False),
        ("$share/g/tylink/d1/#", False),
    ],
)
def test_a_device_owns_what_is_below_its_id(topic_filter: str, *, is_own: bool) -> None:
    """A filter that could match one topic of another device is not its own."""
    assert is_below("d1", topic_filter) is is_own
