"""The same grounds without the server's end of the log: how good verdicts on strangers are."""

from __future__ import annotations

import pytest

from fleet_sim.model.record import Source
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from tests.planted.grounds import (
    GROUNDS,
    contracts,
    from_outside,
    judge_from_outside,
    run_ground,
)
from tests.planted.test_planted import CONVICTED, CONVICTED_WHERE_DEVICES_ASK

# What can be seen from outside of each promise; every other verdict must be the same as inside.
INCONCLUSIVE = {
    "V01": "A cap used to the full: of an end and the push that follows, neither has an instant.",
    "V02": "A push that crosses the end of another upgrade, or an end that nothing shows.",
    "V04": "A push under way for so long that its device has reported the target meanwhile.",
    "V11": "An end that polls saw late, as the next push hides when it was.",
    "V15": "A gap shorter than the flights at both its ends leave room to tell.",
    "V16": "A push under way for so long that its task is over meanwhile.",
    "V20": "A success whose report was never acknowledged.",
    "V49": "Pushes that arrived within a minute, and may have left long before.",
    "V34": "An attempt whose push was lost, so that nothing shows when it began.",
}
# Where only such cases came up at all, nothing is said: too little is certain to begin with.
NOT_EXERCISED = {
    "V11": "No start of a timer was acknowledged.",
    "V14": "No attempt is certain to be one of its own.",
    "V15": "The same.",
    "V23": "No report of the target was acknowledged while its attempt certainly ran.",
    "V27": "No last attempt is certain to be one of its own, so each may have had a next one.",
    "V36": "Each late report crossed the making of its job, or the backend never showed it heard.",
}
# Bugs that another promise convicts from outside, where devices ask.
BY_ANOTHER = {
    # The first report after a restart crosses the next offer, so which attempt it ends is open;
    # that the offer comes again, though the target was reported, is not.
    "B62": ("V04", "asked", 1),
}
QUICK_SEEDS = range(1, 4)
LONG_SEEDS = range(1, 201)


def test_the_log_from_outside_has_no_word_of_the_server() -> None:
    """Device truth, the devices' end of the wire, control and northbound reads are left."""
    records = run_ground("two-jobs", seed=1)

    seen = from_outside(records)

    assert {one.src for one in records} - {one.src for one in seen} == {Source.SERVER}
    assert {one.side for one in seen} == {"", "device"}
    assert len(seen) < len(records)


def test_the_tables_name_promises() -> None:
    """And never two reasons for one verdict."""
    assert INCONCLUSIVE.keys() | NOT_EXERCISED.keys() <= PROMISES.keys()


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("seed", QUICK_SEEDS)
def test_the_clean_backend_looks_no_worse_from_outside(ground: str, seed: int) -> None:
    """Each promise stands as inside, or the table says why that cannot be known."""
    assert _strange(ground, seed) == {}


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_clean_backend_looks_no_worse_from_outside_in_200_seeds(ground: str) -> None:
    """The long lane: `./test -m long tests/planted`."""
    found = {seed: strange for seed in LONG_SEEDS if (strange := _strange(ground, seed))}

    assert found == {}


@pytest.mark.parametrize("bug", CONVICTED)
def test_a_planted_bug_is_convicted_from_outside(bug: str) -> None:
    """By the same promise, on the same ground, with a witness that no server has signed."""
    _convict(bug, *CONVICTED[bug])


@pytest.mark.parametrize("bug", CONVICTED_WHERE_DEVICES_ASK)
def test_a_planted_bug_is_convicted_from_outside_where_devices_ask(bug: str) -> None:
    """What devices were offered is seen at their end as well."""
    _convict(bug, *(CONVICTED_WHERE_DEVICES_ASK | BY_ANOTHER)[bug])


def _convict(bug: str, promise: str, ground: str, seed: int) -> None:
    found = judge_from_outside(ground, seed=seed, plant=(bug,)).promises[promise]
    assert found.standing is Standing.VIOLATED
    assert found.witness is not None
    assert found.witness.records
    assert all(one.side != "server" for one in found.witness.records)


def _strange(ground: str, seed: int) -> dict[str, str]:
    """Return the promises that stand otherwise from outside than the tables allow."""
    records, profiles = run_ground(ground, seed=seed), contracts(ground)
    inside = judge(records, profiles, tolerance=VIRTUAL_TIME).promises
    outside = judge(from_outside(records), profiles, tolerance=VIRTUAL_TIME).promises
    allowed = {
        Standing.INCONCLUSIVE: INCONCLUSIVE,
        Standing.NOT_EXERCISED: NOT_EXERCISED,
    }
    return {
        name: f"{inside[name].standing}, from outside {one.standing}: {one.reason}"
        for name, one in outside.items()
        if one.standing is not inside[name].standing
        and name not in allowed.get(one.standing, {})
        and not _is_plainer(inside[name].standing, one.standing)
    }


def _is_plainer(inside: Standing, outside: Standing) -> bool:
    """Tell whether only what is seen at both ends leaves doubts, or nothing at all."""
    return outside is Standing.HELD and inside in {Standing.INCONCLUSIVE, Standing.NOT_EXERCISED}
