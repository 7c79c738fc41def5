"""The promises by number: what each says to a person, and the oracle that judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fleet_sim.oracle.cap import cap
from fleet_sim.oracle.cause import cause
from fleet_sim.oracle.completeness import completeness
from fleet_sim.oracle.desc import desc
from fleet_sim.oracle.dynamic import dynamic
from fleet_sim.oracle.filter_result import filter_result
from fleet_sim.oracle.ground_truth import ground_truth
from fleet_sim.oracle.idempotent import idempotent
from fleet_sim.oracle.legal_moves import legal_moves
from fleet_sim.oracle.mode import mode
from fleet_sim.oracle.needed import needed
from fleet_sim.oracle.no_endless import no_endless
from fleet_sim.oracle.no_extra import no_extra
from fleet_sim.oracle.no_false_success import no_false_success
from fleet_sim.oracle.no_lost_task import no_lost_task
from fleet_sim.oracle.no_phantom import no_phantom
from fleet_sim.oracle.not_early import not_early
from fleet_sim.oracle.one_active import one_active
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.pages import pages
from fleet_sim.oracle.rate import rate
from fleet_sim.oracle.retry_count import retry_count
from fleet_sim.oracle.retry_gap import retry_gap
from fleet_sim.oracle.scope import scope
from fleet_sim.oracle.snapshot import snapshot
from fleet_sim.oracle.terminal_sticks import terminal_sticks
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.timeout_fires import timeout_fires

Oracle: TypeAlias = Callable[[Timeline], Outcome]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of an OTA server.

    Attributes:
        id: Its number in the failure-modes file, `V01`.
        name: The promise in a word, as its file is called.
        statement: What the server promises, in one sentence.
        judge: The oracle.
    """

    id: str
    name: str
    statement: str
    judge: Oracle


def _by_id(*promises: Promise) -> Mapping[str, Promise]:
    return {promise.id: promise for promise in promises}


PROMISES: Mapping[str, Promise] = _by_id(
    Promise(
        "V01", "cap", "A job never has more devices under way at once than its concurrency.", cap
    ),
    Promise("V02", "one_active", "A device is never asked to do two upgrades at once.", one_active),
    Promise("V03", "scope", "Only devices that the job selects are asked to upgrade.", scope),
    Promise("V04", "needed", "No device is asked to install the version it last reported.", needed),
    Promise(
        "V06",
        "mode",
        "A device that has to ask is pushed nothing unasked, and no other gains by asking.",
        mode,
    ),
    Promise(
        "V11",
        "timeout_fires",
        "An attempt that outlives its timeout is ended, and ended in time.",
        timeout_fires,
    ),
    Promise(
        "V12",
        "no_endless",
        "Every attempt comes to an end, even when the device never says a word.",
        no_endless,
    ),
    Promise(
        "V13",
        "not_early",
        "No attempt is timed out early, and none is pushed twice without a reason.",
        not_early,
    ),
    Promise(
        "V14",
        "retry_count",
        "A failing device gets exactly the attempts the job allows.",
        retry_count,
    ),
    Promise(
        "V15",
        "retry_gap",
        "Between two attempts lies the retry interval, and little more.",
        retry_gap,
    ),
    Promise("V16", "no_extra", "A task that is over is never pushed again.", no_extra),
    Promise(
        "V20",
        "no_false_success",
        "A task succeeds only after its device reported the new version.",
        no_false_success,
    ),
    Promise(
        "V21",
        "ground_truth",
        "What the server shows at the end is what the devices run.",
        ground_truth,
    ),
    Promise(
        "V23",
        "completeness",
        "A device that reports the new version during its attempt is shown as done.",
        completeness,
    ),
    Promise(
        "V24", "terminal_sticks", "Once a task's end is final, it stays as it is.", terminal_sticks
    ),
    Promise(
        "V25",
        "legal_moves",
        "A task moves only along the states the vendor documents.",
        legal_moves,
    ),
    Promise(
        "V27",
        "cause",
        "An attempt that the device reported as failed shows its failure code.",
        cause,
    ),
    Promise(
        "V28", "desc", "The text shown for a task is the device's own last word, unaltered.", desc
    ),
    Promise(
        "V31",
        "idempotent",
        "A report that comes twice changes nothing the second time.",
        idempotent,
    ),
    Promise(
        "V34",
        "no_lost_task",
        "Every selected device has a task, and each ends or waits for a reason.",
        no_lost_task,
    ),
    Promise(
        "V35",
        "no_phantom",
        "No device has two tasks in a job, and none has one by mistake.",
        no_phantom,
    ),
    Promise(
        "V36",
        "snapshot",
        "A job with a frozen list has no task for a device that came to match it later.",
        snapshot,
    ),
    Promise(
        "V37",
        "dynamic",
        "A job with an open list takes in each device that comes to match it.",
        dynamic,
    ),
    Promise(
        "V41",
        "filter_result",
        "A search returns the rows that match, all of them, no others.",
        filter_result,
    ),
    Promise(
        "V43",
        "pages",
        "Walking all pages shows each row exactly once, and the total is true.",
        pages,
    ),
    Promise(
        "V49", "rate", "A job pushes to no more new devices in a minute than its rate allows.", rate
    ),
)
