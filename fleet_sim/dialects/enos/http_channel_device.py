"""The device's end of the HTTP device channel, as the HTTP device SDK for Java speaks it.

The SDK asks for a new session whenever its `lifetime` has passed since the last login, and handles
a command before it returns the answer that carried it.
"""

from __future__ import annotations

from fleet_sim.dialects.enos import codes, envelope
from fleet_sim.dialects.enos.http_channel_wire import (
    COMMAND_HEADER,
    FILE_CATEGORY,
    FILE_SCHEME,
    SIGN_METHOD,
    TOPIC_HEADER,
    TOPIC_PATH,
    download_path,
    login_path,
    read_command,
    sign,
)
from fleet_sim.dialects.enos.payload import read_object
from fleet_sim.dialects.enos.topics import reply_topic
from fleet_sim.dialects.fields import read_fields, read_text, write_object
from fleet_sim.dialects.http import JSON_CONTENT_TYPE, HttpRequest, HttpResponse
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId

LIFETIME_MS = 300_000  # the SDK's default, and the pages'
_JSON = (("Content-Type", JSON_CONTENT_TYPE),)
# What the channel itself says of a message, in place of the message's own reply.
_CHANNEL_CODES = frozenset({codes.NOT_LOGGED_IN, codes.INVALID_ARGUMENT})


class EnosHttpDevice:
    """A device over HTTP; it keeps no state."""

    def is_needed_for(self, url: str) -> bool:
        """Tell whether an address is one within EnOS."""
        return url.lower().startswith(f"{FILE_SCHEME}:")

    def login(self, device: DeviceId, secret: str) -> HttpRequest:
        """Write the request for a session."""
        lifetime = str(LIFETIME_MS)
        body = {
            "signMethod": SIGN_METHOD,
            "lifetime": LIFETIME_MS,
            "sign": sign(device, lifetime, secret),
            "acceptCommandTypes": [],
        }
        return HttpRequest("POST", login_path(device), headers=_JSON, body=write_object(body))

    def session_of(self, response: HttpResponse) -> str:
        """Read the session's id.

        Raises:
            DialectError: The platform refused, with its code, or answered something else.
        """
        body = read_object(response.body)
        code, text = envelope.read_outcome(body)
        if code != envelope.SUCCESS:
            raise DialectError(f"no session: {code} {text}".rstrip(), code=code)
        session = read_text(read_fields(body, "data"), "sessionId")
        if not session:
            raise DialectError("the answer to a login has an empty sessionId")
        return session

    def say(self, device: DeviceId, session: str, wire: WireMessage) -> HttpRequest:
        """Write a message, or a reply to a command; the topic says whose it is."""
        del device
        return HttpRequest(
            "POST",
            f"{TOPIC_PATH}{wire.topic}",
            (("sessionId", session),),
            headers=_JSON,
            body=wire.payload,
        )

    def heard(self, wire: WireMessage, response: HttpResponse) -> WireMessage:
        """Read the answer to a message as the reply that would have come over MQTT.

        Raises:
            DialectError: The channel refused, with its code, or the body is no reply.
        """
        code, text = envelope.read_outcome(read_object(response.body))
        if code in _CHANNEL_CODES:
            raise DialectError(f"the message was refused: {code} {text}".rstrip(), code=code)
        return WireMessage(reply_topic(wire.topic), response.body)

    def command_in(self, response: HttpResponse) -> WireMessage | None:
        """Return the command that an answer carries, None for none.

        Raises:
            DialectError: It carries half of one.
        """
        topic, payload = response.header(TOPIC_HEADER), response.header(COMMAND_HEADER)
        if not topic and not payload:
            return None
        return read_command(topic, payload)

    def download(self, device: DeviceId, session: str, url: str) -> HttpRequest:
        """Write the request for a firmware file."""
        query = (("sessionId", session), ("fileUri", url), ("category", FILE_CATEGORY))
        return HttpRequest("GET", download_path(device), query)
