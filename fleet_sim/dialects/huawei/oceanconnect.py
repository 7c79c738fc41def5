"""OceanConnect: what each of the eight methods does, as conversations.

    queryUpgradePackageList     GET     /iodm/northbound/v1.5.0/category
    queryUpgradePackage         GET     …/category/{fileId}
    deleteUpgradePackage        DELETE  …/category/{fileId}
    createSoftwareUpgradeTask   POST    …/operations/softwareUpgrade
    createFirmwareUpgradeTask   POST    …/operations/firmwareUpgrade
    queryUpgradeTask            GET     …/operations/{operationId}
    queryUpgradeSubTask         GET     …/operations/{operationId}/subOperations
    queryUpgradeTaskList        GET     …/operations

Pages count from 0. Without a `pageNo` the two lists of operations come whole, and that of packages
begins with its first page. Jobs are listed newest first, which no page promises.

Source: the pages of those names; the SDK for PHP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.huawei import oc_codes, talk
from fleet_sim.dialects.huawei.admin import PACKAGES_PATH, read_upload
from fleet_sim.dialects.huawei.names import device_of
from fleet_sim.dialects.huawei.oc_rows import (
    STATUS_OF,
    SUBTASK_WORDS,
    TIMEOUT_WORD,
    is_meant,
    kind_of,
    operation_fields,
    suboperation_fields,
)
from fleet_sim.dialects.huawei.operations import (
    FIRMWARE_UPGRADE,
    OPERATE_TYPE,
    SOFTWARE_UPGRADE,
    Wanted,
    read_wanted,
)
from fleet_sim.dialects.huawei.packages import (
    FILE_TYPES,
    FIRMWARE,
    SOFTWARE,
    category_fields,
    is_short,
    trait_of,
)
from fleet_sim.dialects.huawei.payload import write_object
from fleet_sim.dialects.huawei.standing import OPERATION_WORDS, standing_of
from fleet_sim.dialects.huawei.talk import Asked, Talk, refuse
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile, DescOf
from fleet_sim.model.filters import EVERYTHING, AllOf, Comparison, Filter, Operator
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateJob,
    DeleteFirmware,
    FirmwareCreated,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobCreated,
    JobRow,
    Listed,
    Page,
    Refused,
    SearchTasks,
    Shown,
    TaskRow,
)

ROOT = "/iodm/northbound/v1.5.0/"
CATEGORY = f"{ROOT}category"
OPERATIONS = f"{ROOT}operations"

_KIND_OF_PACKAGE = {FIRMWARE: FIRMWARE_UPGRADE, SOFTWARE: SOFTWARE_UPGRADE}
# The steps of an attempt that have a limit of their own.
_TIMEOUTS: frozenset[DescOf] = frozenset({"timeout", "version_timeout", "online_timeout"})
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


# --- packages --------------------------------------------------------------------------------


def list_packages(asked: Asked) -> Talk:
    """Show the packages that match."""
    page = _page(asked, default=0)
    assert page is not None
    traits = _traits(asked, "fileType", "deviceType", "model", "manufacturerName", "version")
    traits["manufacturerName"] = traits["manufacturerName"] or _short(asked, "manufactureName")
    if traits["fileType"] not in {"", *FILE_TYPES}:
        refuse(oc_codes.BAD_REQUEST, "fileType is unknown.")
    rows = yield from talk.packages(EVERYTHING, asked.contract.page_size_max)
    found = [one for one in map(category_fields, rows) if _has(one, traits)]
    return _listed(found, page)


def show_package(asked: Asked) -> Talk:
    """Show one package."""
    row = yield from _package(asked.names[0])
    return answered(200, category_fields(row))


def delete_package(asked: Asked) -> Talk:
    """Forget a package."""
    _done((yield DeleteFirmware(asked.names[0])))
    return HttpResponse(204, b"", ())


def upload_package(asked: Asked) -> Talk:
    """Keep a package; see `admin`."""
    made = _done((yield read_upload(asked.request.parts, asked.default_product)))
    assert isinstance(made, FirmwareCreated)
    return answered(201, {"fileId": made.firmware_id})


def _package(file_id: str) -> Generator[Call, Answer, FirmwareRow]:
    shown = _done((yield GetFirmware(file_id)))
    assert isinstance(shown, Shown)
    assert isinstance(shown.row, FirmwareRow)
    return shown.row


# --- operations ------------------------------------------------------------------------------


def create_firmware_task(asked: Asked) -> Talk:
    """Start a job with a firmware package."""
    return (yield from _create(asked, FIRMWARE_UPGRADE))


def create_software_task(asked: Asked) -> Talk:
    """Start a job with a software package."""
    return (yield from _create(asked, SOFTWARE_UPGRADE))


def _create(asked: Asked, kind: str) -> Talk:
    wanted = read_wanted(asked.request.body, asked.contract, asked.epoch_ms)
    package = (yield from _package(wanted.order.firmware_id)).order
    if _KIND_OF_PACKAGE.get(trait_of(package, "fileType")) != kind:
        refuse(oc_codes.BAD_REQUEST, "The package is of the other kind.")
    if not _is_for(package, wanted):
        refuse(oc_codes.MISMATCH)
    kept = {name: trait_of(package, name) for name in ("deviceType", "manufacturerName")}
    tags = tuple(sorted({**kept, OPERATE_TYPE: kind}.items()))
    # A device that nobody knows is 123002, and nothing is made.
    made = _done((yield CreateJob(replace(wanted.order, tags=tags, devices_must_exist=True))))
    assert isinstance(made, JobCreated)
    return answered(200, {"operationId": made.job_id})


def _is_for(package: FirmwareOrder, wanted: Wanted) -> bool:
    """Tell whether a package is for the devices that are meant."""
    is_model = wanted.order.scope.product_key == package.product_key
    return is_model and all(trait_of(package, name) == value for name, value in wanted.traits)


def show_task(asked: Asked) -> Talk:
    """Show one job."""
    row = yield from _job(asked.names[0])
    return answered(200, operation_fields(row))


def list_tasks(asked: Asked) -> Talk:
    """Show the jobs that match: the seed's `queryUpgradeTaskList`."""
    page = _page(asked)
    traits = _traits(asked, "deviceType", "model", "manufacturerName")
    kind, status = _short(asked, "operationType"), _short(asked, "operationStatus")
    if kind not in {"", *_KIND_OF_PACKAGE.values()}:
        refuse(oc_codes.BAD_REQUEST, "operationType is unknown.")
    if status not in {"", *OPERATION_WORDS.values()}:
        refuse(oc_codes.BAD_REQUEST, "operationStatus is unknown.")
    mine = yield from _jobs_of_device(asked)
    rows = yield from talk.jobs(EVERYTHING, asked.contract.page_size_max)
    found = [
        row
        for row in rows
        if is_meant(row, traits)
        and (mine is None or row.job_id in mine)
        and kind in {"", kind_of(row)}
        and status in {"", OPERATION_WORDS[standing_of(row)]}
    ]
    return _paged([operation_fields(row) for row in _cut(found, page)], page, len(found))


def _jobs_of_device(asked: Asked) -> Generator[Call, Answer, frozenset[str] | None]:
    """Return the jobs that have a task of the device that is asked for; None: of any."""
    name = _short(asked, "deviceId")
    if not name:
        return None
    try:
        device = device_of(name)
    except DialectError:
        return frozenset()
    where = AllOf((_is("product_key", device.product_key), _is("device_key", device.device_key)))
    rows = yield from talk.tasks(where, asked.contract.page_size_max)
    return frozenset(row.job_id for row in rows)


def list_subtasks(asked: Asked) -> Talk:
    """Show the tasks of one job."""
    page, status = _page(asked), _short(asked, "subOperationStatus")
    where = AllOf((_is("job_id", asked.names[0]), *_of_status(status, asked.contract)))
    job = yield from _job(asked.names[0])
    if page is None:
        rows: Sequence[object] = yield from talk.tasks(where, asked.contract.page_size_max)
        total = len(rows)
    else:
        listed = _done((yield SearchTasks(where, page)))
        assert isinstance(listed, Listed)
        rows, total = listed.rows, listed.total
    kind = kind_of(job)
    shown = [suboperation_fields(row, kind) for row in rows if isinstance(row, TaskRow)]
    return _paged(shown, page, total)


def _of_status(word: str, contract: ContractProfile) -> tuple[Filter, ...]:
    """Say which tasks are meant; a timeout is known by the words that the contract has for it."""
    if not word:
        return ()
    if word == TIMEOUT_WORD:
        words = tuple(text for what, text in contract.descs if what in _TIMEOUTS)
        return (*_of_status("fail", contract), Comparison("desc", Operator.IN, words))
    if word not in STATUS_OF:
        refuse(oc_codes.BAD_REQUEST, "subOperationStatus is unknown.")
    meant = tuple(status.value for status, one in SUBTASK_WORDS.items() if one == word)
    return (Comparison("status", Operator.IN, meant),)


def _job(job_id: str) -> Generator[Call, Answer, JobRow]:
    shown = _done((yield GetJob(job_id)))
    assert isinstance(shown, Shown)
    assert isinstance(shown.row, JobRow)
    return shown.row


# --- parameters and answers ------------------------------------------------------------------


def _is(field: str, value: str) -> Comparison:
    return Comparison(field, Operator.EQUAL, (value,))


def _short(asked: Asked, name: str) -> str:
    value = asked.query(name)
    if value and not is_short(value):
        refuse(oc_codes.BAD_REQUEST, f"{name} is too long.")
    return value


def _traits(asked: Asked, *names: str) -> dict[str, str]:
    return {name: _short(asked, name) for name in names}


def _has(fields: Mapping[str, Any], traits: Mapping[str, str]) -> bool:
    return all(fields[name] == value for name, value in traits.items() if value)


def _page(asked: Asked, default: int | None = None) -> Page | None:
    """Return the page that is asked for; None where none is and there is no default.

    A size is checked even where no page is asked for.
    """
    contract = asked.contract
    number, size = asked.query("pageNo"), asked.query("pageSize") or str(contract.page_size_default)
    for name, value in (("pageNo", number or "0"), ("pageSize", size)):
        if not _NUMBER.fullmatch(value):
            refuse(oc_codes.BAD_REQUEST, f"{name} is no number from 0.")
    if not 1 <= int(size) <= contract.page_size_max:
        refuse(oc_codes.BEYOND_PAGES)
    wanted = int(number) if number else default
    return None if wanted is None else Page(wanted, int(size))


def _cut(rows: Sequence[JobRow], page: Page | None) -> Sequence[JobRow]:
    if page is None:
        return rows
    first = (page.number or 0) * (page.size or 0)
    return rows[first : first + (page.size or 0)]


def _listed(found: Sequence[dict[str, Any]], page: Page) -> HttpResponse:
    first = (page.number or 0) * (page.size or 0)
    return _paged(found[first : first + (page.size or 0)], page, len(found))


def _paged(shown: Sequence[dict[str, Any]], page: Page | None, total: int) -> HttpResponse:
    """Write a page; a whole list is one page, as large as it is."""
    number, size = (0, total) if page is None else (page.number, page.size)
    return answered(
        200, {"data": list(shown), "pageNo": number, "pageSize": size, "totalCount": total}
    )


def _done(answer: Answer) -> Answer:
    """Return an answer that is no refusal.

    Raises:
        ApiError: It is one.
    """
    if isinstance(answer, Refused):
        is_product = answer.detail.startswith("product_key")
        refuse(oc_codes.MISMATCH if is_product else oc_codes.code_of(answer.reason))
    return answer


def answered(status: int, fields: Mapping[str, Any]) -> HttpResponse:
    """Write an answer."""
    return HttpResponse(status, write_object(fields))


Method = Callable[[Asked], Talk]

_NAME = r"([^/]+)"
# Method and path to what answers; the two words for creating stand before names in their place.
ROUTES: tuple[tuple[str, re.Pattern[str], Method], ...] = (
    ("GET", re.compile(CATEGORY), list_packages),
    ("GET", re.compile(f"{CATEGORY}/{_NAME}"), show_package),
    ("DELETE", re.compile(f"{CATEGORY}/{_NAME}"), delete_package),
    ("POST", re.compile(f"{OPERATIONS}/softwareUpgrade"), create_software_task),
    ("POST", re.compile(f"{OPERATIONS}/firmwareUpgrade"), create_firmware_task),
    ("GET", re.compile(OPERATIONS), list_tasks),
    ("GET", re.compile(f"{OPERATIONS}/{_NAME}"), show_task),
    ("GET", re.compile(f"{OPERATIONS}/{_NAME}/subOperations"), list_subtasks),
    ("POST", re.compile(PACKAGES_PATH), upload_package),
)
