import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.meeting import _too_slow, meet
from fleet_sim.runtime.target.target import OperatorKeys, Target
from tests.runtime.plans import planned
from tests.runtime.platforms import WAIT_S, running

HOST = "127.0.0.1"
(CLOUD,) = clouds_of(planned())


def at(url: str, org: str = "o1", key: str = "key", secret: str = "secret") -> Target:  # noqa: S107
    """Return a target with this backend."""
    keys = OperatorKeys(app_key=key, app_secret=secret)
    return Target(broker=BrokerAccess(host=HOST, port=1), backend=url, org=org, keys=keys)


@asynccontextmanager
async def silent() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Listen at a URL and answer nothing; yields it, and what is set by the first question."""
    asked = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}", asked


async def test_what_was_asked_before_the_run_counts_with_it() -> None:
    """The run goes on with the same token, and its traffic begins where the meeting ended."""
    async with running(signed_only=True) as ready:
        target = at(ready["http"], ready["org"], ready["app_key"], ready["app_secret"])
        met = await meet(CLOUD, target, asyncio.Event())

    assert met.known == ()
    # The token, a look at it, a look for the image, and three for the tasks of others.
    assert met.northbound.traffic.requests == 6


async def test_a_backend_that_refuses_us_is_told_by_itself() -> None:
    """No group of errors, as those make it that served the calls."""
    async with running(signed_only=True) as ready:
        with pytest.raises(TargetError, match="does not let us in"):
            await meet(CLOUD, at(ready["http"], ready["org"]), asyncio.Event())


@asynccontextmanager
async def busy() -> AsyncIterator[str]:
    """Listen at a URL, and put every question off for half a minute."""

    async def put_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        await reader.read()
        writer.close()

    server = await asyncio.start_server(put_off, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}"


async def test_a_backend_that_puts_us_off_is_waited_for_as_long_as_the_run_may_take() -> None:
    """At the end of that time one sentence says so."""
    short = dataclasses.replace(CLOUD, plan=dataclasses.replace(CLOUD.plan, duration_ms=300))

    async with busy() as url:
        with pytest.raises(TargetError, match=r"within 0\.3 s, the duration of the whole run"):
            await meet(short, at(url), asyncio.Event())


@pytest.mark.parametrize(
    ("traffic", "advice"),
    [
        (
            NorthboundFigures(requests=3, throttled=2),
            ": 2 of 3 requests were put off (429 or 503); ",
        ),
        (NorthboundFigures(requests=1), "; see whether it is well, "),
    ],
)
def test_the_advice_is_for_what_stood_in_the_way(traffic: NorthboundFigures, advice: str) -> None:
    """A backend that puts us off is another thing than one that is slow."""
    assert advice in _too_slow(CLOUD.plan, traffic)


async def test_a_stop_ends_the_wait_for_an_answer() -> None:
    """Nothing has begun yet, so there is nothing to end in good order."""
    stop = asyncio.Event()
    async with silent() as (url, asked), asyncio.TaskGroup() as tasks:
        meeting = tasks.create_task(meet(CLOUD, at(url), stop))
        await asyncio.wait_for(asked.wait(), WAIT_S)
        stop.set()
        done, _ = await asyncio.wait({meeting}, timeout=WAIT_S)

        assert done == {meeting}
        assert meeting.cancelled()
