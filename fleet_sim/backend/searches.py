"""Searches: which rows match, in which order, and which page of them was asked for.

A filter is compiled once a search to a test of one state. A search of one job's tasks, which is
what observers ask all day, looks at that job's tasks only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from fleet_sim.backend import firmware as firmwares
from fleet_sim.backend import job_rows, joining
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import DeviceState, FirmwareState, JobState, TaskState
from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, Operator, Value
from fleet_sim.model.northbound import (
    Answer,
    DeviceRow,
    Listed,
    Names,
    Page,
    Refusal,
    Refused,
    ReportedRow,
    Row,
    TaskRow,
    Versions,
)

_S = TypeVar("_S")
_Getter = Callable[[_S], "Value | None"]
_Test = Callable[[_S], bool]


class UnknownFieldError(Exception):
    """A filter compares a field that the search does not have; the text is the field."""


_TASK_FIELDS: Mapping[str, _Getter[TaskState]] = {
    "task_id": lambda task: task.task_id,
    "job_id": lambda task: task.job.job_id,
    "product_key": lambda task: task.device.device.product_key,
    "device_key": lambda task: task.device.device.device_key,
    "asset_id": lambda task: task.device.registration.asset_id,
    "from_version": lambda task: task.from_version,
    "to_version": lambda task: task.job.target,
    "firmware_id": lambda task: task.job.order.firmware_id,
    "module": lambda task: task.job.module,
    "status": lambda task: task.status,
    "desc": lambda task: task.desc,
}
_DEVICE_FIELDS: Mapping[str, _Getter[DeviceState]] = {
    "product_key": lambda device: device.device.product_key,
    "device_key": lambda device: device.device.device_key,
    "asset_id": lambda device: device.registration.asset_id,
    "firmware_version": lambda device: device.version,
    "is_upgrading": lambda device: bool(device.active),
}
_JOB_FIELDS: Mapping[str, _Getter[JobState]] = {
    "job_id": lambda job: job.job_id,
    "product_key": lambda job: job.product_key,
    "firmware_id": lambda job: job.order.firmware_id,
    "firmware_version": lambda job: job.target,
    "kind": lambda job: job.order.kind,
    "module": lambda job: job.module,
}
_FIRMWARE_FIELDS: Mapping[str, _Getter[FirmwareState]] = {
    "firmware_id": lambda firmware: firmware.firmware_id,
    "product_key": lambda firmware: firmware.order.product_key,
    "version": lambda firmware: firmware.order.version,
    "module": lambda firmware: firmware.order.module,
    "is_verified": lambda firmware: firmware.is_verified,
}
_REPORTED_FIELDS: Mapping[str, _Getter[ReportedRow]] = {
    "product_key": lambda row: row.product_key,
    "device_key": lambda row: row.device_key,
    "asset_id": lambda row: row.asset_id,
    "module": lambda row: row.module,
    "version": lambda row: row.version,
}


def tasks(books: Books, where: Filter, page: Page) -> Answer:
    """List tasks, oldest first."""
    job_id, rest = _taken_out(where, "job_id")
    if job_id is None:
        candidates: Iterable[TaskState] = books.tasks.values()
    else:
        job = books.jobs.get(job_id)
        if job is None and books.contract.unknown_job == "refused":
            return Refused(Refusal.NO_SUCH_JOB, job_id)
        candidates = job.tasks if job else ()
    return _listed(
        books,
        candidates,
        rest,
        page,
        get=_TASK_FIELDS.get,
        render=lambda task: _task_row(books, task),
    )


def devices(books: Books, where: Filter, page: Page) -> Answer:
    """List the devices that have reported a version, by identity."""
    candidates = (device for device in joining.devices_of(books) if device.version is not None)
    return _listed(books, candidates, where, page, get=_DEVICE_FIELDS.get, render=_device_row)


def reported(books: Books, where: Filter, page: Page) -> Answer:
    """List what devices have reported of each of their modules, by identity, then by module."""
    candidates = (row for device in joining.devices_of(books) for row in _reported_rows(device))
    return _listed(
        books,
        candidates,
        where,
        page,
        get=_REPORTED_FIELDS.get,
        render=lambda row: row,
        is_wide=True,
    )


def all_jobs(books: Books, where: Filter, page: Page, now_ms: int) -> Answer:
    """List jobs, newest first; one `device_key` demanded finds those in which it has a task."""
    device_key, rest = _taken_out(where, "device_key")

    def getter(field: str) -> _Getter[JobState] | None:
        if field == "status":
            return lambda job: job_rows.status_of(books, job, now_ms)
        return (
            _JOB_FIELDS.get(field)
            or _name_getter(field, "name", lambda job: job.order.names)
            or _name_getter(field, "firmware_name", lambda job: job.firmware_names)
        )

    return _listed(
        books,
        [
            job
            for job in reversed(books.jobs.values())
            if device_key is None or device_key in job.by_device_key
        ],
        rest,
        page,
        get=getter,
        render=lambda job: job_rows.row_of(books, job, now_ms),
        is_wide=True,
    )


def all_firmware(books: Books, where: Filter, page: Page) -> Answer:
    """List firmware, oldest first."""

    def getter(field: str) -> _Getter[FirmwareState] | None:
        return _FIRMWARE_FIELDS.get(field) or _name_getter(
            field, "name", lambda firmware: firmware.order.names
        )

    return _listed(
        books,
        books.firmware.values(),
        where,
        page,
        get=getter,
        render=lambda firmware: firmwares.row_of(books, firmware),
    )


def versions(books: Books, product_key: str) -> Answer:
    """List the versions that devices of the product have reported."""
    found = {
        device.version
        for device in books.devices.values()
        if device.version is not None and device.device.product_key == product_key
    }
    return Versions(tuple(sorted(found)))


def _listed(
    books: Books,
    candidates: Iterable[_S],
    where: Filter,
    page: Page,
    *,
    get: Callable[[str], _Getter[_S] | None],
    render: Callable[[_S], Row],
    is_wide: bool = False,
) -> Answer:
    contract = books.contract
    most = contract.wide_rows_max if is_wide else contract.page_size_max
    number = contract.page_base if page.number is None else page.number
    size = contract.page_size_default if page.size is None else page.size
    if number < contract.page_base:
        return Refused(Refusal.BAD_ARGUMENT, "page_number")
    if not 1 <= size <= most:
        return Refused(Refusal.BAD_ARGUMENT, "page_size")
    try:
        test = _compile(books, where, get)
    except UnknownFieldError as error:
        return Refused(Refusal.BAD_ARGUMENT, str(error))
    found = list(candidates) if test is None else [each for each in candidates if test(each)]
    first = (number - contract.page_base) * size
    if "B67" in books.planted and first:
        first -= 1
    rows = tuple(render(each) for each in found[first : first + size])
    return Listed(
        rows=rows,
        page_number=number,
        page_size=size,
        total=len(rows) if "B38" in books.planted else len(found),
    )


# --- filters ---------------------------------------------------------------------------------


def _compile(
    books: Books, where: Filter, get: Callable[[str], _Getter[_S] | None]
) -> _Test[_S] | None:
    """Turn a filter into a test; None stands for one that everything passes.

    Raises:
        UnknownFieldError: It compares a field that the search does not have.
    """
    match where:
        case AllOf(parts):
            tests = [test for part in parts if (test := _compile(books, part, get)) is not None]
            if len(tests) < 2:  # noqa: PLR2004 - one test needs no conjunction
                return tests[0] if tests else None
            return lambda each: all(test(each) for test in tests)
        case AnyOf(parts):
            choices = [_compile(books, part, get) for part in parts]
            certain = [test for test in choices if test is not None]
            if len(certain) < len(choices):
                return None
            return lambda each: any(test(each) for test in certain)
        case Comparison(field, operator, values):
            getter = get(field)
            if getter is not None:
                return _compare(books, getter, operator, values)
            if "B43" in books.planted:
                return None
            raise UnknownFieldError(field)


def _compare(
    books: Books, getter: _Getter[_S], operator: Operator, values: tuple[Value, ...]
) -> _Test[_S]:
    """Return the test of one comparison; it agrees with `model.filters.matches`."""
    if operator is Operator.IN and "B41" in books.planted:
        operator = Operator.LIKE
    if operator is Operator.LIKE:
        texts = [str(value) for value in values]
        return lambda each: (
            (own := getter(each)) is not None and any(text in str(own) for text in texts)
        )
    chosen = frozenset(values)
    if operator is Operator.NOT_EQUAL:
        return lambda each: getter(each) not in chosen
    return lambda each: getter(each) in chosen


def _taken_out(where: Filter, field: str) -> tuple[str | None, Filter]:
    """Take `field = x` out of a filter that demands it; None: it demands no single value."""
    parts = where.parts if isinstance(where, AllOf) else (where,)
    for part in parts:
        match part:
            case Comparison(name, Operator.EQUAL, (str(value),)) if name == field:
                return value, AllOf(tuple(other for other in parts if other is not part))
            case _:
                continue
    return None, where


def _name_getter(
    field: str, prefix: str, names_of: Callable[[_S], Names | None]
) -> _Getter[_S] | None:
    """Return the getter of `prefix.default` or `prefix.{locale}`, None for other fields.

    A locale without a text of its own has the default's.
    """
    head, _, locale = field.partition(".")
    if head != prefix or not locale:
        return None

    def get(each: _S) -> Value | None:
        names = names_of(each)
        return None if names is None else dict(names.by_locale).get(locale, names.default)

    return get


# --- rows ------------------------------------------------------------------------------------


def _task_row(books: Books, task: TaskState) -> TaskRow:
    device = task.device.device
    began_at_ms = task.pushed_at_ms if task.asked_at_ms is None else task.asked_at_ms
    return TaskRow(
        task_id=task.task_id,
        job_id=task.job.job_id,
        product_key=device.product_key,
        device_key=device.device_key,
        asset_id=task.device.registration.asset_id,
        from_version=task.from_version,
        to_version=task.job.target,
        status=task.status,
        progress=task.progress,
        desc=task.desc,
        updated_epoch_ms=books.epoch_ms + task.updated_at_ms,
        created_epoch_ms=books.epoch_ms + task.created_at_ms,
        started_epoch_ms=None if began_at_ms is None else books.epoch_ms + began_at_ms,
        module=task.job.module,
        firmware_id=task.job.order.firmware_id,
        timeout_s=task.timeout_s,
        is_retry_due=job_rows.is_retry_due(books, task),
    )


def _device_row(device: DeviceState) -> DeviceRow:
    return DeviceRow(
        product_key=device.device.product_key,
        device_key=device.device.device_key,
        asset_id=device.registration.asset_id,
        firmware_version=device.version or "",
        is_upgrading=bool(device.active),
    )


def _reported_rows(device: DeviceState) -> Iterator[ReportedRow]:
    """Yield a row for the device as a whole, then one a module, each if it was reported."""
    for module in ("", *sorted(device.modules)):
        version = device.version_of(module)
        if version is not None:
            yield ReportedRow(
                product_key=device.device.product_key,
                device_key=device.device.device_key,
                asset_id=device.registration.asset_id,
                module=module,
                version=version,
            )
