"""A vendor's program as a process of its own, steered by JSON lines.

The test writes orders to its stdin and reads what it has to tell from its stdout, an object a line
with `event`; so both sides wait for what happens, and neither sleeps. Its stderr is kept, and shown
when it falls silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from tests.vendors.environments import clean_surroundings

HEAR_S = 60.0  # Only a test that fails waits so long.
LINE_BYTES_MAX = 1 << 24
_SAID_CHARS_MAX = 2_000

Event = Mapping[str, Any]


class Stranger:
    """One running program.

    Attributes:
        heard: All it told so far, in order.
    """

    def __init__(self, process: Process, said: Path) -> None:
        self._process = process
        self._said = said
        self._next = 0
        self.heard: list[Event] = []

    async def tell(self, **order: Any) -> None:  # noqa: ANN401 - JSON
        """Give it an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        with contextlib.suppress(ConnectionError):  # it has ended: `hear` says so, and shows why
            await self._process.stdin.drain()

    async def hear(self, event: str, **fields: Any) -> Event:  # noqa: ANN401 - JSON
        """Wait for the next event of a name, with these fields; what comes before is passed over.

        Raises:
            AssertionError: It ended, or was silent for too long; with what it wrote to stderr.
        """
        while True:
            while self._next < len(self.heard):
                found = self.heard[self._next]
                self._next += 1
                if found["event"] == event and fields.items() <= found.items():
                    return found
            await self._listen(event)

    async def end(self) -> int:
        """Close its stdin, wait until it has ended, and return its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.stdout is not None
        while line := await asyncio.wait_for(self._process.stdout.readline(), HEAR_S):
            self.heard.append(json.loads(line))
        return await asyncio.wait_for(self._process.wait(), HEAR_S)

    async def _listen(self, wanted: str) -> None:
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), HEAR_S)
        except TimeoutError as error:
            raise AssertionError(f"no {wanted!r} in {HEAR_S} s; {self._story()}") from error
        if not line:
            raise AssertionError(f"it ended before {wanted!r}; {self._story()}")
        self.heard.append(json.loads(line))

    def _story(self) -> str:
        said = self._said.read_text(encoding="utf-8", errors="replace")[-_SAID_CHARS_MAX:]
        return f"it told {self.heard}, and to stderr:\n{said}"


@contextlib.asynccontextmanager
async def stranger(
    python: Path,
    script: Path,
    folder: Path,
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[Stranger]:
    """Run a script in a Python of its own; ended with the context, whatever happens.

    Args:
        python: Of the environment that has what the script imports.
        script: What to run.
        folder: Where its stderr is kept.
        settings: The first line it reads.
    """
    number, name = tempfile.mkstemp(prefix=f"{script.stem}-", suffix=".said", dir=folder)
    try:
        process = await asyncio.create_subprocess_exec(
            python,
            "-u",
            script,
            stdin=PIPE,
            stdout=PIPE,
            stderr=number,
            env=clean_surroundings(),
            limit=LINE_BYTES_MAX,
        )
    finally:
        os.close(number)
    one = Stranger(process, Path(name))
    try:
        await one.tell(**settings)
        yield one
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()  # reads to the end, so that no pipe stays open
