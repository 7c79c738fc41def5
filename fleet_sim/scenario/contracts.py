"""A vendor's contract with a scenario's overrides: which do not fit, and how each is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, replace
from typing import Any, TypeVar

from fleet_sim.model.contract import ContractProfile
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.scenario.carried import Speech, idle, sayable
from fleet_sim.scenario.nearest import Numbers, counts, gaps, timeouts

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
     "pushes_a_minute", "pushes_a_minute_min", "pushes_a_minute_max", "open_list_matches_max",
     "blocks_bytes_max"),
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
    "unknown_product": ("taken", "a product that is not there"),
    "window_min_s": (None, "schedule windows"),
}

# What has jobs name source versions, if only because the scenario says so; and which jobs, of those
# that there are.
_NEED_SOURCES: tuple[tuple[str, str, Callable[[ContractProfile], bool]], ...] = (
    ("retry_needs_source_versions", "a job with retries", lambda _: True),
    (
        "open_list_needs_source_versions",
        "a job with an open list",
        lambda after: after.policy_names is not None,
    ),
)

# What jobs name by number, its unit, and the knobs to blame where a vendor takes none at all.
_NUMBERS: tuple[tuple[str, str, Callable[[ContractProfile], Numbers], tuple[str, ...]], ...] = (
    ("timeout", " s", timeouts, ("timeout_s_max", "timeout_s_min", "timeout_step_s")),
    (
        "gap between retries",
        " s",
        gaps,
        (
            "retry_intervals_s_allowed",
            "retry_interval_s_max",
            "retry_interval_s_min",
            "timeout_step_s",
        ),
    ),
    (
        "number of retries",
        "",
        counts,
        ("retry_counts_allowed", "retry_count_max", "retry_count_min"),
    ),
)


def replaced(profile: Profile, knobs: Mapping[str, Any]) -> Profile:
    """Return a profile, of a contract or of a link, with some fields replaced."""
    return replace(profile, **knobs)


def overridden(
    dialect: str, before: ContractProfile, after: ContractProfile, speech: Speech
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
    dialect: str, profile: ContractProfile, overrides: Mapping[str, Any], speech: Speech
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
    crossed = dict(crossed_bounds(after, overrides))
    yield from crossed.items()
    yield from _no_numbers(sayable(profile, after), overrides.keys() - crossed.keys())


def _unnamed_sources(
    dialect: str, profile: ContractProfile, after: ContractProfile, overrides: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Find who has jobs name source versions that they cannot: all such jobs would be refused."""
    if sayable(profile, after).source_versions_max != 0:
        return
    for need, jobs, has_such in _NEED_SOURCES:
        if getattr(sayable(profile, after), need) and has_such(after):
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


def _no_numbers(profile: ContractProfile, blamable: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Find what no job could name by any number: bounds that do not cross, and nothing between."""
    for what, unit, taken, knobs in _NUMBERS:
        numbers = taken(profile)
        is_crossed = numbers.most is not None and numbers.least > numbers.most
        if is_crossed or numbers.nearest(numbers.least) is not None:
            continue
        span = (
            f"{numbers.least}{unit} on"
            if numbers.most is None
            else (f"{numbers.least} to {numbers.most}{unit}")
        )
        steps = f" in whole steps of {numbers.step}{unit}" if numbers.step > 1 else ""
        among = f" among {_said(numbers.only)}" if numbers.only else ""
        for knob in [one for one in knobs if one in blamable][:1]:
            yield knob, f"does not fit: there is no {what} from {span}{steps}{among}"


def _said(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) or "any" if isinstance(value, tuple) else str(value)
