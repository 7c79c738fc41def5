"""The envelope of every event, in both directions.

    {"object_device_id", "services": [{"service_id": "$ota", "event_type", "event_time",
                                       "event_id", "paras": {…}}, …]}

`object_device_id` names a child where its gateway speaks or is spoken to; empty or absent, the
topic's own device is meant. `event_time` is never looked at: absent or malformed, the platform
takes its own time, and the Python SDK sends nothing but malformed ones.

`event_id` is in no page; the Python SDK sends "" there. We carry the id of a message in it. Where a
device does not, its message has none. Where a platform does not, the digest of the payload is the
id: a copy of a push has the same, and another push another.

Of several services the last one of `$ota` counts, the latest thing said; services of other ids
(`$log`, `$sdk_info`, …) share the topic and are passed over.

Source: "Device Reporting the Software and Firmware Versions" and its siblings; device SDKs for
Python and Java.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from fleet_sim.dialects.huawei.payload import Fields, read_fields, read_text, write_object
from fleet_sim.dialects.wire import DialectError

OTA = "$ota"
SERVICES_MAX = 256  # Ours; the pages name no limit.

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class OtaEvent:
    """One event, out of its envelope.

    Attributes:
        object_name: The id of the device it is about; "" for the topic's own.
        message_id: Its `event_id`; "" for none.
        kind: Its `event_type`.
        paras: What it says.
    """

    object_name: str
    message_id: str
    kind: str
    paras: Fields


def write(
    object_name: str, kind: str, paras: Fields, message_id: str, *, service: str = OTA
) -> bytes:
    """Write an event; without a name it is about the topic's own device."""
    event = {"service_id": service, "event_type": kind, "event_id": message_id, "paras": paras}
    named = {"object_device_id": object_name} if object_name else {}
    return write_object({**named, "services": [event]})


def read(body: Fields, kinds: Collection[str], *, service: str = OTA) -> OtaEvent:
    """Read the event that counts.

    Args:
        body: The envelope.
        kinds: The event types that are known in this direction.
        service: The service whose events are wanted.

    Raises:
        DialectError: There is none of the service, it is of no known type, or not well formed.
    """
    return _read(body, _of(body, service)[-1], kinds)


def read_each(
    body: Fields, kinds: Collection[str], *, service: str, is_strict: bool = True
) -> list[OtaEvent]:
    """Read every event of a service, in order.

    Args:
        body: The envelope.
        kinds: The event types that are known in this direction.
        service: The service whose events are wanted.
        is_strict: Whether one of another type is an error; if not, it is passed over, and there may
            be none left.

    Raises:
        DialectError: As `read`, of any of them.
    """
    events = _of(body, service)
    if not is_strict:
        events = [event for event in events if event.get("event_type") in tuple(kinds)]
    return [_read(body, event, kinds) for event in events]


def _read(body: Fields, event: Fields, kinds: Collection[str]) -> OtaEvent:
    kind = read_text(event, "event_type")
    if kind not in kinds:
        raise DialectError(f"{kind[:40]!r} is no event here; known: {', '.join(sorted(kinds))}")
    message_id = read_text(event, "event_id", default="")
    name = read_text(body, "object_device_id", default="")
    return OtaEvent(name, message_id, kind, read_fields(event, "paras"))


def services_of(body: Fields) -> frozenset[str]:
    """Return the services that an envelope holds events of."""
    services = body.get("services")
    if not isinstance(services, list):
        return frozenset()
    ids = (one.get("service_id") for one in services if isinstance(one, dict))
    return frozenset(one for one in ids if isinstance(one, str))


def digest_of(payload: bytes) -> str:
    """Return what stands for the id of a push that has none."""
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).hexdigest()


def _of(body: Fields, service: str) -> list[Fields]:
    services = body.get("services")
    if not isinstance(services, list) or len(services) > SERVICES_MAX:
        raise DialectError(f"services is no list of at most {SERVICES_MAX} objects")
    if not all(isinstance(one, dict) for one in services):
        raise DialectError("services holds something that is no object")
    mine = [one for one in services if one.get("service_id") == service]
    if not mine:
        raise DialectError(f"none of the services is {service}")
    return mine
