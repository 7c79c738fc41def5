"""Ctrl-C and SIGTERM: the first ends a run in good order, the second at once.

In good order means with its last looks, what it made at a backend taken back, and its report. At
once means without any of that; what was logged by then is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
HINT = "the run is being ended in good order; once more ends it at once"


@contextlib.contextmanager
def told_to_stop() -> Iterator[Callable[[], bool]]:
    """Take a signal as a word to be asked for; the second one interrupts whatever is being done.

    Raises:
        KeyboardInterrupt: It came a second time.
    """
    told: list[int] = []

    def take(number: int, frame: FrameType | None) -> None:
        del frame
        if told:
            raise KeyboardInterrupt
        told.append(number)

    former = {name: signal.signal(name, take) for name in SIGNALS}
    try:
        yield lambda: bool(told)
    finally:
        for name, handler in former.items():
            signal.signal(name, handler)


def stop_by_signal(stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Let a signal set `stop`, and the second cancel the task that called this.

    Args:
        stop: Ends the run in good order.
        say: Gets a sentence for whoever sent the first.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def take() -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        say(HINT)

    for name in SIGNALS:
        loop.add_signal_handler(name, take)
