"""The same grounds without the server's end of the log: how good verdicts on strangers are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fleet_sim.model.record import Source
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import PromiseVerdict
from fleet_sim.oracle.outcome import Standing
from tests.planted.grounds import from_outside, run_ground

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
HELD = PromiseVerdict(Standing.HELD)
VIOLATED = PromiseVerdict(Standing.VIOLATED)
INCONCLUSIVE_WHY = PromiseVerdict(Standing.INCONCLUSIVE, reason="why")


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


@pytest.mark.parametrize(
    ("promise", "inside", "outside", "found"),
    [
        ("V03", HELD, HELD, {}),
        ("V03", HELD, INCONCLUSIVE_WHY, {"V03": "held, from outside inconclusive: why"}),
        ("V03", VIOLATED, HELD, {"V03": "violated, from outside held: "}),
        ("V03", INCONCLUSIVE_WHY, HELD, {}),
        ("V01", HELD, INCONCLUSIVE_WHY, {}),
        ("V01", HELD, VIOLATED, {"V01": "held, from outside violated: "}),
    ],
)
def test_what_no_table_allows_is_strange(
    promise: str, inside: PromiseVerdict, outside: PromiseVerdict, found: dict[str, str]
) -> None:
    """Less may be known from outside where the tables say why, and nothing else may be said."""
    assert strange({promise: inside}, {promise: outside}) == found


def strange(
    inside: Mapping[str, PromiseVerdict], outside: Mapping[str, PromiseVerdict]
) -> dict[str, str]:
    """Return the promises that stand otherwise from outside than the tables allow."""
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
