"""The frame of every message: `{"msgId", "time", "version"?, "code"?, "data": {…}}`.

The id is a string of at most 32 characters, and a response has that of its request. The time counts
seconds or milliseconds and is not looked at here. No codec reads a clock, so what we write is the
same in every frame; whether the real platform minds is not known, and each codec can be given
another.

Source: "MQTT Topics".
"""

from __future__ import annotations

from fleet_sim.dialects.fields import Fields, read_fields, read_object, read_text, write_object
from fleet_sim.dialects.tuyalink import codes
from fleet_sim.dialects.tuyalink.topics import Leaf, topic_of
from fleet_sim.dialects.wire import DialectError, WireMessage

# Any instant does: that of the samples.
TIME_MS = 1_700_000_000_000

ID_CHARS_MAX = 32
# Ours: no page names a limit for these topics.
PAYLOAD_BYTES_MAX = 256 * 1024


def write(
    device_id: str,
    leaf: Leaf,
    message_id: str,
    data: Fields,
    *,
    time_ms: int,
    code: int | None = None,
) -> WireMessage:
    """Write a message; responses alone have a code."""
    body = {
        "msgId": message_id,
        "time": time_ms,
        **({} if code is None else {"code": code}),
        "data": data,
    }
    return WireMessage(topic_of(device_id, leaf), write_object(body))


def read(payload: bytes) -> tuple[str, Fields]:
    """Return the id of a message, and all of it.

    Raises:
        DialectError: 1003: it is no JSON object, or its id is no text or too long.
    """
    try:
        body = read_object(payload, bytes_max=PAYLOAD_BYTES_MAX)
        message_id = read_text(body, "msgId", default="")
    except DialectError as error:
        raise error.about(code=codes.BAD_FORMAT) from error
    if len(message_id) > ID_CHARS_MAX:
        raise DialectError(
            f"msgId has {len(message_id)} characters; at most {ID_CHARS_MAX} are allowed",
            code=codes.BAD_FORMAT,
        )
    return message_id, body


def data_of(body: Fields) -> Fields:
    """Return what a message says; absent and null count as nothing.

    Raises:
        DialectError: It is no object.
    """
    return read_fields(body, "data", default={})
