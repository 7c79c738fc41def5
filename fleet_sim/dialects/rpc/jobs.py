"""Calls that make, show, change and end jobs, at the server's end.

Decided where the pages are silent: a job over MQTT for a file that is too long for it is refused
when it is ordered, as a wrong parameter is.

`MultiModuleMode` has a task run beside those for other modules, and take the same module over. It
does so among jobs that all say it; beside a job that does not, a device has one task, as ever. That
is not in the pages, and neither is what becomes of a module's task in that case: it is refused.

Source: "CreateOTAStaticUpgradeJob", "CreateOTADynamicUpgradeJob", "CreateOTAVerifyJob",
"UpdateOTAJob", "CancelOTATaskByJob", "CancelOTAStrategyByJob" and the lists.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.rpc.asked import (
    Asked,
    equal,
    must_be_legal,
    page_of,
    together,
)
from fleet_sim.dialects.rpc.codes import miss
from fleet_sim.dialects.rpc.firmware import VERIFY_DEVICES_MAX
from fleet_sim.dialects.rpc.job_parameters import (
    JOIN_ALL,
    JOIN_LATER,
    group_of,
    is_by_blocks,
    is_side_by_side,
    overwrites,
    rate_of,
    retry_of,
    sources_max,
    sources_of,
    static_scope_of,
    tags_of,
    timeout_of,
    window_of,
)
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    CreateJob,
    GetJob,
    JobOrder,
    Scope,
    SearchJobs,
    TaskStatus,
    UpdateJob,
    Window,
)


def create_static(asked: Asked) -> Call:
    """Read CreateOTAStaticUpgradeJob."""
    window = window_of(asked)
    return CreateJob(_order(asked, "upgrade", static_scope_of(asked), window=window))


def create_dynamic(asked: Asked) -> Call:
    """Read CreateOTADynamicUpgradeJob: devices by source version or by group, not by both."""
    versions, group = sources_of(asked), group_of(asked, is_dynamic=True)
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
    timeout_s = timeout_of(asked)
    rate = rate_of(asked) if takes_extras else None
    return JobOrder(
        firmware_id=given.required("FirmwareId"),
        kind="upgrade" if is_upgrade else "verify",
        scope=scope,
        open_list=open_list,
        skips_present=skips_present,
        devices_must_ask=given.flag("NeedPush") is False,
        needs_confirmation=given.flag("NeedConfirm") is True,
        timeout_s=timeout_s,
        retry=retry_of(asked, timeout_s) if is_upgrade else None,
        window=window,
        pushes_a_minute=rate if is_upgrade else None,
        overwrites=is_upgrade and takes_extras and overwrites(asked),
        side_by_side=is_upgrade and takes_extras and is_side_by_side(asked),
        by_blocks=is_by_blocks(asked),
        tags=tags_of(asked, "Tag") if takes_extras else (),
    )


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
    versions = asked.given.several("SrcVersionList", sources_max(asked))
    return UpdateJob(
        asked.given.required("JobId"),
        pushes_a_minute=rate_of(asked),
        timeout_s=timeout_of(asked),
        versions=versions or None,
        tags=tags_of(asked, "Tags") or None,
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
