"""From a request's query and body to a neutral call: one reader for each action.

What is checked here is shape: parameters that are missing, of another type, out of their range or
at odds with one another, all 99400. Whether a thing exists is the backend's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fleet_sim.dialects.enos.firmware_body import read_firmware
from fleet_sim.dialects.enos.http_channel_wire import FILE_CATEGORY, firmware_in
from fleet_sim.dialects.enos.job_body import JobBody, order_of
from fleet_sim.dialects.enos.routes import CALL_OF
from fleet_sim.dialects.enos.searches import read_filter
from fleet_sim.dialects.enos.shapes import KeysBody, PageBody, SearchBody, read_body, refuse
from fleet_sim.dialects.fields import is_storable
from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    Call,
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that passed authority, and what it is read by."""

    request: HttpRequest
    query: Mapping[str, str]
    contract: ContractProfile
    default_product: str

    def required(self, name: str) -> str:
        """Return a parameter of the query.

        Raises:
            DialectError: 99400: it is missing or empty.
        """
        value = self.query.get(name, "")
        if not value:
            refuse(name, "is missing")
        return value


def read_query(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters by name.

    Raises:
        DialectError: 99400: one comes twice, so that either could be meant, or cannot be kept.
    """
    query: dict[str, str] = {}
    for name, value in pairs:
        if name in query:
            refuse(name, "is given twice")
        if not is_storable(value):
            refuse(name, "holds a NUL or half of a surrogate pair")
        query[name] = value
    return query


def read_call(asked: Asked) -> Call:
    """Read a call by its resource and action.

    Raises:
        DialectError: 99400 with the parameter at fault.
    """
    action = asked.required("action")
    call = CALL_OF.get((asked.request.path, action))
    if call is None:
        refuse("action", f"{action[:40]!r} is none of this resource")
    return _READERS[call](asked)


def _create_firmware(asked: Asked) -> Call:
    product_key = asked.query.get("productKey") or asked.default_product
    return read_firmware(asked.request, product_key)


def _fetch_file(asked: Asked) -> Call:
    """Read a download: whose file, and on behalf of which device, which is named in one way."""
    firmware_id = firmware_in(asked.required("fileUri"))
    if firmware_id is None:
        refuse("fileUri", "names no file")
    if asked.required("category") != FILE_CATEGORY:
        refuse("category", f"is not {FILE_CATEGORY}; there are no other files")
    asset_id = asked.query.get("assetId", "")
    if asset_id:
        return FetchFile(firmware_id, asset_id=asset_id)
    device = DeviceId(asked.required("productKey"), asked.required("deviceKey"))
    return FetchFile(firmware_id, device)


def _create_job(asked: Asked) -> Call:
    firmware_id = asked.required("firmwareId")
    body = read_body(JobBody, asked.request.body)
    return CreateJob(order_of(firmware_id, body, asked.contract))


def _device_keys(asked: Asked) -> tuple[str, ...]:
    """Read the devices of a cancel or retry, each once."""
    return tuple(dict.fromkeys(read_body(KeysBody, asked.request.body).device_keys))


Search: TypeAlias = "type[SearchFirmware | SearchDevices | SearchJobs | SearchTasks]"


def _search(search: Search, body: bytes) -> Call:
    """Read a search; without a body it is one for everything."""
    found = read_body(SearchBody, body) if body.strip() else SearchBody()
    try:
        where = read_filter(found.expression or "", search)
    except DialectError as error:
        refuse("expression", str(error))
    return search(where, (found.pagination or PageBody()).page())


_READERS: Mapping[type, Callable[[Asked], Call]] = {
    CreateFirmware: _create_firmware,
    GetFirmware: lambda asked: GetFirmware(asked.required("firmwareId")),
    DeleteFirmware: lambda asked: DeleteFirmware(asked.required("firmwareId")),
    FetchFile: _fetch_file,
    ListVersions: lambda asked: ListVersions(asked.required("productKey")),
    CreateJob: _create_job,
    GetJob: lambda asked: GetJob(asked.required("jobId")),
    StartJob: lambda asked: StartJob(asked.required("jobId")),
    StopJob: lambda asked: StopJob(asked.required("jobId")),
    DeleteJob: lambda asked: DeleteJob(asked.required("jobId")),
    CancelTasks: lambda asked: CancelTasks(asked.required("jobId"), _device_keys(asked)),
    RetryTasks: lambda asked: RetryTasks(asked.required("jobId"), _device_keys(asked)),
    SearchFirmware: lambda asked: _search(SearchFirmware, asked.request.body),
    SearchDevices: lambda asked: _search(SearchDevices, asked.request.body),
    SearchJobs: lambda asked: _search(SearchJobs, asked.request.body),
    SearchTasks: lambda asked: _search(SearchTasks, asked.request.body),
}
