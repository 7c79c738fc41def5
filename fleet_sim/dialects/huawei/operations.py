"""The body that creates an operation, both ways; and what an operation shows of it again.

    {"fileId", "targets": {"devices" | "deviceGroups" with deviceType, model, manufacturerName},
     "policy": {"executeType", "startTime", "endTime", "retryType", "retryTimes"}}

Devices of a group are found by the platform; a group that is named as the model itself is the whole
product, which is how a job for everybody is asked for here (ours: groups are made on a console).

Source: "Creating a Software Upgrade Task", "Creating a Firmware Upgrade Task"; the classes
`OperateDevices` and `OperatePolicy` of the SDKs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fleet_sim.dialects.huawei import oc_codes
from fleet_sim.dialects.huawei.names import device_of, name_of
from fleet_sim.dialects.huawei.packages import DEFAULTS, is_short
from fleet_sim.dialects.huawei.payload import Fields, read_fields, read_object, read_text
from fleet_sim.dialects.huawei.talk import Code, refuse
from fleet_sim.dialects.huawei.times import read_stamp, stamp
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import JobOrder, Retry, Scope, Window

TARGETS_MAX = 256
OPERATE_TYPE = "operateType"  # The tag by which a job keeps its kind.
FIRMWARE_UPGRADE, SOFTWARE_UPGRADE = "firmware_upgrade", "software_upgrade"

NOW, DEVICE_ONLINE, CUSTOM = "now", "device_online", "custom"
SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a create call asks for.

    Attributes:
        order: The neutral order; the job's kind is still to be noted in it.
        traits: `deviceType` and `manufacturerName`, where groups were named.
    """

    order: JobOrder
    traits: tuple[tuple[str, str], ...] = ()


def read_wanted(body: bytes, contract: ContractProfile, epoch_ms: int) -> Wanted:
    """Read the body.

    Args:
        body: JSON.
        contract: Ranges of retries and windows.
        epoch_ms: The wall clock.

    Raises:
        ApiError: With the number that the page has for the mistake.
    """
    try:
        fields = read_object(body)
        firmware_id = read_text(fields, "fileId")
        targets, policy = read_fields(fields, "targets"), read_fields(fields, "policy")
        scope, traits = _read_targets(targets)
        order = _read_policy(policy, contract, epoch_ms)
    except DialectError as error:
        refuse(oc_codes.BAD_REQUEST, f"{error}.")
    if not firmware_id or not is_short(firmware_id):
        refuse(oc_codes.BAD_REQUEST, "fileId is empty or too long.")
    retry, window, waits = order
    return Wanted(
        JobOrder(
            firmware_id,
            "upgrade",
            scope,
            retry=retry,
            window=window,
            waits_for_connect=waits,
        ),
        traits,
    )


def _read_targets(targets: Fields) -> tuple[Scope, tuple[tuple[str, str], ...]]:
    devices, groups = targets.get("devices"), targets.get("deviceGroups")
    if not devices and not groups:
        refuse(oc_codes.NO_TARGETS)
    if devices and groups:
        refuse(oc_codes.BOTH_TARGETS)
    names = _names(devices or groups)
    if devices:
        return _scope_of(names), ()
    product_key = _needed(targets, "model", oc_codes.NO_MODEL)
    traits = tuple(
        (name, _needed(targets, name, why))
        for name, why in (
            ("deviceType", oc_codes.NO_DEVICE_TYPE),
            ("manufacturerName", oc_codes.NO_MANUFACTURER),
        )
    )
    if product_key in names:
        return Scope(product_key), traits
    return Scope(product_key, total=False, groups=names), traits


def _names(given: object) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise DialectError("targets names something that is no list")
    if len(given) > TARGETS_MAX:
        refuse(oc_codes.TOO_MANY_TARGETS)
    names = tuple(dict.fromkeys(read_text({"name": one}, "name") for one in given))
    if not all(name and is_short(name) for name in names):
        raise DialectError("targets holds a name that is empty or too long")
    return names


def _needed(targets: Fields, name: str, why: Code) -> str:
    value = read_text(targets, name, default="")
    if not value:
        refuse(why)
    if not is_short(value):
        raise DialectError(f"{name} is too long")
    return value


def _scope_of(names: tuple[str, ...]) -> Scope:
    """Return the scope of these devices, which have to be of one product."""
    devices = [device_of(name) for name in names]
    products = {device.product_key for device in devices}
    if len(products) > 1:
        refuse(oc_codes.MISMATCH)
    keys = tuple(device.device_key for device in devices)
    return Scope(products.pop(), total=False, device_keys=keys)


def _read_policy(
    policy: Fields, contract: ContractProfile, epoch_ms: int
) -> tuple[Retry | None, Window | None, bool]:
    """Read the policy; without one the job starts now and tries nothing again."""
    if not policy:
        return None, None, False
    execution = policy.get("executeType")
    if execution not in (NOW, DEVICE_ONLINE, CUSTOM):
        refuse(oc_codes.WRONG_EXECUTION)
    window = _read_window(policy, contract, epoch_ms) if execution == CUSTOM else None
    return _read_retry(policy, contract), window, execution == DEVICE_ONLINE


def _read_retry(policy: Fields, contract: ContractProfile) -> Retry | None:
    wants, times = policy.get("retryType"), policy.get("retryTimes")
    if wants is not None and not isinstance(wants, bool):
        raise DialectError("retryType is no boolean")
    if not wants:
        return None
    if not isinstance(times, int) or isinstance(times, bool):
        refuse(oc_codes.WRONG_RETRIES)
    if not contract.retry_count_min <= times <= contract.retry_count_max:
        refuse(oc_codes.WRONG_RETRIES)
    return Retry(times, contract.retry_interval_s_min)


def _read_window(policy: Fields, contract: ContractProfile, epoch_ms: int) -> Window:
    try:
        start, end = (read_stamp(read_text(policy, name)) for name in ("startTime", "endTime"))
    except DialectError:
        refuse(oc_codes.WRONG_TIMES)
    if start > end:
        refuse(oc_codes.START_AFTER_END)
    if start < epoch_ms - epoch_ms % SECOND_MS:
        refuse(oc_codes.START_IN_PAST)
    if end - start < (contract.window_min_s or 0) * SECOND_MS:
        refuse(oc_codes.WINDOW_TOO_SHORT)
    return Window(start, end)


# --- out -------------------------------------------------------------------------------------


def write_wanted(order: JobOrder, product_key: str, epoch_ms: int) -> dict[str, Any]:
    """Write the body.

    A timeout, a cap, a gap between tries and a name stay unsaid, since OceanConnect has no word for
    them: a plan is told of them before it runs. What would make the job one for more devices, or
    another job, is refused. Of a window that has begun the rest is asked for, since its beginning
    may not lie in the past.

    Raises:
        DialectError: OceanConnect has no form for the order.
    """
    why = next((why for is_meant, why in _unsayable(order) if is_meant), None)
    if why is not None:
        raise DialectError(f"OceanConnect {why}")
    return {
        "fileId": order.firmware_id,
        "targets": target_fields(order.scope, product_key),
        "policy": policy_fields(order, not_before_ms=epoch_ms),
    }


def _unsayable(order: JobOrder) -> tuple[tuple[bool, str], ...]:
    """Return what OceanConnect has no form for, and whether an order asks for it."""
    window = order.window
    return (
        (order.kind == "verify", "has no jobs to verify"),
        (order.open_list or order.skips_present, "has no jobs that later devices join"),
        (order.scope.millipercent is not None, "takes no share of the devices"),
        (bool(order.scope.versions), "takes no source versions: they are the package's"),
        (order.needs_confirmation, "has no jobs that wait for consent; v5 has"),
        (order.devices_must_ask, "has no jobs that devices have to ask for"),
        (order.pushes_a_minute is not None, "has no rate"),
        (order.overwrites, "has no jobs that overwrite older ones"),
        (order.by_blocks, "has no download over MQTT"),
        (window is not None and window.repeat_daily, "has no window that repeats"),
        (window is not None and order.waits_for_connect, "has no window for a job that waits"),
        (any(name != OPERATE_TYPE for name, _ in order.tags), "takes no tags"),
    )


def target_fields(
    scope: Scope, product_key: str, traits: tuple[tuple[str, str], ...] = ()
) -> dict[str, Any]:
    """Write who a job is for.

    Raises:
        DialectError: There is no form for it.
    """
    if scope.device_keys is not None:
        keys = scope.device_keys
        return {"devices": [name_of(DeviceId(product_key, key)) for key in keys]}
    if not scope.total and scope.groups is None:
        raise DialectError("OceanConnect takes devices and groups, and nothing else")
    known = {**DEFAULTS, **dict(traits)}
    return {
        "deviceGroups": [product_key] if scope.groups is None else list(scope.groups),
        "deviceType": known["deviceType"],
        "model": product_key,
        "manufacturerName": known["manufacturerName"],
    }


def read_scope(targets: Fields) -> Scope:
    """Read who a job is for, as an operation shows it.

    Raises:
        DialectError: It is not well formed.
    """
    devices, groups = targets.get("devices"), targets.get("deviceGroups")
    if isinstance(devices, list) and devices:
        named = [device_of(read_text({"name": one}, "name")) for one in devices]
        keys = tuple(device.device_key for device in named)
        return Scope(named[0].product_key, total=False, device_keys=keys)
    if not isinstance(groups, list):
        raise DialectError("targets names neither devices nor deviceGroups")
    names = tuple(read_text({"name": one}, "name") for one in groups)
    product_key = read_text(targets, "model", default="")
    if product_key in names:
        return Scope(product_key)
    return Scope(product_key, total=False, groups=names)


def policy_fields(order: JobOrder, *, not_before_ms: int | None = None) -> dict[str, Any]:
    """Write how a job is carried out."""
    fields: dict[str, Any] = {"executeType": NOW}
    if order.waits_for_connect:
        fields["executeType"] = DEVICE_ONLINE
    if order.window is not None:
        start_ms = max(order.window.start_epoch_ms, not_before_ms or 0)
        # To the next whole second: the one that is running has begun already. The end likewise, or
        # the shortest window that is allowed would be too short.
        start, end = (
            stamp(at_ms + -at_ms % SECOND_MS) for at_ms in (start_ms, order.window.end_epoch_ms)
        )
        fields = {"executeType": CUSTOM, "startTime": start, "endTime": end}
    fields["retryType"] = order.retry is not None
    return fields if order.retry is None else {**fields, "retryTimes": order.retry.count}


def read_policy(policy: Fields) -> tuple[Retry | None, Window | None, bool]:
    """Read how a job is carried out, as an operation shows it.

    Raises:
        DialectError: It is not well formed.
    """
    window = None
    if policy.get("executeType") == CUSTOM:
        start, end = (read_stamp(read_text(policy, name)) for name in ("startTime", "endTime"))
        window = Window(start, end)
    times = policy.get("retryTimes")
    wants = policy.get("retryType") is True and isinstance(times, int)
    retry = Retry(int(times), 0) if wants and times is not None else None
    return retry, window, policy.get("executeType") == DEVICE_ONLINE
