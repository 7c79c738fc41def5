"""The paging of IoTDA v5: by marker and offset, by descending id.

    limit 1 to 50 (10)      marker: rows whose id is smaller (ffffffffffffffffffffffff)
    offset 0 to 500 (0)     page: {"count": all that match, "marker": the last id shown}

Source: "Query the Batch Task List", "Query a Batch Task", "Query OTA Upgrade Packages".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.dialects.huawei.talk import Asked, refuse

LIMIT_MAX, LIMIT = 50, 10
OFFSET_MAX = 500
MARKER = "f" * 24

_R = TypeVar("_R")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_MARKER = re.compile(r"[0-9a-fA-F]{24}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which rows are wanted."""

    limit: int
    marker: str
    offset: int


def read_cut(asked: Asked) -> Cut:
    """Read the three parameters.

    Raises:
        ApiError: One is outside its range, or has another form.
    """
    marker = asked.query("marker") or MARKER
    if not _MARKER.fullmatch(marker):
        refuse(v5_codes.BAD_INPUT, "marker is no id of 24 hexadecimal digits.")
    return Cut(
        limit=_within(asked, "limit", LIMIT, least=1, most=LIMIT_MAX),
        marker=marker.lower(),
        offset=_within(asked, "offset", 0, least=0, most=OFFSET_MAX),
    )


def _within(asked: Asked, name: str, default: int, *, least: int, most: int) -> int:
    text = asked.query(name) or str(default)
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        refuse(v5_codes.BAD_INPUT, f"{name} is not {least} to {most}.")
    return int(text)


def cut(
    rows: Sequence[_R], wanted: Cut, id_of: Callable[[_R], str]
) -> tuple[Sequence[_R], dict[str, Any]]:
    """Return the rows that are wanted, and what is told of the page.

    Without a row there is no marker.
    """
    after = [row for row in rows if id_of(row) < wanted.marker]
    after.sort(key=id_of, reverse=True)
    shown = after[wanted.offset : wanted.offset + wanted.limit]
    return shown, {"count": len(rows), "marker": id_of(shown[-1]) if shown else None}
