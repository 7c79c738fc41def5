from __future__ import annotations

import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei import talk
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.model.filters import EVERYTHING
from fleet_sim.model.northbound import (
    Answer,
    Call,
    Done,
    Listed,
    Page,
    Refusal,
    Refused,
    SearchTasks,
    TaskRow,
    TaskStatus,
)

_ROWS = tuple(
    TaskRow(str(number), "j", "p", "d", "", "1", "2", TaskStatus.QUEUED, None, None, 0)
    for number in range(5)
)


def _walked(*answers: Answer) -> tuple[tuple[TaskRow, ...], list[Call]]:
    walk = talk.tasks(EVERYTHING, 2)
    calls = [next(walk)]
    try:
        for answer in answers:
            calls += [walk.send(answer)]
    except StopIteration as end:
        found: tuple[TaskRow, ...] = end.value
        return found, calls
    raise AssertionError("the walk goes on")


def test_every_page_is_turned() -> None:
    """From the first, number 0, until all are there."""
    pages = [Listed(_ROWS[first : first + 2], first // 2, 2, 5) for first in (0, 2, 4)]

    found, calls = _walked(*pages)

    assert found == _ROWS
    assert calls == [SearchTasks(EVERYTHING, Page(number, 2)) for number in range(3)]


def test_a_walk_ends_where_nothing_comes() -> None:
    """An empty page, whatever the total says."""
    assert _walked(Listed((), 0, 2, 5))[0] == ()


def test_a_walk_that_is_refused_tells_why() -> None:
    """Even half way: what was found so far is not all."""
    with pytest.raises(talk.SearchRefusedError, match="internal") as caught:
        _walked(Listed(_ROWS[:2], 0, 2, 5), Refused(Refusal.INTERNAL))

    assert caught.value.reason is Refusal.INTERNAL


def test_only_searches_are_walked() -> None:
    """Another answer is our own mistake."""
    with pytest.raises(AssertionError, match="a search is answered"):
        _walked(Done())


def test_an_error_tells_its_text_and_what_was_wrong() -> None:
    """The vendor's text first."""
    code = talk.Code(400, "1", "Bad.")

    with pytest.raises(talk.ApiError, match=r"^Bad\. It is\.$") as caught:
        talk.refuse(code, "It is.")

    assert caught.value.why == code
    assert str(talk.ApiError(code)) == "Bad."


def test_the_first_parameter_of_a_name_counts() -> None:
    """One that is missing is empty."""
    request = HttpRequest("GET", "/x", (("a", "1"), ("a", "2")))
    asked = talk.Asked(request, (), CONTRACT, 0, "")

    assert (asked.query("a"), asked.query("b")) == ("1", "")
