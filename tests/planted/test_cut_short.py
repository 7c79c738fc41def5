"""A log may end anywhere: a run is killed, aborted, or judged while it goes on."""

from __future__ import annotations

import pytest

from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from tests.planted.grounds import GROUNDS, contracts, from_outside, run_ground

CUTS = 6  # As many instants of a log, chosen so that each ground has others.


@pytest.mark.parametrize("ground", GROUNDS)
def test_what_a_log_does_not_show_convicts_nobody(ground: str) -> None:
    """The clean backend is acquitted of all that came before the end, wherever that is.

    Neither the log of an embedded platform nor that of a target by URL shows more than there is.
    """
    records = run_ground(ground, seed=1)

    assert cut_short(ground, records, CUTS) == {}
    assert cut_short(ground, from_outside(records), CUTS) == {}


@pytest.mark.long
@pytest.mark.parametrize("is_outside", [False, True], ids=["embedded", "by url"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_no_instant_of_very_many_convicts_anybody(ground: str, *, is_outside: bool) -> None:
    """The long lane: `./test -m long tests/planted`."""
    records = run_ground(ground, seed=2)

    assert cut_short(ground, from_outside(records) if is_outside else records, 60) == {}


def cut_short(ground: str, records: list[Record], cuts: int) -> dict[int, list[str]]:
    """Judge a log cut at so many instants; return those that convict, with the promises."""
    places = [len(records) * number // (cuts + 1) for number in range(1, cuts + 1)]
    found, profiles = {}, contracts(ground)
    for at_ms in {records[place].t for place in places}:
        judgement = judge(
            [one for one in records if one.t < at_ms], profiles, tolerance=VIRTUAL_TIME
        )
        violated = [
            name for name, one in judgement.promises.items() if one.standing is Standing.VIOLATED
        ]
        if violated:
            found[at_ms] = violated
    return found
