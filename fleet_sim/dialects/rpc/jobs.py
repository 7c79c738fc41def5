"""Calls that make, show, change and end jobs, at the server's end.

Decided where the pages are silent: a schedule without an end lasts as good as for ever; and a job
over MQTT for a file that is too long for it is refused when it is ordered, as a wrong parameter is.

`MultiModuleMode` has a task run beside those for other modules, and take the same module over. It
does so among jobs that all say it; beside a job that does not, a device has one task, as ever. That
is not in the pages, and neither is what becomes of a module's task in that case: it is refused.

Source: "CreateOTAStaticUpgradeJob", "CreateOTADynamicUpgradeJob", "CreateOTAVerifyJob",
"UpdateOTAJob", "CancelOTATaskByJob", "CancelOTAStrategyByJob" and the lists. Ranges that the
contract has are read there; the others stand here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet_sim.dialects.rpc import name_lists
from fleet_sim.dialects.rpc.asked import (
    Asked,
    equal,
    must_be_legal,
    page_of,
    together,
)
from fleet_sim.dialects.rpc.codes import miss, refuse
from fleet_sim.dialects.rpc.firmware import VERIFY_DEVICES_MAX
from fleet_sim.dialects.rpc.parameters import LONG_MAX, NAMES_MAX
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    CreateJob,
    GetJob,
    JobOrder,
    Retry,
    Scope,
    SearchJobs,
    TaskStatus,
    UpdateJob,
    Window,
)

MINUTE_S = 60
DAY_MS = 86_400_000
SCHEDULE_WITHIN_DAYS = 7
SCHEDULE_LASTS_DAYS_MAX = 30
DEVICES_MAX = 200
TAGS_MAX = 10
TAGS_CHARS_MAX = 4096
ENDLESS_EPOCH_MS = 253_402_300_799_999  # the end of the year 9999

TARGETS = ("ALL", "SPECIFIC", "GRAY", "GROUP")
KEEP, OVERWRITE = 1, 2
JOIN_ALL, JOIN_LATER = 1, 2

_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,3})?", re.ASCII)
_TAG_KEY = re.compile(r"[A-Za-z0-9.]{1,30}", re.ASCII)
_TAG_VALUE_CHARS_MAX = 1024
_WHOLE = 100_000  # thousandths of a percent


def create_static(asked: Asked) -> Call:
    """Read CreateOTAStaticUpgradeJob."""
    window = _window(asked)
    return CreateJob(_order(asked, "upgrade", _static_scope(asked), window=window))


def create_dynamic(asked: Asked) -> Call:
    """Read CreateOTADynamicUpgradeJob: devices by source version or by group, not by both."""
    versions, group = _sources(asked), _group(asked, is_dynamic=True)
    if not versions and not group:
        miss("SrcVersion")
    must_be_legal(
        "GroupId", is_legal=not (versions and group), why="cannot stand beside SrcVersion"
    )
    product = asked.given.required("ProductKey")
    scope = Scope(product, versions, total=not group, groups=(group,) if group else None)
    later = asked.given.whole("DynamicMode", JOIN_ALL, JOIN_LATER) == JOIN_LATER
    return CreateJob(_order(asked, "upgrade", scope, open_list=True, skips_present=later))


def create_verify(asked: Asked) -> Call:
    """Read CreateOTAVerifyJob; that it names devices is the backend's to demand."""
    product = asked.given.required("ProductKey")
    names = asked.given.several("TargetDeviceName", VERIFY_DEVICES_MAX)
    scope = Scope(product, total=not names, device_keys=names or None)
    return CreateJob(_order(asked, "verify", scope))


def _order(
    asked: Asked,
    kind: str,
    scope: Scope,
    *,
    window: Window | None = None,
    open_list: bool = False,
    skips_present: bool = False,
) -> JobOrder:
    given, is_upgrade = asked.given, kind == "upgrade"
    takes_extras = asked.profile.takes_job_extras
    timeout_s = _timeout(asked)
    rate = _rate(asked) if takes_extras else None
    return JobOrder(
        firmware_id=given.required("FirmwareId"),
        kind="upgrade" if is_upgrade else "verify",
        scope=scope,
        open_list=open_list,
        skips_present=skips_present,
        devices_must_ask=given.flag("NeedPush") is False,
        needs_confirmation=given.flag("NeedConfirm") is True,
        timeout_s=timeout_s,
        retry=_retry(asked, timeout_s) if is_upgrade else None,
        window=window,
        pushes_a_minute=rate if is_upgrade else None,
        overwrites=is_upgrade and takes_extras and _overwrites(asked),
        side_by_side=is_upgrade and takes_extras and _is_side_by_side(asked),
        by_blocks=_by_blocks(asked),
        tags=_tags(asked, "Tag") if takes_extras else (),
    )


# --- the parts of an order ---------------------------------------------------------------------


def _static_scope(asked: Asked) -> Scope:
    given = asked.given
    product, versions = given.required("ProductKey"), _sources(asked)
    target = given.word("TargetSelection", TARGETS) or miss("TargetSelection")
    match target:
        case "SPECIFIC":
            return Scope(product, versions, total=False, device_keys=_names(asked))
        case "GRAY":
            return Scope(product, versions, millipercent=_millipercent(asked))
        case "GROUP":
            group = _group(asked, is_dynamic=False) or miss("GroupId")
            return Scope(product, versions, total=False, groups=(group,))
        case _:
            return Scope(product, versions)


def _names(asked: Asked) -> tuple[str, ...]:
    """Read the devices of a job for some, from the call or from a file."""
    names = asked.given.several("TargetDeviceName", DEVICES_MAX)
    listed = name_lists.names_of(asked) if asked.profile.takes_job_extras else None
    must_be_legal(
        name_lists.PARAMETER, is_legal=not (names and listed), why="excludes TargetDeviceName"
    )
    return names or listed or miss("TargetDeviceName")


def _millipercent(asked: Asked) -> int:
    """Read a percentage, above 0 and up to 100."""
    text, digits = asked.given.required("GrayPercent"), asked.profile.percent_digits
    whole, _, rest = text.partition(".")
    if not _PERCENT.fullmatch(text) or len(rest) > digits:
        refuse("GrayPercent", f"must be a number with {digits} decimals at most")
    share = int(whole) * 1000 + int(rest.ljust(3, "0"))
    must_be_legal("GrayPercent", is_legal=0 < share <= _WHOLE, why="must be above 0, up to 100")
    return share


def _sources(asked: Asked) -> tuple[str, ...]:
    return asked.given.several("SrcVersion", _sources_max(asked), must_differ=True)


def _sources_max(asked: Asked) -> int:
    most = asked.contract.source_versions_max
    return NAMES_MAX if most is None else most


def _rate(asked: Asked) -> int | None:
    least, most = asked.contract.pushes_a_minute_min, asked.contract.pushes_a_minute_max
    return asked.given.whole("MaximumPerMinute", least or 1, most or LONG_MAX)


def _group(asked: Asked, *, is_dynamic: bool) -> str:
    """Read a group, and its type where the vendor has types: each demands the other."""
    group, types = asked.given.text("GroupId"), asked.profile.group_types
    if types:
        kind = asked.given.word("GroupType", (types[is_dynamic],))
        if bool(group) != bool(kind):
            miss("GroupType" if group else "GroupId")
    return group


def _timeout(asked: Asked) -> int | None:
    contract = asked.contract
    least = -(-(contract.timeout_s_min or MINUTE_S) // MINUTE_S)
    most = (contract.timeout_s_max or LONG_MAX) // MINUTE_S
    minutes = asked.given.whole("TimeoutInMinutes", least, most)
    return None if minutes is None else minutes * MINUTE_S


def _retry(asked: Asked, timeout_s: int | None) -> Retry | None:
    given, contract = asked.given, asked.contract
    gap = given.whole("RetryInterval", *_gap_range(contract))
    count = given.whole("RetryCount", contract.retry_count_min, contract.retry_count_max)
    if gap is None and count is None:
        return None
    if gap is None:
        miss("RetryInterval")
    if count is None:
        miss("RetryCount")
    gaps = tuple(one // MINUTE_S for one in contract.retry_intervals_s_allowed)
    _one_of("RetryInterval", gap, gaps)
    _one_of("RetryCount", count, contract.retry_counts_allowed)
    is_bound = contract.retry_interval_below_timeout and timeout_s is not None
    is_legal = not is_bound or gap * MINUTE_S < (timeout_s or 0)
    must_be_legal("RetryInterval", is_legal=is_legal, why="must be below TimeoutInMinutes")
    return Retry(count=count, interval_s=gap * MINUTE_S)


def _gap_range(contract: ContractProfile) -> tuple[int, int]:
    """Return the shortest and the longest gap between tries, in whole minutes."""
    most_s = contract.retry_interval_s_max
    most = LONG_MAX if most_s is None else most_s // MINUTE_S
    return -(-contract.retry_interval_s_min // MINUTE_S), most


def _one_of(name: str, value: int, allowed: tuple[int, ...]) -> None:
    if allowed and value not in allowed:
        refuse(name, f"must be one of {', '.join(map(str, allowed))}")


def _window(asked: Asked) -> Window | None:
    if not asked.profile.takes_job_extras:
        return None
    given, now_ms = asked.given, asked.epoch_ms
    start_ms = given.whole("ScheduleTime", 0, LONG_MAX)
    end_ms = given.whole("ScheduleFinishTime", 0, LONG_MAX)
    if start_ms is None:
        must_be_legal("ScheduleFinishTime", is_legal=end_ms is None, why="goes with ScheduleTime")
        return None
    lead_s = asked.contract.window_lead_s
    soonest_ms = 0 if lead_s is None else now_ms + lead_s * 1000
    if not soonest_ms <= start_ms <= now_ms + SCHEDULE_WITHIN_DAYS * DAY_MS:
        soonest = "" if lead_s is None else f"{lead_s} s from now at the soonest and "
        latest = f"{SCHEDULE_WITHIN_DAYS} days from now at the latest"
        refuse("ScheduleTime", f"must be {soonest}{latest}, in milliseconds since 1970")
    if end_ms is None:
        return Window(start_ms, ENDLESS_EPOCH_MS)
    shortest_s = asked.contract.window_min_s or 0
    if not shortest_s * 1000 <= end_ms - start_ms <= SCHEDULE_LASTS_DAYS_MAX * DAY_MS:
        span = f"{shortest_s} s to {SCHEDULE_LASTS_DAYS_MAX} days"
        refuse("ScheduleFinishTime", f"must be {span} after ScheduleTime")
    return Window(start_ms, end_ms)


def _overwrites(asked: Asked) -> bool:
    overwrites = asked.given.whole("OverwriteMode", KEEP, OVERWRITE) == OVERWRITE
    is_legal = not (overwrites and _is_side_by_side(asked))
    must_be_legal("OverwriteMode", is_legal=is_legal, why="2 excludes MultiModuleMode")
    return overwrites


def _is_side_by_side(asked: Asked) -> bool:
    return asked.given.flag("MultiModuleMode") is True


def _by_blocks(asked: Asked) -> bool:
    protocols = ("HTTPS", "MQTT") if asked.profile.takes_blocks else ("HTTPS",)
    return asked.given.word("DownloadProtocol", protocols) == "MQTT"


def _tags(asked: Asked, name: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for item in asked.given.structures(name, TAGS_MAX, ("Key", "Value")):
        key, value = item.get("Key", ""), item.get("Value", "")
        if not _TAG_KEY.fullmatch(key):
            refuse(f"{name}.N.Key", "must be 1 to 30 letters, digits and points")
        if not 0 < len(value) <= _TAG_VALUE_CHARS_MAX:
            refuse(f"{name}.N.Value", f"must have 1 to {_TAG_VALUE_CHARS_MAX} characters")
        must_be_legal(f"{name}.N.Key", is_legal=key not in found, why=f"{key} is given twice")
        found[key] = value
    if sum(len(key) + len(value) for key, value in found.items()) > TAGS_CHARS_MAX:
        refuse(f"{name}.N", f"may hold {TAGS_CHARS_MAX} characters in all")
    return tuple(found.items())


# --- the rest of a job's life --------------------------------------------------------------------


def get(asked: Asked) -> Call:
    """Read QueryOTAJob."""
    return GetJob(asked.given.required("JobId"))


def search_by_firmware(asked: Asked) -> Call:
    """Read ListOTAJobByFirmware."""
    where = equal("firmware_id", asked.given.required("FirmwareId"))
    return SearchJobs(where, page_of(asked, asked.contract.wide_rows_max, is_needed=True))


def search_by_device(asked: Asked) -> Call:
    """Read ListOTAJobByDevice: the jobs of a firmware in which a device has a task."""
    given = asked.given
    where = together(
        equal("firmware_id", given.required("FirmwareId")),
        equal("product_key", given.required("ProductKey")),
        equal("device_key", given.required("DeviceName")),
    )
    return SearchJobs(where, page_of(asked, asked.contract.page_size_max, is_needed=True))


def update(asked: Asked) -> Call:
    """Read UpdateOTAJob; the parameters whose meaning is in no page are left alone."""
    versions = asked.given.several("SrcVersionList", _sources_max(asked))
    return UpdateJob(
        asked.given.required("JobId"),
        pushes_a_minute=_rate(asked),
        timeout_s=_timeout(asked),
        versions=versions or None,
        tags=_tags(asked, "Tags") or None,
    )


def cancel_tasks(asked: Asked) -> Call:
    """Read CancelOTATaskByJob: its flags name the statuses; at least one must be given."""
    job_id, profile = asked.given.required("JobId"), asked.profile
    flags: Mapping[str, bool | None] = {
        status: asked.given.flag(name) for name, status in profile.cancels
    }
    planned = asked.given.flag(profile.cancels_planned) if profile.cancels_planned else None
    if planned is None and all(flag is None for flag in flags.values()):
        miss(profile.cancels[0][0])
    chosen = {TaskStatus(status) for status, flag in flags.items() if flag}
    with_queued = profile.confirm_with_queued and flags.get(TaskStatus.UNCONFIRMED) is None
    if with_queued and TaskStatus.QUEUED in chosen:
        chosen.add(TaskStatus.UNCONFIRMED)
    statuses = tuple(status for status in TaskStatus if status in chosen)
    return CancelJob(job_id, statuses, is_planned=bool(planned))


def end_list(asked: Asked) -> Call:
    """Read CancelOTAStrategyByJob: no device joins the dynamic job any more."""
    return CancelJob(asked.given.required("JobId"), ends_list=True)
