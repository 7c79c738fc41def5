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
    ("pushes_a_minute_min", "pushes_a_minute_max"),
)

# Where 0 means nothing, or nothing that ends: pages without rows, a cap that lets nobody through, a
# time that is up when it begins, a count of retries that a job without any does not have. Elsewhere
# 0 is a value like any other.
LOWEST: Mapping[str, int] = dict.fromkeys(
    ("cap_default", "page_size_default", "page_size_max", "retry_counts_allowed", "timeout_s",
     "timeout_s_max", "timeout_s_min", "timeout_step_s", "pushes_a_minute", "pushes_a_minute_min",
     "pushes_a_minute_max", "open_list_matches_max"),
    1,
)  # fmt: skip

# Knobs that need a word of the vendor's own, with what its contract says where it has none, and for
# what. An override would have the backend wait for what nobody can say, and convict it for that.
NEEDS_WORD: Mapping[str, tuple[object, str]] = {
    "asks_version": (False, "asking a device for its version"),
    "devices_may_ask": (False, "jobs that devices ask for"),
    "policy_names": (None, "jobs with an open list of devices"),
    "window_min_s": (None, "schedule windows"),
}

# For an order to arrive, by a clock that is not ours.
ORDER_MARGIN_MS = 10_000


def replaced(profile: Profile, knobs: Mapping[str, Any]) -> Profile:
    """Return a profile, of a contract or of a link, with some fields replaced."""
    return replace(profile, **knobs)


def overridden(dialect: str, before: ContractProfile, after: ContractProfile) -> Iterator[str]:
    """Say which promises of a vendor a scenario has changed."""
    for knob in fields(before):
        old, new = getattr(before, knob.name), getattr(after, knob.name)
        if old != new:
            yield f"{dialect}: {knob.name} is {_said(new)} by contract override, not {_said(old)}."


def misfits(
    dialect: str, profile: ContractProfile, overrides: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Find overrides that do not fit a vendor: each knob to blame, and the sentence.

    Args:
        dialect: Its name.
        profile: Its own contract.
        overrides: Of a scenario.
    """
    for knob, (none, what) in NEEDS_WORD.items():
        if knob in overrides and getattr(profile, knob) == none != overrides[knob]:
            yield knob, f"must be left out, as {dialect} has no word for {what}"
    yield from crossed_bounds(replaced(profile, overrides), overrides)


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
    rate: int | None = None


def nearest_legal(
    profile: ContractProfile,
    *,
    concurrency: int | None,
    timeout_ms: int | None,
    retry_count: int,
    retry_interval_ms: int,
    window_ms: tuple[int, int] | None,
    rate: int | None = None,
    at_ms: int = 0,
) -> Legal:
    """Bring a job's numbers into a vendor's ranges.

    Args:
        profile: What the vendor can express, overrides applied.
        concurrency: As asked; None: not asked.
        timeout_ms: As asked; None: not asked.
        retry_count: As asked; 0 means no retry policy and is always legal.
        retry_interval_ms: As asked; without retries it is of no account.
        window_ms: First and last instant; None: always.
        rate: Pushes a minute, as asked; None: not asked.
        at_ms: When the job is ordered.
    """
    timeout_s = None if timeout_ms is None else _timeout_s(profile, timeout_ms)
    count = _retry_count(profile, retry_count) if retry_count else 0
    interval_s = _interval_s(profile, retry_interval_ms, timeout_s) if count else 0
    window = None if window_ms is None else _window_ms(profile, window_ms, at_ms)
    pace = None if rate is None else _rate(profile, rate)
    asked, legal = window_ms or (None, None), window or (None, None)
    changed = (
        ("timeout", _s(timeout_ms), timeout_s, "s"),
        ("retries", retry_count, count, ""),
        ("retry_interval", _s(retry_interval_ms) if count else 0, interval_s, "s"),
        ("window's start", _s(asked[0]), _s(legal[0]), "s"),
        ("window's end", _s(asked[1]), _s(legal[1]), "s"),
        ("rate", rate, pace, ""),
    )
    cap = None if profile.cap_default is None else concurrency
    missing = (
        ("concurrency", concurrency, cap),
        ("timeout", timeout_ms, timeout_s),
        ("window", window_ms, window),
        ("rate", rate, pace),
    )
    left_out = (
        f"{name} is left out, as the vendor has none"
        for name, wanted, sent in missing
        if wanted is not None and sent is None
    )
    changes = (
        f"{name} {wanted:g}{unit} becomes {sent:g}{unit}"
        for name, wanted, sent, unit in changed
        if wanted is not None and sent is not None and wanted != sent
    )
    return Legal(cap, timeout_s, count, interval_s, window, (*left_out, *changes), pace)


def _s(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _timeout_s(profile: ContractProfile, asked_ms: int) -> int | None:
    """Return the nearest timeout; None where the vendor's timeouts are fixed."""
    if profile.timeout_s_min is None and profile.timeout_s_max is None:
        return None
    asked_s = -(-asked_ms // (1000 * profile.timeout_step_s)) * profile.timeout_step_s
    return _within(asked_s, profile.timeout_s_min, profile.timeout_s_max)


def _retry_count(profile: ContractProfile, asked: int) -> int:
    if profile.retry_counts_allowed:
        return _nearest(asked, profile.retry_counts_allowed)
    return _within(asked, profile.retry_count_min, profile.retry_count_max)


def _interval_s(profile: ContractProfile, asked_ms: int, timeout_s: int | None) -> int:
    asked = _whole_s(asked_ms)
    below_s = timeout_s if profile.retry_interval_below_timeout else None
    if profile.retry_intervals_s_allowed:
        fitting = (one for one in profile.retry_intervals_s_allowed if _is_below(one, below_s))
        return _nearest(asked, tuple(fitting) or profile.retry_intervals_s_allowed[:1])
    legal = _within(asked, profile.retry_interval_s_min, profile.retry_interval_s_max)
    return legal if below_s is None else min(legal, below_s - 1)


def _is_below(value: int, limit: int | None) -> bool:
    return limit is None or value < limit


def _window_ms(
    profile: ContractProfile, asked: tuple[int, int], at_ms: int
) -> tuple[int, int] | None:
    """Return the window, opening and closing as late as the vendor wants; None: it has none."""
    if profile.window_min_s is None:
        return None
    start, end = asked
    if profile.window_lead_s is not None:
        start = max(start, at_ms + 1000 * profile.window_lead_s + ORDER_MARGIN_MS)
    return start, max(end, start + 1000 * profile.window_min_s)


def _rate(profile: ContractProfile, asked: int) -> int | None:
    """Return the nearest rate; None where the vendor has none."""
    if profile.pushes_a_minute is None:
        return None
    return _within(asked, profile.pushes_a_minute_min, profile.pushes_a_minute_max)


def _whole_s(ms: int) -> int:
    """Round up: a device gets no less time than was asked for."""
    return -(-ms // 1000)


def _within(asked: int, lowest: int | None, highest: int | None) -> int:
    at_least = asked if lowest is None else max(asked, lowest)
    return at_least if highest is None else min(at_least, highest)


def _nearest(asked: int, allowed: tuple[int, ...]) -> int:
    return min(allowed, key=lambda one: (abs(one - asked), one))
