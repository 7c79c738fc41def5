"""The topics of TuyaLink, all below `tylink/{deviceId}/`.

up      ota/firmware/report     versions
down    ota/issue               a push
up      ota/get                 is there a task for me?
down    ota/get_response
up      ota/progress/report     progress or failure
"""

from __future__ import annotations

from enum import StrEnum

from fleet_sim.dialects.wire import DialectError


class Leaf(StrEnum):
    """What stands below a device's id."""

    REPORT = "ota/firmware/report"
    ISSUE = "ota/issue"
    GET = "ota/get"
    GET_RESPONSE = "ota/get_response"
    PROGRESS = "ota/progress/report"


UPSTREAM = (Leaf.REPORT, Leaf.GET, Leaf.PROGRESS)
DOWNSTREAM = (Leaf.ISSUE, Leaf.GET_RESPONSE)

_ROOT = "tylink/"
_LEAVES = {leaf.value: leaf for leaf in Leaf}


def topic_of(device_id: str, leaf: Leaf) -> str:
    """Return a device's topic."""
    return f"{_ROOT}{device_id}/{leaf.value}"


def filter_of(leaf: Leaf) -> str:
    """Return the filter that matches this topic of every device."""
    return topic_of("+", leaf)


def parse(topic: str) -> tuple[str, Leaf]:
    """Return the id of the device whose topic it is, and which.

    Raises:
        DialectError: It is none of those above.
    """
    device_id, _, rest = topic.removeprefix(_ROOT).partition("/")
    leaf = _LEAVES.get(rest)
    if topic.startswith(_ROOT) and leaf is not None and device_id:
        return device_id, leaf
    raise DialectError(f"{topic!r} is no OTA topic of TuyaLink")


def is_below(device_id: str, topic_or_filter: str) -> bool:
    """Tell whether a topic, or all that a filter can match, belongs to the device of this id."""
    root = f"{_ROOT}{device_id}/"
    return topic_or_filter.startswith(root) and len(topic_or_filter) > len(root)
