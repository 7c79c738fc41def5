"""Parameters of the calls that make and change jobs, at the server's end.

Each function reads one of them, or a few that belong together, to a neutral value.

Decided where the pages are silent: a schedule without an end lasts as good as for ever.

Source: "CreateOTAStaticUpgradeJob", "CreateOTADynamicUpgradeJob", "CreateOTAVerifyJob",
"UpdateOTAJob". Ranges that the contract has are read there; the others stand here.
"""

from __future__ import annotations

import re

from fleet_sim.dialects.rpc import name_lists
from fleet_sim.dialects.rpc.asked import Asked, must_be_legal
from fleet_sim.dialects.rpc.codes import miss, refuse
from fleet_sim.dialects.rpc.parameters import LONG_MAX, NAMES_MAX
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import Retry, Scope, Window

MINUTE_S = 60
DAY_MS = 86_400_000
SCHEDULE_WITHIN_DAYS = 7
SCHEDULE_LASTS_DAYS_MAX = 30
DEVICES_MAX = 200
TAGS_MAX = 10
TAGS_CHARS_MAX = 4096
ENDLESS_EPOCH_MS = 253_402_300_799_999  # the end of the year 9999

TARGETS = ("ALL", "SPECIFIC", "GRAY", "GROUP")
KEEP, OVERWRITE = 1, 2
JOIN_ALL, JOIN_LATER = 1, 2

_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,3})?", re.ASCII)
_TAG_KEY = re.compile(r"[A-Za-z0-9.]{1,30}", re.ASCII)
_TAG_VALUE_CHARS_MAX = 1024
_WHOLE = 100_000  # thousandths of a percent


def static_scope_of(asked: Asked) -> Scope:
    """Read whom a static job is for, each of the four ways."""
    given = asked.given
    product, versions = given.required("ProductKey"), sources_of(asked)
    target = given.word("TargetSelection", TARGETS) or miss("TargetSelection")
    match target:
        case "SPECIFIC":
            return Scope(product, versions, total=False, device_keys=_names(asked))
        case "GRAY":
            return Scope(product, versions, millipercent=_millipercent(asked))
        case "GROUP":
            group = group_of(asked, is_dynamic=False) or miss("GroupId")
            return Scope(product, versions, total=False, groups=(group,))
        case _:
            return Scope(product, versions)


def _names(asked: Asked) -> tuple[str, ...]:
    """Read the devices of a job for some, from the call or from a file."""
    names = asked.given.several("TargetDeviceName", DEVICES_MAX)
    listed = name_lists.names_of(asked) if asked.profile.takes_job_extras else None
    must_be_legal(
        name_lists.PARAMETER, is_legal=not (names and listed), why="excludes TargetDeviceName"
    )
    return names or listed or miss("TargetDeviceName")


def _millipercent(asked: Asked) -> int:
    """Read a percentage, above 0 and up to 100."""
    text, digits = asked.given.required("GrayPercent"), asked.profile.percent_digits
    whole, _, rest = text.partition(".")
    if not _PERCENT.fullmatch(text) or len(rest) > digits:
        refuse("GrayPercent", f"must be a number with {digits} decimals at most")
    share = int(whole) * 1000 + int(rest.ljust(3, "0"))
    must_be_legal("GrayPercent", is_legal=0 < share <= _WHOLE, why="must be above 0, up to 100")
    return share


def sources_of(asked: Asked) -> tuple[str, ...]:
    """Read the source versions."""
    return asked.given.several("SrcVersion", sources_max(asked), must_differ=True)


def sources_max(asked: Asked) -> int:
    """Return how many source versions there may be."""
    most = asked.contract.source_versions_max
    return NAMES_MAX if most is None else most


def rate_of(asked: Asked) -> int | None:
    """Read the rate a minute."""
    least, most = asked.contract.pushes_a_minute_min, asked.contract.pushes_a_minute_max
    return asked.given.whole("MaximumPerMinute", least or 1, most or LONG_MAX)


def group_of(asked: Asked, *, is_dynamic: bool) -> str:
    """Read a group, and its type where the vendor has types: each demands the other."""
    group, types = asked.given.text("GroupId"), asked.profile.group_types
    if types:
        kind = asked.given.word("GroupType", (types[is_dynamic],))
        if bool(group) != bool(kind):
            miss("GroupType" if group else "GroupId")
    return group


def timeout_of(asked: Asked) -> int | None:
    """Read the timeout, which is in whole minutes, in seconds."""
    contract = asked.contract
    least = -(-(contract.timeout_s_min or MINUTE_S) // MINUTE_S)
    most = (contract.timeout_s_max or LONG_MAX) // MINUTE_S
    minutes = asked.given.whole("TimeoutInMinutes", least, most)
    return None if minutes is None else minutes * MINUTE_S


def retry_of(asked: Asked, timeout_s: int | None) -> Retry | None:
    """Read the gap between tries and their number: each demands the other."""
    given, contract = asked.given, asked.contract
    gap = given.whole("RetryInterval", *_gap_range(contract))
    count = given.whole("RetryCount", contract.retry_count_min, contract.retry_count_max)
    if gap is None and count is None:
        return None
    if gap is None:
        miss("RetryInterval")
    if count is None:
        miss("RetryCount")
    gaps = tuple(one // MINUTE_S for one in contract.retry_intervals_s_allowed)
    _one_of("RetryInterval", gap, gaps)
    _one_of("RetryCount", count, contract.retry_counts_allowed)
    is_bound = contract.retry_interval_below_timeout and timeout_s is not None
    is_legal = not is_bound or gap * MINUTE_S < (timeout_s or 0)
    must_be_legal("RetryInterval", is_legal=is_legal, why="must be below TimeoutInMinutes")
    return Retry(count=count, interval_s=gap * MINUTE_S)


def _gap_range(contract: ContractProfile) -> tuple[int, int]:
    """Return the shortest and the longest gap between tries, in whole minutes."""
    most_s = contract.retry_interval_s_max
    most = LONG_MAX if most_s is None else most_s // MINUTE_S
    return -(-contract.retry_interval_s_min // MINUTE_S), most


def _one_of(name: str, value: int, allowed: tuple[int, ...]) -> None:
    if allowed and value not in allowed:
        refuse(name, f"must be one of {', '.join(map(str, allowed))}")


def window_of(asked: Asked) -> Window | None:
    """Read the schedule, where there is one."""
    if not asked.profile.takes_job_extras:
        return None
    given, now_ms = asked.given, asked.epoch_ms
    start_ms = given.whole("ScheduleTime", 0, LONG_MAX)
    end_ms = given.whole("ScheduleFinishTime", 0, LONG_MAX)
    if start_ms is None:
        must_be_legal("ScheduleFinishTime", is_legal=end_ms is None, why="goes with ScheduleTime")
        return None
    lead_s = asked.contract.window_lead_s
    soonest_ms = 0 if lead_s is None else now_ms + lead_s * 1000
    if not soonest_ms <= start_ms <= now_ms + SCHEDULE_WITHIN_DAYS * DAY_MS:
        soonest = "" if lead_s is None else f"{lead_s} s from now at the soonest and "
        latest = f"{SCHEDULE_WITHIN_DAYS} days from now at the latest"
        refuse("ScheduleTime", f"must be {soonest}{latest}, in milliseconds since 1970")
    if end_ms is None:
        return Window(start_ms, ENDLESS_EPOCH_MS)
    shortest_s = asked.contract.window_min_s or 0
    if not shortest_s * 1000 <= end_ms - start_ms <= SCHEDULE_LASTS_DAYS_MAX * DAY_MS:
        span = f"{shortest_s} s to {SCHEDULE_LASTS_DAYS_MAX} days"
        refuse("ScheduleFinishTime", f"must be {span} after ScheduleTime")
    return Window(start_ms, end_ms)


def overwrites(asked: Asked) -> bool:
    """Tell whether a job takes devices over from older ones."""
    is_wanted = asked.given.whole("OverwriteMode", KEEP, OVERWRITE) == OVERWRITE
    is_legal = not (is_wanted and is_side_by_side(asked))
    must_be_legal("OverwriteMode", is_legal=is_legal, why="2 excludes MultiModuleMode")
    return is_wanted


def is_side_by_side(asked: Asked) -> bool:
    """Tell whether tasks for several modules of a device may run at once."""
    return asked.given.flag("MultiModuleMode") is True


def is_by_blocks(asked: Asked) -> bool:
    """Tell whether devices are to fetch the file over MQTT."""
    protocols = ("HTTPS", "MQTT") if asked.profile.takes_blocks else ("HTTPS",)
    return asked.given.word("DownloadProtocol", protocols) == "MQTT"


def tags_of(asked: Asked, name: str) -> tuple[tuple[str, str], ...]:
    """Read a list of tags, each key once."""
    found: dict[str, str] = {}
    for item in asked.given.structures(name, TAGS_MAX, ("Key", "Value")):
        key, value = item.get("Key", ""), item.get("Value", "")
        if not _TAG_KEY.fullmatch(key):
            refuse(f"{name}.N.Key", "must be 1 to 30 letters, digits and points")
        if not 0 < len(value) <= _TAG_VALUE_CHARS_MAX:
            refuse(f"{name}.N.Value", f"must have 1 to {_TAG_VALUE_CHARS_MAX} characters")
        must_be_legal(f"{name}.N.Key", is_legal=key not in found, why=f"{key} is given twice")
        found[key] = value
    if sum(len(key) + len(value) for key, value in found.items()) > TAGS_CHARS_MAX:
        refuse(f"{name}.N", f"may hold {TAGS_CHARS_MAX} characters in all")
    return tuple(found.items())
