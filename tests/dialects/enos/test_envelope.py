from __future__ import annotations

import json

import pytest
from hypothesis import given

from fleet_sim.dialects.enos import envelope
from fleet_sim.dialects.enos.payload import read_object
from fleet_sim.dialects.enos.topics import Leaf
from fleet_sim.dialects.fields import write_object
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from tests.dialects.enos.strategies import IMAGES

_IMAGE = {
    "version": "2.0",
    "sign": "9E107D9D372BB6826BD81D3542A419D6",
    "signMethod": "MD5",
    "fileUrl": "http://backend.example/fw/2.0.bin",
    "fileSize": 43,
}


def test_a_request_reads_as_in_the_manual() -> None:
    """Id as a string, protocol version 1.0, the documented method."""
    wire = envelope.request(DeviceId("pk1", "dk1"), Leaf.INFORM, "1", {"version": "1.0"})

    assert wire.topic == "/sys/pk1/dk1/ota/device/inform"
    assert wire.payload == (
        b'{"id":"1","version":"1.0","method":"ota.device.inform","params":{"version":"1.0"}}'
    )


def test_a_reply_reads_as_in_the_manual() -> None:
    """Code 200, an empty object, and a message only if there is one."""
    assert envelope.reply("t", "1").payload == b'{"id":"1","code":200,"data":{}}'
    assert json.loads(envelope.reply("t", "1", 1220, data=[], text="no").payload) == {
        "id": "1",
        "code": 1220,
        "data": [],
        "message": "no",
    }


@pytest.mark.parametrize(("text", "found"), [('"7"', "7"), ("7", "7"), ("null", ""), ('""', "")])
def test_ids_are_strings_however_they_come(text: str, found: str) -> None:
    """The table says Long, the samples String; both are echoed as a string."""
    assert envelope.read(f'{{"id":{text}}}'.encode())[0] == found


def test_a_missing_id_is_empty() -> None:
    """The pages call it optional."""
    assert envelope.read(b'{"code":"200"}') == ("", {"code": "200"})


@pytest.mark.parametrize(("payload", "code"), [(b'{"id":{}}', 1220), (b"[]", 1220), (b" ", 1251)])
def test_what_has_no_id_that_can_be_read_gets_the_platforms_number(
    payload: bytes, code: int
) -> None:
    """There is no message to name beside it."""
    with pytest.raises(DialectError) as caught:
        envelope.read(payload)

    assert (caught.value.code, caught.value.message_id) == (code, None)


@pytest.mark.parametrize("text", ["200", '"200"'])
def test_a_code_may_be_a_string(text: str) -> None:
    """Devices were seen to send "1101"."""
    assert envelope.read_outcome(read_object(f'{{"code":{text}}}'.encode())) == (200, "")


@given(image=IMAGES)
def test_images_survive_the_wire(image: FirmwareImage) -> None:
    """Version, URL, size and digest arrive as they were."""
    fields = read_object(write_object(envelope.image_fields(image)))

    assert envelope.read_image(fields) == image


def test_digests_and_methods_are_read_without_case() -> None:
    """Neutral words are lower case."""
    image = envelope.read_image(read_object(json.dumps(_IMAGE).encode()))

    assert (image.digest_method, image.digest) == ("md5", "9e107d9d372bb6826bd81d3542a419d6")


@pytest.mark.parametrize(
    "change",
    [
        {"signMethod": "crc32"},
        {"signMethod": None},
        {"fileSize": -1},
        {"fileSize": "43 bytes"},
        {"fileUrl": 5},
        {"fileUrl": None},
        {"fileUrl": ""},
        {"sign": None},
        {"version": None},
        {"version": []},
    ],
    ids=str,
)
def test_a_broken_image_is_refused(change: dict[str, object]) -> None:
    """A device must not download what it could never verify."""
    fields = read_object(json.dumps(_IMAGE | change).encode())

    with pytest.raises(DialectError):
        envelope.read_image(fields)
