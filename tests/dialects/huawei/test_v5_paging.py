from __future__ import annotations

import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.talk import ApiError, Asked
from fleet_sim.dialects.huawei.v5_paging import MARKER, Cut, cut, read_cut

_IDS = [f"{number:024x}" for number in (3, 1, 5, 2, 4)]


def _read(**query: str) -> Cut:
    request = HttpRequest("GET", "/x", tuple(query.items()))
    return read_cut(Asked(request, (), CONTRACT, 0, ""))


def _shown(wanted: Cut) -> tuple[list[int], object]:
    rows, page = cut(_IDS, wanted, lambda one: one)
    return [int(one, 16) for one in rows], page


def test_a_cut_has_its_defaults() -> None:
    """Ten rows, from the largest id on."""
    assert _read() == Cut(10, "f" * 24, 0)
    assert _read(limit="50", offset="500", marker="A" * 24) == Cut(50, "a" * 24, 500)


def test_rows_come_by_descending_id() -> None:
    """The marker is the last one shown; the count is of all."""
    assert _shown(Cut(2, MARKER, 0)) == ([5, 4], {"count": 5, "marker": f"{4:024x}"})
    assert _shown(Cut(2, f"{4:024x}", 0)) == ([3, 2], {"count": 5, "marker": f"{2:024x}"})
    assert _shown(Cut(2, MARKER, 4)) == ([1], {"count": 5, "marker": f"{1:024x}"})
    assert _shown(Cut(2, f"{1:024x}", 0)) == ([], {"count": 5, "marker": None})


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "51"}, {"limit": "x"}, {"offset": "-1"}, {"offset": "501"},
     {"marker": "f"}, {"marker": "g" * 24}, {"limit": "9999999999"}],
)  # fmt: skip
def test_a_parameter_outside_its_range_is_refused(query: dict[str, str]) -> None:
    """With the number of bad input."""
    with pytest.raises(ApiError, match="Invalid input"):
        _read(**query)
