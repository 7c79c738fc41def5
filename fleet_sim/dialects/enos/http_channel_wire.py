"""What both ends of the HTTP device channel agree on: paths, signature, headers, file addresses.

    POST /auth/{pk}/{dk}                             {signMethod, lifetime, sign, …} → sessionId
    POST /topic{mqtt topic}?sessionId=…              the MQTT payload → the payload of its _reply
    GET  /multipart/sys/{pk}/{dk}/file/download      ?sessionId&fileUri&category=ota → the bytes
    GET  /multipart/sys/{pk}/{dk}/file/download/url  the same → where they can be had

A command rides on an answer in two headers, `topic` and `command-payload`. Headers are ASCII: the
payload's other characters are written as JSON escapes. How a topic with other characters is written
is not documented; ours are percent-encoded.

Source: "Establishing HTTP-based Connection" (2.1 to 3.0), "Downloading Files" (2.4), the HTTP parts
of "Developing OTA Capabilities on Devices", and the HTTP device SDK for Java.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId

AUTH_PATH = "/auth"
TOPIC_PATH = "/topic"
FILES_PATH = "/multipart"
SIGN_METHOD = "sha256"  # the only one there is
FILE_CATEGORY = "ota"  # the other one, `feature`, is of files that devices upload
FILE_SCHEME = "enos-connect"

TOPIC_HEADER = "topic"
COMMAND_HEADER = "command-payload"
# HTTP libraries bound a header's length, most at 8 KiB, name included.
HEADER_BYTES_MAX = 8_000

_FIRMWARE_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
# RFC 3986 lets these stand in a path, besides letters and digits; a topic looks like itself.
_TOPIC_SAFE = "/$-_.~!'()*,;:@&="


def sign(device: DeviceId, lifetime: str, secret: str) -> str:
    """Return the signature of a login: lower-case hex of a plain SHA-256, as over MQTT.

    Args:
        device: Who logs in.
        lifetime: Milliseconds, as the text that stands in the request.
        secret: The device's own.
    """
    content = (
        f"deviceKey{device.device_key}lifetime{lifetime}"
        f"productKey{device.product_key}signMethod{SIGN_METHOD}{secret}"
    )
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()


def login_path(device: DeviceId) -> str:
    """Return where a device logs in."""
    return f"{AUTH_PATH}/{device.product_key}/{device.device_key}"


def download_path(device: DeviceId) -> str:
    """Return where a device gets files from."""
    return f"{FILES_PATH}/sys/{device.product_key}/{device.device_key}/file/download"


def command_headers(command: WireMessage) -> tuple[tuple[str, str], ...]:
    """Write a command as the headers of an answer."""
    payload = "".join(map(_escaped, command.payload.decode()))
    return (
        (TOPIC_HEADER, quote(command.topic, safe=_TOPIC_SAFE)),
        (COMMAND_HEADER, payload),
    )


def _escaped(mark: str) -> str:
    """Write what no header may hold as JSON does; it can only stand within a JSON string."""
    if " " <= mark <= "~":
        return mark
    units = mark.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def read_command(topic: str, payload: str) -> WireMessage:
    """Read what `command_headers` writes.

    Raises:
        DialectError: One of the two is missing or cannot be read.
    """
    if not topic or not payload:
        raise DialectError(f"a command needs both headers, {TOPIC_HEADER} and {COMMAND_HEADER}")
    try:
        return WireMessage(unquote(topic, errors="strict"), payload.encode())
    except UnicodeError as error:
        raise DialectError("the command's headers are no UTF-8") from error


def file_uri(firmware_id: str, file_name: str) -> str:
    """Return a firmware file's address within EnOS: `enos-connect://{id}.{ext}`."""
    return f"{FILE_SCHEME}://{firmware_id}{PurePosixPath(file_name).suffix}"


def firmware_in(uri: str) -> str | None:
    """Return the id of the firmware that an address names, None where it names none.

    Besides `enos-connect://`, the address that a push gave is understood: devices of the Java SDK
    hand on whatever stands there. It is an http URL or a path, one of whose levels is the id.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() == FILE_SCHEME:
        levels = [parts.netloc.partition(".")[0]]
    elif parts.scheme.lower() in {"http", "https", ""}:
        levels = parts.path.split("/")
    else:
        return None
    return next((level for level in levels if _FIRMWARE_ID.fullmatch(level)), None)
