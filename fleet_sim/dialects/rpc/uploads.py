"""How a firmware's file comes in: as a form, to an address that was asked for.

    GenerateOTAUploadURL ──► Host, Key, OSSAccessKeyId, Policy, Signature, FirmwareUrl
    POST form to Host    ──► the file is kept under its Key
    CreateOTAFirmware    ──► its FirmwareUrl names the Key; once the firmware is made, it is let go

The form is that of Alibaba's object storage, and so is the XML of its refusals. Host is the very
server that was asked. An address is signed and needs no memory; files do, so they are bounded, and
lost when the server is started anew: then the upload has to be done again.

Source: "GenerateOTAUploadURL"; "PostObject" of the object storage, from general knowledge. How long
an address is good, and that a file's type is the last part of its key, are ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from fleet_sim.dialects.rpc.times import read_utc, utc_of
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model import chance

SUFFIXES = ("bin", "dav", "apk", "tar", "gz", "tar.gz", "zip", "gzip")
FOLDER = "ota"
ADDRESS_MS = 3_600_000  # An hour: the slowest of links brings 100 MB in.
KEPT_MS = 24 * 3_600_000  # As long as the address of a file in a push is good.
KEPT_BYTES_MAX = 256 << 20  # Two files of the vendors' largest size, and some.
KEPT_FILES_MAX = 256

_XML = (("Content-Type", "application/xml"),)
_STATUSES = ("200", "201", "204")


@dataclass(frozen=True, slots=True)
class Address:
    """Where and how a file is to be posted; `firmware_url` names it afterwards."""

    host: str
    key: str
    access_key_id: str
    policy: str
    signature: str
    firmware_url: str


class _FormError(Exception):
    def __init__(self, code: str, text: str, status: int) -> None:
        super().__init__(text)
        self.code = code
        self.status = status


class Uploads:
    """Hands out addresses and keeps what is posted to them, until a firmware is made of it."""

    def __init__(self, org: str, seed: int) -> None:
        self._org = org
        self._seed = seed
        self._secret = chance.identifier(seed, org, "upload secret", digits=64)
        self._key_id = f"OSS.{chance.identifier(seed, org, 'upload key', digits=20)}"
        self._given = 0
        self._files: dict[str, tuple[int, bytes]] = {}

    def address(
        self, origin: str, suffix: str, epoch_ms: int, *, good_ms: int = ADDRESS_MS
    ) -> Address:
        """Make an address.

        Args:
            origin: Scheme, host and port of the server; "" where the caller named no host.
            suffix: Of the file's name, without a point.
            epoch_ms: The wall clock.
            good_ms: How long the address may be used.
        """
        self._given += 1
        who = f"{self._org}\0{epoch_ms}"
        name = chance.identifier(self._seed, who, "upload", self._given, digits=32)
        key = f"{FOLDER}/{name}.{suffix}"
        conditions = [["eq", "$key", key]]
        whole = {"expiration": utc_of(epoch_ms + good_ms), "conditions": conditions}
        policy = base64.b64encode(json.dumps(whole).encode()).decode()
        return Address(
            host=origin,
            key=key,
            access_key_id=self._key_id,
            policy=policy,
            signature=self._signed(policy),
            firmware_url=f"{origin}/{key}",
        )

    def take(self, request: HttpRequest, epoch_ms: int) -> HttpResponse:
        """Take a posted form in; whatever it holds, there is an answer."""
        fields = _fields(request)
        file = next((part for part in request.parts if part.name.lower() == "file"), None)
        try:
            key = self._checked_key(fields, epoch_ms)
            self._keep(key, file, epoch_ms)
        except _FormError as error:
            return _refused(error)
        status = fields.get("success_action_status", "")
        body = f"<PostResponse><Key>{key}</Key></PostResponse>" if status == "201" else ""
        return HttpResponse(int(status) if status in _STATUSES else 204, body.encode(), _XML)

    def file_of(self, firmware_url: str) -> tuple[str, bytes] | None:
        """Return the name and the bytes of a file that was posted, None for no such file."""
        key = _key_in(firmware_url)
        found = self._files.get(key)
        return None if found is None else (key.rpartition("/")[2], found[1])

    def drop(self, file_name: str) -> None:
        """Forget a file, if it is there."""
        self._files.pop(f"{FOLDER}/{file_name}", None)

    def _checked_key(self, fields: Mapping[str, str], epoch_ms: int) -> str:
        """Return the key of a form whose policy is ours, in force and about this key."""
        policy = fields.get("policy", "")
        if fields.get("ossaccesskeyid") != self._key_id:
            raise _FormError("InvalidAccessKeyId", "The access key id is not known.", 403)
        signature = fields.get("signature", "").encode(errors="surrogatepass")
        if not hmac.compare_digest(self._signed(policy).encode(), signature):
            raise _FormError("SignatureDoesNotMatch", "The policy is not signed so.", 403)
        try:
            whole = json.loads(base64.b64decode(policy))
            until_ms, ((_, _, key),) = read_utc(whole["expiration"]), whole["conditions"]
        except (ValueError, KeyError, TypeError, DialectError) as error:
            raise _FormError("InvalidPolicyDocument", "The policy cannot be read.", 400) from error
        if epoch_ms > until_ms:
            raise _FormError("AccessDenied", "The policy has expired.", 403)
        if fields.get("key") != key:
            raise _FormError("AccessDenied", "The policy is for another key.", 403)
        return str(key)

    def _keep(self, key: str, file: HttpPart | None, epoch_ms: int) -> None:
        """Keep a file; the oldest go where there would be too many."""
        if file is None:
            raise _FormError("InvalidArgument", "The form has no field named file.", 400)
        content = file.content
        if len(content) > KEPT_BYTES_MAX:
            raise _FormError("EntityTooLarge", "The file is too large.", 400)
        self._files.pop(key, None)
        self._files[key] = (epoch_ms, content)
        while self._is_over(epoch_ms):
            del self._files[next(iter(self._files))]

    def _is_over(self, epoch_ms: int) -> bool:
        since_ms, _ = next(iter(self._files.values()))
        held = sum(len(content) for _, content in self._files.values())
        return (
            held > KEPT_BYTES_MAX
            or len(self._files) > KEPT_FILES_MAX
            or epoch_ms - since_ms > KEPT_MS
        )

    def _signed(self, policy: str) -> str:
        text = policy.encode(errors="surrogatepass")
        digest = hmac.new(self._secret.encode(), text, hashlib.sha1).digest()
        return base64.b64encode(digest).decode()


def form_of(fields: Mapping[str, str], name: str, content: bytes) -> tuple[HttpPart, ...]:
    """Write the form that posts a file; the file comes last, as the storage wants it.

    Args:
        fields: `Data` of GenerateOTAUploadURL's answer.
        name: The file's.
        content: Its bytes.
    """
    texts = {
        "key": fields["Key"],
        "OSSAccessKeyId": fields["OSSAccessKeyId"],
        "policy": fields["Policy"],
        "Signature": fields["Signature"],
        "success_action_status": "200",
    }
    parts = (
        HttpPart(key, value.encode(), content_type="text/plain") for key, value in texts.items()
    )
    return (*parts, HttpPart("file", content, file_name=name))


def _fields(request: HttpRequest) -> dict[str, str]:
    """Return the texts of a form by the names of its fields, in lower case."""
    return {
        part.name.lower(): part.content.decode(errors="replace")
        for part in request.parts
        if part.name.lower() != "file"
    }


def _key_in(firmware_url: str) -> str:
    try:
        return unquote(urlsplit(firmware_url).path).lstrip("/")
    except ValueError:
        return ""


def _refused(error: _FormError) -> HttpResponse:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{error.code}</Code><Message>{escape(str(error))}</Message></Error>"
    )
    return HttpResponse(error.status, body.encode(), _XML)
