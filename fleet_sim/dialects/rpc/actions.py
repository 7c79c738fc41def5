"""Which action is read by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_sim.dialects.rpc import firmware, jobs, modules, tasks
from fleet_sim.dialects.rpc.asked import Asked
from fleet_sim.model.northbound import Call

# Those that give out addresses to upload to are not here: the gate itself answers them.
READERS: Mapping[str, Callable[[Asked], Call]] = {
    "CreateOTAFirmware": firmware.create,
    "QueryOTAFirmware": firmware.get,
    "ListOTAFirmware": firmware.search,
    "DeleteOTAFirmware": firmware.delete,
    "ModifyOTAFirmware": firmware.modify,
    "CreateOTAModule": modules.create,
    "UpdateOTAModule": modules.update,
    "DeleteOTAModule": modules.delete,
    "ListOTAModuleByProduct": modules.search,
    "CreateOTAVerifyJob": jobs.create_verify,
    "CreateOTAStaticUpgradeJob": jobs.create_static,
    "CreateOTADynamicUpgradeJob": jobs.create_dynamic,
    "QueryOTAJob": jobs.get,
    "ListOTAJobByFirmware": jobs.search_by_firmware,
    "ListOTAJobByDevice": jobs.search_by_device,
    "UpdateOTAJob": jobs.update,
    "CancelOTAStrategyByJob": jobs.end_list,
    "CancelOTATaskByJob": jobs.cancel_tasks,
    "ListOTATaskByJob": tasks.search_by_job,
    "ListOTAUnfinishedTaskByDevice": tasks.search_unfinished,
    "ListOTAModuleVersionsByDevice": tasks.search_versions,
    "CancelOTATaskByDevice": tasks.cancel_by_device,
    "ConfirmOTATask": tasks.confirm,
    "ReupgradeOTATask": tasks.retry,
}
