"""Gateways and their children: which of them are on line, both ends.

    up    sub_device_update_status            {"device_statuses": [{"device_id", "status"}, …]}
    down  sub_device_update_status_response   {"successful_devices": [{"device_id", "status"}, …],
                                               "failed_devices": [{"device_id", "error_code",
                                                                   "error_msg"}, …]}

Both are events of `$sub_device_manager` and travel on the gateway's own topics of events, beside
`$ota` and perhaps in one message with it, so a platform has to look into a message to know whose
part it is. What children say otherwise is in `device` and `server`: their messages go by the
gateway's topics and name them. Topics of its children a gateway neither speaks on nor listens to.

What is not documented, and how it is decided here ([U])
- Who is whose child is the owner's to say, when the device is registered. (The pages have gateways
  add children and take them away as well; that is not spoken here.)
- A child that speaks by its gateway is on line, whether or not that was told before.
- With its gateway's connection a child goes off line, and is told of anew afterwards.
- The numbers of `error_code`, and how many children of one gateway may be on line.
- A status that is no status, or an id that is none, has its whole message refused.
- Several events of statuses in one message are one request, under the last one's id; the limit of
  statuses holds for all of them together, as their answer is one event.
- Another event of the service is refused; beside `$ota` it is passed over, as other services are.

Source: "Gateway Updating Child Device Status", "Responding to a Request for Updating Child Device
Statuses"; device SDKs for Python and Java.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet_sim.dialects.credentials import Keyring
from fleet_sim.dialects.huawei import envelope
from fleet_sim.dialects.huawei.names import (
    UP_FILTER,
    device_of,
    down_topic,
    name_of,
    speaker_of,
    up_topic,
)
from fleet_sim.dialects.huawei.payload import Fields, read_object, read_text
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    Child,
    ChildClaim,
    ChildRefusal,
    GatewayAction,
    GatewayReply,
    GatewayRequest,
    Proof,
)

SERVICE = "$sub_device_manager"
STATUS = "sub_device_update_status"
RESPONSE = "sub_device_update_status_response"

CHILDREN_MAX = 50_000  # Ours: the pages' limits differ by edition.
STATUSES_MAX = 100  # "Gateway Updating Child Device Status": 1 to 100.

_WORD_OF = {True: "ONLINE", False: "OFFLINE"}
_IS_ONLINE = {word: is_online for is_online, word in _WORD_OF.items()}

# In the page's form, and in a range where the vendor has none; see `v5_codes`.
_ERROR_OF: Mapping[ChildRefusal, tuple[str, str]] = {
    ChildRefusal.UNKNOWN: ("IOTDA.900421", "The device does not exist."),
    ChildRefusal.ELSEWHERE: ("IOTDA.900422", "The device is no child of this gateway."),
    ChildRefusal.TOO_MANY: ("IOTDA.900423", "The gateway has too many children on line."),
}
_REFUSAL_OF = {code: refusal for refusal, (code, _) in _ERROR_OF.items()}

# Text of JSON holds the service's name as it is, or with an escape in it.
_HINTS = (SERVICE.encode(), b"\\u")


class HuaweiGateways:
    """Both ends of what gateways say of their children; it keeps no state."""

    @property
    def children_max(self) -> int:
        """Our limit."""
        return CHILDREN_MAX

    @property
    def claimed(self) -> tuple[str, ...]:
        """What any device says in events."""
        return (UP_FILTER,)

    @property
    def signs_for_children(self) -> bool:
        """Nothing is signed; a child is its gateway's because its owner says so."""
        return False

    def owner_of(self, topic_or_filter: str) -> DeviceId | None:
        """Return who speaks on an upward topic; no other is used for anybody else."""
        try:
            return speaker_of(topic_or_filter)
        except DialectError:
            return None

    # --- the platform's end ------------------------------------------------------------------

    def read(
        self, topic: str, payload: bytes, keys: Keyring
    ) -> tuple[DeviceId, GatewayRequest] | None:
        """Read which children are on line; None where a message does not say that.

        Raises:
            DialectError: It does, but is not well formed.
        """
        if not any(hint in payload for hint in _HINTS):
            return None
        body = read_object(payload)
        services = envelope.services_of(body)
        if SERVICE not in services:
            return None
        gateway, says_more = speaker_of(topic), envelope.OTA in services
        events = envelope.read_each(body, {STATUS}, service=SERVICE, is_strict=not says_more)
        if not events:
            return None
        claims = tuple(
            ChildClaim(child, _proof(gateway, child, keys), is_online)
            for child, is_online in _merged(events).items()
        )
        message_id = events[-1].message_id or envelope.digest_of(payload)
        return gateway, GatewayRequest(
            message_id, GatewayAction.PRESENCE, claims, says_more=says_more
        )

    def write(self, gateway: DeviceId, reply: GatewayReply) -> WireMessage:
        """Write which of them are as they were told to be, and which are not."""
        refused = [_failure(child, why) for child, why in reply.refused]
        done = _statuses({child.device: child.is_online for child in reply.children})
        paras = {"successful_devices": done, "failed_devices": refused}
        payload = envelope.write(
            name_of(gateway), RESPONSE, paras, reply.message_id, service=SERVICE
        )
        return WireMessage(down_topic(gateway), payload, 0)

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Say nothing: there is no child of whom to tell."""
        del topic, error
        return None

    # --- the gateway's end -------------------------------------------------------------------

    def request(
        self,
        gateway: DeviceId,
        request: GatewayRequest,
        secrets: Mapping[DeviceId, str],
        *,
        epoch_ms: int,
    ) -> WireMessage:
        """Write which children are on line from now on, and which are not; nothing is signed.

        Raises:
            DialectError: It asks for something else.
        """
        del secrets, epoch_ms
        if request.action is not GatewayAction.PRESENCE:
            raise DialectError(f"a gateway has no word here for {request.action.value}")
        statuses = _statuses({claim.device: claim.is_online for claim in request.children})
        payload = envelope.write(
            name_of(gateway),
            STATUS,
            {"device_statuses": statuses},
            request.message_id,
            service=SERVICE,
        )
        return WireMessage(up_topic(gateway), payload)

    def read_reply(self, gateway: DeviceId, topic: str, payload: bytes) -> GatewayReply | None:
        """Read the answer; None where a message is none, or is another device's.

        Raises:
            DialectError: It is one, but is not well formed.
        """
        if topic != down_topic(gateway):
            return None
        body = read_object(payload)
        if SERVICE not in envelope.services_of(body):
            return None
        event = envelope.read(body, {RESPONSE}, service=SERVICE)
        done = _read_statuses(event.paras, "successful_devices")
        return GatewayReply(
            event.message_id,
            GatewayAction.PRESENCE,
            tuple(Child(child, is_online=is_online) for child, is_online in done.items()),
            tuple(_read_failure(one) for one in _read_list(event.paras, "failed_devices")),
        )


def _proof(gateway: DeviceId, child: DeviceId, keys: Keyring) -> Proof | ChildRefusal:
    """Tell whether a gateway may speak for a device: for its own children alone."""
    owner = keys.gateway_of(child)
    if owner == gateway:
        return Proof.NONE
    is_known = owner is not None or keys.secret_of(child) is not None
    return ChildRefusal.ELSEWHERE if is_known else ChildRefusal.UNKNOWN


def _statuses(children: Mapping[DeviceId, bool]) -> list[dict[str, Any]]:
    return [
        {"device_id": name_of(child), "status": _WORD_OF[is_online]}
        for child, is_online in children.items()
    ]


def _merged(events: Sequence[envelope.OtaEvent]) -> Mapping[DeviceId, bool]:
    """Read the statuses of all events; of a child in several of them, the later one counts."""
    found: dict[DeviceId, bool] = {}
    for event in events:
        found.update(_read_statuses(event.paras))
    if len(found) > STATUSES_MAX:
        raise DialectError(
            f"the device_statuses of {len(events)} events name {len(found)} children; "
            f"a message may name {STATUSES_MAX}"
        )
    return found


def _read_statuses(paras: Fields, name: str = "device_statuses") -> Mapping[DeviceId, bool]:
    """Read children and whether they are on line; of one named twice, the later status counts."""
    found: dict[DeviceId, bool] = {}
    for one in _read_list(paras, name):
        word = read_text(one, "status")
        if word not in _IS_ONLINE:
            raise DialectError(f"status is {word[:40]!r}, neither ONLINE nor OFFLINE")
        found[device_of(read_text(one, "device_id"))] = _IS_ONLINE[word]
    return found


def _failure(child: DeviceId, why: ChildRefusal) -> dict[str, str]:
    code, text = _ERROR_OF[why]
    return {"device_id": name_of(child), "error_code": code, "error_msg": text}


def _read_failure(one: Fields) -> tuple[DeviceId, ChildRefusal]:
    code = read_text(one, "error_code")
    return device_of(read_text(one, "device_id")), _REFUSAL_OF.get(code, ChildRefusal.ELSEWHERE)


def _read_list(paras: Fields, name: str) -> list[Fields]:
    found: object = paras.get(name)
    if isinstance(found, list) and len(found) <= STATUSES_MAX:
        objects: list[Fields] = [one for one in found if isinstance(one, dict)]
        if len(objects) == len(found):
            return objects
    raise DialectError(f"{name} is no list of at most {STATUSES_MAX} objects")
