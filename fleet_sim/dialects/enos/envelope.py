"""The envelopes that every OTA message travels in.

    request   {"id", "version": "1.0", "method", "params": {…}}
    reply     {"id", "code": 200, "data": …, "message"?}

The id is a string and a reply echoes it as a string: the Python SDK's decoder fails on a number.
Requests may lack it (the pages call it optional); it then reads as "".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet_sim.dialects.enos import codes
from fleet_sim.dialects.enos.payload import read_object
from fleet_sim.dialects.enos.topics import Leaf, topic_of
from fleet_sim.dialects.fields import (
    Fields,
    read_count,
    read_string,
    read_text,
    read_whole,
    write_object,
)
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId

SUCCESS = 200
DIGEST_METHODS = ("md5", "sha256")


def request(device: DeviceId, leaf: Leaf, message_id: str, params: Fields) -> WireMessage:
    """Write a request."""
    body = {
        "id": message_id,
        "version": "1.0",
        "method": f"ota.device.{leaf.value}",
        "params": params,
    }
    return WireMessage(topic_of(device, leaf), write_object(body))


def reply(
    topic: str,
    message_id: str,
    code: int = SUCCESS,
    data: Mapping[str, Any] | Sequence[Any] | None = None,
    text: str = "",
) -> WireMessage:
    """Write a reply; without a text it has no `message`."""
    body: dict[str, Any] = {"id": message_id, "code": code, "data": {} if data is None else data}
    if text:
        body["message"] = text
    return WireMessage(topic, write_object(body))


def read(payload: bytes) -> tuple[str, Fields]:
    """Return the id of a message, and all of it.

    Raises:
        DialectError: 1008 it is too large, 1251 empty; 1220 it is no JSON object, or its id neither
            a string nor a number.
    """
    body = read_object(payload)
    try:
        return read_text(body, "id", default=""), body
    except DialectError as error:
        raise error.about(code=codes.PAYLOAD_NOT_JSON) from error


def read_outcome(body: Fields) -> tuple[int, str]:
    """Return a reply's code and its text, which may be empty.

    Raises:
        DialectError: The code is missing or no whole number, or the text is no string.
    """
    return read_whole(body, "code"), read_string(body, "message", default="")


def image_fields(image: FirmwareImage) -> Fields:
    """Write an image as a push and a getversion_reply describe it; sizes are bytes."""
    return {
        "version": image.version,
        "sign": image.digest,
        "signMethod": image.digest_method,
        "fileUrl": image.url,
        "fileSize": image.size_bytes,
    }


def read_image(fields: Fields) -> FirmwareImage:
    """Read what `image_fields` writes; the case of digests and methods does not matter.

    Raises:
        DialectError: A field is missing or of another type, or the method is unknown.
    """
    method = read_text(fields, "signMethod").lower()
    if method not in DIGEST_METHODS:
        raise DialectError(f"signMethod is {method[:40]!r}; known: {', '.join(DIGEST_METHODS)}")
    url = read_string(fields, "fileUrl", default="")
    if not url:
        raise DialectError("fileUrl is missing")
    return FirmwareImage(
        version=read_text(fields, "version"),
        url=url,
        size_bytes=read_count(fields, "fileSize"),
        digest=read_text(fields, "sign").lower(),
        digest_method=method,
    )
