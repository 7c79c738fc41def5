"""IoTDA v5: batch tasks and packages, as conversations.

    POST, GET    /v5/iot/{project_id}/batchtasks          create, list
    GET, DELETE  …/batchtasks/{task_id}                   show, delete
    POST         …/batchtasks/{task_id}/stop | retry | confirm
    POST, GET    …/ota-upgrades/packages                  create, list
    GET, DELETE  …/ota-upgrades/packages/{package_id}     show, delete

`stop`, `retry` and `confirm` take some targets, of each of which is told what became of it, or all
that can be. A whole task is stopped by stopping all that has not ended. A target that nobody knows
gets no task ([U]).

Source: the pages of those names; SDK for Python 3.1.219.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.huawei import talk, v5_codes
from fleet_sim.dialects.huawei.admin import Objects
from fleet_sim.dialects.huawei.names import device_of
from fleet_sim.dialects.huawei.oceanconnect import Method, answered
from fleet_sim.dialects.huawei.operations import OPERATE_TYPE
from fleet_sim.dialects.huawei.packages import FILE_TYPES, trait_of
from fleet_sim.dialects.huawei.payload import read_object, read_text
from fleet_sim.dialects.huawei.standing import RUNNING, WAITING, Standing, standing_of
from fleet_sim.dialects.huawei.talk import Asked, Talk, refuse
from fleet_sim.dialects.huawei.v5_packages import package_fields, read_package, shown_package
from fleet_sim.dialects.huawei.v5_paging import cut, read_cut
from fleet_sim.dialects.huawei.v5_tasks import (
    DETAIL_STATUSES,
    KIND_OF,
    TASK_STATUSES,
    detail_fields,
    detail_status,
    read_order,
    status_of,
    target_of,
    task_fields,
)
from fleet_sim.dialects.huawei.v5_values import DEVICE, NAME_36, VERSION, query_value
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import EVERYTHING, Comparison, Operator
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    FirmwareCreated,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobCreated,
    JobOrder,
    JobRow,
    Refusal,
    Refused,
    RetryTasks,
    Scope,
    Shown,
    StopJob,
    TaskRow,
    TaskStatus,
)

ROOT = "/v5/iot/"
TARGETS_MAX = 100

_PACKAGE_FILTERS = {"app_id": NAME_36, "product_id": NAME_36, "version": VERSION}
_PACKAGE_KIND = dict(zip(KIND_OF.values(), FILE_TYPES, strict=True))


# --- tasks -----------------------------------------------------------------------------------


def create_task(asked: Asked) -> Talk:
    """Start a job."""
    order = read_order(asked.request.body, asked.contract, asked.epoch_ms)
    package = (yield from _package(order.firmware_id)).order
    kind = dict(order.tags)[OPERATE_TYPE]
    if trait_of(package, "fileType") != _PACKAGE_KIND[kind]:
        refuse(v5_codes.BAD_INPUT, "The package is of another type than the task.")
    if order.scope.product_key not in {"", package.product_key}:
        refuse(v5_codes.BAD_INPUT, "The package is of another product than the targets.")
    full = replace(order, scope=_whole(order, package.product_key))
    made = _done((yield CreateJob(full)))
    assert isinstance(made, JobCreated)
    row = yield from _job(made.job_id)
    return answered(201, task_fields(row, "Initializing"))


def _whole(order: JobOrder, product_key: str) -> Scope:
    """Return a scope with its product; see the room for its group.

    A package's source versions leave nobody out: each target is asked for its version, and fails
    where the package does not support it.
    """
    scope = replace(order.scope, product_key=product_key)
    is_everybody = scope.groups is not None and product_key in scope.groups
    return replace(scope, total=True, groups=None) if is_everybody else scope


def list_tasks(asked: Asked) -> Talk:
    """Show the jobs that match, without their tasks."""
    wanted, task_type, status = read_cut(asked), asked.query("task_type"), asked.query("status")
    app_id = query_value(asked, "app_id", NAME_36)
    if task_type not in KIND_OF:
        refuse(v5_codes.BAD_INPUT, f"task_type is none of {', '.join(KIND_OF)}.")
    if status not in {"", *TASK_STATUSES}:
        refuse(v5_codes.BAD_INPUT, "status is unknown.")
    rows = yield from talk.jobs(EVERYTHING, asked.contract.page_size_max)
    found = [
        row
        for row in rows
        if dict(row.order.tags).get(OPERATE_TYPE) == KIND_OF[task_type]
        and status in {"", status_of(row)}
        and app_id in {"", dict(row.order.tags).get("app_id", "")}
    ]
    shown, page = cut(found, wanted, lambda row: row.job_id)
    return answered(200, {"batchtasks": [task_fields(row) for row in shown], "page": page})


def show_task(asked: Asked) -> Talk:
    """Show a job, and one page of its tasks."""
    wanted, status = read_cut(asked), asked.query("task_detail_status")
    target = query_value(asked, "target", DEVICE)
    if status not in {"", *DETAIL_STATUSES}:
        refuse(v5_codes.BAD_INPUT, "task_detail_status is unknown.")
    row = yield from _job(asked.names[1])
    rows = yield from _tasks(asked, row.job_id)
    found = [
        one for one in rows if status in {"", detail_status(one)} and target in {"", target_of(one)}
    ]
    shown, page = cut(found, wanted, lambda one: one.task_id)
    details = [detail_fields(one) for one in shown]
    return answered(200, {"batchtask": task_fields(row), "task_details": details, "page": page})


def delete_task(asked: Asked) -> Talk:
    """Forget a job that runs no more."""
    job_id = asked.names[1]
    row = yield from _job(job_id)
    if standing_of(row) in {Standing.WAITING, Standing.RUNNING, Standing.STOPPING}:
        refuse(v5_codes.TASK_STATE, "It has to be stopped first.")
    yield StopJob(job_id)  # What has ended by itself has not been stopped.
    _done((yield DeleteJob(job_id)))
    return HttpResponse(204, b"", ())


def stop_task(asked: Asked) -> Talk:
    """Stop some tasks, or all that have not ended."""
    targets = _targets(asked)
    row = yield from _job(asked.names[1])
    if standing_of(row) not in {Standing.WAITING, Standing.RUNNING}:
        refuse(v5_codes.TASK_STATE, "It has ended, or is about to.")
    rows = yield from _tasks(asked, row.job_id)
    if targets:
        return (yield from _each(rows, targets, lambda one: CancelTasks(row.job_id, _key(one))))
    open_ones = [one for one in rows if one.status in {*WAITING, *RUNNING}]
    _done((yield CancelJob(row.job_id, (*WAITING, *RUNNING))))
    yield StopJob(row.job_id)  # No device joins it any more.
    return _told([(target_of(one), None) for one in open_ones])


def retry_task(asked: Asked) -> Talk:
    """Try tasks that have failed or were stopped again, some of them or all the contract lets.

    One that is to be tried again by itself does not wait for that any longer.
    """
    targets = _targets(asked)
    row = yield from _job(asked.names[1])
    if standing_of(row) not in {Standing.FAILED, Standing.PARTLY, Standing.RUNNING}:
        refuse(v5_codes.TASK_STATE, "Nothing of it can be tried again.")
    rows = yield from _tasks(asked, row.job_id)
    chosen = targets or _targets_of(rows, *asked.contract.reopenable)
    return (yield from _each(rows, chosen, lambda one: RetryTasks(row.job_id, _key(one))))


def confirm_task(asked: Asked) -> Talk:
    """Consent to tasks that wait for it, some of them or all."""
    targets = _targets(asked)
    row = yield from _job(asked.names[1])
    if standing_of(row) not in {Standing.WAITING, Standing.RUNNING}:
        refuse(v5_codes.TASK_STATE, "It has ended, or is about to.")
    rows = yield from _tasks(asked, row.job_id)
    chosen = targets or _targets_of(rows, TaskStatus.UNCONFIRMED)
    return (yield from _each(rows, chosen, lambda one: ConfirmTasks((one.task_id,))))


def _each(
    rows: Sequence[TaskRow], targets: Sequence[str], call_of: Callable[[TaskRow], Call]
) -> Talk:
    """Ask for each of the targets by itself, and tell of each."""
    by_target = {target_of(row): row for row in rows}
    told: list[tuple[str, Refusal | None]] = []
    for target in targets:
        row = by_target.get(target)
        answer: Answer = Refused(Refusal.NO_SUCH_TASK) if row is None else (yield call_of(row))
        told.append((target, answer.reason if isinstance(answer, Refused) else None))
    return _told(told)


def _told(told: Sequence[tuple[str, Refusal | None]]) -> HttpResponse:
    results = []
    for target, reason in told:
        result = {"target": target, "status": "success" if reason is None else "failure"}
        if reason is not None:
            why = v5_codes.code_of(reason)
            result |= {"error_code": why.code, "error_msg": why.text}
        results.append(result)
    return answered(200, {"targets": results})


def _key(row: TaskRow) -> tuple[str, ...]:
    return (row.device_key,)


def _targets_of(rows: Sequence[TaskRow], *words: str) -> tuple[str, ...]:
    """Return the targets that stand so; `retry_due` is a word for those between two attempts."""
    return tuple(
        target_of(row)
        for row in rows
        if ("retry_due" if row.is_retry_due else row.status.value) in words
    )


def _targets(asked: Asked) -> tuple[str, ...]:
    """Return the targets of the body, none for all that can be."""
    try:
        given = read_object(asked.request.body or b"{}").get("targets")
        if given is None:
            return ()
        if not isinstance(given, list) or not 1 <= len(given) <= TARGETS_MAX:
            refuse(v5_codes.BAD_INPUT, f"targets is no list of 1 to {TARGETS_MAX} ids.")
        names = tuple(dict.fromkeys(read_text({"target": one}, "target") for one in given))
        for name in names:
            device_of(name)
    except DialectError as error:
        refuse(v5_codes.BAD_INPUT, f"{error}.")
    return names


def _job(job_id: str) -> Generator[Call, Answer, JobRow]:
    shown = _done((yield GetJob(job_id)))
    assert isinstance(shown, Shown)
    assert isinstance(shown.row, JobRow)
    return shown.row


def _tasks(asked: Asked, job_id: str) -> Generator[Call, Answer, tuple[TaskRow, ...]]:
    where = Comparison("job_id", Operator.EQUAL, (job_id,))
    return (yield from talk.tasks(where, asked.contract.page_size_max))


# --- packages --------------------------------------------------------------------------------


def creator_of(objects: Objects) -> Method:
    """Return what keeps a package, whose file is in this storage."""

    def create_package(asked: Asked) -> Talk:
        call = read_package(asked.request.body, objects)
        made = _done((yield call))
        assert isinstance(made, FirmwareCreated)
        row = yield from _package(made.firmware_id)
        return answered(201, shown_package(row))

    return create_package


def list_packages(asked: Asked) -> Talk:
    """Show the packages that match."""
    wanted, kind = read_cut(asked), asked.query("package_type")
    if kind not in FILE_TYPES:
        refuse(v5_codes.BAD_INPUT, f"package_type is none of {', '.join(FILE_TYPES)}.")
    asked_for = {name: query_value(asked, name, form) for name, form in _PACKAGE_FILTERS.items()}
    rows = yield from talk.packages(EVERYTHING, asked.contract.page_size_max)
    found = []
    for row in rows:
        fields = package_fields(row)
        if fields["package_type"] == kind and all(
            value in {"", fields[name]} for name, value in asked_for.items()
        ):
            found.append(fields)
    shown, page = cut(found, wanted, lambda fields: str(fields["package_id"]))
    return answered(200, {"packages": list(shown), "page": page})


def show_package(asked: Asked) -> Talk:
    """Show one package."""
    return answered(200, shown_package((yield from _package(asked.names[1]))))


def delete_package(asked: Asked) -> Talk:
    """Forget a package."""
    _done((yield DeleteFirmware(asked.names[1])))
    return HttpResponse(204, b"", ())


def _package(package_id: str) -> Generator[Call, Answer, FirmwareRow]:
    shown = _done((yield GetFirmware(package_id)))
    assert isinstance(shown, Shown)
    assert isinstance(shown.row, FirmwareRow)
    return shown.row


def _done(answer: Answer) -> Answer:
    """Return an answer that is no refusal.

    Raises:
        ApiError: It is one.
    """
    if isinstance(answer, Refused):
        refuse(v5_codes.code_of(answer.reason))
    return answer


def routes_of(objects: Objects) -> tuple[tuple[str, re.Pattern[str], Method], ...]:
    """Return method and path to what answers; the first name in each path is the project."""
    name = r"([^/]+)"
    tasks = f"{ROOT}{name}/batchtasks"
    packages = f"{ROOT}{name}/ota-upgrades/packages"
    return (
        ("POST", re.compile(tasks), create_task),
        ("GET", re.compile(tasks), list_tasks),
        ("GET", re.compile(f"{tasks}/{name}"), show_task),
        ("DELETE", re.compile(f"{tasks}/{name}"), delete_task),
        ("POST", re.compile(f"{tasks}/{name}/stop"), stop_task),
        ("POST", re.compile(f"{tasks}/{name}/retry"), retry_task),
        ("POST", re.compile(f"{tasks}/{name}/confirm"), confirm_task),
        ("POST", re.compile(packages), creator_of(objects)),
        ("GET", re.compile(packages), list_packages),
        ("GET", re.compile(f"{packages}/{name}"), show_package),
        ("DELETE", re.compile(f"{packages}/{name}"), delete_package),
    )
