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
from fleet_sim.scenario.carried import SPEAKS, Speech, idle, sayable

Profile = TypeVar("Profile", ContractProfile, LinkProfile)

_BOUNDS = (
    ("timeout_s_min", "timeout_s_max"),
    ("timeout_s_min", "timeout_s"),
    ("timeout_s", "timeout_s_max"),
    ("retry_count_min", "retry_count_max"),
    ("retry_interval_s_min", "retry_interval_s_max"),
    ("page_size_default", "page_size_max"),
    ("page_size_max", "wide_page_size_max"),
    ("pushes_a_minute_min", "pushes_a_minute_max"),
)

# Where 0 means nothing, or nothing that ends: pages without rows, a cap that lets nobody through, a
# time that is up when it begins, a count of retries that a job without any does not have. Elsewhere
# 0 is a value like any other.
LOWEST: Mapping[str, int] = dict.fromkeys(
    ("cap_default", "page_size_default", "page_size_max", "wide_page_size_max",
     "retry_counts_allowed", "timeout_s", "timeout_s_max", "timeout_s_min", "timeout_step_s",
     "pushes_a_minute", "pushes_a_minute_min", "pushes_a_minute_max", "open_list_matches_max"),
    1,
)  # fmt: skip

# Knobs that need a word of the vendor's own, with what its contract says where it has none, and for
# what. An override would have the backend wait for what nobody can say, and convict it for that.
NEEDS_WORD: Mapping[str, tuple[object, str]] = {
    "answers_reports": (False, "answers to what a device reports"),
    "asks_version": (False, "asking a device for its version"),
    "devices_may_ask": (False, "jobs that devices ask for"),
    "job_planned": (False, "jobs that wait for their window"),
    "policy_names": (None, "jobs with an open list of devices"),
    "reopenable": ((), "trying a task again"),
    "shows_progress": (False, "a task's progress in its row"),
    "window_min_s": (None, "schedule windows"),
}

# What has jobs name source versions, if only because the scenario says so.
_OPEN_LIST = "a job with an open list"
_NEED_SOURCES: Mapping[str, str] = {
    "retry_needs_source_versions": "a job with retries",
    "open_list_needs_source_versions": _OPEN_LIST,
}

# For an order to arrive, by a clock that is not ours.
ORDER_MARGIN_MS = 10_000


def replaced(profile: Profile, knobs: Mapping[str, Any]) -> Profile:
    """Return a profile, of a contract or of a link, with some fields replaced."""
    return replace(profile, **knobs)


def overridden(
    dialect: str, before: ContractProfile, after: ContractProfile, speech: Speech = SPEAKS
) -> Iterator[str]:
    """Say which promises of a vendor a scenario has changed, and which of that is in vain."""
    in_vain = dict(idle(before, after, speech))
    for knob in fields(before):
        old, new = getattr(before, knob.name), getattr(after, knob.name)
        if old != new:
            why = in_vain.get(knob.name)
            yield (
                f"{dialect}: {knob.name} is {_said(new)} by contract override, not {_said(old)}"
                f"{f'; that changes nothing, as {why}' if why else ''}."
            )


def misfits(
    dialect: str, profile: ContractProfile, overrides: Mapping[str, Any], speech: Speech = SPEAKS
) -> Iterator[tuple[str, str]]:
    """Find overrides that do not fit a vendor: each knob to blame, and the sentence.

    Args:
        dialect: Its name.
        profile: Its own contract.
        overrides: Of a scenario.
        speech: What its messages can say.
    """
    for knob, (none, what) in NEEDS_WORD.items():
        if knob in overrides and getattr(profile, knob) == none != overrides[knob]:
            yield knob, f"must be left out, as {dialect} has no word for {what}"
    if overrides.get("upgrading_starts") == "ack" and not speech.answers_pushes:
        yield "upgrading_starts", f"is ack, but devices of {dialect} do not answer a push"
    after = replaced(profile, overrides)
    if "policy_names" in overrides and None not in {profile.policy_names, after.policy_names}:
        yield "policy_names", f"may be null and nothing else, as the words are those of {dialect}"
    yield from _unnamed_sources(dialect, profile, after, overrides)
    yield from crossed_bounds(after, overrides)


def _unnamed_sources(
    dialect: str, profile: ContractProfile, after: ContractProfile, overrides: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Find who has jobs name source versions that they cannot: all such jobs would be refused."""
    if sayable(profile, after).source_versions_max != 0:
        return
    for need, jobs in _NEED_SOURCES.items():
        if getattr(sayable(profile, after), need) and not (
            jobs == _OPEN_LIST and after.policy_names is None
        ):
            knob = "source_versions_max" if "source_versions_max" in overrides else need
            if knob in overrides:
                yield (
                    knob,
                    f"does not fit: {jobs} must name source versions, and could not at {dialect}",
                )
                return


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
