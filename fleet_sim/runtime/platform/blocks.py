"""Firmware files in blocks, for devices that fetch them over MQTT."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from fleet_sim.dialects.downloads import BlockRules
from fleet_sim.model.messages import Block, BlockRequest


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a file, and how many it has in all."""

    content: bytes = field(repr=False)
    file_size_bytes: int


class Pieces(Protocol):
    """Where files are read."""

    def read(self, firmware_id: str, file_name: str, offset: int, size_bytes: int) -> Piece | None:
        """Read some bytes of a file, fewer at its end and none behind it; None for no such file."""


def block_for(
    asked: BlockRequest, file: tuple[str, str] | None, files: Pieces, rules: BlockRules
) -> Block:
    """Answer a request for a block.

    Args:
        asked: What the device wants.
        file: The firmware and file name that its stream stands for; None where there is none.
        files: Where they are kept.
        rules: What the vendor serves.

    Returns:
        The bytes, as many as were asked for or as are left; or a refusal: no such file, a block
        that begins outside of it, or a size that the vendor does not allow.
    """
    refused = Block(asked.message_id, asked.offset, b"", code=rules.not_served)
    if file is None or asked.offset < 0 or not 1 <= asked.size_bytes <= rules.size_bytes_max:
        return refused
    piece = files.read(*file, asked.offset, asked.size_bytes)
    if piece is None or not piece.content:
        return refused
    is_last = asked.offset + len(piece.content) == piece.file_size_bytes
    if asked.size_bytes < rules.size_bytes_min and not is_last:
        return refused
    return Block(asked.message_id, asked.offset, piece.content, piece.file_size_bytes)
