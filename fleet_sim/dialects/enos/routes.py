"""Where each call lives: resource, action and the documented method.

Source: the "Request Format" of each V2.1 page; of the files, "Download File".
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.model.northbound import (
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    FetchFile,
    GetFirmware,
    GetJob,
    ListVersions,
    RetryTasks,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    StartJob,
    StopJob,
)

FIRMWARES = "/connect-service/v2.1/ota-firmwares"
JOBS = "/connect-service/v2.1/ota-jobs"
FILES = "/connect-service/v2.1/files"

ROUTE_OF: Mapping[type, tuple[str, str, str]] = {
    CreateFirmware: (FIRMWARES, "create", "POST"),
    GetFirmware: (FIRMWARES, "get", "GET"),
    SearchFirmware: (FIRMWARES, "search", "POST"),
    ListVersions: (FIRMWARES, "listVersion", "GET"),
    SearchDevices: (FIRMWARES, "searchDeviceUpgrade", "POST"),
    DeleteFirmware: (FIRMWARES, "delete", "POST"),
    FetchFile: (FILES, "download", "GET"),
    CreateJob: (JOBS, "create", "POST"),
    GetJob: (JOBS, "get", "GET"),
    SearchJobs: (JOBS, "search", "POST"),
    StartJob: (JOBS, "start", "POST"),
    StopJob: (JOBS, "stop", "POST"),
    DeleteJob: (JOBS, "delete", "POST"),
    SearchTasks: (JOBS, "searchTask", "POST"),
    CancelTasks: (JOBS, "cancelTask", "POST"),
    RetryTasks: (JOBS, "retryTask", "POST"),
}
CALL_OF: Mapping[tuple[str, str], type] = {
    (resource, action): call for call, (resource, action, _) in ROUTE_OF.items()
}
