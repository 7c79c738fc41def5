"""A client session on a real connection: the thinnest driver there can be."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
from collections.abc import AsyncIterator
from typing import TypeVar

from fleet_sim.mqtt.client import ClientEvent, ClientOptions, ClientSession
from fleet_sim.runtime.mqtt_client import DeviceConnection, open_connection

E = TypeVar("E", bound=ClientEvent)
PATIENCE_S = 20  # Far beyond what anything here takes; a test that waits so long has failed.


class Dialler:
    """Connects thin clients to one port; see `dialling`.

    Args:
        port: On the loopback address.
        ssl: For all of them; None for plain TCP.
    """

    def __init__(self, port: int, ssl: tls.SSLContext | None) -> None:
        self.port = port
        self.ssl = ssl
        self.clients: list[ThinClient] = []

    async def new(
        self, client_id: str, *, source_address: str | None = None, **options: object
    ) -> ThinClient:
        """Connect a new session; `options` are those of `ClientOptions`."""
        made = ClientOptions(client_id, **options)  # type: ignore[arg-type]
        return await self.again(ClientSession(made), source_address=source_address)

    async def again(
        self, session: ClientSession, *, source_address: str | None = None
    ) -> ThinClient:
        """Connect a session that there was before."""
        client = ThinClient(session)
        await client.join(self.port, ssl=self.ssl, source_address=source_address)
        self.clients.append(client)
        return client


@contextlib.asynccontextmanager
async def dialling(port: int, ssl: tls.SSLContext | None = None) -> AsyncIterator[Dialler]:
    """Connect clients to a port and leave none behind: uvloop waits for forgotten ones."""
    dialler = Dialler(port, ssl)
    try:
        yield dialler
    finally:
        for client in dialler.clients:
            await client.leave()


class ThinClient:
    """Keeps what it is told in a queue, and why its connection ended.

    Args:
        session: Whose bytes to carry; its options may come from a broken connection.
    """

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.connection: DeviceConnection | None = None
        self._events: asyncio.Queue[ClientEvent] = asyncio.Queue()
        self._closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def join(
        self,
        port: int,
        *,
        ssl: tls.SSLContext | None = None,
        source_address: str | None = None,
    ) -> None:
        """Say CONNECT on a connection of one's own."""
        self.session.connect()
        self.connection = await open_connection(
            asyncio.get_running_loop(),
            "127.0.0.1",
            port,
            self.session,
            self,
            ssl=ssl,
            source_address=source_address,
        )

    def say(self) -> None:
        """Write what the session wants to say."""
        assert self.connection is not None
        self.connection.write(self.session.take_output())

    def on_bytes(self, data: bytes) -> None:
        """Take what the broker says."""
        for event in self.session.receive(data, 0):
            self._events.put_nowait(event)
        if self.connection is not None:
            self.say()

    def on_closed(self, why: str) -> None:
        """Keep the reason; a second one would be an error."""
        self._closed.set_result(why)

    async def next(self) -> ClientEvent:
        """Return the next event."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._events.get()

    async def hear(self, kind: type[E]) -> E:
        """Return the next event, which must be of this kind."""
        event = await self.next()
        assert isinstance(event, kind), event
        return event

    async def leave(self) -> None:
        """End the connection, if there is one, and wait until it is gone."""
        if self.connection is not None:
            self.connection.abort()
            await self.closed()

    async def closed(self) -> str:
        """Return why the connection ended, once it has."""
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.shield(self._closed)
