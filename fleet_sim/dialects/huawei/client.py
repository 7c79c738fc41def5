"""The client's end of the northbound: calls to requests, answers to neutral ones.

    packages, operations, subtasks    OceanConnect
    uploads                           `admin`, ours
    cancel, retry, stop, delete       IoTDA v5, because OceanConnect leaves them to its console
    consent                           IoTDA v5

Devices are named with their product's key, which not every neutral call has. So the operator keeps
which product a firmware and a job are of, as it meets them, and whose the tasks are that wait; of
what it has never met it knows none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import quote_plus

from fleet_sim.dialects.http import JSON_CONTENT_TYPE, HttpRequest, HttpResponse
from fleet_sim.dialects.huawei import oc_codes, v5, v5_auth, v5_codes
from fleet_sim.dialects.huawei.admin import PACKAGES_PATH, write_upload
from fleet_sim.dialects.huawei.client_filters import write_filter
from fleet_sim.dialects.huawei.client_tasks import MetTasks
from fleet_sim.dialects.huawei.names import name_of
from fleet_sim.dialects.huawei.oc_rows import read_operation, read_suboperation
from fleet_sim.dialects.huawei.oc_tokens import FORM_TYPE, LOGIN_PATH
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.dialects.huawei.operations import OPERATE_TYPE, SOFTWARE_UPGRADE, write_wanted
from fleet_sim.dialects.huawei.packages import read_category
from fleet_sim.dialects.huawei.payload import (
    Fields,
    read_object,
    read_text,
    read_whole,
    write_object,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Filter
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Done,
    FirmwareCreated,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobCreated,
    JobRow,
    Listed,
    Page,
    Refusal,
    Refused,
    RetryTasks,
    Row,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    StopJob,
    TaskRow,
)

RENEW_BEFORE_MS = 60_000  # So that no call in flight outlives the token.
_SUCCESS_BELOW = 300  # Any status below is one, as in the SDK for PHP.
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)

_Batch: TypeAlias = CancelTasks | RetryTasks | StopJob | DeleteJob | ConfirmTasks
_BATCH = (CancelTasks, RetryTasks, StopJob, DeleteJob, ConfirmTasks)
_VERBS: Mapping[type, str] = {
    CancelTasks: "stop",
    RetryTasks: "retry",
    StopJob: "stop",
    ConfirmTasks: "confirm",
}
_STATE_OF: Mapping[type, Refusal] = {
    CancelTasks: Refusal.TASK_NOT_CANCELLABLE,
    RetryTasks: Refusal.TASK_NOT_FAILED,
    StopJob: Refusal.JOB_STOPPED,
    DeleteJob: Refusal.JOB_RUNNING,
    ConfirmTasks: Refusal.BAD_ARGUMENT,
}


class HuaweiOperator:
    """A client of one project: OceanConnect's application is its key as well."""

    def __init__(self, org: str, app_key: str, app_secret: str) -> None:
        self._org = org
        self._app_key = app_key
        self._app_secret = app_secret
        self._token = ""
        self._expires_epoch_ms = 0
        self._product_of: dict[str, str] = {}  # Of firmware and jobs, by their ids.
        self._tasks = MetTasks()

    def __repr__(self) -> str:
        return f"HuaweiOperator({self._org!r}, {self._app_key!r})"

    # --- login -------------------------------------------------------------------------------

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
        """Write the login, the one form among all requests; None where none is needed."""
        if not self.needs_login(epoch_ms):
            return None
        pairs = (("appId", self._app_key), ("secret", self._app_secret))
        form = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)
        headers = (("Content-Type", FORM_TYPE),)
        return HttpRequest("POST", LOGIN_PATH, headers=headers, body=form.encode())

    def logged_in(self, response: HttpResponse, epoch_ms: int) -> None:
        """Take the token.

        Raises:
            DialectError: The platform refused, with its code, or answered something else.
        """
        fields = _read(response)
        if response.status >= _SUCCESS_BELOW:
            number = read_text(fields, "error_code", default="")
            text = read_text(fields, "error_desc", default="")
            raise DialectError(f"no token: {number} {text}", code=_number(number) or 0)
        self._token = read_text(fields, "accessToken")
        self._expires_epoch_ms = epoch_ms + read_whole(fields, "expiresIn") * 1000

    # --- calls -------------------------------------------------------------------------------

    def request(self, call: Call, epoch_ms: int) -> HttpRequest:
        """Write a call.

        Raises:
            DialectError: Huawei has no form for it.
        """
        if isinstance(call, _BATCH):
            return self._batch_request(call, epoch_ms)
        method, path, query, body = self._parts_of(call, epoch_ms)
        headers: tuple[tuple[str, str], ...] = ()
        if self._token:
            headers = (("app_key", self._app_key), ("Authorization", f"Bearer {self._token}"))
        if isinstance(call, CreateFirmware):
            return HttpRequest(method, path, query, headers, parts=write_upload(call))
        if body is None:
            return HttpRequest(method, path, query, headers)
        headers = (*headers, ("Content-Type", JSON_CONTENT_TYPE))
        return HttpRequest(method, path, query, headers, write_object(body))

    def expression(self, where: Filter, call: Call) -> str:
        """Write a neutral filter as the parameters of a query, as `request` would send them.

        Raises:
            DialectError: OceanConnect has no form for it, or the call is no search.
        """
        found = write_filter(where, call)
        return "&".join(f"{name}={value}" for name, value in found.query)

    def answer(self, call: Call, response: HttpResponse) -> Answer:
        """Read the answer to a call.

        Raises:
            DialectError: It is not in the vendor's form.
        """
        if response.status >= _SUCCESS_BELOW:
            return _refusal(call, response)
        if not response.body.strip():
            if isinstance(call, DeleteFirmware | DeleteJob):
                return Done()
            raise DialectError(f"HTTP {response.status} without a body")
        answer = _answer(call, _read(response))
        self._learn(call, answer)
        return answer

    def _parts_of(
        self, call: Call, epoch_ms: int
    ) -> tuple[str, str, tuple[tuple[str, str], ...], dict[str, Any] | None]:
        """Return method, path, query and body of a call of OceanConnect."""
        match call:
            case CreateFirmware():
                return "POST", PACKAGES_PATH, (), None
            case GetFirmware(firmware_id):
                return "GET", f"{CATEGORY}/{firmware_id}", (), None
            case DeleteFirmware(firmware_id):
                return "DELETE", f"{CATEGORY}/{firmware_id}", (), None
            case GetJob(job_id):
                return "GET", f"{OPERATIONS}/{job_id}", (), None
            case CreateJob(order):
                is_software = dict(order.tags).get(OPERATE_TYPE) == SOFTWARE_UPGRADE
                kind = "softwareUpgrade" if is_software else "firmwareUpgrade"
                product_key = order.scope.product_key or self._product(order.firmware_id)
                body = write_wanted(order, product_key, epoch_ms)
                return "POST", f"{OPERATIONS}/{kind}", (), body
            case SearchFirmware(where, page) | SearchJobs(where, page) | SearchTasks(where, page):
                found = write_filter(where, call)
                return "GET", found.path, (*found.query, *_page(page)), None
            case _:
                raise DialectError(f"Huawei has no call for {type(call).__name__}")

    def _batch_request(self, call: _Batch, epoch_ms: int) -> HttpRequest:
        job_id, targets = self._targets(call)
        path = f"{v5.ROOT}{self._org}/batchtasks/{job_id}"
        if isinstance(call, DeleteJob):
            return self._signed(HttpRequest("DELETE", path), epoch_ms)
        body = {} if targets is None else {"targets": list(targets)}
        url, headers = f"{path}/{_VERBS[type(call)]}", (("Content-Type", JSON_CONTENT_TYPE),)
        bare = HttpRequest("POST", url, headers=headers, body=write_object(body))
        return self._signed(bare, epoch_ms)

    def _targets(self, call: _Batch) -> tuple[str, tuple[str, ...] | None]:
        """Return the job of a call of v5 and the devices that it names; None: all that can be."""
        match call:
            case StopJob(job_id) | DeleteJob(job_id) | RetryTasks(job_id, (), ()):
                return job_id, None
            case ConfirmTasks(task_ids):
                return self._tasks.named(task_ids)
            case RetryTasks(job_id, (), task_ids):
                found_id, names = self._tasks.named(task_ids)
                if found_id != job_id:
                    raise DialectError(f"the tasks to try again are not of the job {job_id!r}")
                return job_id, names
            case CancelTasks(job_id, keys) | RetryTasks(job_id, keys):
                product_key = self._product(job_id)
                return job_id, tuple(name_of(DeviceId(product_key, key)) for key in keys)

    def _signed(self, request: HttpRequest, epoch_ms: int) -> HttpRequest:
        if not self._app_key:
            return request
        return v5_auth.signed(request, self._app_key, self._app_secret, epoch_ms)

    # --- products ----------------------------------------------------------------------------

    def _product(self, some_id: str) -> str:
        if some_id not in self._product_of:
            raise DialectError(f"the product of {some_id!r} is not known; look it up first")
        return self._product_of[some_id]

    def _learn(self, call: Call, answer: Answer) -> None:
        """Note which product a firmware or a job is of."""
        match call, answer:
            case CreateFirmware(order), FirmwareCreated(firmware_id):
                self._product_of[firmware_id] = order.product_key
            case CreateJob(job), JobCreated(job_id):
                product_key = job.scope.product_key or self._product(job.firmware_id)
                self._product_of[job_id] = product_key
            case _, Shown(row=shown):
                self._meet(shown)
            case _, Listed(rows=rows):
                for row in rows:
                    self._meet(row)
            case _:
                pass

    def _meet(self, row: Row) -> None:
        match row:
            case FirmwareRow(firmware_id=firmware_id, order=order):
                self._product_of[firmware_id] = order.product_key
            case JobRow(job_id=job_id, product_key=product_key) if product_key:
                self._product_of[job_id] = product_key
            case TaskRow(job_id=job_id, product_key=product_key):
                self._product_of[job_id] = product_key
                self._tasks.meet(row)
            case _:
                pass


def _page(page: Page) -> tuple[tuple[str, str], ...]:
    given = (("pageNo", page.number), ("pageSize", page.size))
    return tuple((name, str(value)) for name, value in given if value is not None)


def _answer(call: Call, fields: Fields) -> Answer:
    match call:
        case CreateFirmware():
            return FirmwareCreated(read_text(fields, "fileId"))
        case CreateJob():
            return JobCreated(read_text(fields, "operationId"))
        case GetFirmware():
            return Shown(read_category(fields))
        case GetJob():
            return Shown(read_operation(fields))
        case SearchFirmware() | SearchJobs() | SearchTasks():
            return _listed(call, fields)
        case CancelTasks() | RetryTasks() | StopJob() | ConfirmTasks():
            return _outcome(call, fields)
        case _:
            return Done()


def _listed(call: SearchFirmware | SearchJobs | SearchTasks, fields: Fields) -> Listed:
    rows = _objects(fields, "data")
    found: list[Row]
    match call:
        case SearchFirmware():
            found = [read_category(row) for row in rows]
        case SearchJobs():
            found = [read_operation(row) for row in rows]
        case SearchTasks():
            job_id = write_filter(call.where, call).job_id
            found = [read_suboperation(row, job_id) for row in rows]
    numbers = (read_whole(fields, name) for name in ("pageNo", "pageSize", "totalCount"))
    return Listed(tuple(found), *numbers)


def _objects(fields: Fields, name: str) -> list[Fields]:
    given = fields.get(name)
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise DialectError(f"{name} is no list of objects")
    return given


def _outcome(call: Call, fields: Fields) -> Answer:
    """Read what became of each target: all is well, or the first that went wrong is told."""
    targets = _objects(fields, "targets")
    failed = [one for one in targets if read_text(one, "status") != "success"]
    if not failed:
        return Done()
    first = failed[0]
    code = read_text(first, "error_code", default="")
    target, text = (read_text(first, name, default="") for name in ("target", "error_msg"))
    return Refused(
        v5_codes.reason_of(code, _STATE_OF[type(call)]),
        f"{target}: {text}",
        _number(code),
        is_partial=len(failed) < len(targets),
    )


def _refusal(call: Call, response: HttpResponse) -> Refused:
    """Read an error of either generation.

    Raises:
        DialectError: It is in no known form.
    """
    fields = _read(response)
    code = read_text(fields, "error_code")
    if isinstance(call, _BATCH):
        reason = v5_codes.reason_of(code, _STATE_OF[type(call)])
        return Refused(reason, read_text(fields, "error_msg", default=""), _number(code))
    reason = oc_codes.reason_of(code)
    if code == oc_codes.BAD_REQUEST.code and isinstance(call, DeleteFirmware):
        reason = Refusal.FIRMWARE_IN_USE
    return Refused(reason, read_text(fields, "error_desc", default=""), _number(code))


def _number(code: str) -> int | None:
    """Return an error's number, which v5 puts behind a name."""
    text = code.rpartition(".")[2]
    return int(text) if _DIGITS.fullmatch(text) else None


def _read(response: HttpResponse) -> Fields:
    try:
        return read_object(response.body)
    except DialectError as error:
        raise DialectError(f"HTTP {response.status} is no answer of Huawei's: {error}") from error
