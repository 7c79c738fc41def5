"""Which attempts a persona hits."""

from __future__ import annotations

import pytest

from fleet_sim.device.conduct import HEALTHY, Conduct, Persona

FAULT = Conduct(returns=False)


def hits(persona: Persona, attempts: int) -> list[int]:
    """Return the attempts of one device, from 1, that the persona hits."""
    return [
        attempt
        for attempt in range(1, attempts + 1)
        if persona.conduct(attempt, seed=42, who="pk/dk", index=attempt) is FAULT
    ]


@pytest.mark.parametrize(
    ("attempts", "hit"),
    [(None, [1, 2, 3, 4, 5]), (1, [1]), (3, [1, 2, 3]), ((2, 5), [2, 5]), ((7,), [])],
)
def test_attempts_choose(attempts: int | tuple[int, ...] | None, hit: list[int]) -> None:
    """All, the first n, or those of a list; the others are healthy."""
    assert hits(Persona("p", FAULT, attempts=attempts), 5) == hit


def test_who_is_not_hit_is_healthy() -> None:
    """The healthy conduct is one value, shared."""
    persona = Persona("p", FAULT, attempts=1)

    assert persona.conduct(2, seed=42, who="pk/dk", index=2) is HEALTHY


@pytest.mark.parametrize(("probability", "count"), [(0.0, 0), (1.0, 1000)])
def test_the_ends_of_probability_are_certain(probability: float, count: int) -> None:
    """0 never hits and 1 always does."""
    assert len(hits(Persona("p", FAULT, probability), 1000)) == count


def test_probability_hits_its_share() -> None:
    """Of 1,000 attempts at 30 %, between 27 and 33 % are hit (seed 42)."""
    assert 270 <= len(hits(Persona("p", FAULT, 0.3), 1000)) <= 330


def test_a_draw_belongs_to_device_and_attempt() -> None:
    """The same key gives the same answer; another device is drawn anew."""
    persona = Persona("p", FAULT, 0.5)

    def drawn(who: str) -> list[bool]:
        conducts = [persona.conduct(1, seed=7, who=who, index=n) for n in range(64)]
        return [conduct is FAULT for conduct in conducts]

    assert drawn("pk/a") == drawn("pk/a")
    assert drawn("pk/a") != drawn("pk/b")
