"""Which requests a call takes, one after the other, told from the answers there are.

    CreateFirmware  GenerateOTAUploadURL ► the file, as a form ► CreateOTAFirmware
    CreateJob       QueryOTAFirmware, for its product ► the call that creates the job; between them,
                    where it names more devices than that takes: GenerateDeviceNameListURL ► the
                    names, as a form
    CancelTasks     QueryOTAJob, for firmware and product ► CancelOTATaskByDevice, 200 names each
    RetryTasks      ListOTATaskByJob, for the ids, 50 names each ► ReupgradeOTATask
    StopJob         QueryOTAJob ► CancelOTAStrategyByJob, if dynamic ► CancelOTATaskByJob

Whatever is not in this table takes one request. Where it is known already what a step is to find
out, the step is left out. A job is stopped by cancelling all that is not under way, since there is
no call that only halts it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc import firmware, name_lists, tasks
from fleet_sim.dialects.rpc.job_parameters import DEVICES_MAX
from fleet_sim.dialects.rpc.profile import UPLOAD_LIST, Profile
from fleet_sim.dialects.rpc.question import question
from fleet_sim.dialects.rpc.searches import Pairs, cannot, numbered
from fleet_sim.dialects.rpc.uploads import SUFFIXES, form_of
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    FirmwareOrder,
    GetFirmware,
    GetJob,
    JobOrder,
    RetryTasks,
    StopJob,
    TaskStatus,
)

Reply = Mapping[str, Any]
Replies = Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for an action."""

    action: str
    pairs: Pairs


Step = Ask | HttpRequest


def step(call: Call, replies: Replies, profile: Profile) -> Step | None:
    """Return the request that comes after these replies; None: the last was the last.

    Args:
        call: What is asked.
        replies: The bodies of the answers so far, in PascalCase, all of them good; that of an
            upload is empty.
        profile: The vendor's form.

    Raises:
        DialectError: The API has no form for it, or an answer lacks what the next step needs.
    """
    chooser = _CHOOSERS.get(type(call))
    if chooser is None:
        found: Step | None = None if replies else Ask(*question(call, profile))
    else:
        try:
            found = chooser(call, replies, profile)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DialectError(f"an answer lacks what the next request needs: {error}") from error
    if isinstance(found, Ask) and found.action not in profile.actions:
        raise cannot(f"has no action {found.action}", profile)
    return found


# --- firmware ----------------------------------------------------------------------------------


def _create_firmware(call: CreateFirmware, replies: Replies, profile: Profile) -> Step | None:
    match len(replies):
        case 0:
            return Ask("GenerateOTAUploadURL", (("FileSuffix", _suffix(call.order.file_name)),))
        case 1:
            return _upload(replies[0]["Data"], call.order.file_name, call.content)
        case 2:
            url = str(replies[0]["Data"]["FirmwareUrl"])
            return Ask("CreateOTAFirmware", _firmware(call, url, profile))
        case _:
            return None


def _suffix(file_name: str) -> str:
    """Return the longest suffix of the vendor's that the name ends in, else the default."""
    fitting = (suffix for suffix in SUFFIXES if file_name.lower().endswith(f".{suffix}"))
    return max(fitting, key=len, default=SUFFIXES[0])


def _upload(data: Mapping[str, str], file_name: str, content: bytes) -> HttpRequest:
    host = str(data["Host"])
    try:
        place = urlsplit(host)
    except ValueError as error:
        raise DialectError(f"{host[:80]!r} is no address to upload to") from error
    return HttpRequest(
        "POST",
        place.path or "/",
        parts=form_of(data, file_name, content),
        origin=f"{place.scheme}://{place.netloc}" if place.netloc else "",
    )


def _firmware(call: CreateFirmware, url: str, profile: Profile) -> Pairs:
    order = call.order
    if len(order.from_versions) > 1:
        raise cannot("takes one source version of a firmware", profile)
    method, digest = _digest(order, call.content, profile)
    pairs = (
        ("DestVersion", order.version),
        ("FirmwareName", order.names.default),
        ("FirmwareUrl", url),
        ("FirmwareSign", digest),
        ("SignMethod", method.upper()),
        ("FirmwareSize", str(len(call.content))),
        ("ProductKey", order.product_key),
        ("FirmwareDesc", order.desc),
        ("Type", str(firmware.DIFFERENCE if order.is_patch else firmware.WHOLE)),
        ("SrcVersion", next(iter(order.from_versions), "")),
        ("ModuleName", order.module),
        ("NeedToVerify", "true" if order.needs_verification else "false"),
        ("Udi", order.custom),
    )
    return tuple((name, value) for name, value in pairs if value)


def _digest(order: FirmwareOrder, content: bytes, profile: Profile) -> tuple[str, str]:
    """Return the order's digest, or one by a method that the vendor knows."""
    if order.digest_method in profile.sign_methods:
        return order.digest_method, order.digest
    method = profile.sign_methods[0]
    return method, hashlib.new(method, content, usedforsecurity=False).hexdigest()


# --- jobs and tasks ----------------------------------------------------------------------------


def _create_job(call: CreateJob, replies: Replies, profile: Profile) -> Step | None:
    """Fill in the product, which every order of this API names and a neutral one may leave open."""
    known, names = call.order.scope.product_key, _names_to_list(call.order, profile)
    short = _changed(call, device_keys=()) if names else call
    if not known and not replies:
        question(_changed(short, product_key="any"), profile)  # what cannot be said is not begun
        return Ask(*question(GetFirmware(call.order.firmware_id), profile))
    product = known or str(replies[0]["FirmwareInfo"]["ProductKey"])
    action, pairs = question(_changed(short, product_key=product), profile)
    rest = replies if known else replies[1:]
    match len(rest) if names else len(rest) + 2:
        case 0:
            return Ask(UPLOAD_LIST, ())
        case 1:
            data = rest[0]["Data"]
            fields = {**data, "OSSAccessKeyId": data["AccessKeyId"]}
            return _upload(fields, f"names.{name_lists.SUFFIX}", name_lists.write(names))
        case 2:
            listed = ((name_lists.PARAMETER, str(rest[0]["Data"]["FileUrl"])),) if names else ()
            return Ask(action, (*pairs, *listed))
        case _:
            return None


def _names_to_list(order: JobOrder, profile: Profile) -> tuple[str, ...]:
    """Return the devices of an order if they are too many for a call and may stand in a file.

    Raises:
        DialectError: They are too many for a file, too.
    """
    names = order.scope.device_keys or ()
    is_static = order.kind == "upgrade" and not order.open_list
    if len(names) <= DEVICES_MAX or not is_static or UPLOAD_LIST not in profile.actions:
        return ()
    if len(names) > name_lists.NAMES_MAX:
        raise cannot(f"takes {name_lists.NAMES_MAX} names", profile)
    return names


def _changed(call: CreateJob, **scope: Any) -> CreateJob:  # noqa: ANN401 - a scope's fields
    return CreateJob(replace(call.order, scope=replace(call.order.scope, **scope)))


def _cancel_tasks(call: CancelTasks, replies: Replies, profile: Profile) -> Step | None:
    is_known = bool(call.firmware_id and call.product_key)
    if not is_known and not replies:
        return Ask(*question(GetJob(call.job_id), profile))
    job: Mapping[str, Any] = (
        {"FirmwareId": call.firmware_id, "ProductKey": call.product_key}
        if is_known
        else replies[0]["Data"]
    )
    part = _part(call.device_keys, len(replies) - (not is_known), DEVICES_MAX)
    if not part:
        return None
    named = tuple((name, _text(job, name)) for name in ("ProductKey", "FirmwareId"))
    whose = (("JobId", call.job_id),) if call.job_id else ()
    return Ask("CancelOTATaskByDevice", (*named, *whose, *numbered("DeviceName", part)))


def _retry_tasks(call: RetryTasks, replies: Replies, _: Profile) -> Step | None:
    part = _part(call.device_keys, len(replies), tasks.NAMES_MAX)
    if part:
        names = numbered("DeviceNames", part)
        return Ask("ListOTATaskByJob", (("JobId", call.job_id), *names))
    looked = -(-len(call.device_keys) // tasks.NAMES_MAX)
    ids = call.task_ids or _newest_ids(call.device_keys, replies[:looked])
    part = _part(ids, len(replies) - looked, tasks.RETRY_MAX)
    if not part and (ids or len(replies) > looked):
        return None
    return Ask("ReupgradeOTATask", (("JobId", call.job_id), *numbered("TaskId", part)))


def _newest_ids(device_keys: Sequence[str], replies: Replies) -> tuple[str, ...]:
    """Return each device's newest task, in the order of the devices; one without is left out.

    Raises:
        DialectError: None of them has any.
    """
    rows = [row for reply in replies for row in reply["Data"]["SimpleOTATaskInfo"]]
    rows.sort(key=lambda row: str(row.get("UtcCreate", "")))
    newest = {str(row["DeviceName"]): str(row["TaskId"]) for row in rows}
    found = tuple(newest[key] for key in device_keys if key in newest)
    if device_keys and not found:
        raise DialectError("none of these devices has a task in the job")
    return found


def _stop_job(call: StopJob, replies: Replies, profile: Profile) -> Step | None:
    if profile.has_dynamic_jobs and not replies:
        return Ask(*question(GetJob(call.job_id), profile))
    is_dynamic = profile.has_dynamic_jobs and replies[0]["Data"].get("SelectionType") == "DYNAMIC"
    steps: list[Call] = [CancelJob(call.job_id, ends_list=True)] if is_dynamic else []
    known = {status for _, status in profile.cancels}
    stopped = tuple(s for s in TaskStatus if s in known and s is not TaskStatus.UNDER_WAY)
    is_planned = bool(profile.cancels_planned) and not is_dynamic
    steps.append(CancelJob(call.job_id, stopped, is_planned=is_planned))
    number = len(replies) - profile.has_dynamic_jobs
    return Ask(*question(steps[number], profile)) if number < len(steps) else None


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text of an answer: whatever else stands there cannot be sent on."""
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _part(values: Sequence[str], number: int, size: int) -> Sequence[str]:
    return values[number * size : (number + 1) * size]


_CHOOSERS: Mapping[type, Callable[[Any, Replies, Profile], Step | None]] = {
    CreateFirmware: _create_firmware,
    CreateJob: _create_job,
    CancelTasks: _cancel_tasks,
    RetryTasks: _retry_tasks,
    StopJob: _stop_job,
}


def takes_one(call: Call) -> bool:
    """Tell whether a call is one request, whatever is answered."""
    return type(call) not in _CHOOSERS
