from tests.runtime.plans import FLEET, PLAIN, planned


def test_a_small_plan_is_six_meters_and_one_job() -> None:
    """Made from a scenario's text, as a user's is."""
    plan = planned()

    assert [one.device.device_key for one in plan.devices] == [
        f"meters-0000{number}" for number in range(1, 7)
    ]
    assert {one.version for one in plan.devices} == {"1.2.0"}
    assert [(job.at_ms, job.to_version, job.timeout_s) for job in plan.jobs] == [
        (2_000, "1.3.0", 300)
    ]
    assert plan.overrides == ()


def test_nouns_and_seed_can_be_changed() -> None:
    """Each noun as a whole."""
    plan = planned(seed=9, fleets={"meters": FLEET | {"devices": 2}})

    assert (plan.seed, len(plan.devices)) == (9, 2)


def test_the_plain_link_has_round_numbers() -> None:
    """Nothing on it is left to chance."""
    assert (PLAIN.rtt_ms, PLAIN.jitter_ms, PLAIN.loss_percent) == (10, 0, 0)
    assert PLAIN.down_effective_kbps == PLAIN.up_effective_kbps == 8_000
