"""What a report says beside the judgement: which run it was, how long it took, who generated it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a run's folder holds, as a person calls it.
RUN_LOG = "the run log"
FILES = ("run.json", "junit.xml", RUN_LOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a run took.

    Attributes:
        world: `real` or `virtual` time.
        started_at: The wall clock at the start, ISO 8601 in UTC; "" where nobody looked.
        run_ms: From the run's start to its end, in its own time.
        wall_ms: What the person waited for it; equal to `run_ms` in real time, give or take.
    """

    world: Literal["real", "virtual"]
    started_at: str = ""
    run_ms: int = 0
    wall_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """How well the simulator itself kept up, for it judges itself first.

    Attributes:
        version: Of fleet_sim.
        slip_p99_ms: How late the fleet's planned work was done, 99th percentile.
        slip_max_ms: The latest of it.
        sends: How many pieces of work were planned and done.
        sends_late: Those done more than a second late.
        platform_slip_max_ms: The same of the embedded platform's work, at worst.
        fleet_cpu_s: CPU seconds of the fleet's process over the run, user and system.
        fleet_cpu_us_per_device: The same, microseconds a device.
        fleet_rss_bytes: What the fleet's process held at the end.
        fleet_kib_per_device: How much that grew over the run, KiB a device.
        platform_cpu_s: CPU seconds of the embedded platform's process over the run.
        platform_rss_bytes: What it held at the end.
        invalid_reason: Why the run says nothing about the backend: these numbers, or a stranger
            who spoke for it; "" where it says something.
    """

    version: str = ""
    slip_p99_ms: float = 0.0
    slip_max_ms: float = 0.0
    sends: int = 0
    sends_late: int = 0
    platform_slip_max_ms: float = 0.0
    fleet_cpu_s: float = 0.0
    fleet_cpu_us_per_device: float = 0.0
    fleet_rss_bytes: int = 0
    fleet_kib_per_device: float = 0.0
    platform_cpu_s: float = 0.0
    platform_rss_bytes: int = 0
    invalid_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NorthboundFigures:
    """What the operator's sessions with the backend's northbound API came to.

    Attributes:
        requests: How many requests were sent, logins and repetitions among them.
        throttled: How many of them the API put off (429, or 503 with a time to come back).
        failed: How many calls ended without an answer.
    """

    requests: int = 0
    throttled: int = 0
    failed: int = 0

    def __add__(self, other: NorthboundFigures) -> NorthboundFigures:
        """Return what both came to together."""
        return NorthboundFigures(
            requests=self.requests + other.requests,
            throttled=self.throttled + other.throttled,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Which run it was.

    Attributes:
        scenario: The scenario's name.
        seed: The one seed that all chance came from.
        timing: How long it took.
        generator: How well the simulator kept up.
        northbound: What the operator's session came to.
        warnings: Sentences: what stood between devices and backend, what could not be told, and
            what of the log is missing.
        overrides: Sentences: what of the vendors' contracts or of the scenario was changed.
        folder: The run's folder as the person can type it; "" where none is kept.
        lacks: What of `FILES` is not in it: it could not be written, or the run was killed.
        program: The command as the person typed it, `fleet-sim` or `./fleet-sim`.
        arguments: What followed `run`, as it was typed; empty where nobody knows.
        can_go_virtual: Whether the same arguments mean something in virtual time; not so with a
            broker or a backend of somebody else's.
    """

    scenario: str
    seed: int
    timing: Timing
    generator: Generator = Generator()
    northbound: NorthboundFigures = NorthboundFigures()
    warnings: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    folder: str = ""
    lacks: tuple[str, ...] = ()
    program: str = "fleet-sim"
    arguments: tuple[str, ...] = ()
    can_go_virtual: bool = True
