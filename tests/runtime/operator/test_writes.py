from collections.abc import Callable
from itertools import count

import pytest

from fleet_sim.model.northbound import (
    Answer,
    Call,
    Done,
    FirmwareCreated,
    JobCreated,
    Refusal,
    Refused,
    StopJob,
)
from fleet_sim.runtime.operator.northbound import Reply
from fleet_sim.runtime.operator.writes import Writes, refusal_text
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import ANSWER_MS, Desk, run

CALL = StopJob("j-1")


class Scene:
    """Writes with their desk, log and clock."""

    def __init__(self, answer: Callable[[Call], Answer | None]) -> None:
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.desk = Desk(self.clock, answer)
        self.writes = Writes(self.desk, self.log, count(1))
        self.replies: list[Reply] = []

    def send(self) -> None:
        """Send one write."""
        self.writes.send(CALL, "stop_job", {"a": 1}, self.replies.append, job="j-1")


@pytest.mark.parametrize(
    ("answer", "kind", "job", "fields"),
    [
        (Done(), "api_ok", "j-1", {}),
        (JobCreated("j-2"), "api_ok", "j-2", {}),
        (FirmwareCreated("f-1"), "api_ok", "j-1", {"firmware": "f-1"}),
        (Refused(Refusal.JOB_STOPPED, "", 24616), "api_fail", "j-1",
         {"code": 24616, "text": "job_stopped"}),
        (Refused(Refusal.JOB_STOPPED, "it has", 1), "api_fail", "j-1",
         {"code": 1, "text": "it has"}),
        (Refused(Refusal.JOB_STOPPED, "d2: over", 9, is_partial=True), "api_unknown", "j-1",
         {"why": "some of it was refused: d2: over"}),
        (None, "api_unknown", "j-1", {"why": "no answer came"}),
    ],
)  # fmt: skip
def test_a_write_is_a_pair_of_records(
    answer: Answer | None, kind: str, job: str, fields: dict[str, object]
) -> None:
    """With one number; the second says what came of it, before anybody is told."""
    scene = Scene(lambda _: answer)
    scene.send()
    run(scene.clock, 100)

    first, second = scene.log.records
    assert (first.t, first.kind, first.job) == (0, "api_invoke", "j-1")
    assert first.fields == {"call": "stop_job", "no": 1, "a": 1}
    assert (second.kind, second.job) == (kind, job)
    assert second.fields == {"call": "stop_job", "no": 1, **fields}
    assert [one.answer for one in scene.replies] == [answer]


def test_a_write_that_was_never_sent_has_failed() -> None:
    """It cannot have taken effect, so it is not of those that may have."""
    scene = Scene(lambda _: Done())
    scene.desk.unsaid = (StopJob,)
    scene.send()

    first, second = scene.log.records
    assert (first.kind, second.kind, scene.desk.calls) == ("api_invoke", "api_fail", [])
    assert (second["code"], second["text"]) == (None, "this vendor has no call for StopJob")
    assert (scene.writes.open, [one.is_unsure for one in scene.replies]) == (0, [False])


def test_writes_are_numbered_and_counted_until_they_are_answered() -> None:
    """Whoever waits for all of them is told once, after the last."""
    scene = Scene(lambda _: Done())
    told: list[int] = []
    scene.send()
    run(scene.clock, 5)
    scene.send()
    scene.writes.when_idle(lambda: told.append(scene.clock.now_ms()))
    assert scene.writes.open == 2

    run(scene.clock, 100)

    assert (scene.writes.open, told) == (0, [5 + ANSWER_MS])
    assert [one["no"] for one in scene.log.records] == [1, 2, 1, 2]


def test_nothing_to_wait_for_is_told_at_once() -> None:
    """And not again."""
    scene = Scene(lambda _: Done())
    told: list[str] = []

    scene.writes.when_idle(lambda: told.append("idle"))
    scene.send()
    run(scene.clock, 100)

    assert told == ["idle"]


def test_a_refusal_without_a_sentence_is_told_by_its_reason() -> None:
    """Some say nothing more."""
    assert refusal_text(Refused(Refusal.INTERNAL)) == "internal"
    assert refusal_text(Refused(Refusal.INTERNAL, "it broke")) == "it broke"
