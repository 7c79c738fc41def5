"""The nearest legal job: its numbers, within what a vendor can express.

A scenario may ask for what a vendor has no words for (a timeout of 20 s on EnOS). The job then asks
for the nearest legal value, and a sentence says so: in `check`, and in the verdict's `overrides`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.model.contract import ContractProfile

# For an order to arrive, by a clock that is not ours.
ORDER_MARGIN_MS = 10_000


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
    gap_s = _interval_s(profile, retry_interval_ms, timeout_s) if retry_count else 0
    count = _retry_count(profile, retry_count) if retry_count and gap_s is not None else 0
    interval_s = gap_s or 0
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
    least, most = profile.timeout_s_min, profile.timeout_s_max
    return _in_steps(_whole_s(asked_ms), least, most, profile.timeout_step_s)


def _retry_count(profile: ContractProfile, asked: int) -> int:
    if profile.retry_counts_allowed:
        return _nearest(asked, profile.retry_counts_allowed)
    return _within(asked, profile.retry_count_min, profile.retry_count_max)


def _interval_s(profile: ContractProfile, asked_ms: int, timeout_s: int | None) -> int | None:
    """Return the nearest gap, in the steps in which timeouts are counted; None: none is legal."""
    asked, step_s = _whole_s(asked_ms), profile.timeout_step_s
    below_s = timeout_s if profile.retry_interval_below_timeout else None
    least, most = profile.retry_interval_s_min, profile.retry_interval_s_max
    allowed = tuple(one - one % step_s for one in profile.retry_intervals_s_allowed)
    if allowed:
        in_range = tuple(one for one in allowed if one == _in_steps(one, least, most, step_s))
        fitting = tuple(one for one in in_range or allowed if _is_below(one, below_s))
        return _nearest(asked, fitting) if fitting else None
    legal = _in_steps(asked, least, most, step_s)
    if below_s is not None:
        legal = min(legal, (below_s - 1) // step_s * step_s)
    return legal if legal >= least else None


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


def _in_steps(asked_s: int, least_s: int | None, most_s: int | None, step_s: int) -> int:
    """Return the nearest whole steps within a range, upwards where there are two."""
    return _within(
        _up(asked_s, step_s),
        None if least_s is None else _up(least_s, step_s),
        None if most_s is None else most_s - most_s % step_s,
    )


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _whole_s(ms: int) -> int:
    """Round up: a device gets no less time than was asked for."""
    return -(-ms // 1000)


def _within(asked: int, lowest: int | None, highest: int | None) -> int:
    at_least = asked if lowest is None else max(asked, lowest)
    return at_least if highest is None else min(at_least, highest)


def _nearest(asked: int, allowed: tuple[int, ...]) -> int:
    return min(allowed, key=lambda one: (abs(one - asked), one))
