"""Chance as a keyed counter: (seed, device, purpose, index) → number.

No generator object exists, so the order in which devices draw changes nothing, and one device's
draws can be repeated alone.
"""

from __future__ import annotations

from hashlib import blake2b
from math import cos, log, pi, sqrt

_SPAN = 1 << 64


def draw(seed: int, who: str, purpose: str, index: int = 0) -> float:
    """Return a number in [0, 1), the same for the same key on every machine."""
    return _word(seed, who, purpose, index) / _SPAN


def draw_normal(seed: int, who: str, purpose: str, index: int = 0) -> float:
    """Return a number from the standard normal distribution (Box and Muller, one of the pair)."""
    radius = sqrt(-2.0 * log(1.0 - draw(seed, who, purpose, 2 * index)))
    return radius * cos(2.0 * pi * draw(seed, who, purpose, 2 * index + 1))


def draw_exponential(seed: int, who: str, purpose: str, index: int = 0, *, mean: float) -> float:
    """Return a number from the exponential distribution with this mean."""
    return -mean * log(1.0 - draw(seed, who, purpose, index))


def identifier(seed: int, who: str, purpose: str, index: int = 0, *, digits: int = 24) -> str:
    """Return lower-case hex digits, at most 128; unique for all practical purposes."""
    key = f"{seed}\0{who}\0{purpose}\0{index}".encode()
    return blake2b(key, digest_size=64).hexdigest()[:digits]


def _word(seed: int, who: str, purpose: str, index: int) -> int:
    key = f"{seed}\0{who}\0{purpose}\0{index}".encode()
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big")
