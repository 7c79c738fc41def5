"""The body of Create OTA Job, both ways, checked against the contract's ranges.

Source: "V2.1 Create OTA Job", English and Chinese; `timezoneOffsetInMinutes` and numbers as strings
from the official samples. Our decisions, where the pages are silent: a missing `enableRetry` or
`isRepeatDaily` means false; a retry policy that is not enabled is not looked into; a window that
repeats daily is as long as its times of day say; `null` stands for an absent key, an empty list
does not; policies in a verify job are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from fleet_sim.dialects.enos.shapes import (
    LONG_MAX,
    Count,
    Flag,
    I18n,
    Shape,
    Text,
    Whole,
    Words,
    checked_names,
    i18n_of,
    refuse,
)
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import JobOrder, Retry, Scope, Window

DAY_MS = 86_400_000
TREES_MAX = 5  # the page's limit
ZONE_MINUTES_MAX = 14 * 60  # no zone is further from UTC


def _scalar(value: object) -> object:
    """Turn a number or a boolean into its JSON text: attributes are compared as texts."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _as_list(value: object) -> object:
    """Put a lone tree into a list: the table's type is one struct, its text a list of five."""
    return [value] if isinstance(value, dict) else value


Scalar = Annotated[Words, BeforeValidator(_scalar)]
Instant = Annotated[Whole, Field(ge=0, le=LONG_MAX)]
SecondOfDay = Annotated[Whole, Field(ge=0, le=86_399)]


class TreeBody(Shape):
    """`AssetTreeScope`: a tree, and the nodes in it; none means the whole tree."""

    tree_id: Text
    included_nodes: list[Text] | None = None


class ScopeBody(Shape):
    """`UpgradeScope`."""

    type: Literal["total", "partial"]
    version_numbers: list[Text] | None = None
    product_key: Words | None = None
    device_keys: list[Text] | None = None
    attributes: dict[Text, list[Scalar]] | None = None
    tags: dict[Text, list[Text]] | None = None
    asset_trees: Annotated[list[TreeBody] | None, BeforeValidator(_as_list)] = None
    device_group_ids: list[Text] | None = None
    asset_ids: list[Text] | None = None


class RetryBody(Shape):
    """`RetryPolicy`; seconds."""

    enable_retry: Flag | None = None
    retry_interval: Whole | None = None
    retry_count: Whole | None = None


class ScheduleBody(Shape):
    """`SchedulePolicy`; milliseconds since the epoch."""

    is_repeat_daily: Flag | None = None
    start_timestamp: Instant
    end_timestamp: Instant
    timezone_offset_in_minutes: (
        Annotated[Whole, Field(ge=-ZONE_MINUTES_MAX, le=ZONE_MINUTES_MAX)] | None
    ) = None

    def window(self) -> Window:
        """Return the neutral form."""
        return Window(
            start_epoch_ms=self.start_timestamp,
            end_epoch_ms=self.end_timestamp,
            repeat_daily=bool(self.is_repeat_daily),
            utc_offset_minutes=self.timezone_offset_in_minutes or 0,
        )


class JobBody(Shape):
    """The body; `startSchedule` and `endSchedule` are an older form of the schedule."""

    name: I18n | None = None
    type: Literal["upgrade", "verify"]
    upgrade_scope: ScopeBody
    upgrade_policy: str | None = None
    enable_upgrade_request: Flag | None = None
    upgrade_timeout: Whole | None = None
    retry_policy: RetryBody | None = None
    schedule_policy: ScheduleBody | None = None
    maximum_concurrency: Count | None = None
    start_schedule: SecondOfDay | None = None
    end_schedule: SecondOfDay | None = None


def order_of(firmware_id: str, body: JobBody, contract: ContractProfile) -> JobOrder:
    """Return the neutral order.

    Raises:
        DialectError: 99400: a required key is missing, a value is outside the contract's range, or
            two keys contradict one another.
    """
    _check_range(
        "upgradeTimeout", body.upgrade_timeout, contract.timeout_s_min, contract.timeout_s_max
    )
    names = None if body.name is None else checked_names("name", body.name)
    _check_scope(body.upgrade_scope)
    scope = scope_of(body.upgrade_scope)
    if body.type == "verify":
        return JobOrder(firmware_id, "verify", scope, names=names, timeout_s=body.upgrade_timeout)
    is_open = _is_open(body, contract)
    if body.enable_upgrade_request is None:
        refuse("enableUpgradeRequest", "is missing")
    return JobOrder(
        firmware_id,
        "upgrade",
        scope,
        names=names,
        open_list=is_open,
        devices_must_ask=body.enable_upgrade_request,
        timeout_s=body.upgrade_timeout,
        retry=_retry_of(body.retry_policy, contract),
        window=_window_of(body, contract),
        concurrency=body.maximum_concurrency,
    )


def _is_open(body: JobBody, contract: ContractProfile) -> bool:
    frozen, open_ = contract.policy_names or ("snapshot", "incremental")
    if body.upgrade_policy is None:
        refuse("upgradePolicy", "is missing")
    if body.upgrade_policy not in {frozen, open_}:
        refuse("upgradePolicy", f"is neither {frozen!r} nor {open_!r}")
    return body.upgrade_policy == open_


def _check_range(
    name: str, value: int | None, least: int | None, most: int | None, only: tuple[int, ...] = ()
) -> None:
    """Refuse a number outside its range, or none of the only ones there are."""
    if value is None:
        return
    if (least is not None and value < least) or (most is not None and value > most):
        refuse(name, f"is {value}, outside {least} to {most}")
    if only and value not in only:
        refuse(name, f"is {value}, none of {', '.join(str(each) for each in only)}")


def scope_of(body: ScopeBody) -> Scope:
    """Return the neutral scope; an empty selector counts as none."""
    trees = body.asset_trees or []
    return Scope(
        product_key=body.product_key or "",
        versions=tuple(body.version_numbers or ()),
        total=body.type == "total",
        device_keys=tuple(body.device_keys or ()) or None,
        attributes=_pairs(body.attributes or {}) or None,
        tags=_pairs(body.tags or {}) or None,
        trees=tuple((tree.tree_id, tuple(tree.included_nodes or ())) for tree in trees) or None,
        groups=tuple(body.device_group_ids or ()) or None,
        asset_ids=tuple(body.asset_ids or ()) or None,
    )


def _check_scope(body: ScopeBody) -> None:
    """Refuse a scope other than `total` with no selector or `partial` with exactly one."""
    selectors: dict[str, list[Any] | dict[str, Any] | None] = {
        "deviceKeys": body.device_keys,
        "attributes": body.attributes,
        "tags": body.tags,
        "assetTrees": body.asset_trees,
        "deviceGroupIds": body.device_group_ids,
        "assetIds": body.asset_ids,
    }
    given = [name for name, value in selectors.items() if value is not None]
    for name in given:
        if not selectors[name]:
            refuse(f"upgradeScope.{name}", "is empty")
    for name, mapping in (("attributes", body.attributes), ("tags", body.tags)):
        for key, values in (mapping or {}).items():
            if not values:
                refuse(f"upgradeScope.{name}.{key}", "is empty")
    if len(body.asset_trees or ()) > TREES_MAX:
        refuse("upgradeScope.assetTrees", f"names more than {TREES_MAX} trees")
    _check_selectors(body.type, given)


def _check_selectors(kind: str, given: list[str]) -> None:
    if kind == "total" and given:
        refuse(f"upgradeScope.{given[0]}", "goes with type partial, not with total")
    if kind == "partial" and not given:
        refuse("upgradeScope", "of type partial names no devices")
    if len(given) > 1:
        refuse(f"upgradeScope.{given[1]}", f"cannot stand beside {given[0]}; only one of them may")


def _pairs(mapping: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Freeze a selector's mapping, sorted."""
    return tuple((name, tuple(values)) for name, values in sorted(mapping.items()))


def _retry_of(body: RetryBody | None, contract: ContractProfile) -> Retry | None:
    if body is None or not body.enable_retry:
        return None
    if body.retry_interval is None:
        refuse("retryPolicy.retryInterval", "is missing, though enableRetry is true")
    if body.retry_count is None:
        refuse("retryPolicy.retryCount", "is missing, though enableRetry is true")
    _check_range(
        "retryPolicy.retryInterval",
        body.retry_interval,
        contract.retry_interval_s_min,
        contract.retry_interval_s_max,
        contract.retry_intervals_s_allowed,
    )
    _check_range(
        "retryPolicy.retryCount",
        body.retry_count,
        contract.retry_count_min,
        contract.retry_count_max,
        contract.retry_counts_allowed,
    )
    return Retry(count=body.retry_count, interval_s=body.retry_interval)


def _window_of(body: JobBody, contract: ContractProfile) -> Window | None:
    given, start_s, end_s = body.schedule_policy, body.start_schedule, body.end_schedule
    is_legacy = start_s is not None or end_s is not None
    if given is not None and is_legacy:
        refuse("schedulePolicy", "cannot stand beside startSchedule and endSchedule")
    if given is not None:
        window = given.window()
        _check_window("schedulePolicy.endTimestamp", window, contract)
        return window
    if not is_legacy:
        return None
    if start_s is None or end_s is None:
        refuse("startSchedule" if start_s is None else "endSchedule", "is missing")
    # The last second belongs to the window: 0 to 86399 is the whole day, without a hole at its end.
    window = Window(start_s * 1000, end_s * 1000 + 999, repeat_daily=True)
    _check_window("endSchedule", window, contract)
    return window


def _check_window(name: str, window: Window, contract: ContractProfile) -> None:
    length_ms = window.end_epoch_ms - window.start_epoch_ms
    if window.repeat_daily:
        length_ms = length_ms % DAY_MS or DAY_MS
    if length_ms <= 0:
        refuse(name, "is not after the start")
    # A window may be said to its last millisecond, so the shortest one is forgiven that one.
    if length_ms + 1 < (contract.window_min_s or 0) * 1000:
        refuse(name, f"leaves a window shorter than {contract.window_min_s} seconds")


def body_of(order: JobOrder, contract: ContractProfile) -> dict[str, Any]:
    """Write the body of a create call; what the order leaves open is left to the platform."""
    body: dict[str, Any] = {
        "name": i18n_of(order.names),
        "type": order.kind,
        "upgradeScope": {
            key: value for key, value in scope_fields(order.scope).items() if value is not None
        },
        "upgradeTimeout": order.timeout_s,
    }
    if order.kind == "upgrade":
        body |= {
            "upgradePolicy": policy_of(order, contract),
            "enableUpgradeRequest": order.devices_must_ask,
            "retryPolicy": retry_fields(order.retry),
            "schedulePolicy": window_fields(order.window),
            "maximumConcurrency": order.concurrency,
        }
    return {key: value for key, value in body.items() if value is not None}


def policy_of(order: JobOrder, contract: ContractProfile) -> str:
    """Return the vendor's word for a frozen or an open device list."""
    return (contract.policy_names or ("snapshot", "incremental"))[order.open_list]


def scope_fields(scope: Scope) -> dict[str, Any]:
    """Write a scope with every selector; unused ones are null, as in JobInfo."""
    return {
        "type": "total" if scope.total else "partial",
        "versionNumbers": list(scope.versions) or None,
        "productKey": scope.product_key or None,
        "deviceKeys": _list(scope.device_keys),
        "attributes": _object(scope.attributes),
        "tags": _object(scope.tags),
        "assetTrees": None
        if scope.trees is None
        else [{"treeId": tree, "includedNodes": list(nodes)} for tree, nodes in scope.trees],
        "deviceGroupIds": _list(scope.groups),
        "assetIds": _list(scope.asset_ids),
    }


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _object(pairs: tuple[tuple[str, tuple[str, ...]], ...] | None) -> dict[str, list[str]] | None:
    return None if pairs is None else {name: list(values) for name, values in pairs}


def retry_fields(retry: Retry | None) -> dict[str, Any] | None:
    """Write a retry policy; None for none."""
    if retry is None:
        return None
    return {"enableRetry": True, "retryInterval": retry.interval_s, "retryCount": retry.count}


def window_fields(window: Window | None) -> dict[str, Any] | None:
    """Write a schedule policy; None for none."""
    if window is None:
        return None
    return {
        "isRepeatDaily": window.repeat_daily,
        "startTimestamp": window.start_epoch_ms,
        "endTimestamp": window.end_epoch_ms,
        "timezoneOffsetInMinutes": window.utc_offset_minutes,
    }
