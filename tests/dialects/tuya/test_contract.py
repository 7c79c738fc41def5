from __future__ import annotations

import dataclasses

import pytest

from fleet_sim.dialects.alibaba.contract import CONTRACT as ALIBABA
from fleet_sim.dialects.tuya.contract import CONTRACT
from fleet_sim.dialects.tuya.northbound import PROFILE
from fleet_sim.model.northbound import TaskStatus
from fleet_sim.oracle.outcome import Standing
from tests.dialects.small_runs import small_run


def test_only_what_its_pages_lack_differs_from_its_ancestor() -> None:
    """No dynamic jobs, no schedule, no rate, no second try, no cancelling of what is under way."""
    differing = {
        one.name for one in dataclasses.fields(CONTRACT)
        if getattr(CONTRACT, one.name) != getattr(ALIBABA, one.name)
    }  # fmt: skip

    assert differing == {
        *("cancellable", "reopenable"),
        *("policy_names", "open_list_needs_source_versions", "open_list_windows"),
        *("open_lists", "open_list_matches_max"),
        *("pushes_a_minute", "pushes_a_minute_min", "pushes_a_minute_max"),
        *("window_min_s", "window_lead_s"),
    }
    assert "under_way" not in CONTRACT.cancellable
    assert (ALIBABA.pushes_a_minute, CONTRACT.pushes_a_minute) == (10_000, None)


def test_what_it_has_no_action_for_is_not_in_its_contract() -> None:
    """A retry by hand and a dynamic job are actions of Alibaba's alone."""
    assert not {"ReupgradeOTATask", "CreateOTADynamicUpgradeJob"} & PROFILE.actions
    assert (CONTRACT.reopenable, CONTRACT.policy_names) == ((), None)


@pytest.mark.parametrize("dialect", ["tuya", "tuyalink"])
@pytest.mark.parametrize(
    ("key", "value", "promise"),
    [
        ("concurrency", 3, "V01"),
        ("incremental", True, "V37"),
        ("rate", 20, "V49"),
        ("window", {"start": "1m", "end": "2h"}, ""),
    ],
)
def test_a_key_that_it_lacks_is_told_and_left_out(
    dialect: str, key: str, value: object, promise: str
) -> None:
    """It is no mistake; what it would have been about is not promised.

    TuyaLink's jobs are the same ones, so whatever these lack, those do.
    """
    run = small_run(dialect, {}, {key: value})

    assert run.plan.overrides == (f"job for field: {key} is left out, as the vendor has none.",)
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    assert run.violated == {}
    if promise:
        assert run.standing(promise) is Standing.NOT_PROMISED


def test_a_retry_by_hand_is_told_and_left_out() -> None:
    """Nothing is asked that nobody could answer."""
    failing = {"personas": "bad_digest"}

    run = small_run("tuya", failing, {}, events=[{"at": "10s", "retry": "field"}])

    assert run.plan.overrides == ("retry of field at 10s is left out, as the vendor has none.",)
    assert not [one for one in run.records if one.kind == "api_unknown"]
    assert len(run.kinds("push_sent")) == 4


def test_timeouts_and_gaps_are_whole_minutes_that_fit_together() -> None:
    """As the order counts them: a gap has to be shorter than the timeout."""
    job = {"timeout": "90s", "retries": 3, "retry_interval": "10m"}

    run = small_run("tuya", {"personas": {"bad_digest": {"share": "100%", "attempts": 2}}}, job)

    assert run.plan.overrides == (
        "job for field: timeout 90s becomes 120s.",
        "job for field: retries 3 becomes 2.",
        "job for field: retry_interval 600s becomes 0s.",
    )
    assert len(run.kinds("push_sent")) == 3 * 4
    assert set(run.shown("status").values()) == {TaskStatus.SUCCEEDED}
    assert run.violated == {}


def test_a_device_that_comes_back_is_given_two_seconds_to_report() -> None:
    """As on the platform that it succeeds; then it is pushed to again."""
    quiet = {"devices": 1, "personas": {"silent_success": {"share": "100%", "attempts": 1}}}

    run = small_run("tuya", quiet)

    back_at_ms = [t for t, _, _ in run.kinds("online")][1]
    again_at_ms = [t for t, _, _ in run.kinds("push_sent")][1]
    assert 2_000 <= again_at_ms - back_at_ms < 2_100
