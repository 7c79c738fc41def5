from __future__ import annotations

from fleet_sim.oracle.no_lost_task import is_in_scope, no_lost_task
from fleet_sim.oracle.outcome import Standing
from tests.oracle.logs import Log, drawn, judged


def rollout(*statuses: str) -> Log:
    """Return a settled log with a device for each status, polled at 120 s."""
    log = Log()
    keys = [f"d{number}" for number, _ in enumerate(statuses, 1)]
    log.devices(*keys)
    log.job(1_000)
    for key, status in zip(keys, statuses, strict=True):
        log.show(key, status)
    log.settle(10_000)
    return log


def test_tasks_that_ended_hold() -> None:
    """Each counts once."""
    log = rollout("succeeded", "failed")
    log.poll(120_000)

    outcome = judged(no_lost_task, log)

    assert (outcome.standing, outcome.n, outcome.reason) == (Standing.HELD, 2, "")


def test_a_task_that_waits_for_a_reason_holds_and_says_so() -> None:
    """What remains open is told, with its reason."""
    log = rollout("succeeded", "queued")
    log.offline(50_000, "d2")
    log.poll(120_000)

    outcome = judged(no_lost_task, log)

    assert (outcome.standing, outcome.reason) == (Standing.HELD, "1 open: it is off line (d2)")


def test_a_forgotten_task_is_convicted() -> None:
    """On line, a slot free, never pushed."""
    log = rollout("succeeded", "queued")
    log.poll(120_000)

    outcome = judged(no_lost_task, log)

    assert outcome.standing is Standing.VIOLATED
    assert "d2 still shows as queued in the end" in outcome.violations[0].text


def test_a_timer_that_had_not_run_out_is_a_doubt() -> None:
    """Never a violation."""
    log = rollout("under_way")
    log.push(100_000, "d1")
    log.progress(101_000, "d1", 0)
    log.poll(120_000)

    outcome = judged(no_lost_task, log)

    assert (outcome.standing, len(outcome.doubts)) == (Standing.INCONCLUSIVE, 1)


def test_a_device_without_a_task_is_convicted() -> None:
    """Its report, the order and the poll prove it; no settling is needed for that."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(5_000)

    outcome = judged(no_lost_task, log)

    assert outcome.standing is Standing.VIOLATED
    assert "has no task for 1 devices of its scope: d2" in outcome.violations[0].text


def test_a_poll_within_the_visibility_need_not_show_all() -> None:
    """The tasks were just made."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.poll(2_500)

    assert judged(no_lost_task, log).standing is Standing.NOT_EXERCISED


def test_tasks_that_vanish_are_convicted() -> None:
    """Two were shown, later one, and the totals agree."""
    log = rollout("succeeded", "succeeded")
    log.poll(20_000)
    log.hide("d2")
    log.poll(30_000)

    assert judged(no_lost_task, log).standing is Standing.VIOLATED


def test_a_walk_that_does_not_add_up_is_a_doubt() -> None:
    """The pages shifted, or lie; V43 looks into that."""
    log = rollout("succeeded", "succeeded")
    log.poll(20_000)
    log.poll(30_000, unique=1, pages=[[1, 1, 1, 2], [2, 1, 1, 2]])

    assert judged(no_lost_task, log).standing is Standing.INCONCLUSIVE


def test_a_run_that_never_settled_is_not_judged() -> None:
    """It was interrupted; its tasks may all be on their way."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.show("d1", "queued")
    log.poll(120_000)

    assert judged(no_lost_task, log).standing is Standing.NOT_EXERCISED


def test_the_scope_takes_in_what_was_certainly_known() -> None:
    """The product's devices that had reported a source version, the target excepted."""
    log = Log()
    log.devices("d1")
    log.devices("d2", version="0.9")
    log.devices("d3", version="2.0")
    log.boot(0, "d4", "1.0", fleet="f", dialect="enos")
    log.devices("d5", at=950)
    log.job(1_000, sources=["1.0", "2.0"])
    timeline = drawn(log)
    (job,) = timeline.jobs.values()

    found = [one.key for one in timeline.devices.values() if is_in_scope(timeline, job, one)]

    assert found == ["d1"]


def test_a_busy_device_may_be_refused() -> None:
    """With a second job about, some contracts make no task for it."""
    log = Log()
    log.devices("d1")
    log.job(1_000, job="j1")
    log.job(1_000, job="j2", to="3.0")

    for busy_device, expected in (("queue", True), ("refuse", False)):
        timeline = drawn(log, busy_device=busy_device)
        job, device = timeline.jobs["j2"], timeline.devices["p/d1"]
        assert is_in_scope(timeline, job, device) is expected


def test_a_job_without_a_product_is_for_its_fleet() -> None:
    """Devices of another fleet are not in its scope."""
    log = Log()
    log.devices("d1")
    log.devices("e1", fleet="g")
    log.job(1_000, product="")
    timeline = drawn(log)
    (job,) = timeline.jobs.values()

    found = [one.key for one in timeline.devices.values() if is_in_scope(timeline, job, one)]

    assert found == ["d1"]
