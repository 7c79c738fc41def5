"""The platform's end of the HTTP device channel: requests to what they ask, and the answers.

Errors carry the codes of MQTT, as the pages say. With which HTTP status is not documented. Ours are
200 with the code in the body, as the Java SDK decodes the body of a login and of a message in any
case; but a download that fails is no 2xx, because the SDK would take its body for the file.

What is not documented, and ours:
- `lifetime` is at least a second and at most a day.
- `acceptCommandTypes` and `clientInfo` are read and not looked at.
- Commands ride on answers to logins and to requests, not to the device's own replies, in whose
  answers the SDK does not look for them. One an answer, the oldest first.
- Gateways bring no children over HTTP: the SDK has nothing for it, and a child's pushes would have
  to wait in its gateway's answers.
- A message on a topic that has nothing to do with OTA (a measure point, say) is answered with 200
  and goes no further. It is how a device that waits for a command asks for one.
- A device may read every firmware file that is kept, as it may by a push's own address.
"""

from __future__ import annotations

from typing import Any

from fleet_sim.dialects.credentials import Keyring
from fleet_sim.dialects.enos import codes, envelope
from fleet_sim.dialects.enos.calls import read_query
from fleet_sim.dialects.enos.gateways import REPLY_TEMPLATES
from fleet_sim.dialects.enos.http_channel_sessions import Sessions
from fleet_sim.dialects.enos.http_channel_wire import (
    AUTH_PATH,
    FILE_CATEGORY,
    FILES_PATH,
    HEADER_BYTES_MAX,
    SIGN_METHOD,
    TOPIC_PATH,
    command_headers,
    download_path,
    firmware_in,
    sign,
)
from fleet_sim.dialects.enos.payload import PAYLOAD_BYTES_MAX, read_object
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.enos.tokens import is_equal
from fleet_sim.dialects.enos.topics import is_addressable, is_reply, reply_topic, template_of
from fleet_sim.dialects.fields import Fields, read_text, read_whole, write_object
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.http_channel import (
    ChannelCall,
    FileWanted,
    LinkWanted,
    LoggedIn,
    Said,
)
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId

LIFETIME_MS_MIN = 1_000
LIFETIME_MS_MAX = 86_400_000

_OK = 200
_BAD_REQUEST = 400
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_NOT_ALLOWED = 405

_STATUS_OF = {
    codes.NOT_LOGGED_IN: _UNAUTHORIZED,
    codes.DENIED: _FORBIDDEN,
    codes.NO_SUCH_OBJECT: _NOT_FOUND,
}


class EnosHttpChannel:
    """One platform's channel; its only state is the sessions."""

    def __init__(self, *, seed: int, epoch_ms: int) -> None:
        self._sessions = Sessions(seed=seed, epoch_ms=epoch_ms)
        self._topics = EnosServer()

    # --- what comes in ---------------------------------------------------------------------

    def claims(self, path: str) -> bool:
        """Tell whether a path belongs to the channel."""
        return path.startswith((f"{AUTH_PATH}/", f"{TOPIC_PATH}/", f"{FILES_PATH}/"))

    def read(self, request: HttpRequest, now_ms: int, keys: Keyring) -> ChannelCall | HttpResponse:
        """Read a request, or give the whole answer; nothing in it raises anything."""
        is_file = request.path.startswith(f"{FILES_PATH}/")
        method = "GET" if is_file else "POST"
        if request.method.upper() != method:
            return _refuse(codes.INVALID_ARGUMENT, f"method: use {method}", _NOT_ALLOWED)
        is_download = is_file and not request.path.endswith("/url")
        try:
            if is_file:
                return self._read_file(request, now_ms)
            if request.path.startswith(f"{AUTH_PATH}/"):
                return self._read_login(request, now_ms, keys)
            return self._read_message(request, now_ms)
        except DialectError as error:
            code = codes.INVALID_ARGUMENT if error.code is None else error.code
            status = _STATUS_OF.get(code, _BAD_REQUEST) if is_download else _OK
            return _refuse(code, str(error), status, error.message_id)

    def _read_login(self, request: HttpRequest, now_ms: int, keys: Keyring) -> LoggedIn:
        device = _device_in(request.path.removeprefix(f"{AUTH_PATH}/"))
        secret = keys.secret_of(device) if is_addressable(device) else None
        if not secret:  # one that is still to be activated has none, and activates over MQTT
            raise DialectError("there is no such device", code=codes.NO_SUCH_DEVICE)
        if keys.gateway_of(device) is not None:
            raise DialectError("the device comes by its gateway alone", code=codes.SUB_DEVICE)
        body = read_object(request.body)
        try:
            lifetime_ms = _read_lifetime(body)
            _check_signature(body, device, secret)
        except DialectError as error:
            raise error.about(code=codes.PAYLOAD_NOT_JSON) from error
        return LoggedIn(device, self._sessions.open(device, secret, lifetime_ms, now_ms))

    def _read_message(self, request: HttpRequest, now_ms: int) -> Said:
        topic = request.path.removeprefix(TOPIC_PATH)
        device, template = _read_topic(topic)
        self._check_session(device, request, now_ms)
        is_gateways = reply_topic(template) in REPLY_TEMPLATES
        if is_gateways or not self._topics.may_publish(device, topic):
            raise DialectError(f"no write permission on {topic[:200]!r}", code=codes.NOT_LOGGED_IN)
        if len(request.body) > PAYLOAD_BYTES_MAX:
            read_object(request.body)  # refuses it, with its code
        return Said(
            device,
            topic,
            request.body,
            reply_topic=reply_topic(topic),
            carries_commands=not is_reply(topic),
        )

    def _read_file(self, request: HttpRequest, now_ms: int) -> FileWanted | LinkWanted:
        path = request.path.removesuffix("/url")
        device, _ = _read_topic(path.removeprefix(FILES_PATH))
        if path != download_path(device):
            raise DialectError(f"no such resource: {path[:200]}", code=codes.NO_SUCH_OBJECT)
        query = self._check_session(device, request, now_ms)
        uri = _required(query, "fileUri")
        is_ours = _required(query, "category") == FILE_CATEGORY
        firmware_id = firmware_in(uri) if is_ours else None
        if firmware_id is None:
            raise DialectError(f"no such file: {uri[:200]}", code=codes.NO_SUCH_OBJECT)
        if path != request.path:
            return LinkWanted(device, firmware_id)
        return FileWanted(device, firmware_id)

    def _check_session(self, device: DeviceId, request: HttpRequest, now_ms: int) -> dict[str, str]:
        """Check that the session is open and the device's own; return the query.

        Raises:
            DialectError: 1009 it is not; 99400 the query cannot be read.
        """
        query = read_query(request.query)
        if not self._sessions.touch(device, _required(query, "sessionId"), now_ms):
            raise DialectError(
                "the device is not logged in: the session is unknown or has expired",
                code=codes.NOT_LOGGED_IN,
            )
        return query

    # --- what goes out ---------------------------------------------------------------------

    def can_carry(self, wire: WireMessage) -> bool:
        """Tell whether a message is no reply, and its headers short enough for HTTP libraries."""
        return not is_reply(wire.topic) and all(
            len(name) + len(value) <= HEADER_BYTES_MAX for name, value in command_headers(wire)
        )

    def welcome(self, login: LoggedIn, command: WireMessage | None) -> HttpResponse:
        """Write the answer to a login."""
        body = {"code": envelope.SUCCESS, "data": {"sessionId": login.session}, "message": ""}
        return _response(write_object(body), command)

    def answer(
        self, said: Said, reply: WireMessage | None, command: WireMessage | None
    ) -> HttpResponse:
        """Write the answer to a message; what has no reply of its own is answered with 200."""
        if reply is not None:
            return _response(reply.payload, command)
        return _response(envelope.reply("", _id_of(said.payload)).payload, command)

    def link(self, url: str) -> HttpResponse:
        """Write where a file can be had."""
        return _response(write_object({"code": envelope.SUCCESS, "data": url, "message": ""}))

    def no_file(self, call: FileWanted | LinkWanted) -> HttpResponse:
        """Write that there is no such file."""
        status = _NOT_FOUND if isinstance(call, FileWanted) else _OK
        return _refuse(codes.NO_SUCH_OBJECT, f"no such file: {call.firmware_id}", status)

    # --- sessions --------------------------------------------------------------------------

    def expire(self, now_ms: int) -> tuple[DeviceId, ...]:
        """End the sessions that were silent for their lifetime; return whose."""
        return self._sessions.expire(now_ms)

    @property
    def next_at_ms(self) -> int | None:
        """The earliest instant at which a session can expire; None: never."""
        return self._sessions.next_at_ms


def _read_lifetime(body: Fields) -> int:
    """Return for how many ms a login's session shall last.

    Raises:
        DialectError: Without a code: it is missing or out of range.
    """
    lifetime_ms = read_whole(body, "lifetime")
    if not LIFETIME_MS_MIN <= lifetime_ms <= LIFETIME_MS_MAX:
        raise DialectError(
            f"lifetime is {lifetime_ms}, not from {LIFETIME_MS_MIN} to {LIFETIME_MS_MAX} ms"
        )
    return lifetime_ms


def _check_signature(body: Fields, device: DeviceId, secret: str) -> None:
    """Check that a login is signed, its lifetime as it is spelled.

    Raises:
        DialectError: 742: it is not; without a code: a field is missing.
    """
    if read_text(body, "signMethod").lower() != SIGN_METHOD:
        raise DialectError(f"signMethod is not {SIGN_METHOD}", code=codes.SIGNATURE_WRONG)
    wanted = sign(device, read_text(body, "lifetime"), secret)
    if not is_equal(wanted, read_text(body, "sign")):
        raise DialectError("the signature is wrong", code=codes.SIGNATURE_WRONG)


def _device_in(path: str) -> DeviceId:
    """Read `{pk}/{dk}`.

    Raises:
        DialectError: 705: it is something else.
    """
    product_key, _, device_key = path.partition("/")
    if not product_key or not device_key:
        raise DialectError("the path is not /auth/{pk}/{dk}", code=codes.NO_SUCH_DEVICE)
    return DeviceId(product_key, device_key)


def _read_topic(topic: str) -> tuple[DeviceId, str]:
    """Return whose topic it is, and its template.

    Raises:
        DialectError: 1009: nobody's.
    """
    found = template_of(topic)
    if found is None:
        raise DialectError(f"{topic[:200]!r} is no device's", code=codes.NOT_LOGGED_IN)
    return found


def _required(query: dict[str, str], name: str) -> str:
    value = query.get(name, "")
    if not value:
        raise DialectError(f"Invalid Argument {name}: is missing", code=codes.INVALID_ARGUMENT)
    return value


def _id_of(payload: bytes) -> str:
    """Return a message's id, "" where none can be read: not every payload is JSON."""
    try:
        return envelope.read(payload)[0]
    except DialectError:
        return ""


def _refuse(code: int, text: str, status: int, message_id: str | None = None) -> HttpResponse:
    body: dict[str, Any] = {"id": message_id or "", "code": code, "data": None, "message": text}
    # The text may quote half of a surrogate pair, which the peer gets back as a question mark.
    clean = {name: _storable(value) for name, value in body.items()}
    return HttpResponse(status, write_object(clean))


def _storable(value: object) -> object:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _response(body: bytes, command: WireMessage | None = None) -> HttpResponse:
    plain = HttpResponse(_OK, body)
    if command is None:
        return plain
    return HttpResponse(_OK, body, (*plain.headers, *command_headers(command)))
