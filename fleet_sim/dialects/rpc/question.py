"""From a neutral call to the parameters of the action that asks for it, at the client's end.

A call takes one action; those few that take more are in `steps`. What the API has no form for is
refused here, in one sentence, and never sent in another meaning. Only a job's name stays unsaid: no
action takes one, and it changes nothing of what a job does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fleet_sim.dialects.rpc import modules
from fleet_sim.dialects.rpc.job_parameters import (
    DEVICES_MAX,
    ENDLESS_EPOCH_MS,
    JOIN_LATER,
    MINUTE_S,
    OVERWRITE,
)
from fleet_sim.dialects.rpc.job_rows import percent_of, target_of
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.searches import Pairs, cannot, numbered, search
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    ConfirmTasks,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteModule,
    GetFirmware,
    GetJob,
    JobOrder,
    ListModules,
    Retry,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Window,
)


def question(call: Call, profile: Profile) -> tuple[str, Pairs]:
    """Return the action and the parameters of a call that takes one.

    Raises:
        DialectError: The API has no form for it.
    """
    action, pairs = _asked(call, profile)
    if action not in profile.actions:
        raise cannot(f"has no action {action}", profile)
    return action, tuple((name, value) for name, value in pairs if value)


def _asked(call: Call, profile: Profile) -> tuple[str, Sequence[tuple[str, str]]]:
    match call:
        case SearchTasks() | SearchFirmware() | SearchJobs() | SearchReported():
            return search(call, profile)
        case CreateJob(order):
            return _job(order, profile)
        case CancelJob():
            return _cancel(call, profile)
        case _ if type(call) in _WRITERS:
            action, write = _WRITERS[type(call)]
            return action, write(call, profile)
        case _:
            raise cannot(f"has no call for {type(call).__name__}", profile)


# --- jobs ----------------------------------------------------------------------------------------


def _job(order: JobOrder, profile: Profile) -> tuple[str, Pairs]:
    _check_order(order, profile)
    scope = order.scope
    pairs = [
        ("FirmwareId", order.firmware_id),
        ("ProductKey", scope.product_key),
        *numbered("TargetDeviceName", scope.device_keys or ()),
        ("NeedPush", "" if not order.devices_must_ask else "false"),
        ("NeedConfirm", "true" if order.needs_confirmation else ""),
        ("DownloadProtocol", "MQTT" if order.by_blocks else ""),
        ("TimeoutInMinutes", _minutes(order.timeout_s, profile)),
        *_tags("Tag", order.tags),
    ]
    if order.kind == "verify":
        return "CreateOTAVerifyJob", tuple(pairs)
    pairs += [
        *numbered("SrcVersion", tuple(dict.fromkeys(scope.versions))),  # twice is refused
        *_group(order, profile),
        *_retry(order.retry, profile),
        ("MaximumPerMinute", _text(order.pushes_a_minute)),
        ("OverwriteMode", str(OVERWRITE) if order.overwrites else ""),
        ("MultiModuleMode", "true" if order.side_by_side else ""),
    ]
    if order.open_list:
        mode = str(JOIN_LATER) if order.skips_present else ""
        return "CreateOTADynamicUpgradeJob", (*pairs, ("DynamicMode", mode))
    gray = percent_of(scope) or ""
    chosen = [("TargetSelection", target_of(order) or ""), ("GrayPercent", gray)]
    return "CreateOTAStaticUpgradeJob", (*pairs, *chosen, *_window(order.window, profile))


def _check_order(order: JobOrder, profile: Profile) -> None:
    """Refuse what an order asks for and the API cannot say.

    Raises:
        DialectError: With the first such thing.
    """
    for is_meant, why in (*_limits(order, profile), *_mixtures(order)):
        if is_meant:
            raise cannot(why, profile)


def _limits(order: JobOrder, profile: Profile) -> tuple[tuple[bool, str], ...]:
    """Return what the API does not have, and whether an order asks for it."""
    scope = order.scope
    extras = (order.window, order.pushes_a_minute, order.tags or None)
    versions_max = profile.default_contract.source_versions_max or len(scope.versions)
    selectors = (scope.attributes, scope.tags, scope.trees, scope.asset_ids)
    has_extras = any(extra is not None for extra in extras) or _takes_over(order)
    return (
        (not scope.product_key, "needs a job's product"),
        (order.concurrency is not None, "has no cap of upgrades at a time"),
        (order.waits_for_connect, "has no jobs that wait for each device to connect"),
        (any(one is not None for one in selectors), "chooses devices by name or group alone"),
        (len(scope.groups or ()) > 1, "takes one group"),
        (len(scope.device_keys or ()) > DEVICES_MAX, f"takes {DEVICES_MAX} names"),
        (len(scope.versions) > versions_max, f"takes {versions_max} source versions"),
        (
            has_extras and not profile.takes_job_extras,
            "has no schedule, rate, overwriting, modules side by side or tags",
        ),
        (
            bool((scope.millipercent or 0) % 1_000) and not profile.percent_digits,
            "takes a share in whole percents",
        ),
        (order.by_blocks and not profile.takes_blocks, "has no download over MQTT"),
        (order.open_list and order.window is not None, "has no schedule for dynamic jobs"),
        (order.open_list and scope.device_keys is not None, "names no devices in dynamic jobs"),
    )


def _mixtures(order: JobOrder) -> tuple[tuple[bool, str], ...]:
    """Return what an action leaves out that another one takes, and whether an order asks for it."""
    scope, is_verify = order.scope, order.kind == "verify"
    named = scope.device_keys or scope.groups
    unsaid = (order.window, order.pushes_a_minute, order.retry, _takes_over(order) or None)
    return (
        (not scope.total and not named and scope.device_keys is None,
         "needs a device or a group where not all are meant"),
        (order.overwrites and order.side_by_side,
         "has jobs that overwrite or run side by side, none that does both"),
        (scope.millipercent is not None and (order.open_list or bool(named)),
         "takes a share of a product's devices in static jobs alone"),
        (order.skips_present and not order.open_list, "has no later devices in static jobs"),
        (is_verify and (order.open_list or scope.millipercent is not None or bool(scope.groups)),
         "takes devices by name alone in jobs to verify"),
        (is_verify and bool(scope.versions), "takes no source versions in jobs to verify"),
        (is_verify and any(one is not None for one in unsaid),
         "has no schedule, rate, retries or overwriting in jobs to verify"),
    )  # fmt: skip


def _takes_over(order: JobOrder) -> bool:
    return order.overwrites or order.side_by_side


def _group(order: JobOrder, profile: Profile) -> Pairs:
    if not order.scope.groups:
        return ()
    kind = profile.group_types[order.open_list] if profile.group_types else ""
    return (("GroupId", order.scope.groups[0]), ("GroupType", kind))


def _retry(retry: Retry | None, profile: Profile) -> Pairs:
    if retry is None:
        return ()
    gap = _minutes(retry.interval_s, profile)
    return (("RetryInterval", gap), ("RetryCount", str(retry.count)))


def _window(window: Window | None, profile: Profile) -> Pairs:
    if window is None:
        return ()
    if window.repeat_daily:
        raise cannot("has no schedule that repeats", profile)
    has_end = window.end_epoch_ms < ENDLESS_EPOCH_MS
    end = (("ScheduleFinishTime", str(window.end_epoch_ms)),) if has_end else ()
    return (("ScheduleTime", str(window.start_epoch_ms)), *end)


def _minutes(span_s: int | None, profile: Profile) -> str:
    if span_s is not None and span_s % MINUTE_S:
        raise cannot(f"counts in whole minutes, and {span_s} s are none", profile)
    return "" if span_s is None else str(span_s // MINUTE_S)


def _changed_job(call: UpdateJob, profile: Profile) -> Pairs:
    if () in {call.versions, call.tags}:
        raise cannot("cannot take all source versions or tags from a job", profile)
    return (
        ("JobId", call.job_id),
        ("MaximumPerMinute", _text(call.pushes_a_minute)),
        ("TimeoutInMinutes", _minutes(call.timeout_s, profile)),
        *numbered("SrcVersionList", call.versions or ()),
        *_tags("Tags", call.tags or ()),
    )


def _cancel(call: CancelJob, profile: Profile) -> tuple[str, Pairs]:
    job = ("JobId", call.job_id)
    if call.ends_list:
        if call.statuses or call.is_planned:
            raise cannot("ends a job's list and cancels its tasks by two calls", profile)
        return "CancelOTAStrategyByJob", (job,)
    flag_of = {status: name for name, status in profile.cancels}
    strange = next((status for status in call.statuses if status not in flag_of), None)
    if strange is not None:
        raise cannot(f"does not cancel tasks that are {strange}", profile)
    if call.is_planned and not profile.cancels_planned:
        raise cannot("has no scheduled jobs to cancel", profile)
    flags = [
        (name, "true" if status in call.statuses else "false") for status, name in flag_of.items()
    ]
    planned = (profile.cancels_planned, "true" if call.is_planned else "")
    return "CancelOTATaskByJob", (job, *flags, planned)


def _changed_firmware(call: UpdateFirmware, profile: Profile) -> Pairs:
    if "" in {call.desc, call.custom, None if call.names is None else call.names.default}:
        raise cannot("cannot empty a name, a description or a custom text", profile)
    if call.names is not None and call.names.by_locale:
        raise cannot("has one name for a firmware, of no locale", profile)
    return (
        ("FirmwareId", call.firmware_id),
        ("FirmwareName", "" if call.names is None else call.names.default),
        ("FirmwareDesc", call.desc or ""),
        ("FirmwareUdi", call.custom or ""),
    )


def _module(call: CreateModule | UpdateModule | DeleteModule) -> Pairs:
    return (("ProductKey", call.product_key), ("ModuleName", call.module or modules.DEFAULT))


def _created_module(call: CreateModule, _: Profile) -> Pairs:
    return (*_module(call), ("AliasName", call.alias), ("Desc", call.desc))


def _changed_module(call: UpdateModule, profile: Profile) -> Pairs:
    if "" in {call.alias, call.desc}:
        raise cannot("cannot empty an alias or a description", profile)
    return (*_module(call), ("AliasName", call.alias or ""), ("Desc", call.desc or ""))


# --- building blocks -----------------------------------------------------------------------------


def _tags(name: str, tags: Sequence[tuple[str, str]]) -> Pairs:
    return tuple(
        pair
        for number, (key, value) in enumerate(tags, start=1)
        for pair in ((f"{name}.{number}.Key", key), (f"{name}.{number}.Value", value))
    )


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


# What takes one action, whatever is in it: the action, and what writes its parameters.
_WRITERS: Mapping[type, tuple[str, Callable[[Any, Profile], Pairs]]] = {
    GetJob: ("QueryOTAJob", lambda call, _: (("JobId", call.job_id),)),
    UpdateJob: ("UpdateOTAJob", _changed_job),
    ConfirmTasks: ("ConfirmOTATask", lambda call, _: numbered("TaskId", call.task_ids)),
    GetFirmware: ("QueryOTAFirmware", lambda call, _: (("FirmwareId", call.firmware_id),)),
    DeleteFirmware: ("DeleteOTAFirmware", lambda call, _: (("FirmwareId", call.firmware_id),)),
    UpdateFirmware: ("ModifyOTAFirmware", _changed_firmware),
    CreateModule: ("CreateOTAModule", _created_module),
    UpdateModule: ("UpdateOTAModule", _changed_module),
    DeleteModule: ("DeleteOTAModule", lambda call, _: _module(call)),
    ListModules: ("ListOTAModuleByProduct", lambda call, _: (("ProductKey", call.product_key),)),
}
