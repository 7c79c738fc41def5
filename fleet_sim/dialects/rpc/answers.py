"""From a neutral answer to the members of the API's, in PascalCase, the envelope apart.

Source: the samples of ListOTATaskByJob for paged lists; members of the others from the official
SDK: a firmware stands in `FirmwareInfo`, a list of them as well, everything else in `Data`.
"""

from __future__ import annotations

from typing import Any

from fleet_sim.dialects.rpc import firmware, job_rows, modules, tasks
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    Answer,
    Call,
    FirmwareCreated,
    FirmwareRow,
    JobCreated,
    JobRow,
    Listed,
    Modules,
    ReportedRow,
    Row,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    Shown,
    TaskRow,
)


def members(
    call: Call, answer: Answer, profile: Profile, contract: ContractProfile
) -> dict[str, Any]:
    """Return what an answer has beside its envelope; refusals have nothing."""
    match answer:
        case FirmwareCreated(firmware_id):
            return {"Data": {"FirmwareId": firmware_id}}
        case JobCreated(job_id):
            return {"Data": {"JobId": job_id}}
        case Shown(FirmwareRow() as row):
            return {"FirmwareInfo": firmware.fields(row, is_whole=True)}
        case Shown(JobRow() as row):
            return {"Data": job_rows.fields(row, profile, contract)}
        case Modules(rows):
            return {"Data": [modules.fields(row) for row in rows]}
        case Listed():
            return _listed(call, answer, profile)
        case _:
            return {}


def _listed(call: Call, listed: Listed, profile: Profile) -> dict[str, Any]:
    is_whole = not isinstance(call, SearchTasks) or tasks.is_by_job(call.where)
    rows = [_fields(row, profile, is_whole=is_whole) for row in listed.rows]
    match call:
        case SearchFirmware():
            return {"FirmwareInfo": {"SimpleFirmwareInfo": rows}, **_paging(listed)}
        case SearchJobs():
            return {"Data": {"SimpleOTAJobInfo": rows}, **_paging(listed)}
        case SearchReported():
            return {"Data": {"SimpleOTAModuleInfo": rows}, **_paging(listed)}
        case _:
            paging = _paging(listed) if is_whole else {}
            return {"Data": {"SimpleOTATaskInfo": rows}, **paging}


def _fields(row: Row, profile: Profile, *, is_whole: bool) -> dict[str, Any]:
    match row:
        case TaskRow():
            return tasks.fields(row, profile, is_whole=is_whole)
        case FirmwareRow():
            return firmware.fields(row, is_whole=False)
        case JobRow():
            return job_rows.brief_fields(row, profile)
        case ReportedRow():
            return tasks.reported_fields(row)
        case _:
            raise AssertionError(f"no action of this API lists a {type(row).__name__}")


def _paging(listed: Listed) -> dict[str, Any]:
    return {
        "CurrentPage": listed.page_number,
        "PageSize": listed.page_size,
        "PageCount": -(-listed.total // listed.page_size) if listed.page_size else 0,
        "Total": listed.total,
    }
