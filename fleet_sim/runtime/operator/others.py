"""Which devices jobs of somebody else keep busy: they may wait, and the backend is not to blame."""

from __future__ import annotations

from collections.abc import Collection

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import Listed, Page, SearchTasks, TaskRow, TaskStatus
from fleet_sim.runtime.operator.asking import PAGE_ROWS, ask
from fleet_sim.runtime.operator.northbound import Northbound

PAGES_MAX = 20  # A thousand open tasks a status; who has more may keep every device.
OPEN = (TaskStatus.QUEUED, TaskStatus.PUSHED, TaskStatus.UNDER_WAY)


async def kept_busy(
    northbound: Northbound, devices: Collection[DeviceId], *, page_base: int
) -> frozenset[DeviceId]:
    """Return those of our devices that have an open task before we have ordered anything.

    A backend that does not tell, or has too many to tell, may keep each of them.
    """
    kept: set[DeviceId] = set()
    for status in OPEN:
        rows = await _tasks(northbound, status, page_base)
        if rows is None:
            return frozenset(devices)
        kept.update(DeviceId(row.product_key, row.device_key) for row in rows)
    return frozenset(kept.intersection(devices))


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
