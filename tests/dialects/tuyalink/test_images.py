from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.fields import read_object, write_object
from fleet_sim.dialects.tuyalink.channels import Channels
from fleet_sim.dialects.tuyalink.images import image_fields, read_image
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage
from tests.dialects.tuyalink.strategies import IMAGES

_MD5 = "5d41402abc4b2a76b9719d911017c592"
_HMAC = "6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de"
_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
_IMAGE = FirmwareImage("2.0.0", "http://h/fw", 5, _MD5, "md5", hmac=_HMAC)
_FIELDS = {
    "channel": 0,
    "version": "2.0.0",
    "url": "http://h/fw",
    "httpsUrl": "http://h/fw",
    "cdnUrl": "http://h/fw",
    "size": "5",
    "md5": _MD5,
    "hmac": _HMAC,
    "upgradeType": 0,
    "execTime": 0,
}


def _read(fields: object) -> FirmwareImage:
    return read_image(read_object(json.dumps(fields).encode(), bytes_max=10_000), Channels())


def test_an_image_reads_as_in_the_sample() -> None:
    """The size is a string; one address stands in all three fields."""
    assert image_fields(_IMAGE, Channels(), upgrade_type=0) == _FIELDS
    assert _read(_FIELDS) == _IMAGE


def test_an_image_known_by_sha_256_alone_has_its_keyed_digest_only() -> None:
    """There is no field for the plain one."""
    image = FirmwareImage("2.0.0", "http://h/fw", 5, _SHA256, "sha256", "9", _HMAC)

    fields = image_fields(image, Channels(), upgrade_type=2)

    assert "md5" not in fields
    assert (fields["hmac"], fields["channel"], fields["upgradeType"]) == (_HMAC, 9, 2)
    assert _read(fields) == FirmwareImage("2.0.0", "http://h/fw", 5, "", "sha256", "9", _HMAC)


def test_an_image_whose_file_is_known_goes_out_with_both_digests() -> None:
    """By whichever method an operator gave one."""
    image = FirmwareImage(
        "2.0.0", "http://h/fw", 5, _SHA256, "sha256", hmac=_HMAC, other_digest=_MD5
    )

    assert image_fields(image, Channels(), upgrade_type=0) == _FIELDS


@given(IMAGES)
def test_what_is_written_can_be_read(image: FirmwareImage) -> None:
    """The law of the round trip."""
    payload = write_object(image_fields(image, Channels(), upgrade_type=0))

    assert read_image(read_object(payload, bytes_max=10_000), Channels()) == image


@pytest.mark.parametrize(
    "change",
    [
        {"size": 5},
        {"md5": _MD5.upper(), "hmac": _HMAC.upper()},
        {"httpsUrl": "https://other/fw", "cdnUrl": None},
        {"url": None},
        {"url": "", "httpsUrl": ""},
        {"ctId": "x"},
        {"channel": None},
    ],
)
def test_what_does_not_matter_changes_nothing(change: dict[str, Any]) -> None:
    """The first address that is there counts."""
    assert _read({**_FIELDS, **change}) == _IMAGE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": None, "httpsUrl": "", "cdnUrl": None}, "url is missing"),
        ({"url": 7}, "url is a number"),
        ({"version": None}, "version is missing"),
        ({"size": None}, "size is missing"),
        ({"size": "x"}, "not a whole number"),
        ({"size": "-5"}, "less than nothing"),
        ({"md5": None, "hmac": None}, "one of them is needed"),
        ({"md5": _MD5[1:]}, "one of them is needed"),
        ({"hmac": _HMAC[1:]}, "one of them is needed"),
        ({"channel": 20}, "channel is 20"),
    ],
)
def test_other_images_are_refused(change: dict[str, Any], sentence: str) -> None:
    """One sentence, with the name of the field."""
    with pytest.raises(DialectError, match=sentence):
        _read({**_FIELDS, **change})
