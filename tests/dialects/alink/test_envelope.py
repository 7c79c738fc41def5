from __future__ import annotations

import pytest

from fleet_sim.dialects.alink import envelope
from fleet_sim.dialects.alink.topics import Topic
from fleet_sim.dialects.fields import Fields, read_object
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId

_DEVICE = DeviceId("pk1", "dev1")
_MD5 = "5d41402abc4b2a76b9719d911017c592"
_IMAGE = FirmwareImage("2.0.0", "http://h/f", 5, _MD5, "md5")
_DATA = (
    b'{"size":5,"version":"2.0.0","url":"http://h/f","signMethod":"Md5",'
    b'"sign":"5d41402abc4b2a76b9719d911017c592","md5":"5d41402abc4b2a76b9719d911017c592"}'
)


def _body(payload: bytes) -> Fields:
    return read_object(payload, bytes_max=10_000)


def test_reports_have_an_id_and_params() -> None:
    """Nothing more, as the page has it."""
    assert envelope.report(_DEVICE, Topic.INFORM, "17", {"version": "1.0"}) == WireMessage(
        "/ota/device/inform/pk1/dev1", b'{"id":"17","params":{"version":"1.0"}}'
    )


def test_queries_name_their_version_and_method() -> None:
    """As the page has it."""
    assert envelope.query(_DEVICE, Topic.GET, "19", {}) == WireMessage(
        "/sys/pk1/dev1/thing/ota/firmware/get",
        b'{"id":"19","version":"1.0","params":{},"method":"thing.ota.firmware.get"}',
    )


def test_pushes_have_a_code_and_a_message() -> None:
    """The code is a string, as one of the pages has it."""
    assert envelope.push(_DEVICE, "7", _IMAGE) == WireMessage(
        "/ota/device/upgrade/pk1/dev1",
        b'{"code":"1000","data":' + _DATA + b',"id":"7","message":"success"}',
    )


def test_replies_echo_ids_in_kind() -> None:
    """A number for a number; the text only where there is one."""
    assert envelope.reply("t", "#19", {}, 200).payload == b'{"id":19,"code":200,"data":{}}'
    assert envelope.reply("t", "19", {}, 460, "no").payload == (
        b'{"id":"19","code":460,"data":{},"message":"no"}'
    )


@pytest.mark.parametrize(
    "payload", [b'{"code":200,"data":{}}', b'{"code":"200","data":null}', b'{"code":200}']
)
def test_an_answer_without_data_is_no_task(payload: bytes) -> None:
    """Inferred: no page shows it."""
    assert envelope.read_offer(_body(payload)) == ()


def test_an_answer_with_data_is_a_task() -> None:
    """One at most."""
    assert envelope.read_offer(_body(b'{"code":200,"data":' + _DATA + b"}")) == (_IMAGE,)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b'{"code":6203,"data":{}}', "refused with 6203 the topic cannot be read"),
        (b'{"code":429,"message":"slow down"}', "refused with 429 slow down"),
        (b'{"code":1}', "refused with 1$"),
    ],
)
def test_a_refused_query_is_an_error_with_the_platforms_code(payload: bytes, sentence: str) -> None:
    """With its text, or with what the page says of the number."""
    with pytest.raises(DialectError, match=sentence) as caught:
        envelope.read_offer(_body(payload))

    assert caught.value.code in {6203, 429, 1}
