"""The client's end of the northbound API: calls to signed requests, answers to neutral ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from fleet_sim.dialects.enos import codes, tokens
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.firmware_body import write_firmware
from fleet_sim.dialects.enos.http_channel_wire import FILE_CATEGORY, file_uri
from fleet_sim.dialects.enos.job_body import body_of
from fleet_sim.dialects.enos.routes import FILES, FIRMWARES, ROUTE_OF
from fleet_sim.dialects.enos.rows import DeviceInfo, FirmwareInfo, JobInfo, TaskInfo
from fleet_sim.dialects.enos.searches import write_filter
from fleet_sim.dialects.enos.shapes import Shape
from fleet_sim.dialects.http import JSON_CONTENT_TYPE, HttpRequest, HttpResponse
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Done,
    FetchFile,
    FileFound,
    FirmwareCreated,
    GetFirmware,
    GetJob,
    JobCreated,
    Listed,
    ListVersions,
    Page,
    Refusal,
    Refused,
    RetryTasks,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    StartJob,
    StopJob,
    Versions,
)

# A token is renewed a minute before its end, so that no call in flight outlives it.
RENEW_BEFORE_MS = 60_000
HTTP_OK = 200

Search: TypeAlias = SearchFirmware | SearchDevices | SearchJobs | SearchTasks


class TokenAnswer(Shape):
    """The token service's answer; `expire` is seconds."""

    class Token(Shape):
        """A token."""

        access_token: str
        expire: int

    status: int
    msg: str | None = None
    data: Token | None = None


class Paging(Shape):
    """The paging of a search's answer."""

    page_no: int
    page_size: int
    total_size: int


class Envelope(Shape):
    """What every answer is wrapped in."""

    code: int
    msg: str | None = None
    data: Any = None
    pagination: Paging | None = None


class FirmwareId(Shape):
    """The answer to Create Firmware File."""

    firmware_id: str


class JobId(Shape):
    """The answer to Create OTA Job."""

    job_id: str


_TASKS = TypeAdapter(list[TaskInfo])
_DEVICES = TypeAdapter(list[DeviceInfo])
_FIRMWARES = TypeAdapter(list[FirmwareInfo])
_JOBS = TypeAdapter(list[JobInfo])
_VERSIONS = TypeAdapter(list[str])


class EnosOperator:
    """A client of one organisation. Its only state is the token; an empty key asks for none."""

    def __init__(self, org: str, app_key: str, app_secret: str) -> None:
        self._org = org
        self._app_key = app_key
        self._app_secret = app_secret
        self._token = ""
        self._expires_epoch_ms = 0

    def __repr__(self) -> str:
        return f"EnosOperator({self._org!r}, {self._app_key!r})"

    def needs_login(self, epoch_ms: int) -> bool:
        """Tell whether there is no token, or one about to expire."""
        return bool(self._app_key) and epoch_ms >= self._expires_epoch_ms - RENEW_BEFORE_MS

    @property
    def is_logged_in(self) -> bool:
        """Tell whether there is a token, of whatever age."""
        return bool(self._token)

    def forget(self) -> None:
        """Drop the token: the target does not take it."""
        self._token = ""
        self._expires_epoch_ms = 0

    def login(self, epoch_ms: int) -> HttpRequest | None:
        """Write the request for a token; None where none is needed."""
        if not self.needs_login(epoch_ms):
            return None
        timestamp = str(epoch_ms)
        body = {
            "appKey": self._app_key,
            "encryption": tokens.encryption_of(self._app_key, self._app_secret, timestamp),
            "timestamp": epoch_ms,
        }
        headers = (("Content-Type", JSON_CONTENT_TYPE),)
        return HttpRequest("POST", tokens.TOKEN_PATH, headers=headers, body=_json(body))

    def logged_in(self, response: HttpResponse, epoch_ms: int) -> None:
        """Take the token.

        Raises:
            DialectError: The token service refused, with its code, or answered something else.
        """
        answer = _read(TokenAnswer, response)
        if answer.status != codes.OK or answer.data is None:
            raise DialectError(f"no token: {answer.status} {answer.msg}", code=answer.status)
        self._token = answer.data.access_token
        self._expires_epoch_ms = epoch_ms + answer.data.expire * 1000

    def request(self, call: Call, epoch_ms: int) -> HttpRequest:
        """Write a call, signed if there is a token.

        Raises:
            DialectError: EnOS has no such call.
        """
        if type(call) not in ROUTE_OF:
            raise DialectError(f"EnOS has no call {type(call).__name__}")
        resource, action, method = ROUTE_OF[type(call)]
        query = (("action", action), ("orgId", self._org), *_query(call))
        parts = write_firmware(call) if isinstance(call, CreateFirmware) else ()
        fields = self._body(call)
        bare = HttpRequest(
            method,
            resource,
            query,
            headers=() if fields is None else (("Content-Type", JSON_CONTENT_TYPE),),
            body=b"" if fields is None else _json(fields),
            parts=parts,
        )
        return self._signed(bare, str(epoch_ms)) if self._token else bare

    def expression(self, where: Filter, call: Call) -> str:
        """Write a neutral filter as the expression of this search.

        Raises:
            DialectError: EnOS has no form for it, or the call is no search.
        """
        if not isinstance(call, Search):
            raise DialectError(f"{type(call).__name__} takes no expression")
        return write_filter(where, type(call))

    def answer(self, call: Call, response: HttpResponse) -> Answer:
        """Read the answer to a call.

        Raises:
            DialectError: It is not in the vendor's form.
        """
        if isinstance(call, FetchFile) and _is_file(response):
            return FileFound(call.firmware_id, content=response.body)
        envelope = _read(Envelope, response)
        if envelope.code == codes.OK and response.status != HTTP_OK:
            raise DialectError(f"HTTP {response.status} with a body that says OK")
        if envelope.code != codes.OK:
            reason = codes.reason_of(envelope.code, _missing(call))
            return Refused(reason, envelope.msg or "", envelope.code)
        try:
            return _answer(call, envelope)
        except ValidationError as error:
            raise DialectError(f"the answer's data has another shape: {_first(error)}") from error

    def _body(self, call: Call) -> dict[str, Any] | None:
        match call:
            case CreateJob(order):
                return body_of(order, CONTRACT)
            case CancelTasks(_, device_keys) | RetryTasks(_, device_keys):
                return {"deviceKeys": list(device_keys)}
            case SearchFirmware() | SearchDevices() | SearchJobs() | SearchTasks():
                return _search_fields(self.expression(call.where, call), call.page)
            case _:
                return None

    def _signed(self, request: HttpRequest, timestamp: str) -> HttpRequest:
        signature = tokens.signature_of(
            request, token=self._token, timestamp=timestamp, app_secret=self._app_secret
        )
        headers = (
            *request.headers,
            (tokens.TOKEN_HEADER, self._token),
            (tokens.TIMESTAMP_HEADER, timestamp),
            (tokens.SIGNATURE_HEADER, signature),
        )
        return HttpRequest(
            request.method, request.path, request.query, headers, request.body, request.parts
        )


def _query(call: Call) -> tuple[tuple[str, str], ...]:
    """Return what a call carries in its query beside `action` and `orgId`."""
    match call:
        case CreateFirmware(order):
            return (("productKey", order.product_key),) if order.product_key else ()
        case ListVersions(product_key):
            return (("productKey", product_key),)
        case GetFirmware(firmware_id) | DeleteFirmware(firmware_id):
            return (("firmwareId", firmware_id),)
        case FetchFile():
            return _file_query(call)
        case CreateJob(order):
            return (("firmwareId", order.firmware_id),)
        case GetJob() | StartJob() | StopJob() | DeleteJob() | CancelTasks() | RetryTasks():
            return (("jobId", call.job_id),)
        case _:
            return ()


def _file_query(call: FetchFile) -> tuple[tuple[str, str], ...]:
    wanted = (("fileUri", file_uri(call.firmware_id, "")), ("category", FILE_CATEGORY))
    if call.device is None:
        return (*wanted, ("assetId", call.asset_id))
    device = call.device
    return (*wanted, ("productKey", device.product_key), ("deviceKey", device.device_key))


def _search_fields(expression: str, page: Page) -> dict[str, Any]:
    given = {"pageNo": page.number, "pageSize": page.size}
    pagination = {name: value for name, value in given.items() if value is not None}
    body: dict[str, Any] = {"expression": expression} if expression else {}
    return body | ({"pagination": pagination} if pagination else {})


def _is_file(response: HttpResponse) -> bool:
    """Tell a file from an error, which may come with HTTP 200 as well, but then in JSON."""
    is_json = response.header("Content-Type").lower().startswith("application/json")
    return response.status == HTTP_OK and not is_json


def _answer(call: Call, envelope: Envelope) -> Answer:
    data = envelope.data
    match call:
        case CreateFirmware():
            return FirmwareCreated(FirmwareId.model_validate(data).firmware_id)
        case CreateJob():
            return JobCreated(JobId.model_validate(data).job_id)
        case GetFirmware():
            return Shown(FirmwareInfo.model_validate(data).row())
        case GetJob():
            return Shown(JobInfo.model_validate(data).row())
        case ListVersions():
            return Versions(tuple(_VERSIONS.validate_python(data)))
        case SearchFirmware() | SearchDevices() | SearchJobs() | SearchTasks():
            return _listed(call, data, envelope.pagination)
        case _:
            return Done()


def _listed(call: Search, data: object, paging: Paging | None) -> Listed:
    if paging is None:
        raise DialectError("the answer to a search has no pagination")
    infos: list[TaskInfo] | list[DeviceInfo] | list[FirmwareInfo] | list[JobInfo]
    match call:
        case SearchTasks():
            infos = _TASKS.validate_python(data)
        case SearchDevices():
            infos = _DEVICES.validate_python(data)
        case SearchFirmware():
            infos = _FIRMWARES.validate_python(data)
        case SearchJobs():
            infos = _JOBS.validate_python(data)
    rows = tuple(info.row() for info in infos)
    return Listed(rows, paging.page_no, paging.page_size, paging.total_size)


def _missing(call: Call) -> Refusal:
    """Return what "not found" means: the thing that the call names."""
    resource, _, _ = ROUTE_OF[type(call)]
    is_firmware = resource in {FIRMWARES, FILES} or isinstance(call, CreateJob)
    return Refusal.NO_SUCH_FIRMWARE if is_firmware else Refusal.NO_SUCH_JOB


def _read(shape: type[Any], response: HttpResponse) -> Any:  # noqa: ANN401 - an instance of shape
    try:
        return shape.model_validate_json(response.body)
    except ValidationError as error:
        raise DialectError(
            f"HTTP {response.status} with a body that is no answer of EnOS: {_first(error)}"
        ) from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(step) for step in first['loc']) or 'body'}: {first['msg']}"


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
