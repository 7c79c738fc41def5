from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from fleet_sim.dialects.huawei.images import event_of, image_fields, read_image
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage
from tests.dialects.huawei.strategies import IMAGES

_DIGEST = "ab" * 32
_IMAGE = FirmwareImage("v2.0", "http://h/a%20b/fw.bin?x=1", 32_768, _DIGEST, "sha256")
_TOKEN = replace(_IMAGE, token="t")


@given(image=IMAGES)
def test_an_image_reads_as_it_was_written(image: FirmwareImage) -> None:
    """In the form that its token asks for, as firmware or as software."""
    assert read_image(event_of(image), image_fields(image)) == image


def test_a_token_goes_with_the_first_form() -> None:
    """All fields of "Platform Delivering an Upgrade Event"; a day to fetch it."""
    assert event_of(_TOKEN) == "firmware_upgrade"
    assert image_fields(_TOKEN) == {
        "version": "v2.0",
        "url": "http://h/a%20b/fw.bin?x=1",
        "file_size": 32_768,
        "file_name": "fw.bin",
        "sign": _DIGEST,
        "access_token": "t",
        "expires": 86_400,
    }


def test_without_a_token_the_address_is_enough() -> None:
    """The second form never carries a token, and one in it is not read."""
    assert event_of(_IMAGE) == "firmware_upgrade_v2"
    assert not {"access_token", "custom_info"} & image_fields(_IMAGE).keys()
    assert image_fields(replace(_IMAGE, custom="c"))["custom_info"] == "c"
    assert read_image("firmware_upgrade_v2", image_fields(_TOKEN)) == _IMAGE


def test_software_has_events_of_its_own() -> None:
    """Other modules have none."""
    assert event_of(replace(_TOKEN, module="software")) == "software_upgrade"
    assert event_of(replace(_IMAGE, module="software")) == "software_upgrade_v2"
    with pytest.raises(DialectError, match="no event for a module 'radio'"):
        event_of(replace(_IMAGE, module="radio"))


def test_md5_is_known_by_its_length() -> None:
    """An older page has it."""
    fields = {**image_fields(_TOKEN), "sign": "AB" * 16}

    image = read_image("firmware_upgrade", fields)

    assert (image.digest, image.digest_method) == ("ab" * 16, "md5")


def test_the_second_form_may_lack_the_digest() -> None:
    """Then there is nothing to check the file by."""
    image = read_image("firmware_upgrade_v2", {"version": "2", "url": "u", "file_size": 1})

    assert (image.digest, image.digest_method) == ("", "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": None}, "version is missing"),
        ({"version": ""}, "version is empty"),
        ({"version": 2}, "version is no string"),
        ({"url": None}, "url is missing"),
        ({"url": ""}, "url is empty"),
        ({"file_size": None}, "file_size is missing"),
        ({"file_size": "1"}, "file_size is no whole number"),
        ({"file_size": -1}, "less than nothing"),
        ({"sign": None}, "sign is missing"),
        ({"sign": "abc"}, "sign has 3 characters"),
        ({"access_token": 7}, "access_token is no string"),
    ],
)
def test_what_the_form_demands_is_demanded(changes: dict[str, Any], sentence: str) -> None:
    """The first form has all of it."""
    with pytest.raises(DialectError, match=sentence):
        read_image("firmware_upgrade", {**image_fields(_TOKEN), **changes})


def test_an_address_that_is_none_has_no_file_name() -> None:
    """And raises nothing."""
    assert image_fields(replace(_IMAGE, url="http://[")).get("file_name") == ""
