"""Which reports are copies of earlier ones.

Copies are told from new reports in the same words by what networks do, for devices in the field
number their reports anew after each restart, number all of them alike, or not at all:

    the answer to an open question         counts
    the words last heard under its id      a copy within `COPY_MS`; later it counts
    the id said something else meanwhile   counts: what is numbered alike has no number; what it
                                           said of another part, which has ids of its own, is aside
    the words that ended an attempt        a copy on a young connection, which came to repeat it,
                                           until the next attempt's progress is heard there
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

from fleet_sim.backend.signs_of_life import COPY_MS
from fleet_sim.backend.state import DeviceState, Heard, TaskState
from fleet_sim.model.messages import FailureReport, ProgressReport, VersionReport

Report: TypeAlias = "VersionReport | ProgressReport | FailureReport"

# Copies follow closely: a sender repeats what was not acknowledged, a few messages at most.
_HEARD_MAX = 8
_MARK_BYTES = 8


def is_copy(device: DeviceState, report: Report, now_ms: int) -> bool:
    """Tell whether a report only repeats what came on this connection; see the module."""
    said = Heard(report.message_id, report.module, hash(report), now_ms)
    alike = [one for one in device.heard if _are_alike(one, said)]
    last = alike[-1] if alike else None
    is_repeated = last is not None and last.words == said.words and now_ms - last.at_ms < COPY_MS
    if is_repeated and not _is_answer(device, report):
        return True
    others = (one for one in device.heard if one not in alike and now_ms - one.at_ms < COPY_MS)
    device.heard = (*others, said)[-_HEARD_MAX:]
    return False


def _are_alike(one: Heard, other: Heard) -> bool:
    """Tell whether one id stands for both: two parts, each named, number their reports apart."""
    are_apart = bool(one.module and other.module) and one.module != other.module
    return one.message_id == other.message_id and not are_apart


def mark_of(report: FailureReport) -> str:
    """Return what stands for a failure's id and words, the same in every process."""
    words = "\0".join((report.message_id, str(report.code), report.module, report.desc))
    return hashlib.blake2b(words.encode(), digest_size=_MARK_BYTES).hexdigest()


def is_sent_again(task: TaskState, now_ms: int) -> bool:
    """Tell whether a device may just have sent an old failure again, as nobody acknowledged it.

    It does so first thing on a new connection, and before it tells how the next attempt goes.
    """
    device, pushed_at_ms = task.device, task.pushed_at_ms or 0
    has_gone_on = device.progress_at_ms is not None and device.progress_at_ms >= pushed_at_ms
    return now_ms - device.connected_at_ms < COPY_MS and not has_gone_on


def _is_answer(device: DeviceState, report: Report) -> bool:
    """Tell whether a device was asked for what it reports, and has not said it yet."""
    task = device.running(report.module) if isinstance(report, VersionReport) else None
    return task is not None and task.asked_at_ms is not None
