"""Download over MQTT: the device asks for one block of a file after the other.

    request   {"id", "version": "1.0", "params": {"fileToken": "default",
               "fileInfo": {"streamId", "fileId"}, "fileBlock": {"size", "offset"}}}
    reply     2 bytes  the length of the JSON, big-endian
              n bytes  {"id", "code": 200, "data": {"fileToken", "fileLength", "bSize", "bOffset"}}
              bSize    the block
              2 bytes  CRC-16/ARC of the block, little-endian

The C SDK writes a comma after the last pair of `fileInfo`, which no JSON has; here it is left out
before reading. A refusal is a frame without a block; how the platform really frames one is not
documented, and the SDK looks at nothing but its code.

Source: C Link SDK 4.1; the pages for the length of a file.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fleet_sim.dialects.alink import codes
from fleet_sim.dialects.alink.message_ids import read_id, write_id
from fleet_sim.dialects.downloads import BlockRules
from fleet_sim.dialects.fields import (
    Fields,
    read_fields,
    read_object,
    read_whole,
    write_object,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.messages import Block, BlockRequest

# The longest file there is over MQTT is of "16 MB"; that these are powers of two is inferred.
FILE_BYTES_MAX = 16 * 1024 * 1024

# Recalled from the pages and not read again: the sizes of a block. Unknown: the code of a request
# that cannot be served; it is the general one for wrong parameters, and the C SDK asks again
# whatever the code is.
BLOCK_RULES = BlockRules(
    size_bytes_min=256, size_bytes_max=131_072, not_served=codes.BAD_PARAMETERS
)
# A block is so short only at the end of its file. Where that is, only who has the file knows.
_LAST_BYTES_MIN = 1

_HEADER_BYTES_MAX = 0xFFFF
_TOKEN = "default"  # noqa: S105 - the one name that the SDK gives to the one file
_LENGTH_BYTES = 2
_CRC_BYTES = 2


# --- requests --------------------------------------------------------------------------------


def write_request(request: BlockRequest) -> bytes:
    """Write what a device asks for."""
    stream_id, file_id = request.stream
    return write_object(
        {
            "id": write_id(request.message_id),
            "version": "1.0",
            "params": {
                "fileToken": _TOKEN,
                "fileInfo": {"streamId": stream_id, "fileId": file_id},
                "fileBlock": {"size": request.size_bytes, "offset": request.offset},
            },
        }
    )


def read_request(message_id: str, body: Fields) -> BlockRequest:
    """Read what a device asks for.

    Raises:
        DialectError: A field is missing or no whole number, or the block is none of a legal size.
    """
    params = read_fields(body, "params")
    info, block = read_fields(params, "fileInfo"), read_fields(params, "fileBlock")
    size_bytes, offset = read_whole(block, "size"), read_whole(block, "offset")
    bytes_max = BLOCK_RULES.size_bytes_max
    if not _LAST_BYTES_MIN <= size_bytes <= bytes_max:
        raise DialectError(
            f"size is {size_bytes}; a block has {_LAST_BYTES_MIN} to {bytes_max} bytes"
        )
    if not 0 <= offset < FILE_BYTES_MAX:
        raise DialectError(f"offset is {offset}; a file has at most {FILE_BYTES_MAX} bytes")
    stream = (read_whole(info, "streamId"), read_whole(info, "fileId"))
    return BlockRequest(message_id, stream, offset, size_bytes)


# A string as a whole, finished or not, so that no text is walked twice; or a spare comma.
_SPARE_COMMA = re.compile(rb'("(?:[^"\\]|\\.)*+"?)|,(?=\s*})', re.DOTALL)


def without_spare_commas(payload: bytes) -> bytes:
    """Leave out each comma that stands before a closing brace, outside of strings."""
    return _SPARE_COMMA.sub(lambda found: found[1] or b"", payload)


# --- replies ---------------------------------------------------------------------------------


def write_block(block: Block) -> bytes:
    """Write a block, or a refusal of one."""
    header = write_object(
        {
            "id": write_id(block.message_id),
            "code": block.code,
            "data": {
                "fileToken": _TOKEN,
                "fileLength": block.file_size_bytes,
                "bSize": len(block.content),
                "bOffset": block.offset,
            },
        }
    )
    return b"".join(
        (
            len(header).to_bytes(_LENGTH_BYTES, "big"),
            header,
            block.content,
            crc16(block.content).to_bytes(_CRC_BYTES, "little"),
        )
    )


def read_block(payload: bytes) -> Block:
    """Read a block, or a refusal of one.

    Raises:
        DialectError: The frame has another length than it says, or the checksum is another; with
            the id of the message as soon as it was read.
    """
    header_bytes = int.from_bytes(payload[:_LENGTH_BYTES], "big")
    header_end = _LENGTH_BYTES + header_bytes
    if len(payload) < header_end + _CRC_BYTES:
        raise DialectError(f"the frame has {len(payload)} bytes, too few for its header")
    body = read_object(payload[_LENGTH_BYTES:header_end], bytes_max=_HEADER_BYTES_MAX)
    message_id = read_id(body)
    try:
        return _read_block(message_id, body, payload[header_end:])
    except DialectError as error:
        raise error.about(message_id) from error


def _read_block(message_id: str, body: Fields, tail: bytes) -> Block:
    code = read_whole(body, "code")
    data = read_fields(body, "data", default={})
    offset = read_whole(data, "bOffset", default=0)
    file_size_bytes = read_whole(data, "fileLength", default=0)
    if code != codes.OK:
        return Block(message_id, offset, b"", file_size_bytes, code)
    size_bytes = read_whole(data, "bSize")
    content, told = tail[:-_CRC_BYTES], tail[-_CRC_BYTES:]
    if len(content) != size_bytes:
        raise DialectError(f"the frame holds {len(content)} bytes of a block of {size_bytes}")
    if crc16(content) != int.from_bytes(told, "little"):
        raise DialectError("the checksum of the block is another")
    return Block(message_id, offset, content, file_size_bytes)


def _crc_of_byte(byte: int) -> int:
    crc = byte
    for _ in range(8):
        crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1  # 0x8005, bits in reverse
    return crc


_CRC_OF_BYTE = tuple(_crc_of_byte(byte) for byte in range(256))


# A fleet fetches the same blocks over and over, and a pass over one costs milliseconds. At most
# 16 MiB are held: as many bytes as the longest file has.
@lru_cache(maxsize=FILE_BYTES_MAX // BLOCK_RULES.size_bytes_max)
def crc16(content: bytes) -> int:
    """Return the CRC-16/ARC: 0x8005 reflected, begun at 0; of `123456789` it is 0xBB3D."""
    crc = 0
    for byte in content:
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc
