"""Whose the tasks are that a client may name: v5 knows a task by its job and its device."""

from __future__ import annotations

from fleet_sim.dialects.huawei.names import name_of
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import TaskRow, TaskStatus

# Where consent or another try may be meant; OceanConnect shows what waits for consent as queued,
# and what waits to be tried again as under way.
NAMEABLE = frozenset(TaskStatus) - {TaskStatus.PUSHED, TaskStatus.SUCCEEDED}


class MetTasks:
    """The tasks that were shown, as long as a call may name them."""

    def __init__(self) -> None:
        self._task_of: dict[str, tuple[str, DeviceId]] = {}

    def meet(self, row: TaskRow) -> None:
        """Keep a task as it stands now, or forget it."""
        if row.status in NAMEABLE:
            self._task_of[row.task_id] = (row.job_id, DeviceId(row.product_key, row.device_key))
        else:
            self._task_of.pop(row.task_id, None)

    def named(self, task_ids: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Return the one job of these tasks, and the names of their devices.

        Raises:
            DialectError: One has not been met, there are none, or they are of several jobs.
        """
        if not task_ids:
            raise DialectError("the call names no task, and has to name one at least")
        unknown = next((one for one in task_ids if one not in self._task_of), None)
        if unknown is not None:
            raise DialectError(f"the device of the task {unknown!r} is not known; list it first")
        found = [self._task_of[one] for one in task_ids]
        if len({job_id for job_id, _ in found}) > 1:
            raise DialectError("the tasks are of several jobs, and Huawei takes one job in a call")
        return found[0][0], tuple(name_of(device) for _, device in found)
