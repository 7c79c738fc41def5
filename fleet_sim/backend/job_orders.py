"""Whether a job can be made as it is ordered: what fits neither its firmware nor its contract."""

from __future__ import annotations

from fleet_sim.backend import firmware as firmwares
from fleet_sim.backend import products
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import FirmwareState
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import JobOrder, Refusal, Refused

_WHOLE_MILLIPERCENT = 100_000


def bad_order(books: Books, order: JobOrder, firmware: FirmwareState) -> Refused | None:
    """Return why an order cannot be taken, whoever the devices are."""
    product, named = firmware.order.product_key, order.scope.product_key
    unknown = products.unknown(books, named)
    if unknown:
        return unknown
    if not (product or named):
        return Refused(Refusal.BAD_ARGUMENT, "product_key: neither firmware nor scope has one")
    if product and named and product != named:
        return Refused(Refusal.BAD_ARGUMENT, "product_key: the firmware is another product's")
    if firmware.order.version in order.scope.versions:
        return Refused(Refusal.BAD_ARGUMENT, "versions: the firmware's own version is among them")
    if order.retry and books.contract.retry_needs_source_versions and not order.scope.versions:
        return Refused(Refusal.BAD_ARGUMENT, "versions: a job with retries must name them")
    if _is_too_long(books, order, firmware):
        most = books.contract.blocks_bytes_max
        why = f"the file has {firmware.size_bytes} bytes; over MQTT it may have {most}"
        return Refused(Refusal.BAD_ARGUMENT, f"by_blocks: {why}")
    stranger = _stranger(books, order, product or named)
    if stranger:
        return Refused(Refusal.NO_SUCH_DEVICE, stranger)
    wrong = _bad_list(books, order)
    if wrong:
        return Refused(Refusal.BAD_ARGUMENT, wrong)
    if order.kind == "verify":
        return _bad_trial(books, order, firmware)
    unproven = firmware.order.needs_verification and not firmware.is_verified
    return Refused(Refusal.FIRMWARE_UNVERIFIED, order.firmware_id) if unproven else None


def _is_too_long(books: Books, order: JobOrder, firmware: FirmwareState) -> bool:
    """Tell whether devices could never have the whole file by blocks."""
    most = books.contract.blocks_bytes_max
    return order.by_blocks and most is not None and firmware.size_bytes > most


def _bad_trial(books: Books, order: JobOrder, firmware: FirmwareState) -> Refused | None:
    """Return why a firmware cannot be verified by this order, or by any as it stands."""
    if order.scope.total:
        return Refused(Refusal.VERIFY_SCOPE_TOTAL)
    if books.contract.verification != "by_job":
        return None
    if firmware.is_verified:
        return Refused(Refusal.VERIFY_DONE, order.firmware_id)
    trial = firmwares.trial_of(books, order.firmware_id)
    is_running = trial is not None and not trial.is_over
    return Refused(Refusal.VERIFY_RUNNING, order.firmware_id) if is_running else None


def _stranger(books: Books, order: JobOrder, product_key: str) -> str:
    """Return a named device that nobody knows, where that is a reason to refuse; "" for none."""
    if not order.devices_must_exist:
        return ""
    keys = order.scope.device_keys or ()
    return next((key for key in keys if DeviceId(product_key, key) not in books.devices), "")


def _bad_list(books: Books, order: JobOrder) -> str:
    """Return what is wrong with how later devices join, or how few take part; "" for nothing."""
    millipercent = order.scope.millipercent
    if order.skips_present and not order.open_list:
        return "skips_present: the job's list is not open"
    if millipercent is not None and order.open_list:
        return "millipercent: an open list has no share"
    if millipercent is not None and not 1 <= millipercent <= _WHOLE_MILLIPERCENT:
        return "millipercent: it is from 1 to 100000"
    if order.open_list and _is_rival(books, order):
        return "versions: another open list is for one of them"
    return ""


def _is_rival(books: Books, order: JobOrder) -> bool:
    """Tell whether an open list for the same firmware and a same source version is under way.

    Lists by group name no versions and rival nobody.
    """
    if books.contract.open_lists != "newest_wins":
        return False
    wanted = set(order.scope.versions)
    return any(
        job.takes_joiners and job.order.firmware_id == order.firmware_id and wanted & job.versions
        for job in books.jobs.values()
    )


def bad_verification(order: JobOrder, firmware: FirmwareState, chosen_count: int) -> Refused | None:
    """Return why so many devices cannot take part in a verification."""
    if order.kind != "verify":
        return None
    most = firmwares.devices_max(firmware)
    if max(chosen_count, len(order.scope.device_keys or ())) > most:
        return Refused(Refusal.VERIFY_TOO_MANY, str(most))
    return None
