from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.firmware_body import read_firmware, write_firmware
from fleet_sim.dialects.enos.routes import FIRMWARES
from fleet_sim.dialects.http import HttpPart, HttpRequest
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder, Names
from tests.dialects.enos.strategies import NAMES, PRODUCT_KEYS, TEXTS

_CONTENT = b"The quick brown fox jumps over the lazy dog"
_METADATA = {
    "name": {"defaultValue": "fw", "i18nValue": {"en_US": "fw"}},
    "version": "2.0",
    "signMethod": "md5",
    "sign": "9E107D9D372BB6826BD81D3542A419D6",
    "desc": "second",
    "enableVerification": True,
    "firmwareTags": {"site": "north"},
    "maxAllowedForVerification": "3",
    "minSuccessForVerified": 2,
}


@st.composite
def _uploads(draw: st.DrawFn) -> CreateFirmware:
    content = draw(st.binary(min_size=1, max_size=50))
    method = draw(st.sampled_from(["md5", "sha256"]))
    most = draw(st.none() | st.integers(1, 9))
    order = FirmwareOrder(
        product_key=draw(PRODUCT_KEYS),
        names=draw(NAMES),
        version=draw(TEXTS),
        digest=hashlib.new(method, content).hexdigest(),
        digest_method=method,
        file_name=draw(st.text("abc.-_ äß", min_size=3, max_size=20).filter(str.strip)),
        desc=draw(st.just("") | TEXTS),
        needs_verification=draw(st.booleans()),
        verify_devices_max=most,
        verify_successes_min=draw(st.none() | st.integers(1, most or 5)),
        tags=tuple(sorted(draw(st.dictionaries(TEXTS, TEXTS, max_size=3)).items())),
    )
    return CreateFirmware(order, content)


def _read(parts: tuple[HttpPart, ...]) -> CreateFirmware:
    return read_firmware(HttpRequest("POST", FIRMWARES, parts=parts), "pk1")


def _parts(file_name: str | None = "2.0.bin", **changes: Any) -> tuple[HttpPart, ...]:  # noqa: ANN401 - JSON
    metadata = json.dumps(_METADATA | changes).encode()
    return HttpPart("metadata", metadata), HttpPart("file", _CONTENT, file_name)


@given(upload=_uploads())
def test_an_upload_survives_the_wire(upload: CreateFirmware) -> None:
    """Metadata, file name and every byte."""
    request = HttpRequest("POST", FIRMWARES, parts=write_firmware(upload))

    assert read_firmware(request, upload.order.product_key) == upload


def test_the_documented_metadata_are_read() -> None:
    """Every field of the table; the digest in either case of hex."""
    assert _read(_parts()).order == FirmwareOrder(
        product_key="pk1",
        names=Names("fw", (("en_US", "fw"),)),
        version="2.0",
        digest="9e107d9d372bb6826bd81d3542a419d6",
        digest_method="md5",
        file_name="2.0.bin",
        desc="second",
        needs_verification=True,
        verify_devices_max=3,
        verify_successes_min=2,
        tags=(("site", "north"),),
    )


def test_optional_metadata_may_be_null() -> None:
    """The 2.2 samples do not know the later fields."""
    nothing = dict.fromkeys(
        ("desc", "firmwareTags", "maxAllowedForVerification", "minSuccessForVerified")
    )

    order = _read(_parts(**nothing)).order

    assert (order.desc, order.tags) == ("", ())
    assert (order.verify_devices_max, order.verify_successes_min) == (None, None)


def test_the_metadata_part_is_json_without_a_file_name() -> None:
    """As the page says; only the file has a name."""
    metadata, file = write_firmware(_read(_parts()))

    assert (metadata.name, metadata.file_name, metadata.content_type) == (
        "metadata",
        None,
        "application/json",
    )
    assert (file.name, file.file_name, file.content) == ("file", "2.0.bin", _CONTENT)


@pytest.mark.parametrize(
    "file_name", [None, "", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", "x" * 256, "\ud800"]
)
def test_a_file_name_that_is_a_path_is_refused(file_name: str | None) -> None:
    """It will stand in a folder and in a URL."""
    with pytest.raises(DialectError, match="file: ") as caught:
        _read(_parts(file_name))
    assert caught.value.code == 99400


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sign": "0" * 32}, "sign: is not the md5 of the file"),
        ({"signMethod": "sha256"}, "sign: is not the sha256 of the file"),
        ({"minSuccessForVerified": 4}, "above maxAllowedForVerification, 3"),
        (
            {"maxAllowedForVerification": None, "minSuccessForVerified": 6},
            "above maxAllowedForVerification, 5",
        ),
    ],
)
def test_metadata_at_odds_with_themselves_are_refused(
    changes: dict[str, Any], sentence: str
) -> None:
    """A digest of another file, and more successes than devices."""
    with pytest.raises(DialectError, match=sentence):
        _read(_parts(**changes))
