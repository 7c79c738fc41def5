"""Wrong searches: every field, operator and page of the four search calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.enos.routes import FIRMWARES, JOBS
from tests.dialects.enos.hostile_case import ORG, Hostile


def _search(
    path: str, action: str, name: str, body: bytes | Mapping[str, Any] | None, code: int = 99400
) -> Hostile:
    resource = path.rpartition("/")[2]
    return Hostile(f"{resource} {action}: {name}", path, action, ORG, body, code)


def _searches(path: str, action: str, field: str, flag: str) -> tuple[Hostile, ...]:
    """Return what every search must refuse, for one that has these fields."""

    def expression(text: str, name: str = "") -> Hostile:
        return _search(path, action, f"expression {name or text}", {"expression": text})

    def page(name: str, **pagination: Any) -> Hostile:  # noqa: ANN401 - JSON
        return _search(path, action, f"page: {name}", {"pagination": pagination})

    return (
        _search(path, action, "not JSON", b"{]"),
        _search(path, action, "a text", b'"all"'),
        _search(path, action, "expression is a number", {"expression": 5}),
        _search(path, action, "expression is a list", {"expression": [field]}),
        _search(path, action, "pagination is a list", {"pagination": []}),
        page("number is nothing", pageNo=0),
        page("number is negative", pageNo=-1),
        page("number is a word", pageNo="first"),
        page("number is a fraction", pageNo=1.5),
        page("number beyond Integer", pageNo=2**31),
        page("size is nothing", pageSize=0),
        page("size is negative", pageSize=-5),
        page("size is a word", pageSize="many"),
        page("size is a boolean", pageSize=True),
        expression(f"{field}"),
        expression(f"{field}="),
        expression(f"{field}=="),
        expression(f"{field}='a"),
        expression(f"{field}='a''"),
        expression(f'{field}="a"'),
        expression(f"{field}=a"),
        expression(f"{field} 'a'"),
        expression("='a'"),
        expression(f"'a'={field}"),
        expression(f"{field}='a' and"),
        expression(f"{field}='a' {field}='b'"),
        expression(f"and {field}='a'"),
        expression(f"({field}='a'"),
        expression(f"{field}='a')"),
        expression("()"),
        expression(f"{field} in 'a'"),
        expression(f"{field} in ()"),
        expression(f"{field} in ('a' 'b')"),
        expression(f"{field} in ('a',)"),
        expression(f"{field} like ('a')"),
        expression(f"{field} >= 'a'"),
        expression(f"{field}<>'a'"),
        expression(f"not {field}='a'"),
        expression("exists(tags.site)"),
        expression(f"{field}='a'; drop table tasks"),
        expression(f"{field} != 'a'"),
        expression(f"{field} like 'a'"),
        expression(f"{field} = true"),
        expression(f"{flag}"),
        expression("(" * 33 + f"{field}='a'" + ")" * 33, "nested too deep"),
        expression(f"{field}='{'a' * 65_536}'", "too long"),
        expression("task_id='x'", "with a name of ours"),
        expression("progress=5", "with a shown field that no search has"),
        expression("status.x='a'" if action == "searchTask" else "url='a'", "made up"),
    )


SEARCH_CASES = (
    *_searches(JOBS, "searchTask", "deviceKey", "status like 'init'"),
    *_searches(FIRMWARES, "searchDeviceUpgrade", "firmwareVersion", "isUpgrading='maybe'"),
    *_searches(JOBS, "search", "firmwareId", "status in ('started','stopped')"),
    *_searches(FIRMWARES, "search", "productKey", "isVerified in (true)"),
    _search(
        FIRMWARES, "searchDeviceUpgrade", "a flag by in", {"expression": "isUpgrading in (true)"}
    ),
    _search(JOBS, "search", "type by in", {"expression": "type in ('upgrade')"}),
    _search(JOBS, "search", "name by equality", {"expression": "name='x'"}),
    _search(FIRMWARES, "search", "name in no locale", {"expression": "name.xx_XX like 'x'"}),
)
