"""An observer with a desk of its own, and the rows that a backend on strings shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from fleet_sim.model.filters import Filter, matches
from fleet_sim.model.northbound import (
    Answer,
    Call,
    Listed,
    Refusal,
    Refused,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import Desk, run

EVERY_MS = 1_000


def row(number: int, job: str = "j-1", **changes: Any) -> TaskRow:  # noqa: ANN401 - fields
    """Return a task of a device named by number."""
    bare = TaskRow(
        task_id=f"t-{job}-{number}",
        job_id=job,
        product_key="pk",
        device_key=f"meters-{number:05}",
        asset_id="a",
        from_version="1.2.0",
        to_version="1.3.0",
        status=TaskStatus.QUEUED,
        progress=None,
        desc=None,
        updated_epoch_ms=1,
    )
    return dataclasses.replace(bare, **changes)


class Backend:
    """Rows, and searches over them."""

    def __init__(self, *rows: TaskRow) -> None:
        self.rows = list(rows)

    def __call__(self, call: Call) -> Answer | None:
        """Answer a search."""
        assert isinstance(call, SearchTasks)
        if "noSuchField" in str(call.where):
            return Refused(Refusal.BAD_ARGUMENT, "", 99400)
        found = [one for one in self.rows if matches_row(call.where, one)]
        number, size = call.page.number or 1, call.page.size or 10
        page = found[(number - 1) * size : number * size]
        return Listed(tuple(page), number, size, len(found))


def matches_row(where: Filter, one: TaskRow) -> bool:
    """Tell whether a filter finds a row."""
    return matches(where, lambda name: getattr(one, name))


class Scene:
    """An observer with its desk, log and clock."""

    def __init__(
        self,
        answer: Callable[[Call], Answer | None],
        *,
        page_size: int = 200,
        activity: Callable[[], int] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.desk = Desk(self.clock, answer)
        self.polled = 0
        self.observer = Observer(
            self.desk,
            self.clock,
            self.log,
            every_ms=EVERY_MS,
            page_size=page_size,
            page_base=1,
            activity=activity or self.clock.now_ms,
            on_poll=self._on_poll,
        )

    def _on_poll(self) -> None:
        self.polled += 1

    def run(self, until_ms: int) -> None:
        """Let time pass."""
        run(self.clock, until_ms)

    def finish(self, *, is_probing: bool = True, bound_ms: int = 0) -> int:
        """End it; return when it was over."""
        over: list[int] = []
        self.observer.finish(
            lambda: over.append(self.clock.now_ms()), is_probing=is_probing, bound_ms=bound_ms
        )
        while not over:
            self.clock.step()
        return over[0]

    def polls(self) -> list[dict[str, Any]]:
        """Return the records of polls."""
        return [dict(one.fields) for one in self.log.records if not one.get("probe")]
