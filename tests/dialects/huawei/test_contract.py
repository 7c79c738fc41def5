from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei import contract
from fleet_sim.dialects.huawei.contract import CONTRACT, HOUR_S
from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS
from fleet_sim.model.northbound import TaskStatus
from fleet_sim.oracle.outcome import Standing
from tests.dialects.contract_source import ALL, parameters_named
from tests.dialects.huawei.platform import Platform
from tests.dialects.huawei.scene import BATCHES
from tests.dialects.small_runs import SmallRun, small_run

ONE, TWO = "field-00001", "field-00002"
PAIR = {"devices": 2}
QUESTION, REPORT, PUSH = "question_sent", "version_received", "push_sent"
RESULT_TIMEOUT = "Wait for the device to report upgrade result timeout"
VERSION_TIMEOUT = "Waiting for report device firmware version timeout"
ONLINE_TIMEOUT = "Waiting for the device online timeout"


def story(run: SmallRun, who: str, *, since_ms: int = 5_000) -> list[str]:
    """Return what was asked of a device, what it answered, and what it was pushed."""
    told = run.kinds(QUESTION, REPORT, PUSH)
    return [kind for t, kind, device in told if device == who and t >= since_ms]


# --- the values ----------------------------------------------------------------------------------


def test_every_parameter_is_set() -> None:
    """None is left to the profile's default: each was looked up."""
    assert parameters_named(contract) == ALL


def test_each_step_has_the_time_that_its_page_gives_it() -> None:
    """25 hours to come on line, 3 minutes to say the version, 24 hours for the rest."""
    assert (CONTRACT.online_timeout_s, CONTRACT.version_answer_timeout_s, CONTRACT.timeout_s) == (
        25 * HOUR_S,
        3 * 60,
        24 * HOUR_S,
    )
    assert (CONTRACT.timeout_s_min, CONTRACT.timeout_s_max) == (None, None)


def test_the_pages_are_those_of_the_older_generation() -> None:
    """From 0, ten by default, a hundred at most."""
    assert (CONTRACT.page_base, CONTRACT.page_size_default, CONTRACT.page_size_max) == (0, 10, 100)


# --- at work -------------------------------------------------------------------------------------


def test_a_device_is_asked_for_its_version_before_each_push() -> None:
    """Before a retry as well, which waits until everybody has had a turn."""
    personas = {"healthy": "50%", "bad_digest": {"share": "50%", "attempts": 1}}

    run = small_run("huawei", {**PAIR, "personas": personas}, {"retries": 1})

    stories = sorted((story(run, who) for who in (ONE, TWO)), key=len)
    once = [QUESTION, REPORT, PUSH]
    assert stories == [[*once, REPORT], [*once, *once, REPORT]]
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    assert run.violated == {}
    second_round = run.kinds(QUESTION)[-1][0]
    assert max(t for t, _, _ in run.kinds(REPORT) if t < second_round) > 7_000


def test_what_waits_to_be_tried_again_is_processing() -> None:
    """In the older generation's words, all of them; it has begun, and does not wait any more."""
    platform = Platform()
    job_id = platform.batched()
    platform.server.gone("d1", "d2")
    for key in ("d1", "d2"):
        platform.server.failure(key)

    operation = platform.ask("GET", f"{OPERATIONS}/{job_id}")
    found = platform.ask("GET", f"{OPERATIONS}/{job_id}/subOperations")["data"]
    newer = platform.ask("GET", f"{BATCHES}/{job_id}")

    assert {name: number for name, number in operation["staResult"].items() if number} == {
        "total": 2, "processing": 2,
    }  # fmt: skip
    assert (operation["status"], operation["startTime"]) == ("processing", operation["createTime"])
    assert [(one["status"], one["stopTime"]) for one in found] == [("processing", None)] * 2
    assert newer["batchtask"]["status"] == "Processing"
    assert newer["batchtask"]["task_progress"]["fail_wait_retry"] == 2


def test_a_window_that_has_begun_is_no_reason_to_refuse_a_job() -> None:
    """The shortest there is, ordered within it, is moved to where the platform takes it."""
    run = small_run("huawei", PAIR, {"at": "2m", "window": {"start": "1m", "end": "6m"}})

    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    assert {t >= 130_000 for t, _, _ in run.kinds(PUSH)} == {True}
    assert run.violated == {}


def test_a_target_that_was_stopped_beside_others_can_be_tried_again() -> None:
    """The task as a whole went partly well, and is not a stopped one."""
    events = [
        {"at": "5100ms", "cancel": "field", "share": "50%"},
        {"at": "1m", "retry": "field", "share": "100%"},
    ]

    run = small_run("huawei", PAIR, {}, {"at": "2m", "to": "3.0"}, events=list(events))

    rows = [row for one in run.records if one.kind == "rows" for row in one["rows"]]
    seen = [(row["device_key"], row["status"]) for row in rows if row["to_version"] == "2.0"]
    assert TaskStatus.CANCELLED in {status for _, status in seen}
    assert set(dict(seen).values()) == {TaskStatus.SUCCEEDED}
    assert run.violated == {}


def test_a_timeout_that_no_request_can_carry_convicts_nobody() -> None:
    """An override may shorten the platform's own; a job has no word for another."""
    silent = {"devices": 1, "personas": "silent_success"}
    shorter = {"timeout_s": 120, "timeout_s_min": 10}

    run = small_run("huawei", silent, {"timeout": "30s"}, contract=shorter)

    assert run.violated == {}
    assert run.judgement.promises["V11"].standing is Standing.HELD


def test_who_answers_with_the_target_has_succeeded_without_a_push() -> None:
    """The platform compares what it was told with the package."""
    run = small_run("huawei", {**PAIR, "firmware": "2.0"})

    assert story(run, ONE) == [QUESTION, REPORT]
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    assert run.violated == {}


def test_who_says_nothing_ends_as_the_page_has_it() -> None:
    """No result within a day of the notice; then no answer to the question of the next job."""
    silent = {"devices": 1, "personas": "silent_success"}

    run = small_run("huawei", silent, {}, {"at": "25h", "to": "3.0"}, duration="48h")

    rows = [row for one in run.records if one.kind == "rows" for row in one["rows"]]
    ends = {row["to_version"]: row["desc"] for row in rows if row["status"] == "failed"}
    assert ends == {"2.0": RESULT_TIMEOUT, "3.0": VERSION_TIMEOUT}
    assert story(run, ONE, since_ms=25 * HOUR_S * 1000) == [QUESTION]
    assert run.violated == {}


def test_who_does_not_come_on_line_is_waited_for_for_25_hours() -> None:
    """And is asked for nothing in that time."""
    away = {"devices": 1, "personas": {"offline_at_push": {"share": "100%", "until_s": 100_000}}}

    run = small_run("huawei", away, {"at": "10s"}, duration="48h")

    assert run.shown("desc") == {ONE: ONLINE_TIMEOUT}
    assert story(run, ONE) == []
    [ended] = [one.t for one in run.records if one.kind == "task_ended"]
    assert 0 <= ended - (10_000 + 25 * HOUR_S * 1000) < 1_000
    assert run.violated == {}


def test_who_comes_on_line_is_asked_at_once() -> None:
    """Negotiation starts with the connection; what a device says by itself answers it as well."""
    away = {"devices": 1, "personas": {"offline_at_push": {"share": "100%", "until_s": 60}}}

    run = small_run("huawei", away, {"at": "10s"})

    [asked_at_ms] = [one.t for one in run.records if one.kind == "version_asked"]
    back_at_ms = next(t for t, _, _ in run.kinds("online") if t > 10_000)
    assert asked_at_ms == back_at_ms
    assert story(run, ONE)[:2] == [REPORT, PUSH]
    assert run.shown("status") == {ONE: TaskStatus.SUCCEEDED}
    assert run.violated == {}


def test_a_second_task_for_a_busy_device_is_a_conflict() -> None:
    """It has failed at once, in the platform's words; the first goes on."""
    busy = {"devices": 1, "install": "30s"}

    run = small_run("huawei", busy, {}, {"at": "10s", "to": "3.0"})

    rows = [row for one in run.records if one.kind == "rows" for row in one["rows"]]
    ends = {row["to_version"]: (row["status"], row["desc"]) for row in rows}
    assert ends["3.0"] == ("failed", "Task Conflict")
    assert ends["2.0"][0] == "succeeded"
    assert run.violated == {}


# --- what it lacks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "promise"),
    [
        ("concurrency", 3, "V01"),
        ("ask", True, "V06"),
        ("incremental", True, "V37"),
        ("rate", 20, "V49"),
        ("timeout", "5m", ""),
        ("from", ["1.0"], ""),
    ],
)
def test_a_key_that_it_lacks_is_told_and_left_out(key: str, value: object, promise: str) -> None:
    """It is no mistake; what it would have been about is not promised."""
    run = small_run("huawei", PAIR, {key: value})

    assert run.plan.overrides == (f"job for field: {key} is left out, as the vendor has none.",)
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    if promise:
        assert run.standing(promise) is Standing.NOT_PROMISED


# --- tokens --------------------------------------------------------------------------------------


def test_devices_fetch_their_files_by_tokens() -> None:
    """With a new one for each attempt; the platform gives the file to nobody else."""
    personas = {"bad_digest": {"share": "100%", "attempts": 1}}

    run = small_run("huawei", {**PAIR, "personas": personas}, {"retries": 1})

    sent = [one["status"] for one in run.records if one.kind == "file_sent"]
    assert sent == [200] * 4
    assert run.shown("status") == dict.fromkeys((ONE, TWO), TaskStatus.SUCCEEDED)


def test_what_a_cancelled_device_goes_on_fetching_is_refused() -> None:
    """Its download was cut, and the task has ended meanwhile; that its token has is inferred."""
    slow = {**PAIR, "network": "regular_3g"}
    events = (
        {"at": "10s", "disconnect": "field", "share": "100%", "for": "10s"},
        {"at": "12s", "cancel": "field", "share": "50%"},
    )

    run = small_run("huawei", slow, {"image": {"size": "1MiB"}}, events=list(events))

    sent = [one["status"] for one in run.records if one.kind == "file_sent"]
    assert sorted(sent) == [200, 200, 206, 401]
    assert sorted(run.shown("status").values()) == [TaskStatus.CANCELLED, TaskStatus.SUCCEEDED]
    assert run.violated == {}
