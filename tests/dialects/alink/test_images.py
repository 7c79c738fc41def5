from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.alink.images import image_fields, module_fields, module_of, read_image
from fleet_sim.dialects.fields import read_object, write_object
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage
from tests.dialects.alink.strategies import IMAGES

_MD5 = "5d41402abc4b2a76b9719d911017c592"
_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
_URL = "http://127.0.0.1:8080/fw/2.0.0.bin"
_IMAGE = FirmwareImage("2.0.0", _URL, 5120, _MD5, "md5")
_FIELDS = {
    "size": 5120,
    "version": "2.0.0",
    "url": _URL,
    "signMethod": "Md5",
    "sign": _MD5,
    "md5": _MD5,
}


def _read(fields: object) -> FirmwareImage:
    return read_image(read_object(json.dumps(fields).encode(), bytes_max=10_000))


@pytest.mark.parametrize(
    ("image", "fields"),
    [
        (_IMAGE, _FIELDS),
        (
            FirmwareImage("2.0.0", _URL, 5120, _SHA256, "sha256", "MCU"),
            {
                "size": 5120,
                "version": "2.0.0",
                "url": _URL,
                "signMethod": "SHA256",
                "sign": _SHA256,
                "module": "MCU",
            },
        ),
        (
            FirmwareImage(
                "2.0.0",
                _URL,
                5120,
                _SHA256,
                "sha256",
                is_patch=True,
                custom='{"note":"x"}',
                tags=(("key2", "b"), ("key1", "value1")),
            ),
            {
                "size": 5120,
                "version": "2.0.0",
                "url": _URL,
                "signMethod": "SHA256",
                "sign": _SHA256,
                "isDiff": 1,
                "extData": {"key2": "b", "key1": "value1", "_package_udi": '{"note":"x"}'},
            },
        ),
        (
            FirmwareImage("2.0.0", "", 5120, _MD5, "md5", stream=(1397345, 1)),
            {
                "size": 5120,
                "version": "2.0.0",
                "dProtocol": "mqtt",
                "streamId": 1397345,
                "streamFileId": 1,
                "signMethod": "Md5",
                "sign": _MD5,
                "md5": _MD5,
            },
        ),
    ],
)
def test_images_read_as_in_the_manual(image: FirmwareImage, fields: dict[str, Any]) -> None:
    """`Md5` as both SDKs want it; a module, a difference with its texts, blocks over MQTT."""
    assert image_fields(image) == fields
    assert _read(fields) == image


@given(IMAGES)
def test_what_is_written_can_be_read(image: FirmwareImage) -> None:
    """The law of the round trip."""
    assert read_image(read_object(write_object(image_fields(image)), bytes_max=10_000)) == image


@pytest.mark.parametrize(
    "change",
    [
        {"signMethod": "MD5"},
        {"signMethod": "md5"},
        {"sign": _MD5.upper()},
        {"size": "5120"},
        {"module": "default"},
        {"module": None},
        {"md5": None},
        {"isDiff": 0, "extData": {}},
        {"isDiff": "no", "extData": "key1"},
        {"isDiff": None, "extData": None},
        {"extData": {"key1": "\0", "\ud800": "x"}},
        {"extData": {"key1": 1, "_package_udi": {"note": "x"}}},
        {"digestsign": "AbC="},
    ],
)
def test_what_does_not_matter_changes_nothing(change: dict[str, Any]) -> None:
    """Other cases of letters, the size as text, and what is not for us."""
    assert _read({**_FIELDS, **change}) == _IMAGE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": None}, "url is missing"),
        ({"url": ""}, "url is empty"),
        ({"version": None}, "version is missing"),
        ({"size": None}, "size is missing"),
        ({"size": -1}, "less than nothing"),
        ({"size": 1.5}, "not a whole number"),
        ({"sign": None}, "sign is missing"),
        ({"sign": _MD5[:-1]}, "is no md5"),
        ({"sign": "x" * 32}, "is no md5"),
        ({"sign": _MD5, "signMethod": "SHA256"}, "is no sha256"),
        ({"signMethod": None}, "signMethod is missing"),
        ({"signMethod": "sha1"}, "known: md5, sha256"),
        ({"module": 7}, "module is a number"),
        ({"dProtocol": "mqtt"}, "streamId is missing"),
        ({"dProtocol": "mqtt", "streamId": 1, "streamFileId": "x"}, "not a whole number"),
        ({"files": []}, "has 0 files"),
        ({"files": [{}, {}]}, "has 2 files"),
        ({"files": {}}, "not a list"),
    ],
)
def test_what_an_sdk_would_drop_is_refused(change: dict[str, Any], sentence: str) -> None:
    """One sentence, with the name of the field."""
    with pytest.raises(DialectError, match=sentence):
        _read({**_FIELDS, **change})


def test_a_package_of_one_file_is_that_file() -> None:
    """Address, size and signature stand with the file."""
    file = {"fileName": "a.bin", "fileUrl": _URL, "fileSize": 5120, "fileSign": _MD5}
    fields = {"version": "2.0.0", "signMethod": "Md5", "files": [{**file, "fileMd5": _MD5}]}

    assert _read(fields) == _IMAGE


@pytest.mark.parametrize("name", ["", "default"])
def test_the_default_module_has_no_name(name: str) -> None:
    """On the wire it is left out, and read either way."""
    assert module_fields(name) == {}
    assert module_of({"module": name}) == ""
