"""Wrong calls of Create Firmware File."""

from __future__ import annotations

import json
from typing import Any

from fleet_sim.dialects.enos.routes import FIRMWARES
from fleet_sim.dialects.http import HttpPart
from tests.dialects.enos.hostile_case import ABSENT, ORG, Hostile, merged

_METADATA = {
    "name": {"defaultValue": "fw"},
    "version": "9.9",
    "signMethod": "md5",
    "sign": "9e107d9d372bb6826bd81d3542a419d6",
    "enableVerification": False,
}
_FILE = HttpPart("file", b"The quick brown fox jumps over the lazy dog", file_name="9.9.bin")


def _upload(name: str, *parts: HttpPart) -> Hostile:
    query = ORG | {"productKey": "{product_key}"}
    return Hostile(f"upload: {name}", FIRMWARES, "create", query, None, 99400, parts=parts)


def _metadata(wrong: str, /, **changes: Any) -> Hostile:  # noqa: ANN401 - JSON
    content = json.dumps(merged(_METADATA, changes)).encode()
    return _upload(wrong, HttpPart("metadata", content), _FILE)


_GOOD_METADATA = HttpPart("metadata", json.dumps(_METADATA).encode())
UPLOAD_CASES = (
    _upload("no parts"),
    _upload("no file", _GOOD_METADATA),
    _upload("no metadata", _FILE),
    _upload("two files", _GOOD_METADATA, _FILE, _FILE),
    _upload("an empty file", _GOOD_METADATA, HttpPart("file", b"", file_name="9.9.bin")),
    _upload("a file without a name", _GOOD_METADATA, HttpPart("file", _FILE.content)),
    _upload("a path", _GOOD_METADATA, HttpPart("file", _FILE.content, file_name="../x.bin")),
    _upload("the parent", _GOOD_METADATA, HttpPart("file", _FILE.content, file_name="..")),
    _upload("metadata that is no JSON", HttpPart("metadata", b"{"), _FILE),
    _metadata("name is missing", name=ABSENT),
    _metadata("name is a text", name="fw"),
    _metadata("name in no known locale", name={"defaultValue": "n", "i18nValue": {"fr": "n"}}),
    _metadata("version is missing", version=ABSENT),
    _metadata("version is empty", version=""),
    _metadata("version is a number", version=2.0),
    _metadata("version is too long", version="1" * 1025),
    _metadata("method is missing", signMethod=ABSENT),
    _metadata("method is unknown", signMethod="crc32"),
    _metadata("sign is missing", sign=ABSENT),
    _metadata("sign is another file's", sign="0" * 32),
    _metadata("sign by the other method", signMethod="sha256"),
    _metadata("desc is a number", desc=5),
    _metadata("enableVerification is missing", enableVerification=ABSENT),
    _metadata("enableVerification is a word", enableVerification="no"),
    _metadata("tags are a list", firmwareTags=["a"]),
    _metadata("a tag is a number", firmwareTags={"a": 1}),
    _metadata("nothing allowed for verification", maxAllowedForVerification=0),
    _metadata("no success needed", minSuccessForVerified=0),
    _metadata("more successes than devices", maxAllowedForVerification=2, minSuccessForVerified=3),
    _metadata("more successes than by default", minSuccessForVerified=6),
)
