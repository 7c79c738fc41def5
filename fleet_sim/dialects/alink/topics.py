"""The topics of Alink: where devices and platform speak of upgrades, and whose a topic is.

up      /ota/device/inform/{pk}/{dn}                  the version of one module
down    /ota/device/upgrade/{pk}/{dn}                 a push
up      /ota/device/progress/{pk}/{dn}                progress or failure
up      /sys/{pk}/{dn}/thing/ota/firmware/get         is there a task for me?
down    /sys/{pk}/{dn}/thing/ota/firmware/get_reply
up      /sys/{pk}/{dn}/thing/file/download            one block of a file
down    /sys/{pk}/{dn}/thing/file/download_reply
both    /ota/device/request/{pk}/{dn}                 the older form of get and get_reply
"""

from __future__ import annotations

from enum import StrEnum

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

_DEVICE = "{device}"


class Topic(StrEnum):
    """A topic of every device; both keys stand where `{device}` does."""

    INFORM = "/ota/device/inform/{device}"
    UPGRADE = "/ota/device/upgrade/{device}"
    PROGRESS = "/ota/device/progress/{device}"
    REQUEST = "/ota/device/request/{device}"
    GET = "/sys/{device}/thing/ota/firmware/get"
    GET_REPLY = "/sys/{device}/thing/ota/firmware/get_reply"
    DOWNLOAD = "/sys/{device}/thing/file/download"
    DOWNLOAD_REPLY = "/sys/{device}/thing/file/download_reply"


UPSTREAM = (Topic.INFORM, Topic.PROGRESS, Topic.GET, Topic.REQUEST, Topic.DOWNLOAD)
# What is delivered unasked. The older form is not: a device that uses it subscribes to it, and
# would hear its own requests.
DOWNSTREAM = (Topic.UPGRADE, Topic.GET_REPLY, Topic.DOWNLOAD_REPLY)
REPLY_TO = {
    Topic.GET: Topic.GET_REPLY,
    Topic.REQUEST: Topic.REQUEST,
    Topic.DOWNLOAD: Topic.DOWNLOAD_REPLY,
}

_TOPICS = {topic.value: topic for topic in Topic}

# Where a device's two keys stand in topics that are its own, by the levels before them; "+" is any
# one level. Beside `sys` and `ota` the SDKs speak under `ext` (clock, diagnosis) and `shadow`, and
# a user's own topics begin with the keys; a product named as one of the roots has none of these,
# for they would be other devices' topics.
_ROOTS = (("ota", "device", "+"), ("sys",), ("ext", "+"), ("shadow", "+"), ())
_RESERVED = {root[0] for root in _ROOTS if root}


def topic_of(device: DeviceId, topic: Topic) -> str:
    """Return a device's topic."""
    return topic.value.replace(_DEVICE, str(device))


def filter_of(topic: Topic) -> str:
    """Return the filter that matches this topic of every device."""
    return topic.value.replace(_DEVICE, "+/+")


def parse(text: str) -> tuple[DeviceId, Topic]:
    """Return whose topic it is, and which.

    Raises:
        DialectError: It is none of those above.
    """
    found = _split(text)
    if found is not None:
        device, template = found
        topic = _TOPICS.get(template)
        if topic is not None and is_addressable(device):
            return device, topic
    raise DialectError(f"{text!r} is no OTA topic of Alink")


def is_addressable(device: DeviceId) -> bool:
    """Tell whether both keys can stand in a topic as one level that matches only itself."""
    keys = (device.product_key, device.device_key)
    return all(keys) and not any(mark in key for key in keys for mark in "/+#")


def is_own(device: DeviceId, topic_or_filter: str) -> bool:
    """Tell whether a topic, or all that a filter can match, belongs to this device.

    Both of its keys must be spelt out where they have their place; a filter of a shared
    subscription begins otherwise and is refused.
    """
    first, *levels = topic_or_filter.split("/")
    if first or not is_addressable(device):
        return False
    keys = [device.product_key, device.device_key]
    roots = _ROOTS[:-1] if device.product_key in _RESERVED else _ROOTS
    return any(
        _begins(levels, root) and levels[len(root) : len(root) + 2] == keys for root in roots
    )


def _begins(levels: list[str], root: tuple[str, ...]) -> bool:
    return len(levels) > len(root) + 1 and all(
        mark in ("+", level) for mark, level in zip(root, levels, strict=False)
    )


def _split(text: str) -> tuple[DeviceId, str] | None:
    """Take the keys out of a topic of one of the two forms above."""
    match text.split("/"):
        case ["", "ota", "device", verb, product_key, device_key]:
            return DeviceId(product_key, device_key), f"/ota/device/{verb}/{_DEVICE}"
        case ["", "sys", product_key, device_key, *rest]:
            return DeviceId(product_key, device_key), "/".join(["/sys", _DEVICE, *rest])
        case _:
            return None
