"""The rough proxy shows each of its manners, and is no proxy for the rest."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from fleet_sim.runtime.errors import ungrouped
from tests.runtime.platforms import running
from tests.topologies.rough import Manner, rough

ASKED = "/connect-service/v2.1/ota-jobs?action=search"


async def first_answer(manner: Manner | None) -> aiohttp.ClientResponse:
    """Ask a real platform behind a proxy that treats the first question in this manner."""
    async with (
        running() as ready,
        rough(ready["http"], lambda _, before: None if before else manner) as (url, proxy),
        aiohttp.ClientSession() as session,
    ):
        asked = f"{url}{ASKED}&orgId={ready['org']}"
        answer = await session.post(asked, json={}, headers={"apim-accesstoken": "t"})
        await answer.read()
        assert (proxy.seen["search"], proxy.done[manner] if manner else 1) == (1, 1)
        return answer


async def test_a_question_is_passed_on() -> None:
    """The answer is the platform's own."""
    answer = await first_answer(None)

    assert (answer.status, (await answer.json())["code"]) == (200, 0)


@pytest.mark.parametrize(
    ("manner", "status"), [(Manner.THROTTLED, 429), (Manner.PUT_OFF, 503), (Manner.BROKEN, 502)]
)
async def test_a_question_is_not_passed_on(manner: Manner, status: int) -> None:
    """It is told to come back, or not told anything of use."""
    answer = await first_answer(manner)

    assert answer.status == status
    if manner is Manner.PUT_OFF:
        assert parsedate_to_datetime(answer.headers["Retry-After"])


async def test_half_an_answer_is_half() -> None:
    """It begins as the whole one does, and is no JSON."""
    text = await (await first_answer(Manner.HALVED)).text()

    assert text.startswith('{"code":0')
    assert not text.endswith("}")


async def test_a_token_is_forgotten() -> None:
    """In the vendor's own number."""
    assert (await (await first_answer(Manner.FORGOTTEN)).json())["code"] == 99403


async def test_a_connection_is_cut() -> None:
    """There is no answer at all."""
    with pytest.raises(aiohttp.ServerDisconnectedError), ungrouped(aiohttp.ClientError):
        await first_answer(Manner.CUT)


async def test_an_answer_is_late() -> None:
    """And whole."""
    assert (await (await first_answer(Manner.LATE)).json())["code"] == 0
