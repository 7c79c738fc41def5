from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.alink.blocks import (
    crc16,
    read_block,
    read_request,
    without_spare_commas,
    write_block,
    write_request,
)
from fleet_sim.dialects.alink.message_ids import read_id
from fleet_sim.dialects.fields import read_object
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.messages import Block, BlockRequest
from tests.dialects.alink.strategies import BLOCK_REQUESTS, BLOCKS, NEAR_FRAMES
from tests.dialects.near_misses import near_misses

_REQUEST = BlockRequest("1", (1397345, 1), 0, 5120)
_SAMPLE = (
    b'{"id":"1","version":"1.0","params":{"fileToken":"default",'
    b'"fileInfo":{"streamId":1397345,"fileId":1},"fileBlock":{"size":5120,"offset":0}}}'
)
_BLOCK = Block("1", 0, b"123456789", 5120)
_HEADER = (
    b'{"id":"1","code":200,"data":{"fileToken":"default","fileLength":5120,"bSize":9,"bOffset":0}}'
)
_FRAME = b"\x00\x5c" + _HEADER + b"123456789" + b"\x3d\xbb"


def _read_request(payload: bytes) -> BlockRequest:
    body = read_object(payload, bytes_max=10_000)
    return read_request(read_id(body), body)


def _frame(header: bytes, rest: bytes) -> bytes:
    return len(header).to_bytes(2, "big") + header + rest


def test_the_checksum_is_crc_16_arc() -> None:
    """Its check value, and that of nothing."""
    assert crc16(b"123456789") == 0xBB3D
    assert crc16(b"") == 0


@given(st.binary(max_size=100))
def test_the_checksum_is_that_of_the_polynomial(content: bytes) -> None:
    """Bit by bit, without a table."""
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)

    assert crc16(content) == crc


def test_a_request_reads_as_in_the_manual() -> None:
    """Byte for byte."""
    assert write_request(_REQUEST) == _SAMPLE
    assert _read_request(_SAMPLE) == _REQUEST


def test_a_frame_reads_as_the_sdk_has_it() -> None:
    """Length, JSON, block, checksum: the first big-endian, the last little-endian."""
    assert write_block(_BLOCK) == _FRAME
    assert read_block(_FRAME) == _BLOCK


@pytest.mark.codec
@given(BLOCK_REQUESTS)
def test_what_is_asked_can_be_read(request: BlockRequest) -> None:
    """The law of the round trip."""
    assert _read_request(write_request(request)) == request


@pytest.mark.codec
@given(BLOCKS)
def test_what_is_answered_can_be_read(block: Block) -> None:
    """The law of the round trip, of refusals too."""
    assert read_block(write_block(block)) == block


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((b'"size":5120', b'"size":0'), "1 to 131072 bytes"),
        ((b'"size":5120', b'"size":131073'), "1 to 131072 bytes"),
        ((b'"size":5120', b'"size":true'), "size is a boolean"),
        ((b'"offset":0', b'"offset":-1'), "offset is -1"),
        ((b'"offset":0', b'"offset":16777216'), "at most 16777216"),
        ((b'"fileId":1', b'"file":1'), "fileId is missing"),
        ((b'"fileInfo"', b'"info"'), "fileInfo is missing"),
        ((b'"params"', b'"param"'), "params is missing"),
    ],
)
def test_other_requests_are_refused(change: tuple[bytes, bytes], sentence: str) -> None:
    """One sentence says what is wrong."""
    assert change[0] in _SAMPLE

    with pytest.raises(DialectError, match=sentence):
        _read_request(_SAMPLE.replace(*change))


def test_the_last_byte_of_the_longest_file_can_be_asked_for() -> None:
    """A block of one byte is legal at the end of a file."""
    request = BlockRequest("1", (1, 1), 16 * 1024 * 1024 - 1, 1)

    assert _read_request(write_request(request)) == request


@pytest.mark.parametrize(
    ("payload", "mended"),
    [
        (b'{"a":1,}', b'{"a":1}'),
        (b'{"a":{"b":1,  },"c":2}', b'{"a":{"b":1  },"c":2}'),
        (b'{"a":",}"}', b'{"a":",}"}'),
        (b'{"a":"\\",}","b":1,}', b'{"a":"\\",}","b":1}'),
        (b'"unfinished,}', b'"unfinished,}'),
        (b"[1,]", b"[1,]"),
    ],
)
def test_a_spare_comma_is_left_out(payload: bytes, mended: bytes) -> None:
    """Before a brace, and not within a string."""
    assert without_spare_commas(payload) == mended


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (b"", "too few for its header"),
        (b"\x00", "too few for its header"),
        (b"\x00\x00", "too few for its header"),
        (b"\xff\xff{}", "too few for its header"),
        (b"\x00\x00\x00\x00", "no JSON"),
        (_FRAME[:-1], "holds 8 bytes of a block of 9"),
        (_FRAME + b"x", "holds 10 bytes of a block of 9"),
        (_FRAME[:-1] + b"\x00", "checksum"),
        (_FRAME.replace(b"123456789", b"123456788"), "checksum"),
        (_frame(b'{"id":"1"}', b"\x00\x00"), "code is missing"),
        (_frame(b'{"id":"1","code":200}', b"\x00\x00"), "bSize is missing"),
        (_frame(b'{"id":"1","code":200,"data":[]}', b"\x00\x00"), "data is a list"),
    ],
)
def test_a_frame_that_is_not_whole_is_refused(frame: bytes, sentence: str) -> None:
    """The device then asks again."""
    with pytest.raises(DialectError, match=sentence):
        read_block(frame)


def test_the_mistake_of_a_frame_names_its_message() -> None:
    """As soon as the id was read."""
    with pytest.raises(DialectError) as caught:
        read_block(_FRAME[:-1] + b"\x00")

    assert caught.value.message_id == "1"


@pytest.mark.parametrize("rest", [b"\x00\x00", b"no block, no checksum"])
def test_a_refusal_needs_no_more_than_its_code(rest: bytes) -> None:
    """The SDK looks at nothing else."""
    assert read_block(_frame(b'{"id":"1","code":6203}', rest)) == Block("1", 0, b"", 0, 6203)


@pytest.mark.codec
@given(NEAR_FRAMES)
def test_a_frame_of_any_kind_raises_nothing_else(frame: bytes) -> None:
    """It is a block or a `DialectError`."""
    try:
        read_block(frame)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - most bytes are refused, some may be read


@pytest.mark.codec
@given(near_misses(_SAMPLE))
def test_a_request_of_any_kind_raises_nothing_else(payload: bytes) -> None:
    """It asks for a block within the file's limits, or is a `DialectError`."""
    try:
        found = _read_request(payload)
    except DialectError as error:
        assert str(error)  # noqa: PT017 - see above
    else:
        assert found.offset >= 0
        assert 1 <= found.size_bytes <= 131_072
