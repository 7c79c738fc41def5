from __future__ import annotations

import pytest

from fleet_sim.backend.planted import PLANTED
from fleet_sim.dialects.registry import get
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import plan
from fleet_sim.scenario.plants import NEEDS, barren

FLEET = 'fleets: {a: {devices: 2, firmware: "1"}}\n'


def told(dialect: str, *bugs: str, rest: str = "") -> tuple[str, ...]:
    """Return what is said of bugs that are planted in a vendor's backend."""
    scenario = load(FLEET + rest, "small.yaml", flags={"plant": list(bugs)})
    return barren(plan(scenario, dialect=dialect))


def test_a_bug_in_what_a_vendor_does_not_have_is_told() -> None:
    """With what it lacks, so that nobody takes the promise for kept."""
    assert told("tuya", "B01", "B15", "B53") == (
        "B01 plants nothing with tuya, which has no cap on devices under way.",
        "B53 plants nothing with tuya, which has no rate of pushes.",
    )
    assert told("enos", "B01", "B15") == ()


def test_what_a_contract_is_overridden_to_have_can_be_broken() -> None:
    """The reference backend then has it, whatever the vendor has."""
    rest = "contract: {silent_device: times_out}"

    assert told("enos", "B08") == (
        "B08 plants nothing with enos, which has no timeout for devices that never speak.",
    )
    assert told("enos", "B08", rest=rest) == ()


@pytest.mark.parametrize(
    ("bug", "dialect", "override", "is_told"),
    [
        ("B61", "huawei", "source_versions_max: 5", True),
        ("B29", "huawei", "source_versions_max: null", True),
        ("B29", "huawei", "must_have_reported_version: true", False),
        ("B13", "huawei", "retry_interval_s_max: 60", True),
        ("B13", "huawei", "retry_interval_s_min: 30, retry_interval_s_max: 60", False),
        ("B13", "enos", "retry_interval_s_max: 0", True),
        ("B01", "tuya", "cap_default: 5", False),
        ("B53", "tuyalink", "pushes_a_minute: 9", False),
    ],
)
def test_what_an_override_gives_no_name_cannot_be_broken(
    bug: str, dialect: str, override: str, *, is_told: bool
) -> None:
    """Jobs have to name it, and could not; what the backend does by itself it can do wrong."""
    assert bool(told(dialect, bug, rest=f"contract: {{{override}}}")) is is_told


@pytest.mark.parametrize(
    ("bug", "dialect", "is_told"),
    [
        ("B15", "huawei", True),  # 100 % is the word for "done" there
        ("B15", "tuyalink", False),
        ("B41", "huawei", True),
        ("B41", "alibaba", False),
        ("B43", "alibaba", True),
        ("B43", "enos", False),
    ],
)
def test_some_bugs_need_a_word_of_the_dialects(bug: str, dialect: str, *, is_told: bool) -> None:
    """What no message and no search can say cannot go wrong."""
    assert bool(told(dialect, bug)) is is_told


@pytest.mark.parametrize("is_planted", [False, True])
def test_a_gap_that_jobs_cannot_name_is_broken_where_an_override_gives_it(
    *, is_planted: bool
) -> None:
    """Huawei's jobs then have the shortest there is, and the verdict knows of it."""
    text = (
        'fleets: {a: {devices: 4, firmware: "1", dialect: huawei, personas: bad_digest}}\n'
        'jobs: [{at: 10s, upgrade: a, to: "2", retries: 1}]\n'
        "contract: {retry_interval_s_min: 120, retry_interval_s_max: 600}\nduration: 1h"
    )
    made = plan(load(text, "small.yaml", flags={"plant": ["B13"] if is_planted else []}))

    judged = judge(run_virtually(made).records, made.contracts, tolerance=VIRTUAL_TIME)

    expected = Standing.VIOLATED if is_planted else Standing.HELD
    assert judged.promises["V15"].standing is expected


def test_each_vendor_of_several_is_told_of_by_itself() -> None:
    """One sentence a bug and vendor, and only the first of two reasons."""
    text = (
        'fleets: {a: {devices: 1, firmware: "1", dialect: huawei},'
        ' b: {devices: 1, firmware: "1", dialect: alibaba}}'
    )
    made = plan(load(text, "small.yaml", flags={"plant": ["B68"]}))

    assert barren(made) == (
        "B68 plants nothing with huawei, which has no job that devices have to ask for.",
        "B68 plants nothing with alibaba, which has no job that is kept from devices that ask.",
    )
    assert made.notes == barren(made)


def test_the_table_names_bugs_and_parameters_that_there_are() -> None:
    """A slip in it would be told to nobody."""
    contract = get("enos").contract

    assert {bug for need in NEEDS for bug in need.bugs} <= PLANTED.keys()
    assert all(
        hasattr(contract, knob) for need in NEEDS for knob in {**need.lacking, **need.unnamed}
    )
