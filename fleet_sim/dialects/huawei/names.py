"""Names: device ids, topics, and what Huawei hands out.

    device id   {product_id}_{node_id}, the node id being the device key
    up          $oc/devices/{device_id}/sys/events/up
    down        $oc/devices/{device_id}/sys/events/down

Product ids of Huawei hold no underscore and node ids may, so the first one divides. A message is
told apart by what stands in it; both directions have one topic each.

Source: "Topics", "Device Connection Authentication"; ids as in the samples of both.
"""

from __future__ import annotations

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

_ROOT = "$oc/devices/"
_UP = "/sys/events/up"
_DOWN = "/sys/events/down"

UP_FILTER = f"{_ROOT}+{_UP}"


def name_of(device: DeviceId) -> str:
    """Return the device's id in Huawei's words."""
    return f"{device.product_key}_{device.device_key}"


def device_of(name: str) -> DeviceId:
    """Return who a device id names.

    Raises:
        DialectError: One of its halves is missing.
    """
    product_key, _, device_key = name.partition("_")
    if not product_key or not device_key:
        raise DialectError(f"{name[:80]!r} is no device id; it is {{product_id}}_{{node_id}}")
    return DeviceId(product_key, device_key)


def up_topic(device: DeviceId) -> str:
    """Return where a device speaks."""
    return f"{_ROOT}{name_of(device)}{_UP}"


def down_topic(device: DeviceId) -> str:
    """Return where it is spoken to."""
    return f"{_ROOT}{name_of(device)}{_DOWN}"


def speaker_of(topic: str) -> DeviceId:
    """Return whose upward topic it is.

    Raises:
        DialectError: It is nobody's.
    """
    return _owner_of(topic, _UP)


def hearer_of(topic: str) -> DeviceId:
    """Return whose downward topic it is.

    Raises:
        DialectError: It is nobody's.
    """
    return _owner_of(topic, _DOWN)


def _owner_of(topic: str, end: str) -> DeviceId:
    if topic.startswith(_ROOT) and topic.endswith(end):
        name = topic.removeprefix(_ROOT).removesuffix(end)
        if name and "/" not in name:
            return device_of(name)
    raise DialectError(f"{topic[:120]!r} is no topic {_ROOT}{{device_id}}{end}")


def is_addressable(device: DeviceId) -> bool:
    """Tell whether a device's id can stand in a topic as one level that matches only itself."""
    return not any(mark in name_of(device) for mark in "/+#")


def is_own(device: DeviceId, topic_or_filter: str) -> bool:
    """Tell whether a topic, or all that a filter can match, belongs to this device."""
    below = f"{_ROOT}{name_of(device)}/"
    return is_addressable(device) and topic_or_filter.startswith(below)


def project_of(digits: str) -> str:
    """Return a project's id from 32 hexadecimal digits: just these."""
    return digits


def application_key_of(digits: str) -> str:
    """Return an application's id, or its secret, from 32 hexadecimal digits."""
    return digits
