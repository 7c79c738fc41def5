"""Which devices jobs of somebody else keep busy: they may wait, and the backend is not to blame."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import Listed, Page, SearchTasks, TaskRow, TaskStatus
from fleet_sim.runtime.operator.asking import PAGE_ROWS, ask
from fleet_sim.runtime.operator.northbound import Northbound

PAGES_MAX = 20  # A thousand open tasks a status; who has more may keep every device.
OPEN = (TaskStatus.QUEUED, TaskStatus.PUSHED, TaskStatus.UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backend says of our devices before we have ordered anything.

    Attributes:
        by_others: Those that have an open task of another job.
        untold: Those that may have one: the backend does not tell, or has too many to tell.
    """

    by_others: frozenset[DeviceId] = frozenset()
    untold: frozenset[DeviceId] = frozenset()


async def kept_busy(
    northbound: Northbound, devices: Collection[DeviceId], *, page_base: int
) -> Kept:
    """Ask which of these devices have an open task; of none, nothing is asked."""
    ours, kept = frozenset(devices), set[DeviceId]()
    if not ours:
        return Kept()
    is_told = True
    for status in OPEN:
        rows = await _tasks(northbound, status, page_base)
        is_told = is_told and rows is not None
        kept.update(DeviceId(row.product_key, row.device_key) for row in rows or ())
    return Kept(ours & kept, frozenset() if is_told else ours - kept)


async def _tasks(
    northbound: Northbound, status: TaskStatus, page_base: int
) -> list[TaskRow] | None:
    where = Comparison("status", Operator.EQUAL, (status.value,))
    rows: list[TaskRow] = []
    for number in range(page_base, page_base + PAGES_MAX):
        reply = await ask(northbound, SearchTasks(where, Page(number, PAGE_ROWS)))
        if not isinstance(reply.answer, Listed):
            return None
        rows += [row for row in reply.answer.rows if isinstance(row, TaskRow)]
        if not reply.answer.rows or len(rows) >= reply.answer.total:
            return rows
    return None
