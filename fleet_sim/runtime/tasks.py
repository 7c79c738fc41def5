"""A task group whose work can be called off as a whole."""

from __future__ import annotations

import asyncio
from typing import Any


class Tasks(asyncio.TaskGroup):
    """A task group that can be told that all its work is of no more use."""

    def __init__(self) -> None:
        super().__init__()
        self._mine: set[asyncio.Task[Any]] = set()

    def create_task(self, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:  # noqa: ANN401 - asyncio's
        """Start a task and keep it in mind until it is done."""
        task = super().create_task(*args, **kwargs)
        self._mine.add(task)
        task.add_done_callback(self._mine.discard)
        return task

    def cancel(self) -> None:
        """Cancel every task under way."""
        for task in list(self._mine):
            task.cancel()
