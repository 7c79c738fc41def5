"""A backend of bad manners: a proxy before a real one that spoils some of its answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from enum import StrEnum

import aiohttp
from aiohttp import web

from fleet_sim.runtime.real_time import epoch_ms
from tests.topologies.commands import WAIT_S

LATE_S = 2.0  # Long enough to be late, short enough for a test.


class Manner(StrEnum):
    """What becomes of one request."""

    THROTTLED = "429, in a second"
    PUT_OFF = "503, with a date"
    BROKEN = "502 in HTML, not passed on"
    CUT = "passed on, and the connection cut before the answer"
    HALVED = "passed on, and half of the answer"
    LATE = "passed on, two seconds late"
    FORGOTTEN = "99403, as after a restart that forgot the token"


# What a request is about (its action, or `token`) and how often that came before → a manner.
Manners = Callable[[str, int], Manner | None]


class Rough:
    """The proxy.

    Attributes:
        seen: How often each action was asked for.
        done: How often each manner was shown.
    """

    def __init__(self, upstream: str, session: aiohttp.ClientSession, manners: Manners) -> None:
        self._upstream = upstream
        self._session = session
        self._manners = manners
        self.seen: Counter[str] = Counter()
        self.done: Counter[Manner] = Counter()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, in whatever manner it is due."""
        action = request.query.get("action", "token")
        manner = self._manners(action, self.seen[action])
        self.seen[action] += 1
        if manner is None:
            return await self._passed(request)
        self.done[manner] += 1
        return await self._spoilt(request, manner)

    async def _spoilt(self, request: web.Request, manner: Manner) -> web.StreamResponse:
        match manner:
            case Manner.THROTTLED:
                return web.Response(status=429, headers={"Retry-After": "1"})
            case Manner.PUT_OFF:
                date = formatdate(epoch_ms() / 1000 + 2, usegmt=True)
                return web.Response(status=503, headers={"Retry-After": date})
            case Manner.BROKEN:
                text = "<html><h1>Bad Gateway</h1></html>"
                return web.Response(status=502, text=text, content_type="text/html")
            case Manner.FORGOTTEN:
                return web.json_response({"code": 99403, "msg": "Denied resource", "data": None})
            case _:
                return await self._lost(request, manner)

    async def _lost(self, request: web.Request, manner: Manner) -> web.StreamResponse:
        """Pass it on, and do not let the whole answer through, or not in time."""
        answer = await self._passed(request)
        if manner is Manner.LATE:
            await asyncio.sleep(LATE_S)
            return answer
        if manner is Manner.HALVED:
            assert isinstance(answer.body, bytes)
            return web.Response(body=answer.body[: len(answer.body) // 2])
        assert request.transport is not None
        request.transport.close()
        return answer

    async def _passed(self, request: web.Request) -> web.Response:
        """Ask the real backend the same, word for word."""
        names = ("Content-Type", "apim-accesstoken", "apim-timestamp", "apim-signature")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        async with self._session.request(
            request.method, self._upstream + request.path_qs,
            headers=headers, data=await request.read(),
        ) as response:  # fmt: skip
            body = await response.read()
            return web.Response(
                status=response.status, body=body, content_type=response.content_type
            )


@contextlib.asynccontextmanager
async def rough(upstream: str, manners: Manners) -> AsyncIterator[tuple[str, Rough]]:
    """Stand before a backend; yields the proxy's URL, and the proxy."""
    timeout = aiohttp.ClientTimeout(total=WAIT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        proxy = Rough(upstream, session, manners)
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", proxy
        finally:
            await runner.cleanup()
