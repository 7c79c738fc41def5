"""Every parameter of the contract, overridden at each vendor: carried, idle, or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.virtual_run import VirtualRun, run_virtually
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.carried import idle
from fleet_sim.scenario.contracts import misfits, replaced
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import Plan, plan

DIALECTS = ("alibaba", "enos", "huawei", "tuya", "tuyalink")

# Each parameter with values of which every vendor has another one at least once.
OTHERS: Mapping[str, tuple[Any, ...]] = {
    "upgrading_starts": ("push", "ack", "first_progress"),
    "timeout_anchor": ("upgrading", "push"),
    "silent_device": ("times_out", "waits"),
    "timeout_s_min": (10, 120),
    "timeout_s_max": (600, 90_000),
    "timeout_s": (900, 200_000),
    "timeout_step_s": (1, 7, 120),
    "retry_count_min": (2,),
    "retry_count_max": (2, 9),
    "retry_counts_allowed": ((2,), ()),
    "retry_interval_s_min": (30,),
    "retry_interval_s_max": (0, 300),
    "retry_intervals_s_allowed": ((30,), (120,), ()),
    "retry_interval_below_timeout": (True, False),
    "retry_on": (("failed",), ("failed", "timeout", "foreign_version")),
    "retry_round": ("per_device", "after_whole_task"),
    "foreign_version": ("fails", "ignored"),
    "old_version_after_upgrade": ("fails",),
    "repush_on_reconnect": ("never", "while_unanswered", "always"),
    "connect_wait_s": (None, 1),
    "between_attempts_status": (("queued",), ("failed",), ("unchanged",)),
    "slot_taken_at": ("upgrading",),
    "slot_freed_at": ("task_end",),
    "cap_default": (None, 2),
    "success_needs_version_report": (False,),
    "already_at_target": ("skip", "instant_success"),
    "target_before_push": ("fails", "succeeds"),
    "unsupported_source": ("skip", "fails"),
    "late_success": ("heal",),
    "progress_policy": ("max",),
    "cancel_shows_as": ("failed", "cancelled"),
    "cancel_descs": (("gone",), ()),
    "cancellable": (("queued",), ("unconfirmed", "queued", "pushed", "under_way"), ()),
    "reopenable": (("failed",), ("failed", "cancelled"), ()),
    "policy_names": (None, ("once", "always")),
    "visibility_s": (5,),
    "page_base": (0, 1),
    "page_size_default": (3,),
    "page_size_max": (50,),
    "wide_page_size_max": (None, 300),
    "busy_device": ("refuse", "queue", "overwrite"),
    "overwritable": (("queued",),),
    "modules_side_by_side": (True,),
    "modules_max": (None, 3),
    "verification": ("by_devices", "by_job"),
    "verify_pushes_always": (True, False),
    "answers_reports": (True, False),
    "shows_progress": (True, False),
    "desc_limit_chars": (4,),
    "must_have_reported_version": (True, False),
    "devices_may_ask": (True, False),
    "pushes_unasked": (True,),
    "offers_pushed": (True, False),
    "source_versions_max": (0, 1, 20, None),
    "retry_needs_source_versions": (True, False),
    "open_list_needs_source_versions": (True, False),
    "window_min_s": (None, 60),
    "window_lead_s": (None, 60),
    "open_list_windows": (True, False),
    "reactivation": ("new_secret",),
    "asks_version": (True, False),
    "version_answer_timeout_s": (None, 20),
    "online_timeout_s": (None, 7_000),
    "pushes_a_minute": (None, 30),
    "pushes_a_minute_min": (None, 20),
    "pushes_a_minute_max": (None, 500),
    "job_completes": ("never", "all_ended"),
    "job_planned": (True, False),
    "open_lists": ("independent", "newest_wins"),
    "open_list_matches_max": (1, 3),
    "unknown_job": ("no_rows", "refused"),
    "unknown_product": ("taken", "refused"),
    "blocks_bytes_max": (None, 1_000),
    "descs": ((("timeout", "too late"),),),
}
# Those by which a plan brings jobs within what a vendor takes. The rest is the backend's behaviour,
# which its own tests see to; here they prove that all of it can be had, in the long tests.
SHAPING = ("timeout_", "retry_", "window", "open_list", "source", "pushes", "policy", "cap_", "job")


# Bounds that only together leave little, or nothing: whole minutes, the counts and gaps there are.
PAIRS: tuple[Mapping[str, Any], ...] = (
    {"timeout_s_min": 10, "timeout_s_max": 30, "timeout_s": 20},
    {"timeout_s_min": 70, "timeout_s_max": 100, "timeout_s": 80},
    {"timeout_s_min": 70, "timeout_s_max": 130, "timeout_s": 120},
    {"timeout_s_max": 200_000, "timeout_step_s": 90_000},
    {"timeout_s_max": 90_000, "timeout_step_s": 7},
    {"retry_interval_s_min": 10, "retry_interval_s_max": 50},
    {"retry_interval_s_min": 50, "retry_interval_s_max": 700},
    {"retry_intervals_s_allowed": (600, 840), "timeout_step_s": 7},
    {"retry_count_min": 3, "retry_count_max": 4},
    {"retry_count_min": 4, "retry_count_max": 5},
    {"pushes_a_minute_min": 20, "pushes_a_minute_max": 30},
)
# Which of all these each vendor refuses; the rest is carried, or idle.
REFUSED: Mapping[str, str] = {
    'upgrading_starts-"ack"': "alibaba huawei tuya tuyalink",
    "timeout_s_max-600": "enos huawei",
    "timeout_s-200000": "alibaba enos tuya tuyalink",
    "retry_interval_s_min-30": "huawei",
    'reopenable-["failed"]': "tuya tuyalink",
    'reopenable-["failed", "cancelled"]': "tuya tuyalink",
    'policy_names-["once", "always"]': "alibaba enos huawei tuya tuyalink",
    "answers_reports-true": "alibaba huawei tuya tuyalink",
    "shows_progress-true": "huawei",
    "devices_may_ask-true": "huawei",
    "source_versions_max-0": "alibaba tuya tuyalink",
    "retry_needs_source_versions-true": "huawei",
    "window_min_s-60": "tuya tuyalink",
    "asks_version-true": "alibaba enos tuya tuyalink",
    "job_planned-true": "enos",
    'unknown_product-"refused"': "enos huawei",
    "timeout_s_min-10-timeout_s_max-30-timeout_s-20": "alibaba tuya tuyalink",
    "timeout_s_min-70-timeout_s_max-100-timeout_s-80": "alibaba tuya tuyalink",
    "retry_interval_s_min-10-retry_interval_s_max-50": "alibaba tuya tuyalink",
    "retry_count_min-3-retry_count_max-4": "alibaba tuya tuyalink",
}


def _name(override: Mapping[str, Any]) -> str:
    return "-".join(f"{knob}-{json.dumps(value)}" for knob, value in override.items())


def _fits(dialect: str, override: Mapping[str, Any]) -> bool:
    own, speech = vocabulary.contract(dialect), vocabulary.speech(dialect)
    return not list(misfits(dialect, own, override, speech))


def _case(dialect: str, override: dict[str, Any]) -> ParameterSet:
    own = vocabulary.contract(dialect)
    in_vain = dict(idle(own, replaced(own, override), vocabulary.speech(dialect)))
    is_short = any(knob in in_vain or knob.startswith(SHAPING) for knob in override)
    return pytest.param(
        dialect,
        override,
        id=f"{dialect}-{_name(override)}",
        marks=() if is_short else pytest.mark.long,
    )


OVERRIDES = [
    *({knob: value} for knob, values in OTHERS.items() for value in values),
    *map(dict, PAIRS),
]
ASKED = [
    (dialect, override)
    for dialect in DIALECTS
    for override in OVERRIDES
    if any(getattr(vocabulary.contract(dialect), knob) != one for knob, one in override.items())
]
MATRIX = [_case(dialect, override) for dialect, override in ASKED if _fits(dialect, override)]

# Whatever a job can ask for, some of whose devices fail, are late, or say nothing.
_ALL = {"retries": 2, "timeout": "5m", "concurrency": 2, "rate": 40}
JOBS = (
    {"at": "5s", "upgrade": "a", "to": "2.0", "retry_interval": "45s", **_ALL},
    {"at": "6s", "upgrade": "b", "to": "2.0", "incremental": True, **_ALL},
    {"at": "7s", "upgrade": "c", "to": "2.0", "window": {"start": "8s", "end": "1m"}},
    {"at": "8s", "upgrade": "d", "to": "2.0", "ask": True, "from": ["1.0", "1.1"]},
)
FLEET = {
    "devices": 4,
    "firmware": {"1.0": "50%", "1.1": "50%"},
    "network": "ethernet_lab",
    "connect": {"over": "1s"},
    "personas": {"healthy": "50%", "bad_digest": "25%", "offline_at_push": "25%"},
}


def planned(dialect: str, **contract: object) -> Plan:
    """Plan a run that asks a vendor for all there is."""
    jobs = [{**job, "image": {"size": "2KiB"}} for job in JOBS]
    fleets = {name: {**FLEET, "dialect": dialect} for name in "abcd"}
    scenario = {
        "duration": "3h",
        "fleets": fleets,
        "jobs": jobs,
        "contract": contract,
        "observe": {"every": "1m"},
    }
    return plan(load(json.dumps(scenario), "all.yaml"))


@cache
def as_it_is(dialect: str) -> VirtualRun:
    """Return that run by the vendor's own contract."""
    return run_virtually(planned(dialect))


def happened(run: VirtualRun) -> list[Record]:
    """Return the log without what is no more than a parameter: the contract, slots of no cap."""
    return [
        replace(one, fields={name: one[name] for name in one.fields if name != "slots"})
        for one in run.records
        if one.kind != "contract"
    ]


@pytest.mark.parametrize(
    ("dialect", "contract", "job", "sent"),
    [
        ("tuya", {"cap_default": 5}, {"concurrency": 3}, {"concurrency": None}),
        ("tuyalink", {"pushes_a_minute": 9}, {"rate": 30}, {"pushes_a_minute": None}),
        ("alibaba", {"pushes_a_minute_min": 1}, {"rate": 3}, {"pushes_a_minute": 3}),
        ("huawei", {"timeout_s_min": 10}, {"timeout": "20s"}, {"timeout_s": None}),
        ("tuya", {"timeout_s_min": 90}, {"timeout": "1s"}, {"timeout_s": 120}),
        ("tuya", {"timeout_step_s": 7}, {"timeout": "1s"}, {"timeout_s": 420}),
        ("tuya", {"retry_intervals_s_allowed": [130]}, {"retries": 1}, {"retry_interval_s": 120}),
        ("tuya", {"retry_interval_s_min": 30}, {"retries": 1}, {"retry_interval_s": 600}),
        ("tuya", {"retry_interval_s_min": 30}, {"retries": 1, "timeout": "5m"}, {"retry_count": 0}),
        ("huawei", {"retry_interval_s_min": 50, "retry_interval_s_max": 60, "timeout_step_s": 7},
         {"retries": 1, "retry_interval": "5s"}, {"retry_interval_s": 50}),
        ("alibaba", {"open_list_windows": True}, {"incremental": True}, {"window": None}),
        ("enos", {"source_versions_max": 1}, {"from": ["1", "2"]}, {"from_versions": ("1",)}),
        ("tuya", {"source_versions_max": 11}, {"from": [str(n) for n in range(1, 13)]},
         {"from_versions": tuple(str(n) for n in range(1, 11))}),
    ],
)  # fmt: skip
def test_an_order_names_what_the_vendor_has_a_name_for(
    dialect: str, contract: dict[str, Any], job: dict[str, Any], sent: dict[str, Any]
) -> None:
    """A default of the backend's own may be had without; an order that it refuses helps nobody."""
    window = {"window": {"start": "9s", "end": "2h"}} if "incremental" in job else {}
    scenario = {
        "fleets": {"a": {"devices": 4, "firmware": "1", "dialect": dialect}},
        "jobs": [{"at": "5s", "upgrade": "a", "to": "99", **job, **window}],
        "contract": contract,
    }

    (made,) = plan(load(json.dumps(scenario), "one.yaml")).jobs

    assert {name: getattr(made, name) for name in sent} == sent


@pytest.mark.parametrize(
    ("contract", "standing"),
    [
        ({}, Standing.NOT_PROMISED),
        ({"retry_interval_s_max": 600}, Standing.NOT_PROMISED),
        ({"retry_interval_s_max": None}, Standing.NOT_PROMISED),
        ({"retry_interval_s_min": 30, "retry_interval_s_max": 600}, Standing.HELD),
    ],
)
def test_a_longest_gap_that_no_job_can_name_promises_none(
    contract: dict[str, Any], standing: Standing
) -> None:
    """Huawei's jobs have the shortest gap, whatever the longest: that one alone promises a gap."""
    made = planned("huawei", **contract)

    judged = judge(run_virtually(made).records, made.contracts, tolerance=VIRTUAL_TIME)

    assert judged.promises["V15"].standing is standing
    assert all(_said(made, "huawei", knob) for knob in contract)


def test_every_parameter_is_in_the_matrix() -> None:
    """A new one is to be looked at, too."""
    assert set(OTHERS) == {one.name for one in fields(ContractProfile)}


def test_what_fits_no_vendor_is_refused_before_a_run() -> None:
    """These and no more: whatever else is in the matrix is run."""
    refused = {
        (dialect, _name(override)) for dialect, override in ASKED if not _fits(dialect, override)
    }

    assert refused == {
        (dialect, name) for name, vendors in REFUSED.items() for dialect in vendors.split()
    }


@pytest.mark.parametrize(("dialect", "override"), MATRIX)
def test_an_override_is_carried_or_told(dialect: str, override: dict[str, Any]) -> None:
    """What is not refused can be ordered, and convicts nobody; what is idle changes no record."""
    own, speech = vocabulary.contract(dialect), vocabulary.speech(dialect)

    made = planned(dialect, **override)
    run = run_virtually(made)
    judged = judge(run.records, made.contracts, tolerance=VIRTUAL_TIME)

    assert run.refusals == ()
    assert not [
        (name, one.witness and one.witness.text)
        for name, one in judged.promises.items()
        if one.standing is Standing.VIOLATED
    ]
    changed = {knob for knob, value in override.items() if getattr(own, knob) != value}
    assert all(_said(made, dialect, knob) for knob in changed)
    in_vain = changed & dict(idle(own, made.contracts[dialect], speech)).keys()
    assert all("changes nothing" in _said(made, dialect, knob) for knob in in_vain)
    if in_vain == changed:
        assert happened(run) == happened(as_it_is(dialect))


def _said(made: Plan, dialect: str, knob: str) -> str:
    return "".join(one for one in made.overrides if one.startswith(f"{dialect}: {knob} is "))
