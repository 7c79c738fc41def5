"""Firmware calls: keep, show, forget an image; and what a push says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import replace

from fleet_sim.backend import products, tokens
from fleet_sim.backend.books import Books
from fleet_sim.backend.events import DropFile, KeepFile
from fleet_sim.backend.state import FirmwareState, JobState, TaskState
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.northbound import (
    Answer,
    CreateFirmware,
    Done,
    FetchFile,
    FileFound,
    FirmwareCreated,
    FirmwareOrder,
    FirmwareRow,
    Names,
    Refusal,
    Refused,
    Shown,
    TaskStatus,
    Trial,
    UpdateFirmware,
)

# How many devices may take part in a verification, and how many must succeed, where the firmware
# does not say: the console's limit, and the least that proves anything.
VERIFY_DEVICES_MAX = 5
VERIFY_SUCCESSES_MIN = 1

_ONLY_FILE = 1  # A firmware has one file here; vendors number several within one stream.

_OTHER_METHOD = {"md5": "sha256", "sha256": "md5"}


def create(books: Books, call: CreateFirmware, now_ms: int) -> Answer:
    """Keep an image whose version and name are new to its product and whose digest is true."""
    refused = _refusal(books, call.order, call.content)
    if refused:
        return refused
    number = books.number("firmware")
    firmware = FirmwareState(
        firmware_id=books.name("firmware", number),
        number=number,
        order=call.order,
        size_bytes=len(call.content),
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        other_digest=_digest(_OTHER_METHOD[call.order.digest_method], call.content),
    )
    books.firmware[firmware.firmware_id] = firmware
    books.file(KeepFile(firmware.firmware_id, call.order.file_name, call.content))
    books.keep(firmware)
    return FirmwareCreated(firmware.firmware_id)


def get(books: Books, firmware_id: str) -> Answer:
    """Show one firmware."""
    firmware = books.firmware.get(firmware_id)
    if firmware is None:
        return Refused(Refusal.NO_SUCH_FIRMWARE, firmware_id)
    return Shown(row_of(books, firmware))


def update(books: Books, call: UpdateFirmware, now_ms: int) -> Answer:
    """Rename a firmware, or describe it anew."""
    firmware = books.firmware.get(call.firmware_id)
    if firmware is None:
        return Refused(Refusal.NO_SUCH_FIRMWARE, call.firmware_id)
    order = firmware.order
    if call.names is not None and _is_name_taken(books, order.product_key, call.names, firmware):
        return Refused(Refusal.NAME_EXISTS, call.names.default)
    changes = {
        name: value
        for name in ("names", "desc", "custom")
        if (value := getattr(call, name)) is not None
    }
    firmware.order, firmware.updated_at_ms = replace(order, **changes), now_ms
    books.keep(firmware)
    return Done()


def _is_name_taken(
    books: Books, product_key: str, names: Names, but: FirmwareState | None = None
) -> bool:
    others = (one.order for one in books.firmware.values() if one is not but)
    return any(
        (one.product_key, one.names.default) == (product_key, names.default) for one in others
    )


def delete(books: Books, firmware_id: str) -> Answer:
    """Forget a firmware, unless a device is still to be upgraded to it."""
    firmware = books.firmware.get(firmware_id)
    if firmware is None:
        return Refused(Refusal.NO_SUCH_FIRMWARE, firmware_id)
    for job in books.jobs.values():
        if job.order.firmware_id == firmware_id and any(not task.is_final for task in job.tasks):
            return Refused(Refusal.FIRMWARE_IN_USE, firmware_id)
    del books.firmware[firmware_id]
    books.forget(firmware)
    books.say(DropFile(firmware_id, firmware.order.file_name))
    return Done()


def fetch(books: Books, call: FetchFile) -> Answer:
    """Find the file of a firmware, for a device that is known; any firmware, for any of them.

    Whether a device may have the file of another product is in no page; by the address in a push
    anybody may.
    """
    known = call.device in books.devices if call.device else _has_asset(books, call.asset_id)
    if not known:
        return Refused(Refusal.BAD_ARGUMENT, "device: there is none of this name")
    found = file_of(books, call.firmware_id)
    if found is None:
        return Refused(Refusal.NO_SUCH_FIRMWARE, call.firmware_id)
    return FileFound(call.firmware_id, found)


def _has_asset(books: Books, asset_id: str) -> bool:
    return any(one.registration.asset_id == asset_id for one in books.devices.values())


def row_of(books: Books, firmware: FirmwareState) -> FirmwareRow:
    """Return a firmware as shown."""
    return FirmwareRow(
        firmware_id=firmware.firmware_id,
        order=firmware.order,
        url=books.file_url(firmware.firmware_id, firmware.order.file_name),
        size_bytes=firmware.size_bytes,
        is_verified=firmware.is_verified,
        created_epoch_ms=books.epoch_ms + firmware.created_at_ms,
        trial=trial_of(books, firmware.firmware_id),
        updated_epoch_ms=books.epoch_ms + firmware.updated_at_ms,
    )


def trial_of(books: Books, firmware_id: str) -> Trial | None:
    """Return how the last job to verify a firmware stands; one without devices is none."""
    jobs = (job for job in reversed(books.jobs.values()) if job.order.firmware_id == firmware_id)
    last = next((job for job in jobs if job.order.kind == "verify" and job.tasks), None)
    if last is None:
        return None
    done = sum(task.status is TaskStatus.SUCCEEDED for task in last.tasks)
    return Trial(100 * done // len(last.tasks), all(task.is_final for task in last.tasks))


def image_of(books: Books, task: TaskState) -> FirmwareImage:
    """Return what a task's upgrade requests say of its job's firmware.

    The firmware is there: it cannot be deleted while one of the job's tasks is open.
    """
    job = task.job
    firmware = books.firmware[job.order.firmware_id]
    is_stream = job.order.by_blocks
    url = books.file_url(firmware.firmware_id, firmware.order.file_name)
    return FirmwareImage(
        version=firmware.order.version,
        url="" if is_stream else url,
        size_bytes=firmware.size_bytes,
        digest=firmware.order.digest.lower(),
        digest_method=firmware.order.digest_method,
        module=firmware.order.module,
        stream=stream_of(firmware) if is_stream else None,
        is_patch=firmware.order.is_patch,
        custom=firmware.order.custom,
        tags=job.order.tags,
        token=tokens.token_of(books, task),
        other_digest=firmware.other_digest,
    )


def stream_of(firmware: FirmwareState) -> tuple[int, int]:
    """Return how devices that fetch a firmware's file over MQTT name it: no other is called so."""
    return firmware.number, _ONLY_FILE


def file_at(books: Books, stream: tuple[int, int]) -> tuple[str, str] | None:
    """Return the firmware and the file name that a stream stands for, None where there is none."""
    found = (one for one in books.firmware.values() if stream_of(one) == stream)
    firmware = next(found, None)
    return None if firmware is None else (firmware.firmware_id, firmware.order.file_name)


def file_of(books: Books, firmware_id: str) -> str | None:
    """Return the name of a firmware's file, None for no such firmware."""
    firmware = books.firmware.get(firmware_id)
    return None if firmware is None else firmware.order.file_name


def devices_max(firmware: FirmwareState) -> int:
    """Return how many devices a verify job of this firmware may name."""
    asked = firmware.order.verify_devices_max
    return VERIFY_DEVICES_MAX if asked is None else asked


def count_success(books: Books, job: JobState, now_ms: int) -> None:
    """A verify job's task has succeeded, which may have made its firmware a verified one."""
    firmware = books.firmware[job.order.firmware_id]
    if not firmware.is_verified and _is_proven(books, job, firmware):
        firmware.is_verified, firmware.updated_at_ms = True, now_ms
        books.keep(firmware)


def _is_proven(books: Books, job: JobState, firmware: FirmwareState) -> bool:
    """Tell whether all of the job have succeeded, or enough devices in any, by the contract."""
    if books.contract.verification == "by_job":
        return all(task.status is TaskStatus.SUCCEEDED for task in job.tasks)
    asked = firmware.order.verify_successes_min
    proven = {
        task.device.device
        for other in books.jobs.values()
        if other.order.kind == "verify" and other.order.firmware_id == firmware.firmware_id
        for task in other.tasks
        if task.status is TaskStatus.SUCCEEDED
    }
    return len(proven) >= (VERIFY_SUCCESSES_MIN if asked is None else asked)


def _refusal(books: Books, order: FirmwareOrder, content: bytes) -> Refused | None:
    stranger = products.unknown(books, order.product_key)
    if stranger:
        return stranger
    if any(_place_of(other.order) == _place_of(order) for other in books.firmware.values()):
        return Refused(Refusal.VERSION_EXISTS, order.version)
    if _is_name_taken(books, order.product_key, order.names):
        return Refused(Refusal.NAME_EXISTS, order.names.default)
    if order.is_patch and len(order.from_versions) != 1:
        return Refused(Refusal.BAD_ARGUMENT, "from_versions: a patch is for one version")
    if order.version in order.from_versions:
        return Refused(Refusal.BAD_ARGUMENT, "from_versions: the image's own is among them")
    if not content:
        return Refused(Refusal.BAD_ARGUMENT, "file: it is empty")
    if order.digest_method not in _OTHER_METHOD:
        return Refused(Refusal.BAD_ARGUMENT, f"digest_method: {order.digest_method} is not known")
    if _digest(order.digest_method, content) != order.digest.lower():
        return Refused(Refusal.BAD_ARGUMENT, f"digest: the file's {order.digest_method} differs")
    return None


def _digest(method: str, content: bytes) -> str:
    return hashlib.new(method, content, usedforsecurity=False).hexdigest()


def _place_of(order: FirmwareOrder) -> Hashable:
    """Return what no two images share: the version, for one module from one source."""
    module = order.module.lower()  # letters' case tells no two modules apart
    return order.product_key, module, order.version, tuple(sorted(order.from_versions))
