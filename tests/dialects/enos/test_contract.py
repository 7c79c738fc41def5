from __future__ import annotations

import pytest

from fleet_sim.dialects.enos import contract
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.model.northbound import TaskStatus
from fleet_sim.oracle.outcome import Standing
from tests.dialects.contract_source import ALL, parameters_named
from tests.dialects.small_runs import small_run

MIXED = {"devices": 10, "firmware": {"1.0": "50%", "1.1": "50%"}, "connect": {"over": "60s"}}
LATER = {"at": "3m", "to": "3.0"}  # so that the run goes on until all have come


def test_every_parameter_is_set() -> None:
    """None is left to the profile's default: each was looked up."""
    assert parameters_named(contract) == ALL


def test_the_ranges_are_those_of_create_ota_job() -> None:
    """300 to 172,800 seconds with 7,200 by default; 1 to 5 retries, 0 to 86,400 seconds apart."""
    assert (CONTRACT.timeout_s_min, CONTRACT.timeout_s, CONTRACT.timeout_s_max) == (
        300,
        7_200,
        172_800,
    )
    assert (CONTRACT.retry_count_min, CONTRACT.retry_count_max) == (1, 5)
    assert (CONTRACT.retry_interval_s_min, CONTRACT.retry_interval_s_max) == (0, 86_400)
    assert CONTRACT.cap_default == 300


def test_the_pages_are_those_of_the_searches() -> None:
    """From 1, ten by default, at most 200, about two seconds behind."""
    assert (CONTRACT.page_base, CONTRACT.page_size_default, CONTRACT.page_size_max) == (1, 10, 200)
    assert CONTRACT.visibility_s == 2


def test_a_device_that_activates_again_gets_the_secret_it_had() -> None:
    """Not said by the vendor; a scenario may have it otherwise."""
    assert CONTRACT.reactivation == "same_secret"


def test_statuses_are_neutral_words() -> None:
    """The backend compares them with its own."""
    known = {status.value for status in TaskStatus}

    assert {*CONTRACT.cancellable, *CONTRACT.between_attempts_status} <= known
    assert CONTRACT.cancel_shows_as in known


@pytest.mark.parametrize(
    ("bug", "promise", "job"),
    [("B29", "V36", {"at": "20s"}), ("B30", "V37", {"at": "20s", "incremental": True})],
)
def test_who_joins_late_is_judged(bug: str, promise: str, job: dict[str, object]) -> None:
    """Under `snapshot` nobody does, under `incremental` everybody; or the server is convicted."""
    clean, broken = (small_run("enos", MIXED, job, LATER, plant=one) for one in ("", bug))

    assert clean.standing(promise) is Standing.HELD
    assert clean.violated == {}
    assert broken.standing(promise) is Standing.VIOLATED


def test_a_key_that_it_lacks_is_told_and_left_out() -> None:
    """It has a cap and no rate; what that would have been about is not promised."""
    run = small_run("enos", {}, {"rate": 20, "concurrency": 2})

    assert run.plan.overrides == ("job for field: rate is left out, as the vendor has none.",)
    assert run.standing("V49") is Standing.NOT_PROMISED
    assert run.standing("V01") is Standing.HELD
    assert run.violated == {}
