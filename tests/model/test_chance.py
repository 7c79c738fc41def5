import statistics

import pytest

from fleet_sim.model.chance import draw, draw_exponential, draw_normal, identifier

DRAWS = 4_000  # At this many, a standard error of the mean is below 2 % of a deviation.


def test_a_key_always_draws_the_same_number() -> None:
    """These numbers are in recorded runs: no release may change them."""
    assert draw(42, "pk/dk", "up", 3) == 0.8938377078042653
    assert identifier(42, "pk/dk", "task", 1, digits=8) == "b2997b34"


@pytest.mark.parametrize(
    "other",
    [
        (43, "pk/dk", "up", 3),
        (42, "pk/d", "up", 3),
        (42, "pk/dk", "down", 3),
        (42, "pk/dk", "up", 4),
    ],
)
def test_each_part_of_the_key_counts(other: tuple[int, str, str, int]) -> None:
    """Another seed, device, purpose or index is another number."""
    assert draw(*other) != draw(42, "pk/dk", "up", 3)
    assert identifier(*other) != identifier(42, "pk/dk", "up", 3)


def test_parts_of_a_key_do_not_run_together() -> None:
    """A device named like the end of another's purpose draws its own numbers."""
    assert draw(1, "a", "bc") != draw(1, "ab", "c")


def test_draws_are_even() -> None:
    """In [0, 1), with the mean and the deviation of an even spread."""
    drawn = [draw(7, "pk/dk", "even", index) for index in range(DRAWS)]

    assert min(drawn) >= 0
    assert max(drawn) < 1
    assert statistics.fmean(drawn) == pytest.approx(1 / 2, abs=0.015)
    assert statistics.pstdev(drawn) == pytest.approx(12**-0.5, abs=0.01)


def test_normal_draws_are_standard() -> None:
    """Mean 0 and deviation 1."""
    drawn = [draw_normal(7, "pk/dk", "normal", index) for index in range(DRAWS)]

    assert statistics.fmean(drawn) == pytest.approx(0, abs=0.05)
    assert statistics.pstdev(drawn) == pytest.approx(1, abs=0.04)


def test_exponential_draws_have_their_mean() -> None:
    """None is negative, and mean and deviation are both the mean asked for."""
    drawn = [draw_exponential(7, "pk/dk", "gap", index, mean=30.0) for index in range(DRAWS)]

    assert min(drawn) >= 0
    assert statistics.fmean(drawn) == pytest.approx(30, rel=0.05)
    assert statistics.pstdev(drawn) == pytest.approx(30, rel=0.08)


@pytest.mark.parametrize("digits", [1, 24, 128])
def test_identifiers_are_hex_of_the_length_asked_for(digits: int) -> None:
    """Lower case, up to the digest's own length; a longer one begins with the shorter."""
    found = identifier(1, "pk/dk", "id", digits=digits)

    assert len(found) == digits
    assert set(found) <= set("0123456789abcdef")
    assert identifier(1, "pk/dk", "id", digits=128).startswith(found)


def test_identifiers_do_not_repeat() -> None:
    """Thousands of tasks of one job have names of their own."""
    assert len({identifier(1, "server", "task", number) for number in range(DRAWS)}) == DRAWS
