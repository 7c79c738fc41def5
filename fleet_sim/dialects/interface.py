"""What every vendor's folder offers: codecs, a contract, forms, and `Dialect`, which names them.

    fleet      DeviceCodec  ──MQTT──►  ServerCodec   backend
    operator   Operator     ──HTTP──►  Gate          backend

The two MQTT codecs keep no state. The two HTTP ends keep only what their vendor's authentication
needs (a token), so one of each is made per target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from fleet_sim.dialects.credentials import (
    Credentials,
    GatewayOf,
    Identity,
    KeepAliveRange,
    Keyring,
)
from fleet_sim.dialects.downloads import BlockRules, FirmwareHmac
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.http_channel import HttpChannel
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.filters import Filter
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.ids import HEX_IDS, IdForms
from fleet_sim.model.messages import (
    DeviceMessage,
    GatewayReply,
    GatewayRequest,
    ServerMessage,
)
from fleet_sim.model.northbound import Answer, Call


class DeviceCodec(Protocol):
    """The device's end of MQTT."""

    def credentials(
        self, device: DeviceId, secret: str, *, epoch_ms: int, activates: bool = False
    ) -> Credentials:
        """Sign a CONNECT at this wall clock.

        Args:
            device: Who connects.
            secret: The device's own, or its product's where it activates.
            epoch_ms: The wall clock.
            activates: Whether it has none yet, and wants to be given one.
        """

    def filters(self, device: DeviceId, *, activates: bool = False) -> tuple[str, ...]:
        """Name what a device must subscribe to on a broker that delivers nothing by itself."""

    def encode(self, device: DeviceId, message: DeviceMessage) -> WireMessage | None:
        """Write what a device says; None where the vendor's devices say nothing of the kind."""

    def decode(self, device: DeviceId, topic: str, payload: bytes) -> ServerMessage:
        """Read what the server says.

        Raises:
            DialectError: Not one of the vendor's messages, or not for this device.
        """


class ServerCodec(Protocol):
    """The platform's end of MQTT."""

    @property
    def claimed(self) -> tuple[str, ...]:
        """Topic filters whose messages the platform takes in."""

    @property
    def keeps_sessions(self) -> bool:
        """Whether a device's MQTT session outlives its connection, where the device asks for that.

        Where not, every session is a clean one, and nothing is queued for who is away.
        """

    @property
    def qos_max(self) -> int:
        """The highest QoS that devices are served."""

    def identify(
        self,
        client_id: str,
        username: str,
        password: bytes | None,
        keys: Keyring,
    ) -> Identity | int:
        """Check a CONNECT.

        Returns:
            Who connects; or the CONNACK code that refuses it: 4 credentials, 5 not to be let in.
        """

    def implicit(self, device: DeviceId) -> tuple[str, ...]:
        """Name what is delivered to a connected device without a SUBSCRIBE."""

    def may_publish(self, device: DeviceId, topic: str) -> bool:
        """Tell whether a device may publish on a topic: upstream ones of its own only."""

    def may_subscribe(self, device: DeviceId, topic_filter: str) -> bool:
        """Tell whether a filter lies wholly within the device's own topics."""

    def decode(self, topic: str, payload: bytes) -> tuple[DeviceId, DeviceMessage]:
        """Read what a device says, and who it is by its topic.

        Raises:
            DialectError: Not one of the vendor's messages; `code` says why in its own numbers.
        """

    def encode(self, device: DeviceId, message: ServerMessage) -> WireMessage | None:
        """Write what the server says to a device; None where the vendor's says nothing of it."""

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error reply to a message that `decode` refused; None where none is due."""


class GatewayCodec(Protocol):
    """Both ends of what a gateway says of its children, and is answered."""

    @property
    def children_max(self) -> int:
        """How many children a gateway may have on line at a time."""

    @property
    def claimed(self) -> tuple[str, ...]:
        """Topic filters on which gateways make requests, and perhaps devices say other things."""

    def owner_of(self, topic_or_filter: str) -> DeviceId | None:
        """Return the one device to which a topic, or all that a filter can match, belongs.

        None, too, where no gateway would use it for its child.
        """

    @property
    def signs_for_children(self) -> bool:
        """Whether gateways sign with a child's secret, or its product's; else none is needed."""

    def read(
        self, topic: str, payload: bytes, keys: Keyring
    ) -> tuple[DeviceId, GatewayRequest] | None:
        """Read what a gateway asks, with its children's signatures checked, and who it is.

        Returns:
            None where this is no request of a gateway.

        Raises:
            DialectError: It is one, but is not well formed.
        """

    def write(self, gateway: DeviceId, reply: GatewayReply) -> WireMessage:
        """Write the answer."""

    def complain(self, topic: str, error: DialectError) -> WireMessage | None:
        """Write the error reply to a request that `read` refused."""

    def request(
        self,
        gateway: DeviceId,
        request: GatewayRequest,
        secrets: Mapping[DeviceId, str],
        *,
        epoch_ms: int,
    ) -> WireMessage:
        """Write what a gateway asks, signed at this wall clock.

        Args:
            gateway: Who asks.
            request: What; each child's `proof` says which of the two secrets signs.
            secrets: Child to that secret; not needed where the proof is `NONE`.
            epoch_ms: The wall clock.
        """

    def read_reply(self, gateway: DeviceId, topic: str, payload: bytes) -> GatewayReply | None:
        """Read the answer to a gateway; None where the topic is none of those answers.

        Raises:
            DialectError: It is not well formed, or refuses the request as a whole.
        """


class Operator(Protocol):
    """The client's end of the northbound API, for one target."""

    def needs_login(self, epoch_ms: int) -> bool:
        """Tell whether there is no token, or one about to expire."""

    @property
    def is_logged_in(self) -> bool:
        """Tell whether there is a token, of whatever age."""

    def forget(self) -> None:
        """Drop the token: the target does not take it."""

    def login(self, epoch_ms: int) -> HttpRequest | None:
        """Write the request for a token; None where none is needed."""

    def logged_in(self, response: HttpResponse, epoch_ms: int) -> None:
        """Take the token.

        Raises:
            DialectError: The target refused, or answered something else.
        """

    def request(self, call: Call, epoch_ms: int) -> HttpRequest:
        """Write a call, signed with the token there is."""

    def answer(self, call: Call, response: HttpResponse) -> Answer:
        """Read the answer to a call; the vendor's error codes become `Refused`.

        Raises:
            DialectError: The answer is not in the vendor's form.
        """

    def expression(self, where: Filter, call: Call) -> str:
        """Write a neutral filter in the vendor's query language, as `request` would send it."""


@runtime_checkable
class Stepwise(Protocol):
    """An operator of whose calls some take several requests, one after the other.

    Its `request` writes the first of them and its `answer` reads the answer to the last.
    """

    def following(
        self, call: Call, answers: Sequence[HttpResponse], epoch_ms: int
    ) -> HttpRequest | None:
        """Write the request that comes after these answers; None: the call is through, or failed.

        Args:
            call: What is asked.
            answers: The answers to its requests so far, at least one.
            epoch_ms: The wall clock.
        """


class Gate(Protocol):
    """The server's end of the northbound API."""

    def read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        """Read a call; or the whole answer, where no backend is needed to give it.

        Token requests and everything refused for its shape (authority, missing or invalid
        parameters) are answered here, and reach no backend.
        """

    def render(self, call: Call, answer: Answer, request_no: int) -> HttpResponse | HttpFile | Call:
        """Write the answer to a call; the same number gives the same request id.

        Where one request takes several calls, the next of them; its answer comes here again.
        """


class OperatorFactory(Protocol):
    """Makes the client's end."""

    def __call__(self, org: str, app_key: str, app_secret: str) -> Operator:
        """Make an operator of one organisation; an empty key asks for no token."""


class GateFactory(Protocol):
    """Makes the server's end."""

    def __call__(
        self,
        org: str,
        keys: Mapping[str, str],
        *,
        signed_only: bool,
        contract: ContractProfile,
        seed: int = 0,
        default_product: str = "",
    ) -> Gate:
        """Make the gate of one organisation.

        Args:
            org: Its id; calls for another are denied.
            keys: Application key to secret.
            signed_only: Deny every call that carries no valid signature.
            contract: Ranges and defaults; a scenario may have changed some.
            seed: From which tokens and request ids are drawn.
            default_product: The product of a firmware that names none.
        """


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor.

    Attributes:
        name: As scenarios write it.
        about: One line for people.
        devices: The device's end of MQTT.
        server: The platform's.
        operator: Makes the client's end of the northbound API.
        gate: Makes the server's.
        contract: What the vendor promises.
        org_of: From 32 random hexadecimal digits to the name of an organisation, in the vendor's
            form.
        operator_key_of: Likewise to an operator's key, or its secret.
        http_refusal: From a status and its reason to the answer to a request that is refused
            before its content is looked at: too large, no such path.
        http: How devices may come that hold no MQTT connection; None where a vendor has no such
            way or this folder does not speak it.
        gateways: What devices say that speak for others; None for the same two reasons.
        server_of: Makes the platform's end of MQTT that knows who is whose child, for vendors whose
            gateways speak for their children on topics of their own; None: `server` needs not know.
        firmware_hmac: Makes the keyed digest that upgrade requests name beside the plain one, or
            in its place; None where they name none.
        block_rules: Which requests for blocks over MQTT are served; None where the vendor's devices
            have no words for one. Without it such a request gets no answer.
        keep_alive: Which keep alive a platform lets in; None where no refusal is documented.
        ids: How the ids look that the platform gives to firmware, jobs and tasks.
        covers: What of the vendor is here, for people: area, such as `firmware`, to one line.
    """

    name: str
    about: str
    devices: DeviceCodec
    server: ServerCodec
    operator: OperatorFactory
    gate: GateFactory
    contract: ContractProfile
    org_of: Callable[[str], str]
    operator_key_of: Callable[[str], str]
    http_refusal: Callable[[int, str], HttpResponse]
    http: HttpChannel | None = None
    gateways: GatewayCodec | None = None
    server_of: Callable[[GatewayOf], ServerCodec] | None = None
    firmware_hmac: FirmwareHmac | None = None
    block_rules: BlockRules | None = None
    keep_alive: KeepAliveRange | None = None
    ids: IdForms = HEX_IDS
    covers: Mapping[str, str] = field(default_factory=dict, hash=False)
