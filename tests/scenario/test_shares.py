from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.scenario.shares import apportion, dealt, picked, shuffled

WEIGHTS = st.lists(st.fractions(0, 100, max_denominator=1000), min_size=1, max_size=8).filter(any)


@given(st.integers(0, 100_000), WEIGHTS)
def test_parts_add_up_and_none_is_off_by_one(total: int, weights: list[Fraction]) -> None:
    """The largest remainder keeps within one of the exact share, and a share of 0 gets none."""
    parts = apportion(total, weights)

    whole = sum(weights)
    assert sum(parts) == total
    assert all(
        abs(part - total * weight / whole) < 1 and (weight or not part)
        for part, weight in zip(parts, weights, strict=True)
    )


def test_equal_remainders_go_to_earlier_parts() -> None:
    """Thirds of a hundred: the first gets the odd one."""
    assert apportion(100, [Fraction(1)] * 3) == (34, 33, 33)


def test_small_fleets_keep_their_large_shares() -> None:
    """One device of a mix of 94 and 6 percent is a healthy one."""
    assert apportion(1, [Fraction(6), Fraction(94)]) == (0, 1)


@given(st.integers(0, 300), st.integers(0, 2**63 - 1))
def test_a_shuffle_keeps_every_item(count: int, seed: int) -> None:
    """Nothing is lost or doubled, and the same key gives the same order."""
    items = list(range(count))

    found = shuffled(items, seed=seed, who="a", purpose="b")

    assert sorted(found) == items
    assert found == shuffled(items, seed=seed, who="a", purpose="b")


def test_purposes_shuffle_independently() -> None:
    """What a device runs must say nothing about the link it is on."""
    halves = [("x", Fraction(50)), ("y", Fraction(50))]

    one = dealt(1000, halves, seed=1, who="f", purpose="version")
    other = dealt(1000, halves, seed=1, who="f", purpose="link")

    assert Counter(one) == Counter(other) == {"x": 500, "y": 500}
    both = sum(a == b == "x" for a, b in zip(one, other, strict=True))
    assert 220 <= both <= 280


def test_one_part_needs_no_shuffle() -> None:
    """A fleet of one kind is that kind."""
    assert dealt(3, [("x", Fraction(100))], seed=1, who="f", purpose="p") == ["x", "x", "x"]


@given(st.integers(1, 200), st.integers(1, 100))
def test_a_picked_share_is_exact_and_in_order(count: int, percent: int) -> None:
    """Half of ten is five, and something is never nothing."""
    items = list(range(count))

    found = picked(items, Fraction(percent), seed=7, who="f", purpose="event 0")

    assert list(found) == sorted(set(found))
    assert abs(len(found) - max(1, count * percent / 100)) < 1


def test_nothing_is_picked_from_nothing() -> None:
    """An empty fleet has no share."""
    assert picked([], Fraction(50), seed=1, who="f", purpose="p") == ()
