from __future__ import annotations

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.model.northbound import TaskStatus


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
