"""What a vendor can express: its contract profile with overrides, and the nearest legal job.

A scenario may ask for what a vendor has no words for (a timeout of 20 s on EnOS). The job then asks
for the nearest legal value, and a sentence says so: in `check`, and in the verdict's `overrides`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from fleet_sim.model.contract import ContractProfile
from fleet_sim.network.profiles import LinkProfile

Profile = TypeVar("Profile", ContractProfile, LinkProfile)

_BOUNDS = (
    ("timeout_s_min", "timeout_s_max"),
    ("timeout_s_min", "timeout_s"),
    ("timeout_s", "timeout_s_max"),
    ("retry_count_min", "retry_count_max"),
    ("retry_interval_s_min", "retry_interval_s_max"),
    ("page_size_default", "page_size_max"),
)

# Where 0 means nothing, or nothing that ends: pages without rows, a cap that lets nobody through, a
# time that is up when it begins, a count of retries that a job without any does not have. Elsewhere
# 0 is a value like any other.
LOWEST: Mapping[str, int] = dict.fromkeys(
    ("cap_default", "page_size_default", "page_size_max", "retry_counts_allowed", "timeout_s",
     "timeout_s_max", "timeout_s_min"),
    1,
)  # fmt: skip


def replaced(profile: Profile, knobs: Mapping[str, Any]) -> Profile:
    """Return a profile, of a contract or of a link, with some fields replaced."""
    return replace(profile, **knobs)


def overridden(dialect: str, before: ContractProfile, after: ContractProfile) -> Iterator[str]:
    """Say which promises of a vendor a scenario has changed."""
    for knob in fields(before):
        old, new = getattr(before, knob.name), getattr(after, knob.name)
        if old != new:
            yield f"{dialect}: {knob.name} is {_said(new)} by contract override, not {_said(old)}."


def crossed_bounds(
    profile: ContractProfile, overrides: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Find lower bounds above upper ones: the overridden knob to blame, once, and the sentence."""
    blamed: set[str] = set()
    for low, high in _BOUNDS:
        least, most = getattr(profile, low), getattr(profile, high)
        if least is None or most is None or least <= most:
            continue
        knob = low if low in overrides else high
        if knob in blamed or knob not in overrides:
            continue
        blamed.add(knob)
        value, side, other = (least, "above", high) if knob == low else (most, "below", low)
        yield knob, f"is {_said(value)}, {side} {other} ({_said(getattr(profile, other))})"


def _said(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) or "any" if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True)
class Legal:
    """The nearest values that a vendor can express, and what was changed to get there."""

    concurrency: int | None
    timeout_s: int | None
    retry_count: int
    retry_interval_s: int
    window_ms: tuple[int, int] | None
    changes: tuple[str, ...]


def nearest_legal(
    profile: ContractProfile,
    *,
    concurrency: int | None,
    timeout_ms: int | None,
    retry_count: int,
    retry_interval_ms: int,
    window_ms: tuple[int, int] | None,
) -> Legal:
    """Bring a job's numbers into a vendor's ranges.

    Args:
        profile: What the vendor can express, overrides applied.
        concurrency: As asked; None: not asked.
        timeout_ms: As asked; None: not asked.
        retry_count: As asked; 0 means no retry policy and is always legal.
        retry_interval_ms: As asked; without retries it is of no account.
        window_ms: First and last instant; None: always.
    """
    timeout_s = None if timeout_ms is None else _timeout_s(profile, timeout_ms)
    count = _retry_count(profile, retry_count) if retry_count else 0
    interval_s = _interval_s(profile, retry_interval_ms) if count else 0
    window = None if window_ms is None else _window_ms(profile, window_ms)
    changed = (
        ("timeout", _s(timeout_ms), timeout_s, "s"),
        ("retries", retry_count, count, ""),
        ("retry_interval", _s(retry_interval_ms) if count else 0, interval_s, "s"),
        ("window's end", window_ms and _s(window_ms[1]), window and _s(window[1]), "s"),
    )
    cap = None if profile.cap_default is None else concurrency
    missing = (("concurrency", concurrency, cap), ("timeout", timeout_ms, timeout_s))
    left_out = (
        f"{name} is left out, as the vendor has none"
        for name, asked, legal in missing
        if asked is not None and legal is None
    )
    changes = (
        f"{name} {asked:g}{unit} becomes {legal:g}{unit}"
        for name, asked, legal, unit in changed
        if asked is not None and legal is not None and asked != legal
    )
    return Legal(cap, timeout_s, count, interval_s, window, (*left_out, *changes))


def _s(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _timeout_s(profile: ContractProfile, asked_ms: int) -> int | None:
    """Return the nearest timeout; None where the vendor's timeouts are fixed."""
    if profile.timeout_s_min is None and profile.timeout_s_max is None:
        return None
    return _within(_whole_s(asked_ms), profile.timeout_s_min, profile.timeout_s_max)


def _retry_count(profile: ContractProfile, asked: int) -> int:
    if profile.retry_counts_allowed:
        return _nearest(asked, profile.retry_counts_allowed)
    return _within(asked, profile.retry_count_min, profile.retry_count_max)


def _interval_s(profile: ContractProfile, asked_ms: int) -> int:
    asked = _whole_s(asked_ms)
    if profile.retry_intervals_s_allowed:
        return _nearest(asked, profile.retry_intervals_s_allowed)
    return _within(asked, profile.retry_interval_s_min, profile.retry_interval_s_max)


def _window_ms(profile: ContractProfile, asked: tuple[int, int]) -> tuple[int, int]:
    """Return the window, its end moved out to the shortest length the vendor takes."""
    start, end = asked
    return start, max(end, start + 1000 * (profile.window_min_s or 0))


def _whole_s(ms: int) -> int:
    """Round up: a device gets no less time than was asked for."""
    return -(-ms // 1000)


def _within(asked: int, lowest: int | None, highest: int | None) -> int:
    at_least = asked if lowest is None else max(asked, lowest)
    return at_least if highest is None else min(at_least, highest)


def _nearest(asked: int, allowed: tuple[int, ...]) -> int:
    return min(allowed, key=lambda one: (abs(one - asked), one))
