"""When a link is down: drawn and imposed outages, however they are asked about."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.network.outages import Outage, OutagePlan
from fleet_sim.network.profiles import PROFILES, OutageKind

TUNNEL = PROFILES["tunnel"]
LAB = PROFILES["ethernet_lab"]
HOUR_MS = 3_600_000


def plan(seed: int = 1) -> OutagePlan:
    """Return the outages of a device in a tunnel: up 2 minutes, down 45 s on average."""
    return OutagePlan(TUNNEL, seed=seed, who="pk/dk")


def walk(outages: OutagePlan, until_ms: int) -> list[Outage]:
    """Return all outages that start before an instant, in order."""
    found: list[Outage] = []
    following = outages.after(-1)
    while following and following.start_ms < until_ms:
        found.append(following)
        following = outages.after(following.start_ms)
    return found


def rst(start_ms: int, end_ms: int) -> Outage:
    """Return an outage of kind rst."""
    return Outage(start_ms, end_ms, OutageKind.RST)


def test_up_and_down_times_are_the_profiles() -> None:
    """Over 100 hours, within 10 %."""
    found = walk(plan(), 100 * HOUR_MS)
    ups = [b.start_ms - a.end_ms for a, b in zip([rst(-1, 0), *found[:-1]], found, strict=True)]

    assert mean(ups) == pytest.approx(120_000, rel=0.1)
    assert mean(each.end_ms - each.start_ms for each in found) == pytest.approx(45_000, rel=0.1)
    assert {each.kind for each in found} == {OutageKind.HALF_OPEN}


def test_a_link_without_outages_is_always_up() -> None:
    """Nothing is drawn for it."""
    outages = OutagePlan(LAB, seed=1, who="pk/dk")

    assert outages.at(10**9) is None
    assert outages.after(0) is None


def test_devices_are_drawn_apart() -> None:
    """Two devices of one profile do not go down together."""
    other = OutagePlan(TUNNEL, seed=1, who="pk/other")

    assert walk(plan(), HOUR_MS) != walk(other, HOUR_MS)


@given(asked=st.lists(st.integers(0, HOUR_MS), max_size=20))
@settings(deadline=None)
def test_the_schedule_does_not_depend_on_the_questions(asked: list[int]) -> None:
    """Asked forwards, backwards or not at all: the same outages."""
    outages = plan()
    schedule = walk(plan(), 2 * HOUR_MS)
    for now_ms in asked:
        covering = [each for each in schedule if each.covers(now_ms)]
        following = [each for each in schedule if each.start_ms > now_ms]

        assert outages.at(now_ms) == (covering[0] if covering else None)
        assert outages.after(now_ms) == (following[0] if following else None)


def test_an_imposed_outage_covers_its_span() -> None:
    """From its start to just before its end."""
    outages = OutagePlan(LAB, seed=1, who="pk/dk")
    outages.impose(rst(1000, 2000))

    assert outages.after(0) == rst(1000, 2000)
    assert outages.after(1000) is None
    assert [outages.at(now) for now in (999, 1000, 1999, 2000)] == [
        None,
        rst(1000, 2000),
        rst(1000, 2000),
        None,
    ]


def test_imposed_outages_that_meet_are_one() -> None:
    """Overlapping or touching, in whatever order they came; a third may join two."""
    outages = OutagePlan(LAB, seed=1, who="pk/dk")
    outages.impose(rst(5000, 6000))
    outages.impose(rst(1000, 2000))
    outages.impose(Outage(2000, 5500, OutageKind.FREEZE))

    assert outages.at(3000) == rst(1000, 6000)
    assert walk(outages, HOUR_MS) == [rst(1000, 6000)]


def test_an_imposed_outage_joins_the_drawn_one_it_meets() -> None:
    """The kind is the earlier one's, and the drawn one is not told a second time."""
    first, second = walk(plan(), HOUR_MS)[:2]
    outages = plan()
    outages.impose(rst(first.end_ms - 1, second.start_ms + 1))
    joined = Outage(first.start_ms, second.end_ms, OutageKind.HALF_OPEN)

    assert outages.at(first.start_ms) == joined
    assert outages.at(second.end_ms - 1) == joined
    assert walk(outages, HOUR_MS)[0] == joined
    assert walk(outages, HOUR_MS)[1:] == walk(plan(), HOUR_MS)[2:]


@given(
    imposed=st.lists(st.tuples(st.integers(0, HOUR_MS), st.integers(1, HOUR_MS // 4)), max_size=6),
    asked=st.lists(st.integers(0, 2 * HOUR_MS), min_size=1, max_size=20),
)
@settings(deadline=None)
def test_a_link_is_down_if_anything_says_so(
    imposed: list[tuple[int, int]], asked: list[int]
) -> None:
    """The joined outages cover what drawn and imposed ones cover, and are apart from each other."""
    spans = [rst(start, start + length) for start, length in imposed]
    drawn, outages = walk(plan(), 3 * HOUR_MS), plan()
    for span in spans:
        outages.impose(span)
    schedule = walk(outages, 3 * HOUR_MS)

    for now_ms in asked:
        is_down = any(each.covers(now_ms) for each in (*drawn, *spans))
        assert (outages.at(now_ms) is not None) == is_down
        assert outages.at(now_ms) == next((each for each in schedule if each.covers(now_ms)), None)
    for earlier, later in pairwise(schedule):
        assert earlier.end_ms < later.start_ms


def test_a_freeze_delays_what_it_meets() -> None:
    """By what is left of it; other kinds delay nothing here.

    0 ──── 1000 ▒▒▒▒ 3000 ──── 4000 ▓▓▓▓ 5000 ────
              freeze               rst
    """
    outages = OutagePlan(LAB, seed=1, who="pk/dk")
    outages.impose(Outage(1000, 3000, OutageKind.FREEZE))
    outages.impose(rst(4000, 5000))

    assert outages.thawed(0, 500) == 500
    assert outages.thawed(0, 1000) == 1000
    assert outages.thawed(0, 1500) == 3500
    assert outages.thawed(2000, 2500) == 3500
    assert outages.thawed(3000, 4500) == 4500


def test_several_freezes_add_up() -> None:
    """A long transfer waits for each on its way."""
    outages = OutagePlan(LAB, seed=1, who="pk/dk")
    outages.impose(Outage(1000, 2000, OutageKind.FREEZE))
    outages.impose(Outage(2500, 3000, OutageKind.FREEZE))

    assert outages.thawed(0, 1400) == 2400
    assert outages.thawed(0, 1600) == 3100


def test_drawn_freezes_delay_too() -> None:
    """A profile whose outages are freezes needs no scenario for that."""
    frozen = replace(TUNNEL, outage_kind=OutageKind.FREEZE)
    outages = OutagePlan(frozen, seed=1, who="pk/dk")
    first = walk(outages, HOUR_MS)[0]

    assert outages.thawed(first.start_ms, first.start_ms + 1) == first.end_ms + 1


def test_an_outage_without_length_is_refused() -> None:
    """It would cover nothing and hide a mistake."""
    with pytest.raises(ValueError, match="from 5 to 5 ms has no length"):
        rst(5, 5)
