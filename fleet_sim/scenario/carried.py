"""What of a contract a vendor can carry: which overrides are in vain, and what its orders can say.

A scenario may override any parameter. The reference backend then behaves so, but a vendor's API and
messages stay what they are: where jobs name no rate, a default rate may be had, and a job's own may
not. Where a vendor lacks the whole thing that a parameter shapes, the parameter changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import lcm
from typing import Any

from fleet_sim.model.contract import ContractProfile

# To the contract as overridden, the vendor's own, and what its messages can say.
_Lacks = Callable[[ContractProfile, ContractProfile, "Speech"], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What the messages of a vendor can say, where its contract does not tell.

    Attributes:
        answers_pushes: Its devices answer an upgrade request.
        tells_upgrades: A version report says whether it comes after an upgrade.
        activates: A device may be given its secret by the platform.
        tells_100_percent: 100 % arrives as progress, and not only as the report of the new version.
        searches_devices: A search of tasks may name several devices.
        searches_any_field: A search of tasks may name a field that no task has.
    """

    answers_pushes: bool
    tells_upgrades: bool
    activates: bool
    tells_100_percent: bool
    searches_devices: bool
    searches_any_field: bool


def _names_no_timeout(own: ContractProfile) -> bool:
    return own.timeout_s_min is None and own.timeout_s_max is None


def _names_no_gap(own: ContractProfile) -> bool:
    return own.retry_interval_s_max == 0


def _names_no_rate(own: ContractProfile) -> bool:
    return own.pushes_a_minute is None


def _open_list_names_sources(own: ContractProfile) -> bool:
    return own.open_list_needs_source_versions


def _open_list_names_no_window(own: ContractProfile) -> bool:
    return not own.open_list_windows


@dataclass(frozen=True, slots=True)
class _Idle:
    """Parameters that change nothing where a vendor lacks something, and how that is said."""

    knobs: tuple[str, ...]
    lacks: _Lacks
    why: str


_IDLE = (
    _Idle(
        ("timeout_s_min", "timeout_s_max", "timeout_step_s"),
        lambda _after, own, _: _names_no_timeout(own),
        "its jobs name no timeout",
    ),
    _Idle(
        # The shortest is no bound there, but the gap that all jobs have.
        ("retry_interval_s_max", "retry_intervals_s_allowed", "retry_interval_below_timeout"),
        lambda _after, own, _: _names_no_gap(own),
        "its jobs name no gap between retries",
    ),
    _Idle(
        ("slot_taken_at", "slot_freed_at"),
        lambda after, _, __: after.cap_default is None,
        "there is no cap",
    ),
    _Idle(
        ("source_versions_max",),
        lambda _, own, __: own.source_versions_max == 0,
        "its jobs name no source versions",
    ),
    _Idle(
        (
            "open_list_needs_source_versions",
            "open_list_windows",
            "open_lists",
            "open_list_matches_max",
        ),
        lambda after, _, __: after.policy_names is None,
        "it has no jobs with an open list",
    ),
    _Idle(
        ("open_list_needs_source_versions",),
        lambda _, own, __: _open_list_names_sources(own),
        "its jobs with an open list cannot but name them",
    ),
    _Idle(
        ("open_list_windows",),
        lambda _, own, __: _open_list_names_no_window(own),
        "its jobs with an open list name no window",
    ),
    _Idle(
        ("open_list_windows", "window_lead_s", "job_planned"),
        lambda after, _, __: after.window_min_s is None,
        "its jobs name no window",
    ),
    _Idle(
        ("job_completes",),
        lambda _, own, __: own.job_completes == "never",
        "its jobs show no end",
    ),
    _Idle(
        ("pushes_unasked", "offers_pushed"),
        lambda after, _, __: not after.devices_may_ask,
        "its devices do not ask",
    ),
    _Idle(
        ("pushes_a_minute_min", "pushes_a_minute_max"),
        lambda _, own, __: _names_no_rate(own),
        "its jobs name no rate",
    ),
    _Idle(
        ("version_answer_timeout_s",),
        lambda after, _, __: not after.asks_version,
        "it asks no device for its version",
    ),
    _Idle(
        ("overwritable",),
        lambda after, _, __: after.busy_device != "overwrite",
        "no job of a scenario overwrites unless busy_device says so",
    ),
    _Idle(
        ("progress_policy",),
        lambda after, _, __: not after.shows_progress,
        "its rows show no progress",
    ),
    _Idle(
        ("modules_side_by_side", "modules_max"),
        lambda _, __, ___: True,
        "the devices of a scenario have no modules",
    ),
    _Idle(
        ("verification", "verify_pushes_always"),
        lambda _, __, ___: True,
        "the jobs of a scenario verify no firmware",
    ),
    _Idle(
        ("blocks_bytes_max",),
        lambda _, __, ___: True,
        "the jobs of a scenario have no file fetched over MQTT",
    ),
    _Idle(
        ("unknown_job", "unknown_product"),
        lambda _, __, ___: True,
        "a run names no job and no product that is not there",
    ),
    _Idle(
        ("wide_page_size_max",),
        lambda _, __, ___: True,
        "a run asks for none of the lists that it bounds",
    ),
    _Idle(
        ("old_version_after_upgrade",),
        lambda _, __, speech: not speech.tells_upgrades,
        "a report at the end of an upgrade looks like any other",
    ),
    _Idle(
        ("reactivation",),
        lambda _, __, speech: not speech.activates,
        "its devices do not activate",
    ),
)


def idle(own: ContractProfile, after: ContractProfile, speech: Speech) -> Iterator[tuple[str, str]]:
    """Find the parameters that change nothing, each with the reason.

    Args:
        own: The vendor's own contract.
        after: The same with a scenario's overrides.
        speech: What its messages can say.
    """
    for one in _IDLE:
        if one.lacks(after, own, speech):
            yield from ((knob, one.why) for knob in one.knobs)
    step_s = lcm(own.timeout_step_s, after.timeout_step_s)
    if step_s == own.timeout_step_s:
        yield "timeout_step_s", f"its timeouts are whole steps of {step_s} s"
    for knob in ("timeout_s_min", "timeout_s_max"):
        old, new = getattr(own, knob), getattr(after, knob)
        if None not in {old, new} and _steps(knob, old, step_s) == _steps(knob, new, step_s):
            yield knob, f"its timeouts are whole steps of {step_s} s"
    most, asked = own.source_versions_max, after.source_versions_max
    if most and (asked is None or asked > most):
        yield "source_versions_max", f"its jobs name no more than {most}"


def _steps(knob: str, span_s: int, step_s: int) -> int:
    return -(-span_s // step_s) if knob == "timeout_s_min" else span_s // step_s


# What jobs name, and the parameters by which a plan knows what they may.
_NAMED: tuple[tuple[tuple[str, ...], Callable[[ContractProfile], bool]], ...] = (
    (("cap_default",), lambda own: own.cap_default is None),
    (
        ("timeout_s_min", "timeout_s_max", "timeout_step_s"),
        _names_no_timeout,
    ),
    (("retry_intervals_s_allowed",), _names_no_gap),
    (
        ("pushes_a_minute", "pushes_a_minute_min", "pushes_a_minute_max"),
        _names_no_rate,
    ),
    (("open_list_needs_source_versions",), _open_list_names_sources),
    (("open_list_windows",), _open_list_names_no_window),
)


def carried(own: ContractProfile, after: ContractProfile) -> ContractProfile:
    """Return what a vendor promises in a run: as overridden, but for a range that no job can use.

    Where jobs name no gap between retries, all have the shortest. A longest one of an override's
    would only have the verdict take a gap for promised that nobody can ask for.
    """
    if _names_no_gap(own):
        return replace(after, retry_interval_s_max=after.retry_interval_s_min)
    return after


def sayable(own: ContractProfile, after: ContractProfile) -> ContractProfile:
    """Return by what a vendor's orders are written: as overridden, within what its API can say."""
    step_s = own.timeout_step_s
    kept: dict[str, Any] = {
        "timeout_step_s": lcm(step_s, after.timeout_step_s),
        "retry_intervals_s_allowed": tuple(
            one - one % step_s for one in after.retry_intervals_s_allowed
        ),
    }
    kept |= {knob: getattr(own, knob) for knobs, lacks in _NAMED if lacks(own) for knob in knobs}
    most, asked = own.source_versions_max, after.source_versions_max
    if most is not None:
        kept["source_versions_max"] = most if asked is None else min(most, asked)
    return replace(carried(own, after), **kept)
