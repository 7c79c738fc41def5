"""A transport that only remembers what was asked of it."""

from __future__ import annotations

import asyncio
from typing import Any


class FakeTransport(asyncio.Transport):
    """Remembers writes and how it was ended.

    Attributes:
        writes: In order.
        ended: "closed", "aborted", or "" while it is open.
        aborted: Set once it is aborted, for whoever waits for that.
        unsent: What `get_write_buffer_size` says.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.ended = ""
        self.aborted = asyncio.Event()
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Remember."""
        assert not self.ended, "written after the end"
        self.writes.append(bytes(data))

    def close(self) -> None:
        """Remember."""
        self.ended = "closed"

    def abort(self) -> None:
        """Remember."""
        self.ended = "aborted"
        self.aborted.set()

    def is_closing(self) -> bool:
        """Tell whether it was ended."""
        return bool(self.ended)

    def get_write_buffer_size(self) -> int:
        """Tell what the test wants it to."""
        return self.unsent

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Take no notice."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's
        """Give an address."""
        return ("192.0.2.1", 5_000) if name == "peername" else default
