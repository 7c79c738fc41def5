import asyncio

import pytest

from fleet_sim.model.filters import EVERYTHING
from fleet_sim.model.northbound import (
    Answer,
    Call,
    DeviceRow,
    Done,
    Listed,
    Refusal,
    Refused,
    Row,
    SearchFirmware,
    StopJob,
)
from fleet_sim.runtime.operator import asking
from fleet_sim.runtime.operator.asking import ask, found
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import NEVER, Desk, PromptDesk, run

ROWS = tuple(DeviceRow("pk", f"d{number}", "", "1", is_upgrading=False) for number in range(5))


async def test_an_answer_is_waited_for() -> None:
    """Whenever it comes."""
    clock = VirtualClock()
    desk = Desk(clock, lambda _: Done())
    asyncio.get_running_loop().call_soon(run, clock, 100)

    assert (await ask(desk, StopJob("j"))).answer == Done()


async def test_an_answer_that_nobody_waits_for_is_dropped() -> None:
    """It comes when the wait was given up."""
    clock = VirtualClock()
    desk = Desk(clock, lambda _: Done())

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await ask(desk, StopJob("j"))
    run(clock, 100)

    assert desk.calls == [StopJob("j")]


def paged(call: Call) -> Answer:
    """Answer a search by its page of the rows, two on each."""
    assert isinstance(call, SearchFirmware)
    number = call.page.number or 0
    return Listed(ROWS[2 * number - 2 : 2 * number], number, 2, len(ROWS))


async def search(desk: Desk) -> list[Row]:
    """Return all that a search finds."""
    rows = found(desk, SearchFirmware, EVERYTHING, page_base=1)
    return [row async for row in rows]


async def test_a_search_is_walked_to_its_end() -> None:
    """Three pages of two."""
    desk = PromptDesk(VirtualClock(), paged)

    assert await search(desk) == list(ROWS)
    assert len(desk.asked) == 3


@pytest.mark.parametrize("answer", [None, Refused(Refusal.INTERNAL), Listed((), 1, 50, 9)])
async def test_a_search_without_rows_finds_nothing(answer: Answer | None) -> None:
    """Whatever the reason, and whatever total is claimed."""
    desk = PromptDesk(VirtualClock(), lambda _: answer)

    assert await search(desk) == []
    assert len(desk.asked) == 1


async def test_pages_that_never_end_are_not_followed_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same row again and again."""
    monkeypatch.setattr(asking, "PAGES_MAX", 7)
    desk = PromptDesk(VirtualClock(), lambda _: Listed(ROWS[:1], 1, 1, 10**9))

    assert await search(desk) == [ROWS[0]] * 7


async def test_a_call_without_any_answer_is_bounded_by_whoever_waits() -> None:
    """It has no bound of its own."""
    desk = PromptDesk(VirtualClock(), lambda _: NEVER)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await ask(desk, StopJob("j"))
