"""Shares made whole: exactly k of n devices, and which ones.

The largest remainder decides how many, so the parts always add up; a keyed draw decides which, so
what a device runs says nothing about the link it is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

from fleet_sim.model.chance import draw

T = TypeVar("T")


def apportion(total: int, weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Split a whole number in proportion to weights, none off by one or more.

    Args:
        total: What is split; 0 or more.
        weights: At least one above 0, none below.

    Returns:
        A number a weight, adding up to `total`. What rounding down leaves over goes to the largest
        remainders, to earlier parts first where those are equal.
    """
    whole = sum(weights, Fraction(0))
    exact = [total * weight / whole for weight in weights]
    parts = [int(part) for part in exact]
    left = total - sum(parts)
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[:left]:
        parts[at] += 1
    return tuple(parts)


def shuffled(items: Sequence[T], *, seed: int, who: str, purpose: str) -> list[T]:
    """Return the items in an order that only the seed and the two names decide."""
    keys = [draw(seed, who, purpose, index) for index in range(len(items))]
    return [items[at] for at in sorted(range(len(items)), key=keys.__getitem__)]


def dealt(
    count: int, mix: Sequence[tuple[T, Fraction]], *, seed: int, who: str, purpose: str
) -> list[T]:
    """Deal the parts of a mix to `count` devices: exact numbers, in shuffled order."""
    numbers = apportion(count, [share for _, share in mix])
    hand = [part for (part, _), number in zip(mix, numbers, strict=True) for _ in range(number)]
    return hand if len(mix) == 1 else shuffled(hand, seed=seed, who=who, purpose=purpose)


def picked(
    items: Sequence[T], share: Fraction, *, seed: int, who: str, purpose: str
) -> tuple[T, ...]:
    """Pick a share of the items, at least one of any, and return them in their own order."""
    if not items:
        return ()
    number = max(1, apportion(len(items), (share, 100 - share))[0])
    chosen = shuffled(range(len(items)), seed=seed, who=who, purpose=purpose)[:number]
    return tuple(items[at] for at in sorted(chosen))
