"""The operator's office at one cloud: who orders there, and who looks how it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fleet_sim.model.northbound import FirmwareRow
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.cloud import Cloud
from fleet_sim.runtime.operator.control import Control
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.run_log import RunLog


@dataclass(frozen=True, slots=True)
class Office:
    """See the module.

    Attributes:
        cloud: Where.
        control: Orders.
        observer: Looks.
    """

    cloud: Cloud
    control: Control
    observer: Observer


def opened(
    cloud: Cloud,
    northbound: Northbound,
    clock: Clock,
    log: RunLog,
    *,
    epoch_ms: int,
    every_ms: int,
    activity: Callable[[], int],
    on_poll: Callable[[], None],
    numbers: Iterator[int],
    known: Sequence[FirmwareRow] = (),
) -> Office:
    """Open an office; nothing is ordered before its control is started.

    Args:
        cloud: Where.
        northbound: The session with its API.
        clock: The run's.
        log: Where orders and looks are recorded.
        epoch_ms: The wall clock at t = 0.
        every_ms: How often each job is looked at, see `Observer`.
        activity: The same.
        on_poll: The same.
        numbers: Of writes: one iterator for all offices of a run, see `Writes`.
        known: Firmware that the backend has already, see `Control`.
    """
    observer = Observer(
        northbound,
        clock,
        log,
        every_ms=every_ms,
        page_size=cloud.contract.page_size_max,
        page_base=cloud.contract.page_base,
        activity=activity,
        on_poll=on_poll,
    )
    control = Control(
        cloud.plan,
        northbound,
        clock,
        log,
        epoch_ms=epoch_ms,
        on_job=observer.watch,
        known=known,
        numbers=numbers,
    )
    return Office(cloud, control, observer)


def refusals(offices: Sequence[Office]) -> tuple[str, ...]:
    """Return what the backends would not do, a sentence each; of several, with whose it was."""
    return tuple(
        sentence if len(offices) == 1 else f"{office.cloud.dialect.name}: {sentence}"
        for office in offices
        for sentence in office.control.refusals
    )


def traffic(offices: Sequence[Office]) -> NorthboundFigures:
    """Return what all sessions came to together."""
    return sum((office.control.traffic for office in offices), NorthboundFigures())
