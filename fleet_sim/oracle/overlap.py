"""How many stretches of time lie over one another, and where that is too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fleet_sim.model.record import Record
from fleet_sim.oracle.tasks import Task


@dataclass(slots=True)
class Stretch:
    """A task active from `lo` up to, but not at, `hi`."""

    lo: int
    hi: int
    task: Task
    record: Record


def crowd(stretches: Iterable[Stretch], most: int) -> Iterator[tuple[int, list[Stretch]]]:
    """Yield each instant at which one more begins than are allowed, with all that are inside.

    At equal instants what ends makes room before anything begins: which came first is not known,
    or if it is, this reading is the kinder one.
    """
    changes = [(one.hi, 0, n, one) for n, one in enumerate(stretches) if one.lo < one.hi]
    changes += [(one.lo, 1, n, one) for _, _, n, one in changes]
    changes.sort(key=lambda change: change[:3])
    inside: dict[int, Stretch] = {}
    for at_ms, begins, number, stretch in changes:
        if not begins:
            inside.pop(number, None)
            continue
        inside[number] = stretch
        if len(inside) > most:
            yield at_ms, list(inside.values())
