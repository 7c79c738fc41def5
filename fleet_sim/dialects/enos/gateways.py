"""Gateways and their children: logins, logouts and the topology, both ends.

    /ext/session/{gateway}/combine/login         one child comes on line
    /ext/session/{gateway}/combine/login/batch   several do, under one client id and timestamp
    /ext/session/{gateway}/combine/logout        one child goes off line
    /sys/{gateway}/thing/topo/add                these are the gateway's children from now on
    /sys/{gateway}/thing/topo/delete             these no longer are
    /sys/{gateway}/thing/topo/get                which are they?

What is not documented, and how it is decided here
- Which device is whose child, where no topology was ever told: any gateway that has the device's
  signature may bring it. Once a topology is told, that gateway alone may, and the device may not
  connect by itself (771 in the tables; on CONNECT that becomes code 5). `delete` sets it free.
- The code of a login beyond the limit of children on line: 429, the SDKs' "too many requests".
- A child that another gateway has brought moves to the newer one; its own direct connection, if
  it has one, is closed. A second login over the same gateway is granted and changes nothing.
- A logout is granted whoever was on line: what it asks for is so. (The tests of the vendor's SDK
  for JavaScript log a device out that does not exist, and expect 200.)
- A refused `topo/add` carries the code of its first child; the others are added all the same.
- The code of a batch in which children failed for different reasons is that of the first.

Source: "Connect Sub-devices to EnOS Cloud", "Connecting Sub-devices to EnOS Cloud in Batch",
"Disconnecting a Sub-Device" (2.0.9 to 3.0), and the pages on topological relationships (2.2 to
2.4); device SDKs for Python 0.1.1 and for JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.credentials import Keyring
from fleet_sim.dialects.enos import codes, envelope
from fleet_sim.dialects.enos import gateway_answers as answers
from fleet_sim.dialects.enos.children import (
    claim_fields,
    device_fields,
    read_claim,
    read_device,
)
from fleet_sim.dialects.enos.topics import fill, filter_of, reply_topic, template_of
from fleet_sim.dialects.fields import Fields, read_fields, read_list, write_object
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ChildClaim,
    GatewayAction,
    GatewayReply,
    GatewayRequest,
)

CHILDREN_MAX = 200  # On line at a time ("Limitations", 2.0.9).
BATCH_CLIENT_ID = "login.batch"  # The Python SDK's own; any text will do.

_TEMPLATES: Mapping[GatewayAction, str] = {
    GatewayAction.LOGIN: "/ext/session/{device}/combine/login",
    GatewayAction.BATCH_LOGIN: "/ext/session/{device}/combine/login/batch",
    GatewayAction.LOGOUT: "/ext/session/{device}/combine/logout",
    GatewayAction.ADD: "/sys/{device}/thing/topo/add",
    GatewayAction.REMOVE: "/sys/{device}/thing/topo/delete",
    GatewayAction.LIST: "/sys/{device}/thing/topo/get",
}
_METHODS: Mapping[GatewayAction, str] = {
    GatewayAction.LOGIN: "combine.login",
    GatewayAction.BATCH_LOGIN: "combine.login.batch",
    GatewayAction.LOGOUT: "combine.logout",
    GatewayAction.ADD: "thing.topo.add",
    GatewayAction.REMOVE: "thing.topo.delete",
    GatewayAction.LIST: "thing.topo.get",
}
_ACTION_OF = {template: action for action, template in _TEMPLATES.items()}
_ANSWER_TO = {reply_topic(template): action for action, template in _TEMPLATES.items()}

REPLY_TEMPLATES = frozenset(_ANSWER_TO)


class EnosGateways:
    """Both ends of what gateways say; it keeps no state."""

    @property
    def children_max(self) -> int:
        """The vendor's limit."""
        return CHILDREN_MAX

    @property
    def claimed(self) -> tuple[str, ...]:
        """Every request of every gateway."""
        return tuple(map(filter_of, _TEMPLATES.values()))

    @property
    def signs_for_children(self) -> bool:
        """Each login, and each child in a topology."""
        return True

    def owner_of(self, topic_or_filter: str) -> DeviceId | None:
        """Return whose topic or filter it is; both keys have to be spelt out in it."""
        found = template_of(topic_or_filter)
        return None if found is None else found[0]

    # --- the platform's end ------------------------------------------------------------------

    def read(
        self, topic: str, payload: bytes, keys: Keyring
    ) -> tuple[DeviceId, GatewayRequest] | None:
        """Read what a gateway asks; None where the topic is none of a gateway's requests.

        Raises:
            DialectError: With the platform's code, and with the message's id once that was read.
        """
        found = template_of(topic)
        action = None if found is None else _ACTION_OF.get(found[1])
        if found is None or action is None:
            return None
        message_id, body = envelope.read(payload)
        try:
            return found[0], GatewayRequest(message_id, action, _read(action, body, keys))
        except DialectError as error:
            raise error.about(message_id, code=codes.PAYLOAD_NOT_JSON) from error

    def write(self, gateway: DeviceId, reply: GatewayReply) -> WireMessage:
        """Write the answer; its text names who was refused, and why."""
        code, text = answers.outcome(reply)
        topic = reply_topic(fill(_TEMPLATES[reply.action], gateway))
        return envelope.reply(topic, reply.message_id, code, answers.data_of(reply), text=text)

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error reply to a request; a batch has its two lists even so."""
        found = template_of(topic)
        action = None if found is None else _ACTION_OF.get(found[1])
        if action is None or error.code is None:
            return None
        data = answers.batch_fields((), ()) if action is GatewayAction.BATCH_LOGIN else None
        return envelope.reply(
            reply_topic(topic), error.message_id or "", error.code, data, text=str(error)
        )

    # --- the gateway's end -------------------------------------------------------------------

    def request(
        self,
        gateway: DeviceId,
        request: GatewayRequest,
        secrets: Mapping[DeviceId, str],
        *,
        epoch_ms: int,
    ) -> WireMessage:
        """Write what a gateway asks, each child signed for with its secret.

        Raises:
            DialectError: EnOS has no word for it: children are logged in and out.
        """
        params = _params(request, secrets, epoch_ms)
        body = {
            "id": request.message_id,
            "version": "1.0",
            "method": _METHODS[request.action],
            "params": params,
        }
        return WireMessage(fill(_TEMPLATES[request.action], gateway), write_object(body))

    def read_reply(self, gateway: DeviceId, topic: str, payload: bytes) -> GatewayReply | None:
        """Read the answer to a gateway; None where the topic is none of those answers.

        A refused login tells of its one child; a refused batch gives all children its own code.

        Raises:
            DialectError: Not well formed, or refused as a whole, with the platform's code.
        """
        found = template_of(topic)
        action = None if found is None else _ANSWER_TO.get(found[1])
        if found is None or action is None or found[0] != gateway:
            return None
        message_id, body = envelope.read(payload)
        try:
            return GatewayReply(message_id, action, *answers.read(action, body))
        except DialectError as error:
            raise error.about(message_id, code=codes.PAYLOAD_NOT_JSON) from error


# --- requests --------------------------------------------------------------------------------


def _read(action: GatewayAction, body: Fields, keys: Keyring) -> tuple[ChildClaim, ...]:
    """Read whom a request is about; one that names a child twice means it once."""
    match action:
        case GatewayAction.LOGIN:
            return (read_claim(read_fields(body, "params"), keys),)
        case GatewayAction.BATCH_LOGIN:
            shared = read_fields(body, "params")
            each = ({**shared, **one} for one in read_list(shared, "subDevices"))
            claims = [read_claim(one, keys) for one in each]
        case GatewayAction.LOGOUT:
            return (ChildClaim(read_device(read_fields(body, "params"))),)
        case GatewayAction.ADD:
            claims = [read_claim(one, keys) for one in read_list(body, "params")]
        case GatewayAction.REMOVE:
            claims = [ChildClaim(read_device(one)) for one in read_list(body, "params")]
        case GatewayAction.LIST:
            return ()
        case GatewayAction.PRESENCE:
            raise AssertionError("it has no topic")
    return tuple({claim.device: claim for claim in claims}.values())


def _params(
    request: GatewayRequest, secrets: Mapping[DeviceId, str], epoch_ms: int
) -> dict[str, Any] | list[dict[str, str]]:
    match request.action:
        case GatewayAction.BATCH_LOGIN:
            return _batch_params(request, secrets, epoch_ms)
        case GatewayAction.LOGIN:
            return {**_claims(request, secrets, epoch_ms)[0], "cleanSession": "false"}
        case GatewayAction.LOGOUT:
            return device_fields(request.children[0].device)
        case GatewayAction.ADD:
            return _claims(request, secrets, epoch_ms)
        case GatewayAction.REMOVE:
            return [device_fields(child.device) for child in request.children]
        case GatewayAction.LIST:
            return {}
        case GatewayAction.PRESENCE:
            raise DialectError(f"a gateway has no word here for {request.action.value}")


def _claims(
    request: GatewayRequest, secrets: Mapping[DeviceId, str], epoch_ms: int
) -> list[dict[str, str]]:
    return [
        claim_fields(child, secrets, client_id=f"{child.device}.{epoch_ms}", epoch_ms=epoch_ms)
        for child in request.children
    ]


def _batch_params(
    request: GatewayRequest, secrets: Mapping[DeviceId, str], epoch_ms: int
) -> dict[str, Any]:
    """Write a batch: what all children share stands once."""
    own = ("productKey", "deviceKey", "secureMode", "sign")
    signed = [
        claim_fields(child, secrets, client_id=BATCH_CLIENT_ID, epoch_ms=epoch_ms)
        for child in request.children
    ]
    return {
        "clientId": BATCH_CLIENT_ID,
        "timestamp": str(epoch_ms),
        "signMethod": "sha256",
        "subDevices": [{name: fields[name] for name in own} for fields in signed],
    }
