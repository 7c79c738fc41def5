"""What may be told of each promise without the server's end of the log, and why no more."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.oracle.judge import PromiseVerdict
from fleet_sim.oracle.outcome import Standing

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
    "V28": "The same: what a task shows may be the server's own word between two.",
    "V31": "That a report came twice is seen at the server's end alone.",
    "V36": "Each late report crossed the making of its job, or the backend never showed it heard.",
}


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
