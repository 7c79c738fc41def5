from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.rpc.asked import equal, together
from fleet_sim.dialects.rpc.question import question
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import EVERYTHING, Comparison, Operator
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    ConfirmTasks,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    GetFirmware,
    GetJob,
    JobOrder,
    ListModules,
    Names,
    Page,
    Retry,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    TaskStatus,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Window,
)
from tests.dialects.rpc.callers import NOW, PROFILES, asking, gate_of

_HOUR = 3_600_000
_SCOPE = Scope("pk")


_NAMED = Scope("pk", total=False, device_keys=("d",))


def _through(call: Call, vendor: str) -> object:
    """Return what the gate makes of the client's question."""
    action, pairs = question(call, PROFILES[vendor])
    request = asking(action, **{name.replace(".", "_"): value for name, value in pairs})
    return gate_of(vendor).read(request, NOW)


# --- what was asked is what is read ------------------------------------------------------------


_ID = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=30)
_IDS = st.lists(_ID, min_size=1, max_size=10, unique=True).map(tuple)
_VERSIONS = st.lists(_ID, max_size=10, unique=True).map(tuple)
_PAGES = st.builds(Page, st.none() | st.integers(1, 1000), st.none() | st.integers(1, 100))
_WHOLE_PAGES = st.builds(Page, st.integers(1, 1000), st.integers(1, 100))
_MODULE = st.text("abcXYZ019._-", max_size=64)
_JOB_ID = st.builds(equal, st.just("job_id"), _ID)
_RETRIES = st.none() | st.builds(
    Retry, st.sampled_from([1, 2, 5]), st.sampled_from([0, 600, 1_800, 3_600])
)
_TIMEOUTS = st.none() | st.integers(61, 1_440).map(lambda minutes: minutes * 60)
_TAGS = st.dictionaries(
    st.text("abcXYZ019.", min_size=1, max_size=30), st.text("ab =&%", min_size=1, max_size=9),
    max_size=10,
).map(lambda tags: tuple(tags.items()))  # fmt: skip
_WINDOWS = st.none() | st.builds(
    lambda start_h, length_h: Window(NOW + start_h * _HOUR, NOW + (start_h + length_h) * _HOUR),
    st.integers(1, 7 * 24), st.integers(1, 30 * 24),
)  # fmt: skip
_SCOPES = st.one_of(
    st.builds(Scope, _ID, _VERSIONS),
    st.builds(Scope, _ID, _VERSIONS, total=st.just(value=False), device_keys=_IDS),
    st.builds(
        Scope,
        _ID,
        _VERSIONS,
        millipercent=st.integers(1, 100_000) | st.integers(1, 100).map(lambda one: one * 1_000),
    ),
    st.builds(
        Scope, _ID, _VERSIONS, total=st.just(value=False), groups=_ID.map(lambda one: (one,))
    ),
)
_PLAIN = st.builds(
    JobOrder, _ID, st.just("upgrade"), _SCOPES, devices_must_ask=st.booleans(),
    needs_confirmation=st.booleans(), timeout_s=_TIMEOUTS, retry=_RETRIES,
)  # fmt: skip


def _has_whole_percents(order: JobOrder) -> bool:
    return not (order.scope.millipercent or 0) % 1_000


def _is_of_one_mind(order: JobOrder) -> bool:
    return not (order.overwrites and order.side_by_side)


_EXTRAS = {
    "pushes_a_minute": st.none() | st.integers(10, 10_000),
    "overwrites": st.booleans(),
    "side_by_side": st.booleans(),
    "by_blocks": st.booleans(),
    "tags": _TAGS,
}
_RICH = st.builds(
    JobOrder, _ID, st.just("upgrade"), _SCOPES, timeout_s=_TIMEOUTS, retry=_RETRIES,
    window=_WINDOWS, **_EXTRAS,
)  # fmt: skip
_DYNAMIC = st.builds(
    JobOrder, _ID, st.just("upgrade"),
    st.builds(Scope, _ID, _IDS)
    | st.builds(Scope, _ID, total=st.just(value=False), groups=_ID.map(lambda one: (one,))),
    open_list=st.just(value=True), skips_present=st.booleans(), timeout_s=_TIMEOUTS,
    **_EXTRAS,
)  # fmt: skip
_VERIFY = st.builds(
    JobOrder, _ID, st.just("verify"),
    st.builds(Scope, _ID, total=st.just(value=False), device_keys=_IDS), timeout_s=_TIMEOUTS,
)  # fmt: skip
_STATUS = st.sampled_from(list(TaskStatus)).map(lambda status: equal("status", status))
_SHARED = st.one_of(
    st.builds(CreateJob, _PLAIN.filter(_has_whole_percents) | _VERIFY),
    st.builds(GetJob, _ID),
    st.builds(GetFirmware, _ID),
    st.builds(DeleteFirmware, _ID),
    st.builds(UpdateFirmware, _ID, names=st.none() | st.builds(Names, _ID), desc=st.none() | _ID),
    st.builds(ConfirmTasks, _IDS),
    st.builds(SearchTasks, st.builds(together, _JOB_ID, st.none() | _STATUS), _PAGES.filter(
        lambda page: (page.number or 1) * (page.size or 10) <= 100_000)),
    st.builds(SearchFirmware, st.sampled_from([EVERYTHING, equal("product_key", "p")]),
              _WHOLE_PAGES),
    st.builds(SearchJobs, _ID.map(lambda one: equal("firmware_id", one)), _WHOLE_PAGES),
    st.builds(CreateModule, _ID, _MODULE, _MODULE, _ID | st.just("")),
    st.builds(UpdateModule, _ID, _MODULE, st.none() | st.just("ä.b-c_1"), st.none() | _ID),
    st.builds(DeleteModule, _ID, _MODULE),
    st.builds(ListModules, _ID),
    st.builds(SearchReported, _ID.map(lambda one: equal("asset_id", one)), _PAGES),
)  # fmt: skip
_OF_ALIBABA = st.one_of(
    st.builds(CreateJob, (_RICH | _DYNAMIC).filter(_is_of_one_mind)),
    st.builds(UpdateJob, _ID, st.none() | st.integers(10, 10_000), _TIMEOUTS, st.none() | _IDS),
    st.builds(
        CancelJob, _ID,
        st.sets(st.sampled_from(list(TaskStatus)[:4])).map(
            lambda chosen: tuple(one for one in TaskStatus if one in chosen)),
        is_planned=st.booleans(),
    ),
    st.builds(CancelJob, _ID, ends_list=st.just(value=True)),
)  # fmt: skip


@pytest.mark.codec
@given(_SHARED, st.sampled_from(["alibaba", "tuya"]))
def test_what_both_vendors_can_be_asked_is_read_as_it_was(call: Call, vendor: str) -> None:
    """By the other end."""
    assert _through(call, vendor) == call


@pytest.mark.codec
@given(_OF_ALIBABA)
def test_what_one_vendor_can_be_asked_is_read_as_it_was(call: Call) -> None:
    """Schedules, rates, tags, dynamic jobs, and every flag of a cancel."""
    assert _through(call, "alibaba") == call


def test_device_names_put_paging_aside() -> None:
    """The one search that is not read as it was asked."""
    where = together(equal("job_id", "j"), Comparison("device_key", Operator.IN, ("a", "b")))

    assert _through(SearchTasks(where, Page(1, 7)), "tuya") == SearchTasks(where, Page(1, 100))


# --- what cannot be asked ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (JobOrder("f", "upgrade", Scope()), "product"),
        (JobOrder("f", "upgrade", _SCOPE, concurrency=5), "cap"),
        (JobOrder("f", "upgrade", _SCOPE, waits_for_connect=True), "wait for each device"),
        (JobOrder("f", "upgrade", Scope("pk", total=False, asset_ids=("a",))), "name or group"),
        (JobOrder("f", "upgrade", Scope("pk", total=False, groups=("a", "b"))), "one group"),
        (JobOrder("f", "upgrade", Scope("pk", total=False, device_keys=("d",) * 201)), "200 names"),
        (JobOrder("f", "upgrade", Scope("pk", ("1",) * 11)), "10 source versions"),
        (JobOrder("f", "upgrade", _SCOPE, timeout_s=90), "whole minutes"),
        (JobOrder("f", "upgrade", _SCOPE, retry=Retry(1, 90)), "whole minutes"),
        (JobOrder("f", "upgrade", _SCOPE, window=Window(0, 1, repeat_daily=True)), "repeats"),
        (JobOrder("f", "upgrade", Scope("pk", ("1",)), open_list=True, window=Window(0, 1)),
         "schedule for dynamic"),
        (JobOrder("f", "upgrade", Scope("pk", total=False, device_keys=("d",)), open_list=True),
         "names no devices"),
        (JobOrder("f", "upgrade", Scope("pk", total=False)), "needs a device or a group"),
        (JobOrder("f", "upgrade", Scope("pk", ("1",), total=False, groups=()), open_list=True),
         "needs a device or a group"),
        (JobOrder("f", "upgrade", Scope("pk", ("1",), millipercent=5), open_list=True), "a share"),
        (JobOrder("f", "upgrade", replace(_NAMED, millipercent=50_000)), "a share"),
        (JobOrder("f", "upgrade", _SCOPE, skips_present=True), "no later devices"),
        (JobOrder("f", "verify", Scope("pk", millipercent=50_000)), "by name alone"),
        (JobOrder("f", "verify", Scope("pk"), open_list=True), "by name alone"),
        (JobOrder("f", "verify", Scope("pk", total=False, groups=("g",))), "by name alone"),
        (JobOrder("f", "verify", replace(_NAMED, versions=("1",))), "no source versions"),
        (JobOrder("f", "verify", _NAMED, retry=Retry(1, 0)), "in jobs to verify"),
        (JobOrder("f", "verify", _NAMED, window=Window(0, 1)), "in jobs to verify"),
        (JobOrder("f", "verify", _NAMED, pushes_a_minute=50), "in jobs to verify"),
        (JobOrder("f", "verify", _NAMED, overwrites=True), "in jobs to verify"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_said_is_refused(order: JobOrder, why: str) -> None:
    """In one sentence, before anything is sent."""
    with pytest.raises(DialectError, match=why):
        question(CreateJob(order), PROFILES["alibaba"])


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (CreateJob(JobOrder("f", "upgrade", Scope("pk", millipercent=33_300))), "whole percents"),
        (CreateJob(JobOrder("f", "upgrade", _SCOPE, window=Window(0, 1))), "no schedule"),
        (CreateJob(JobOrder("f", "upgrade", _SCOPE, pushes_a_minute=50)), "no schedule, rate"),
        (CreateJob(JobOrder("f", "upgrade", _SCOPE, overwrites=True)), "overwriting"),
        (CreateJob(JobOrder("f", "upgrade", _SCOPE, tags=(("a", "b"),))), "tags"),
        (CreateJob(JobOrder("f", "upgrade", _SCOPE, by_blocks=True)), "download over MQTT"),
        (CreateJob(JobOrder("f", "upgrade", Scope("pk", ("1",)), open_list=True)), "no action"),
        (CreateJob(JobOrder("f", "upgrade", _SCOPE, side_by_side=True)), "side by side"),
        (CancelJob("j", (TaskStatus.UNDER_WAY,)), "under_way"),
        (CancelJob("j", is_planned=True), "no scheduled jobs"),
        (CancelJob("j", ends_list=True), "no action CancelOTAStrategyByJob"),
        (UpdateJob("j"), "no action UpdateOTAJob"),
        (DeleteJob("j"), "no call for DeleteJob"),
    ],
)
def test_what_the_other_vendor_has_is_refused_here(call: Call, why: str) -> None:
    """Tuya's API has fewer actions and parameters."""
    with pytest.raises(DialectError, match=why):
        question(call, PROFILES["tuya"])


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (UpdateJob("j", versions=()), "all source versions or tags"),
        (UpdateJob("j", tags=()), "all source versions or tags"),
        (UpdateFirmware("f", desc=""), "cannot empty"),
        (UpdateFirmware("f", custom=""), "cannot empty"),
        (UpdateModule("p", "m", alias=""), "cannot empty"),
        (UpdateModule("p", "m", desc=""), "cannot empty"),
        (UpdateFirmware("f", names=Names("")), "cannot empty"),
        (UpdateFirmware("f", names=Names("n", (("en_US", "n"),))), "of no locale"),
    ],
)
def test_what_an_empty_value_would_leave_as_it_is_is_refused(call: Call, why: str) -> None:
    """An empty parameter counts as none."""
    with pytest.raises(DialectError, match=why):
        question(call, PROFILES["alibaba"])


def test_two_things_at_once_are_two_calls() -> None:
    """Ending a job's list and cancelling its tasks."""
    with pytest.raises(DialectError, match="two calls"):
        question(CancelJob("j", (TaskStatus.QUEUED,), ends_list=True), PROFILES["alibaba"])
