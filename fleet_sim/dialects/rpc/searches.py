"""From a neutral filter to the action and the parameters that ask by it, at the client's end.

The API has no query language: a search is one of a few actions, each with its own parameters, which
are demanded together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleet_sim.dialects.rpc import modules, tasks
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import AllOf, Comparison, Filter, Operator
from fleet_sim.model.northbound import (
    Call,
    Page,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    TaskStatus,
)

Pairs = tuple[tuple[str, str], ...]
Terms = Mapping[str, tuple[str, ...]]

# What a search may demand, by the type of the call: neutral fields to the action that asks by them.
_BY_DEVICE = ("product_key", "device_key")
_ACTIONS: Mapping[type, tuple[tuple[frozenset[str], frozenset[str], str], ...]] = {
    # call: (fields that must be there, fields that may, action), the first that fits counts
    SearchTasks: (
        (frozenset({"job_id"}), frozenset({"status", "device_key"}), "ListOTATaskByJob"),
        (frozenset({"asset_id"}), frozenset({"status", "module"}), "ListOTAUnfinishedTaskByDevice"),
        (frozenset(_BY_DEVICE), frozenset({"status", "module"}), "ListOTAUnfinishedTaskByDevice"),
    ),
    SearchFirmware: ((frozenset(), frozenset({"product_key", "version"}), "ListOTAFirmware"),),
    SearchJobs: (
        (frozenset({"firmware_id"}), frozenset(), "ListOTAJobByFirmware"),
        (frozenset({"firmware_id", *_BY_DEVICE}), frozenset(), "ListOTAJobByDevice"),
    ),
    SearchReported: (
        (frozenset({"asset_id"}), frozenset(), "ListOTAModuleVersionsByDevice"),
        (frozenset(_BY_DEVICE), frozenset(), "ListOTAModuleVersionsByDevice"),
    ),
}
# Neutral field to parameter; a list's is written with its number. What may be many, may be one.
_SINGLE: Mapping[str, str] = {
    "job_id": "JobId",
    "firmware_id": "FirmwareId",
    "product_key": "ProductKey",
    "device_key": "DeviceName",
    "asset_id": "IotId",
    "version": "DestVersion",
    "module": "ModuleName",
    "status": "TaskStatus",
}
_LISTS: Mapping[tuple[str, str], tuple[str, int]] = {
    ("ListOTATaskByJob", "device_key"): ("DeviceNames", tasks.NAMES_MAX),
    ("ListOTAUnfinishedTaskByDevice", "status"): ("TaskStatusList", len(tasks.UNFINISHED)),
}
_UNPAGED = frozenset({"ListOTAUnfinishedTaskByDevice"})

Search = SearchTasks | SearchFirmware | SearchJobs | SearchReported


def search(call: Search, profile: Profile) -> tuple[str, Pairs]:
    """Return the action and the parameters of a search, its page among them.

    Raises:
        DialectError: No action asks by these fields, or by several values of one of them.
    """
    action, pairs = terms_as_pairs(call.where, type(call), profile)
    names = sum(name.startswith("DeviceNames.") for name, _ in pairs)
    if names:
        _check_one_page(call.page, names, profile)
    return action, pairs if action in _UNPAGED else (*pairs, *_paging(call.page, action, profile))


def _check_one_page(page: Page, names: int, profile: Profile) -> None:
    """Refuse pages of a search by device names, which puts paging aside and shows all at once.

    Raises:
        DialectError: The page asked for could not be the whole of it.
    """
    contract = profile.default_contract
    size = contract.page_size_default if page.size is None else page.size
    if page.number not in {None, contract.page_base} or size < names:
        raise cannot(f"has no pages where devices are named, and {names} are", profile)


def terms_as_pairs(where: Filter, call: type[Call], profile: Profile) -> tuple[str, Pairs]:
    """Return the action and the parameters that stand for a filter alone.

    Raises:
        DialectError: There are none.
    """
    terms = _terms(where, profile)
    given = frozenset(terms)
    for needed, allowed, action in _ACTIONS.get(call, ()):
        if needed <= given <= needed | allowed:
            found = [
                pair
                for field, values in terms.items()
                for pair in _pairs(action, field, values, profile)
            ]
            return action, tuple(found)
    raise cannot(f"has no {call.__name__} by {', '.join(sorted(given)) or 'nothing'}", profile)


def _terms(where: Filter, profile: Profile) -> Terms:
    """Read a conjunction of comparisons with one value or several: field to values."""
    parts = where.parts if isinstance(where, AllOf) else (where,)
    terms: dict[str, tuple[str, ...]] = {}
    for part in parts:
        match part:
            case AllOf():
                found: Terms = _terms(part, profile)
            case Comparison(field, Operator.EQUAL | Operator.IN, values):
                found = {field: tuple(str(value) for value in values)}
            case _:
                raise cannot("compares by = and in alone, and joins by and", profile)
        if found.keys() & terms.keys():
            raise cannot("asks for a field once", profile)
        terms |= found
    return terms


def _pairs(action: str, field: str, values: tuple[str, ...], profile: Profile) -> Pairs:
    worded = tuple(_worded(field, value, profile) for value in values)
    name, most = _LISTS.get((action, field), ("", 0))
    if name and (len(worded) != 1 or action == "ListOTATaskByJob"):
        if not 0 < len(worded) <= most:
            raise cannot(f"takes 1 to {most} {name}", profile)
        return numbered(name, worded)
    if len(worded) != 1:
        raise cannot(f"asks for one {_SINGLE[field]} at a time", profile)
    return ((_SINGLE[field], worded[0]),)


def _worded(field: str, value: str, profile: Profile) -> str:
    if field == "module":
        return value or modules.DEFAULT
    if field != "status":
        return value
    try:
        return tasks.WORDS[TaskStatus(value)]
    except ValueError as error:
        raise cannot(f"has no status {value!r}", profile) from error


def _paging(page: Page, action: str, profile: Profile) -> Pairs:
    """Write the page; where the action demands both numbers, the defaults are filled in."""
    contract = profile.default_contract
    is_optional = action in {"ListOTATaskByJob", "ListOTAModuleVersionsByDevice"}
    number = page.number if page.number is not None or is_optional else contract.page_base
    size = page.size if page.size is not None or is_optional else contract.page_size_default
    given = (("CurrentPage", number), ("PageSize", size))
    return tuple((name, str(value)) for name, value in given if value is not None)


def numbered(name: str, values: Sequence[str]) -> Pairs:
    """Write a list."""
    return tuple((f"{name}.{number}", value) for number, value in enumerate(values, start=1))


def cannot(why: str, profile: Profile) -> DialectError:
    """Return what says that the API has no form for something."""
    return DialectError(f"the {profile.name} API {why}")
