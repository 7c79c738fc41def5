"""Lanes: which tasks may run on one device at once.

A device runs one attempt at a time, unless the contract has modules side by side, or two jobs have
both said it of theirs. A lane names where a job's attempts stand on a device; that two lanes differ
is not enough, for a job that did not say so stands in a lane of its own and shares with nobody.
"""

from __future__ import annotations

from fleet_sim.backend.books import Books
from fleet_sim.backend.state import JobState, TaskState
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import JobOrder


def lane_of(contract: ContractProfile, order: JobOrder, module: str) -> str:
    """Return where attempts of a job for this module stand; see `DeviceState.active`."""
    return module if contract.modules_side_by_side or order.side_by_side else ""


def are_apart(books: Books, one: JobState, other: JobState) -> bool:
    """Tell whether tasks of two jobs may run on a device at once: for different modules.

    Where that is a job's to say, both must have said it.
    """
    may = books.contract.modules_side_by_side or (
        one.order.side_by_side and other.order.side_by_side
    )
    return may and one.lane != other.lane


def is_free(books: Books, task: TaskState) -> bool:
    """Tell whether a task's device runs nothing that an attempt of it would have to wait for."""
    return all(are_apart(books, task.job, one.job) for one in task.device.active.values())
