from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.oracle.measuring import measure
from fleet_sim.oracle.metrics import Measures, Totals
from tests.oracle.logs import Log, drawn


def measures(log: Log) -> Mapping[str | None, Measures]:
    """Measure a log."""
    return measure([drawn(log)])


def rollout() -> Log:
    """Return a log with a job for five devices: done, failed, off line, forgotten, falsely done."""
    log = Log()
    log.devices("d1", "d2", "d3", "d4", "d5")
    log.job(1_000)
    log.push(2_000, "d1")
    log.update(8_000, "d1")
    log.offline(500, "d3")
    for key, status in (
        ("d1", "succeeded"),
        ("d2", "failed"),
        ("d3", "queued"),
        ("d4", "queued"),
        ("d5", "succeeded"),
    ):
        log.show(key, status)
    log.settle(10_000)
    log.poll(120_000)
    return log


def test_each_device_counts_once() -> None:
    """Updated, failed, waiting for a reason, and the rest."""
    totals = measures(rollout())[None].totals

    assert totals == Totals(devices=5, updated=1, failed=1, waiting=1, stuck=2)


def test_fleets_are_measured_apart_and_together() -> None:
    """A second fleet has no job, so its devices wait."""
    log = rollout()
    log.devices("e1", "e2", fleet="g")

    found = measures(log)

    assert found["g"].totals == Totals(devices=2, waiting=2)
    assert found[None].totals.devices == 7


def test_fleets_stand_in_the_order_of_the_scenario() -> None:
    """Which is that of the log's first records, whichever device is switched on first."""
    log = Log()
    for name in ("z", "y"):
        log.add(0, "C", "fleet", fleet=name, dialect="enos", devices=1)
    log.devices("e1", fleet="y")
    log.devices("d1", fleet="z", at=1_000)

    assert [name for name in measures(log) if name] == ["z", "y"]


def test_device_truth_decides_what_is_updated() -> None:
    """It runs the target, whatever the server shows."""
    log = Log()
    log.devices("d1")
    log.job(1_000)
    log.boot(5_000, "d1", "2.0")
    log.show("d1", "failed")
    log.poll(20_000)

    assert measures(log)[None].totals.updated == 1


def test_without_a_job_of_ours_the_last_push_names_the_target() -> None:
    """Whoever ordered it: one runs it, one runs what it was pushed before, two do not."""
    log = Log(is_foreign=True)
    log.devices("d1", "d2", "d3", "d4")
    for key in ("d1", "d2", "d3"):
        log.push(1_000, key, version="2.0")
    log.update(6_000, "d1", "2.0")
    log.update(6_000, "d2", "2.0")
    log.push(8_000, "d2", version="3.0")

    found = measures(log)[None]

    assert found.totals == Totals(devices=4, updated=1, waiting=3)
    assert list(found.samples["time_to_update"]) == [5_000]


def test_without_a_job_of_ours_any_version_of_the_last_offer_is_the_target() -> None:
    """The device chose; one that took nothing of it waits."""
    log = Log()
    log.devices("d1", "d2")
    log.ask(1_000, "d1", "2.0", "3.0")
    log.ask(1_000, "d2", "2.0", "3.0")
    log.update(6_000, "d1", "3.0")

    assert measures(log)[None].totals == Totals(devices=2, updated=1, waiting=1)


def test_the_job_that_counts_is_the_open_one_then_the_last_to_push() -> None:
    """A device that moved on to 3.0 is not behind with 2.0."""
    log = Log()
    log.devices("d1")
    log.job(1_000, job="j1", to="2.0")
    log.job(1_000, job="j2", to="3.0")
    log.push(2_000, "d1", version="3.0")
    log.update(5_000, "d1", "3.0")
    log.push(6_000, "d1", version="2.0")
    log.update(9_000, "d1", "2.0")
    for job in ("j1", "j2"):
        log.show("d1", "succeeded", job=job)
        log.poll(20_000, job=job)

    assert measures(log)[None].totals.updated == 1
    log.show("d1", "queued", job="j2")
    log.poll(21_000, job="j2")
    assert measures(log)[None].totals.updated == 0


def test_a_device_in_scope_without_a_task_is_stuck() -> None:
    """One that the job is not for waits."""
    log = Log()
    log.devices("d1")
    log.devices("d2", version="0.9")
    log.job(1_000, sources=["1.0"])
    log.poll(20_000)

    assert measures(log)[None].totals == Totals(devices=2, waiting=1, stuck=1)


def test_the_time_to_update_runs_from_the_first_push_to_the_report() -> None:
    """Retries included; devices that never updated have no time."""
    log = rollout()
    log.push(2_500, "d4")

    assert list(measures(log)[None].samples["time_to_update"]) == [6_000]


def test_a_reconnect_is_measured_unless_the_device_restarted() -> None:
    """From the loss to the return."""
    log = rollout()
    log.offline(20_000, "d2")
    log.online(25_500, "d2")

    assert list(measures(log)[None].samples["reconnect"]) == [5_500]


def test_counts_are_a_devices_own() -> None:
    """Attempts after the first, downloads begun anew, reports that never arrived."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000, retries=2)
    for t in (2_000, 4_000, 6_000):
        log.push(t, "d1")
        log.add(t + 100, "D", "download_start", "d1", offset=0)
        log.progress(t + 500, "d1", -1)
    log.add(6_200, "D", "download_start", "d1", offset=512)
    log.progress(7_000, "d1", 5, is_delivered=False)

    samples = measures(log)[None].samples

    assert {name: list(samples[name]) for name in ("retries", "downloads", "lost_reports")} == {
        "retries": [0, 2],
        "downloads": [0, 3],
        "lost_reports": [0, 1],
    }


def test_no_devices_measure_nothing() -> None:
    """An empty run."""
    assert measures(Log())[None] == Measures()
