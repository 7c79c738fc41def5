from __future__ import annotations

import pytest

from fleet_sim.dialects.alibaba import contract
from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.alibaba.northbound import PROFILE
from fleet_sim.dialects.alink.blocks import FILE_BYTES_MAX
from fleet_sim.dialects.rpc import job_parameters
from fleet_sim.dialects.rpc.job_rows import fields
from fleet_sim.model.northbound import GetJob, Scope, Shown, TaskStatus, Window
from fleet_sim.oracle.outcome import Standing
from tests.backend.playbook import EPOCH_MS, Server, statuses
from tests.dialects.contract_source import ALL, parameters_named
from tests.dialects.small_runs import small_run

HOUR_MS = 3_600_000
MIXED = {"devices": 10, "firmware": {"1.0": "50%", "1.1": "50%"}, "connect": {"over": "60s"}}
LATER = {"at": "3m", "to": "3.0"}  # so that the run goes on until all have come


def job_status(server: Server, job_id: str) -> str:
    """Return how QueryOTAJob shows a job."""
    answer = server.call(GetJob(job_id))
    assert isinstance(answer, Shown)
    return str(fields(answer.row, PROFILE, CONTRACT)["JobStatus"])  # type: ignore[arg-type]


# --- the values ----------------------------------------------------------------------------------


def test_every_parameter_is_set() -> None:
    """None is left to the profile's default: each was looked up."""
    assert parameters_named(contract) == ALL


def test_ranges_are_those_of_the_pages() -> None:
    """A minute to a day; three counts, five gaps; pages of a hundred."""
    assert (CONTRACT.timeout_s, CONTRACT.timeout_s_min, CONTRACT.timeout_s_max) == (
        None,
        60,
        86_400,
    )
    assert CONTRACT.retry_counts_allowed == (1, 2, 5)
    assert CONTRACT.retry_intervals_s_allowed == (0, 600, 1_800, 3_600, 86_400)
    assert (CONTRACT.page_base, CONTRACT.page_size_default, CONTRACT.page_size_max) == (1, 10, 100)
    assert "timeout" not in CONTRACT.retry_on


def test_its_ranges_are_those_that_its_gate_checks() -> None:
    """The gate reads them here, and counts in minutes."""
    assert (CONTRACT.pushes_a_minute_min, CONTRACT.pushes_a_minute_max) == (10, 10_000)
    assert CONTRACT.window_lead_s == 300
    assert CONTRACT.source_versions_max == 10
    assert CONTRACT.timeout_step_s == job_parameters.MINUTE_S
    assert CONTRACT.blocks_bytes_max == FILE_BYTES_MAX == 16 * 1024 * 1024


# --- how jobs stand ------------------------------------------------------------------------------


def test_a_job_is_planned_then_in_progress_then_completed() -> None:
    """Until its schedule begins; while a task is open; when none is."""
    server = Server(CONTRACT)
    server.fleet("a")
    window = Window(EPOCH_MS + HOUR_MS, EPOCH_MS + 2 * HOUR_MS)

    job_id = server.job(window=window)
    shown = [job_status(server, job_id)]
    server.after(HOUR_MS)
    shown.append(job_status(server, job_id))
    server.version("a", "2.0")
    shown.append(job_status(server, job_id))

    assert shown == ["PLANNED", "IN_PROGRESS", "COMPLETED"]


def test_a_dynamic_job_stays_in_progress_when_all_its_tasks_have_ended() -> None:
    """Somebody may join still."""
    server = Server(CONTRACT)
    server.fleet("a")

    job_id = server.job(scope=Scope(versions=("1.0",)), open_list=True)
    server.version("a", "2.0")

    assert job_status(server, job_id) == "IN_PROGRESS"


def test_a_device_matches_a_dynamic_job_ten_times_at_most() -> None:
    """Each time it comes back to a source version."""
    server = Server(CONTRACT)
    server.fleet("a")
    job_id = server.job(scope=Scope(versions=("1.0",)), open_list=True)

    for _ in range(12):
        server.version("a", "2.0")
        server.version("a", "1.0")

    assert len(server.rows_of(job_id)) == 10


def test_the_newest_dynamic_job_wins_a_device() -> None:
    """Of those it matches; the older one has it not."""
    server = Server(CONTRACT)
    older, newer = (
        server.job(version, scope=Scope(versions=("1.0",)), open_list=True)
        for version in ("2.0", "3.0")
    )

    server.fleet("a")

    assert (statuses(server.rows_of(older)), statuses(server.rows_of(newer))) == (
        {},
        {"a": "pushed"},
    )


def test_a_waiting_task_whose_device_reports_the_target_has_succeeded() -> None:
    """Whoever brought it there."""
    server = Server(CONTRACT)
    server.fleet("a")
    server.gone("a")
    job_id = server.job()

    server.connect("a", version="2.0")

    assert (server.pushes("a"), server.status(job_id, "a")) == (0, TaskStatus.SUCCEEDED)


def test_an_operator_may_try_a_cancelled_task_again() -> None:
    """ReupgradeOTATask; of CANCELED it is not said."""
    assert CONTRACT.reopenable == ("failed", "cancelled")


# --- at work -------------------------------------------------------------------------------------


def test_a_device_that_comes_back_is_given_two_seconds_to_report() -> None:
    """Then it is pushed to again, as its task is unfinished."""
    quiet = {"devices": 1, "personas": {"silent_success": {"share": "100%", "attempts": 1}}}

    run = small_run("alibaba", quiet)

    back_at_ms = [t for t, _, _ in run.kinds("online")][1]
    again_at_ms = [t for t, _, _ in run.kinds("push_sent")][1]
    assert 2_000 <= again_at_ms - back_at_ms < 2_100
    assert run.violated == {}


def test_what_the_server_says_of_an_end_is_as_documented() -> None:
    """A timeout is told as one, and never tried again."""
    stuck = {"devices": 1, "personas": {"stuck_at_n": {"share": "100%", "n": 50}}}

    run = small_run("alibaba", stuck, {"timeout": "1m", "retries": 2})

    assert run.shown("desc") == {"field-00001": "timeout"}
    assert len(run.kinds("push_sent")) == 1
    assert run.standing("V11") is Standing.HELD
    assert run.violated == {}


def test_whoever_asks_is_told_of_what_is_pushed_as_well() -> None:
    """A job that waits for questions has the devices ask; the answer may be the other job's."""
    jobs_ = ({"rate": 10}, {"at": "10s", "to": "3.0", "ask": True})

    run = small_run("alibaba", {"devices": 14}, *jobs_)

    offered = [one for one in run.records if one.kind == "offer_sent" and one["versions"]]
    assert ["2.0"] in [one["versions"] for one in offered]
    assert run.violated == {}


def test_a_schedule_opens_no_sooner_than_the_vendor_takes() -> None:
    """And devices are pushed to from then on."""
    run = small_run("alibaba", {"devices": 2}, {"window": {"start": "1m", "end": "2m"}})

    assert run.plan.overrides == (
        "job for field: window's start 60s becomes 315s.",
        "job for field: window's end 120s becomes 3915s.",
    )
    assert {t // 1000 for t, _, _ in run.kinds("push_sent")} == {315}
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}


# --- dynamic jobs and rates ----------------------------------------------------------------------


def test_a_dynamic_job_names_the_fleets_own_versions() -> None:
    """The vendor wants some, and scenarios have no groups; the target is none of them."""
    run = small_run("alibaba", MIXED, {"at": "20s", "incremental": True, "to": "1.1"})

    [job] = run.plan.jobs
    assert (job.from_versions, job.open_list) == (("1.0",), True)
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    assert len(run.shown("status")) == 5
    assert run.violated == {}


@pytest.mark.parametrize(
    ("bug", "promise", "job"),
    [
        ("B29", "V36", {"at": "20s", "from": ["1.0", "1.1"]}),
        ("B30", "V37", {"at": "20s", "incremental": True}),
    ],
)
def test_who_joins_late_is_judged(bug: str, promise: str, job: dict[str, object]) -> None:
    """A frozen list takes in nobody, an open one everybody; or is convicted."""
    clean, broken = (small_run("alibaba", MIXED, job, LATER, plant=one) for one in ("", bug))

    assert clean.standing(promise) is Standing.HELD
    assert clean.violated == {}
    assert broken.standing(promise) is Standing.VIOLATED


def test_the_rate_a_minute_is_judged() -> None:
    """Ten a minute are kept, or convicted; five are fewer than may be asked for."""
    clean, broken = (
        small_run("alibaba", {"devices": 25}, {"rate": 5}, plant=bug) for bug in ("", "B53")
    )

    assert clean.plan.overrides == ("job for field: rate 5 becomes 10.",)
    assert clean.standing("V49") is Standing.HELD
    assert clean.violated == {}
    assert list(broken.violated) == ["V49"]


@pytest.mark.parametrize(("key", "promise"), [("concurrency", "V01")])
def test_a_key_that_it_lacks_is_told_and_left_out(key: str, promise: str) -> None:
    """It is no mistake; what it would have been about is not promised."""
    run = small_run("alibaba", {}, {key: 3})

    assert run.plan.overrides == (f"job for field: {key} is left out, as the vendor has none.",)
    assert run.standing(promise) is Standing.NOT_PROMISED
    assert run.violated == {}


def test_a_schedule_for_a_dynamic_job_is_told_and_left_out() -> None:
    """Only static jobs have one."""
    job = {"incremental": True, "window": {"start": "1m", "end": "2m"}}

    run = small_run("alibaba", {}, job)

    assert run.plan.overrides == (
        "job for field: window is left out, as the vendor has none for incremental jobs.",
    )
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
