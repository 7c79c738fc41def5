"""The topics: `/sys/{productKey}/{deviceKey}/…` and `/ext/session/{productKey}/{deviceKey}/…`.

The OTA ones are `/sys/{productKey}/{deviceKey}/ota/device/{leaf}`. A reply goes to the request's
topic with `_reply` appended. Messages are told apart by topic alone: the `method` in the payload
differs between the pages and the SDKs.

A topic of another kind is named by its template, the topic with `{device}` for both keys.

Source: "Developing OTA Capabilities on Devices"; for the others, the modules that use them.
"""

from __future__ import annotations

from enum import StrEnum

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId


class Leaf(StrEnum):
    """The last level of an OTA topic."""

    INFORM = "inform"
    INFORM_REPLY = "inform_reply"
    PROGRESS = "progress"
    PROGRESS_REPLY = "progress_reply"
    GETVERSION = "getversion"
    GETVERSION_REPLY = "getversion_reply"
    UPGRADE = "upgrade"
    UPGRADE_REPLY = "upgrade_reply"


UPSTREAM = (Leaf.INFORM, Leaf.PROGRESS, Leaf.GETVERSION, Leaf.UPGRADE_REPLY)
DOWNSTREAM = (Leaf.UPGRADE, Leaf.INFORM_REPLY, Leaf.PROGRESS_REPLY, Leaf.GETVERSION_REPLY)
REPLY_TO = {
    Leaf.INFORM: Leaf.INFORM_REPLY,
    Leaf.PROGRESS: Leaf.PROGRESS_REPLY,
    Leaf.GETVERSION: Leaf.GETVERSION_REPLY,
}

SESSION = "/ext/session/"  # Where connections are spoken of; what devices do stands under `/sys/`.

_SYS = "/sys/"
_REPLY = "_reply"
_LEAVES = {leaf.value: leaf for leaf in Leaf}
_LEVELS = 7  # "", sys, product key, device key, ota, device, leaf
_DEVICE = "{device}"


def topic_of(device: DeviceId, leaf: Leaf) -> str:
    """Return a device's topic."""
    return f"/sys/{device.product_key}/{device.device_key}/ota/device/{leaf.value}"


def parse(topic: str) -> tuple[DeviceId, Leaf]:
    """Return whose topic it is, and which.

    Raises:
        DialectError: It is none of the OTA topics.
    """
    levels = topic.split("/")
    if len(levels) == _LEVELS and levels[:2] == ["", "sys"] and levels[4:6] == ["ota", "device"]:
        leaf = _LEAVES.get(levels[6])
        if leaf is not None and levels[2] and levels[3]:
            return DeviceId(levels[2], levels[3]), leaf
    raise DialectError(f"{topic!r} is no OTA topic of EnOS")


def fill(template: str, device: DeviceId) -> str:
    """Return a device's topic of this template."""
    return template.replace(_DEVICE, str(device))


def filter_of(template: str) -> str:
    """Return the topic filter of all devices' topics of this template."""
    return template.replace(_DEVICE, "+/+")


def reply_topic(topic: str) -> str:
    """Return where the reply to a message is published; of a template, that of the reply."""
    return f"{topic}{_REPLY}"


def is_reply(topic: str) -> bool:
    """Tell whether a message answers another one."""
    return topic.endswith(_REPLY)


def template_of(topic: str) -> tuple[DeviceId, str] | None:
    """Return whose topic (or filter) it is, and its template; None where it is nobody's.

    Both keys have to be spelt out; below them, anything may stand.
    """
    for root in (_SYS, SESSION):
        if topic.startswith(root):
            levels = topic.removeprefix(root).split("/", 2)
            device = DeviceId(*levels[:2]) if len(levels) > 2 else None  # noqa: PLR2004 - keys, rest
            if device and all(levels[:2]) and is_addressable(device):
                return device, f"{root}{_DEVICE}/{levels[2]}"
    return None


def is_addressable(device: DeviceId) -> bool:
    """Tell whether both keys can stand in a topic as one level that matches only itself."""
    return not any(mark in key for key in (device.product_key, device.device_key) for mark in "/+#")


def is_own(device: DeviceId, topic_or_filter: str) -> bool:
    """Tell whether a topic, or all that a filter can match, belongs to this device.

    Both of its keys must be spelt out, so a wildcard can only stand below them; a filter of a
    shared subscription begins otherwise and is refused.
    """
    below = f"{device.product_key}/{device.device_key}/"
    return is_addressable(device) and topic_or_filter.startswith(
        (f"{_SYS}{below}", f"{SESSION}{below}")
    )
