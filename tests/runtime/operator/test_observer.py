from itertools import pairwise
from typing import Any

import pytest

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    Answer,
    Call,
    Listed,
    Refusal,
    Refused,
    SearchTasks,
    TaskStatus,
)
from fleet_sim.model.record import filter_from_lists
from fleet_sim.runtime.operator import observer
from fleet_sim.runtime.operator.control import OpenJob
from fleet_sim.runtime.operator.observer import (
    CLOSING_MS,
    LOOK_AGAIN_MS,
    LOOK_TRIES_MAX,
    PAGE_GAP_MS,
    PAGES_MAX,
)
from fleet_sim.runtime.operator.phases import MOVES, Phase
from fleet_sim.runtime.operator.probes import probes
from tests.runtime.desk import ANSWER_MS
from tests.runtime.operator.watching import Backend, Scene, row
from tests.runtime.plans import planned

JOB = OpenJob("j-1", planned().jobs[0], 0)
OTHER = OpenJob("j-2", planned().jobs[0], 0)


def test_an_open_job_is_polled_at_once_and_then_at_its_pace() -> None:
    """By its own id, with the largest page."""
    scene = Scene(Backend(row(1)))

    scene.observer.watch(JOB)
    scene.run(3_500)

    assert [at_ms for at_ms, _ in scene.desk.asked] == [0, 1_000, 2_000, 3_000]
    first = scene.desk.calls[0]
    assert isinstance(first, SearchTasks)
    assert first.where == Comparison("job_id", Operator.EQUAL, ("j-1",))
    assert (first.page.number, first.page.size) == (1, 200)
    assert scene.polled == 4


def test_what_the_order_has_told_is_not_recorded_again() -> None:
    """A task's firmware and its limit, which some vendors repeat in every row."""
    scene = Scene(Backend(row(1, firmware_id="f", timeout_s=300)))

    scene.observer.watch(JOB)
    scene.run(1_900)

    assert not {"firmware_id", "timeout_s"} & scene.polls()[0]["rows"][0].keys()
    assert scene.observer.tasks["j-1"]["t-j-1-1"].timeout_s == 300


def test_what_only_some_vendors_show_is_recorded_where_it_is_shown() -> None:
    """An instant of 0 is shown; a module of no name is none."""
    scene = Scene(Backend(row(1, created_epoch_ms=0, module="mcu"), row(2)))

    scene.observer.watch(JOB)
    scene.run(1_900)

    first, second = scene.polls()[0]["rows"]
    assert (first["created_epoch_ms"], first["module"]) == (0, "mcu")
    assert not {"created_epoch_ms", "started_epoch_ms", "module"} & second.keys()
    assert "started_epoch_ms" not in first


def test_a_poll_is_recorded_with_both_its_instants() -> None:
    """And what was walked, so that an unchanged row is known to have been seen again."""
    scene = Scene(Backend(row(1), row(2)))

    scene.observer.watch(JOB)
    scene.run(1_900)

    first, second = scene.polls()
    assert (first["t0"], first["t1"], first["probe"]) == (0, ANSWER_MS, False)
    assert (first["pages"], first["unique"]) == ([[1, 200, 2, 2]], 2)
    assert [one["device_key"] for one in first["rows"]] == ["meters-00001", "meters-00002"]
    assert (second["rows"], second["unique"]) == ([], 2)
    assert filter_from_lists(first["where"]) == Comparison("job_id", Operator.EQUAL, ("j-1",))
    assert first["call"] == "search_tasks"
    assert scene.log.records[0].job == "j-1"


def test_only_changed_rows_are_recorded_again() -> None:
    """Any field counts."""
    backend = Backend(row(1), row(2))
    scene = Scene(backend)
    scene.observer.watch(JOB)
    scene.run(500)

    backend.rows[1] = row(2, status=TaskStatus.PUSHED)
    scene.run(1_500)

    assert [one["status"] for one in scene.polls()[1]["rows"]] == ["pushed"]
    assert [one.status for one in scene.observer.tasks["j-1"].values()] == ["queued", "pushed"]


def test_a_large_job_is_walked_page_by_page_no_faster_than_allowed() -> None:
    """Ten pages a second at most, whatever the answers take."""
    scene = Scene(Backend(*(row(number) for number in range(25))), page_size=10)

    scene.observer.watch(JOB)
    scene.run(900)

    gap_ms = ANSWER_MS + PAGE_GAP_MS
    assert [at_ms for at_ms, _ in scene.desk.asked] == [0, gap_ms, 2 * gap_ms]
    (poll,) = scene.polls()
    assert poll["pages"] == [[1, 10, 10, 25], [2, 10, 10, 25], [3, 10, 5, 25]]
    assert poll["unique"] == 25
    assert (poll["t0"], poll["t1"]) == (0, 2 * gap_ms + ANSWER_MS)


def test_jobs_take_turns() -> None:
    """One walk at a time."""
    scene = Scene(Backend(row(1), row(2, "j-2")))

    scene.observer.watch(JOB)
    scene.observer.watch(OTHER)
    scene.run(1_500)

    assert [one.job for one in scene.log.records] == ["j-1", "j-2", "j-1", "j-2"]
    instants = [at_ms for at_ms, _ in scene.desk.asked]
    assert all(later - earlier >= PAGE_GAP_MS for earlier, later in pairwise(instants))


def test_a_job_is_not_polled_again_while_nothing_has_happened() -> None:
    """In virtual time, where every cause is known."""
    happened = 0
    scene = Scene(Backend(row(1)), activity=lambda: happened)
    scene.observer.watch(JOB)
    scene.run(10_500)
    assert len(scene.desk.asked) == 1

    happened = 1
    scene.run(12_000)

    assert len(scene.desk.asked) == 2


def test_a_poll_without_an_answer_shows_nothing() -> None:
    """The next one comes in its time."""
    backend = Backend(row(1))
    scene = Scene(lambda call: None if len(scene.desk.asked) == 1 else backend(call))

    scene.observer.watch(JOB)
    scene.run(900)
    assert scene.observer.last_polled_at_ms("j-1") is None
    scene.run(1_900)

    assert scene.observer.last_polled_at_ms("j-1") == 1_000
    assert [one["t0"] for one in scene.polls()] == [1_000]


def test_a_walk_with_a_hole_shows_nothing() -> None:
    """What is on the missing page nobody knows."""
    backend = Backend(*(row(number) for number in range(15)))
    scene = Scene(lambda call: None if len(scene.desk.asked) == 2 else backend(call), page_size=10)

    scene.observer.watch(JOB)
    scene.run(900)

    assert scene.polls() == []
    assert scene.observer.tasks["j-1"] == {}


def test_a_failed_task_is_remembered_from_when_it_was_first_seen_so() -> None:
    """Until it shows otherwise; the next time counts anew."""
    backend = Backend(row(1), row(2, status=TaskStatus.FAILED))
    scene = Scene(backend)
    seen = []

    scene.observer.watch(JOB)
    for until_ms, status in ((500, "failed"), (1_500, "failed"), (2_500, "queued"), (3_500, "")):
        scene.run(until_ms)
        seen.append(dict(scene.observer.failed_at_ms["j-1"]))
        backend.rows[0] = row(1, status=TaskStatus(status or "queued"), updated_epoch_ms=until_ms)

    first, again = seen[0]["t-j-1-2"], seen[1]["t-j-1-1"]
    assert seen == [
        {"t-j-1-2": first},
        {"t-j-1-2": first, "t-j-1-1": again},
        {"t-j-1-2": first, "t-j-1-1": again},
        {"t-j-1-2": first},
    ]
    assert 0 < first < 500 < again < 1_500


def test_a_refused_poll_shows_nothing() -> None:
    """It is told with its code; only several in a row make the observer blind."""
    scene = Scene(lambda _: Refused(Refusal.NO_SUCH_JOB, "", 24404))

    scene.observer.watch(JOB)
    scene.run(1_500)

    told = [(one.kind, one.job, one["code"]) for one in scene.log.records]
    assert told == [("refused_query", JOB.job_id, 24404)] * 2
    assert not scene.observer.is_blind
    scene.run(3_500)
    assert scene.observer.is_blind


def test_pages_that_never_end_are_not_followed_for_ever() -> None:
    """A total that grows as fast as one reads."""

    def answer(call: Call) -> Answer:
        assert isinstance(call, SearchTasks)
        number = call.page.number or 0
        return Listed((row(number),), number, 1, 10**9)

    scene = Scene(answer, page_size=1)
    scene.observer.watch(JOB)
    while not scene.polls():
        scene.clock.step()

    assert len(scene.desk.asked) == PAGES_MAX


def test_an_empty_page_ends_a_walk() -> None:
    """Whatever total the backend claims."""
    scene = Scene(lambda _: Listed((), 1, 200, 7))

    scene.observer.watch(JOB)
    scene.run(500)

    (poll,) = scene.polls()
    assert poll["pages"] == [[1, 200, 0, 7]]


# --- the end ------------------------------------------------------------------------------------


def test_the_end_looks_once_more_and_then_probes() -> None:
    """Every probe is recorded with all its rows, and only then is it over."""
    scene = Scene(Backend(*(row(number) for number in range(12))))
    scene.observer.watch(JOB)
    scene.run(500)

    scene.finish()

    last_poll = scene.polls()[-1]
    asked = [one for one in scene.log.records if one.get("probe")]
    assert last_poll["t0"] == 500
    assert scene.polled == 1
    expected = probes("j-1", list(scene.observer.tasks["j-1"].values()))
    assert [filter_from_lists(one["where"]) for one in asked] == expected
    assert [one.kind for one in asked] == ["rows"] * (len(asked) - 1) + ["refused_query"]
    assert asked[-1]["code"] == 99400
    assert len(asked[0]["rows"]) == 10
    assert asked[0]["pages"] == [[1, 7, 7, 10], [2, 7, 3, 10]]


def test_an_end_in_a_hurry_probes_nothing() -> None:
    """Somebody pressed Ctrl-C."""
    scene = Scene(Backend(row(1)))
    scene.observer.watch(JOB)
    scene.run(500)

    scene.finish(is_probing=False)

    assert [one.get("probe") for one in scene.log.records] == [False, False]


def test_an_end_in_the_midst_of_a_walk_waits_for_it() -> None:
    """Its pages count; another look at the job still follows."""
    scene = Scene(Backend(*(row(number) for number in range(15))), page_size=10)
    scene.observer.watch(JOB)
    scene.run(5)

    scene.finish(is_probing=False)

    assert [one["t0"] for one in scene.polls()] == [0, 2 * (ANSWER_MS + PAGE_GAP_MS)]
    assert scene.polled == 0


def test_without_a_job_it_is_over_at_once() -> None:
    """There is nothing to look at."""
    assert Scene(Backend()).finish() == 0


def test_a_backend_that_is_gone_does_not_hold_up_the_end() -> None:
    """Its first long silence is enough: there would be dozens of them."""
    backend = Backend(row(1), row(2, "j-2"))
    is_gone = False
    scene = Scene(lambda call: None if is_gone else backend(call))
    scene.observer.watch(JOB)
    scene.observer.watch(OTHER)
    scene.run(900)
    is_gone = True
    before = len(scene.desk.asked)
    scene.desk.silence_ms = 30_000

    scene.finish(bound_ms=60_000)

    assert len(scene.desk.asked) == before + 1
    assert sorted(unread(scene)) == [
        ("j-1", "no answer came"),
        ("j-2", "not asked, as the backend had fallen silent"),
    ]


def unread(scene: Scene) -> list[tuple[str, Any]]:
    """Return which jobs' last looks showed nothing, and why."""
    return [(one.job, one["why"]) for one in scene.log.records if one.kind == "unread"]


@pytest.mark.parametrize(
    "nothing", [None, Refused(Refusal.INTERNAL, "busy", 500)], ids=["no answer", "refused"]
)
def test_a_last_look_that_shows_nothing_is_repeated(nothing: Answer | None) -> None:
    """A second later, two after that, and so on: what it shows in the end counts."""
    backend = Backend(row(1))
    failures = 0

    def answer(call: Call) -> Answer | None:
        nonlocal failures
        if failures:
            failures -= 1
            return nothing
        return backend(call)

    scene = Scene(answer)
    scene.observer.watch(JOB)
    scene.run(900)
    backend.rows = [row(1, status=TaskStatus.SUCCEEDED)]
    failures = LOOK_TRIES_MAX - 1

    scene.finish()

    looks = [at_ms for at_ms, call in scene.desk.asked[1:] if "device_key" not in str(call)]
    gap_ms = ANSWER_MS + PAGE_GAP_MS
    steps = [after - before for before, after in pairwise(looks[:LOOK_TRIES_MAX])]
    assert steps == [gap_ms + (LOOK_AGAIN_MS << place) for place in range(LOOK_TRIES_MAX - 1)]
    assert scene.observer.tasks["j-1"]["t-j-1-1"].status is TaskStatus.SUCCEEDED
    assert unread(scene) == []


def test_a_last_look_is_repeated_as_the_drawing_says() -> None:
    """One second later, two, four."""
    again = [LOOK_AGAIN_MS << place for place in range(LOOK_TRIES_MAX - 1)]
    assert observer.__doc__ is not None

    assert again == [1_000, 2_000, 4_000]
    assert f"no answer: {', '.join(f'{one // 1000} s' for one in again)} later" in observer.__doc__


@pytest.mark.parametrize("start", list(Phase))
@pytest.mark.parametrize("end", list(Phase))
def test_observers_take_the_moves_of_the_table_and_no_others(start: Phase, end: Phase) -> None:
    """A move that is not listed does not exist."""
    it = Scene(Backend()).observer
    it._phase = start

    if end in MOVES[start]:
        it._move(end)
        assert it._phase is end
    else:
        with pytest.raises(AssertionError, match="does not lead to"):
            it._move(end)


def test_a_last_look_that_is_given_up_leaves_a_record_of_why() -> None:
    """Of each job: what is judged by it is then not known."""
    backend = Backend(row(1), row(2, "j-2"))
    is_gone = False
    scene = Scene(lambda call: None if is_gone and "j-1" in str(call) else backend(call))
    scene.observer.watch(JOB)
    scene.observer.watch(OTHER)
    scene.run(900)
    is_gone = True

    scene.finish()

    assert unread(scene) == [("j-1", "no answer came")]


def test_an_end_in_a_hurry_repeats_nothing() -> None:
    """Whoever pressed Ctrl-C waits for one look, not for four."""
    backend = Backend(row(1))
    is_gone = False
    scene = Scene(lambda call: None if is_gone else backend(call))
    scene.observer.watch(JOB)
    scene.run(900)
    is_gone = True
    before = len(scene.desk.asked)

    scene.finish(is_probing=False)

    assert len(scene.desk.asked) == before + 1
    assert unread(scene) == [("j-1", "no answer came")]


@pytest.mark.parametrize("bound_ms", [0, 40_000])
def test_the_end_is_bounded_however_long_an_answer_takes(bound_ms: int) -> None:
    """From the run's upper bound on; who answers after that changes nothing."""
    backend = Backend(row(1))
    scene = Scene(backend)
    scene.observer.watch(JOB)
    scene.run(900)
    before = len(scene.log.records)
    scene.desk.answer = lambda _: None
    scene.desk.silence_ms = 100_000

    over_ms = scene.finish(bound_ms=bound_ms)
    scene.run(300_000)

    assert over_ms == max(bound_ms, 900) + CLOSING_MS + 2 * PAGE_GAP_MS
    assert unread(scene) == [("j-1", "its time was up before an answer came")]
    assert len(scene.log.records) == before + 1


def test_probes_that_take_too_long_are_left_out() -> None:
    """The last look stays what it was; an API that makes us wait is not probed for ever."""
    backend = Backend(*(row(number) for number in range(20)))
    scene = Scene(backend)
    scene.observer.watch(JOB)
    scene.run(900)
    scene.desk.pace.gap_ms = 5_000  # as after many complaints

    over_ms = scene.finish()

    assert over_ms <= 900 + CLOSING_MS + 2 * PAGE_GAP_MS
    assert unread(scene) == []
    assert 0 < len([one for one in scene.log.records if one.get("probe")]) < 5


def test_a_probe_that_gets_no_answer_hides_no_other() -> None:
    """A backend that breaks on one question answers the next."""
    backend = Backend(row(1))
    scene = Scene(lambda call: None if "status" in str(call) else backend(call))
    scene.observer.watch(JOB)
    scene.run(900)

    scene.finish()

    asked = [one for one in scene.log.records if one.get("probe")]
    expected = [where for where in probes("j-1", [row(1)]) if "status" not in str(where)]
    assert [filter_from_lists(one["where"]) for one in asked] == expected
