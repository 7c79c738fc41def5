"""The promises by number: what each says to a person, and the oracle that judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of an OTA server.

    Attributes:
        id: Its number in the failure-modes file, `V01`.
        name: The promise in a word, as its file is called.
        statement: What the server promises, in one sentence.
    """

    id: str
    name: str
    statement: str


def _by_id(*promises: Promise) -> Mapping[str, Promise]:
    return {promise.id: promise for promise in promises}


PROMISES: Mapping[str, Promise] = _by_id(
    Promise("V01", "cap", "A job never has more devices under way at once than its concurrency."),
    Promise("V02", "one_active", "A device is never asked to do two upgrades at once."),
    Promise("V03", "scope", "Only devices that the job selects are asked to upgrade."),
    Promise("V04", "needed", "No device is asked to install the version it last reported."),
    Promise(
        "V11", "timeout_fires", "An attempt that outlives its timeout is ended, and ended in time."
    ),
    Promise(
        "V12",
        "no_endless",
        "Every attempt comes to an end, even when the device never says a word.",
    ),
    Promise(
        "V13",
        "not_early",
        "No attempt is timed out early, and none is pushed twice without a reason.",
    ),
    Promise("V14", "retry_count", "A failing device gets exactly the attempts the job allows."),
    Promise("V15", "retry_gap", "Between two attempts lies the retry interval, and little more."),
    Promise("V16", "no_extra", "A task that is over is never pushed again."),
    Promise(
        "V20",
        "no_false_success",
        "A task succeeds only after its device reported the new version.",
    ),
    Promise("V21", "ground_truth", "What the server shows at the end is what the devices run."),
    Promise(
        "V23",
        "completeness",
        "A device that reports the new version during its attempt is shown as done.",
    ),
    Promise("V24", "terminal_sticks", "Once a task's end is final, it stays as it is."),
    Promise("V25", "legal_moves", "A task moves only along the states the vendor documents."),
    Promise(
        "V27", "cause", "An attempt that the device reported as failed shows its failure code."
    ),
    Promise("V28", "desc", "The text shown for a task is the device's own last word, unaltered."),
    Promise(
        "V34",
        "no_lost_task",
        "Every selected device has a task, and each ends or waits for a reason.",
    ),
    Promise("V35", "no_phantom", "No device has two tasks in a job, and none has one by mistake."),
    Promise(
        "V41", "filter_result", "A search returns the rows that match, all of them, no others."
    ),
    Promise(
        "V43", "pages", "Walking all pages shows each row exactly once, and the total is true."
    ),
)
