"""A northbound call for whoever can wait for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import Call, Listed, Page, Row, SearchFirmware, SearchJobs
from fleet_sim.runtime.operator.northbound import Northbound, Reply

PAGE_ROWS = 50  # What the strictest vendor advises.
PAGES_MAX = 200  # Ten thousand rows; a backend whose pages never end is not followed for ever.


async def ask(northbound: Northbound, call: Call) -> Reply:
    """Make a call and wait for its answer; an answer that nobody waits for any more is dropped."""
    answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def take(reply: Reply) -> None:
        if not answered.done():
            answered.set_result(reply)

    northbound.ask(call, take)
    return await answered


async def found(
    northbound: Northbound,
    search: type[SearchFirmware | SearchJobs],
    where: Filter,
    *,
    page_base: int,
) -> AsyncIterator[Row]:
    """Yield what a search finds, page by page, until a page is empty or has no answer.

    Args:
        northbound: Who is asked.
        search: For what.
        where: The filter.
        page_base: The number of the first page.
    """
    seen = 0
    for number in range(page_base, page_base + PAGES_MAX):
        reply = await ask(northbound, search(where, Page(number, PAGE_ROWS)))
        if not isinstance(reply.answer, Listed) or not reply.answer.rows:
            return
        for row in reply.answer.rows:
            yield row
        seen += len(reply.answer.rows)
        if seen >= reply.answer.total:
            return
