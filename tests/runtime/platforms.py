"""Running platforms on real ports, operators that call them, and devices on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import DeviceMessage, ServerMessage
from fleet_sim.model.northbound import Answer, Call
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.kinds import Packet
from fleet_sim.runtime.http_client import HttpCarrier
from fleet_sim.runtime.platform.process import serve
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.real_time import epoch_ms
from tests.runtime.lone_world import ENOS

WAIT_S = 30.0  # Only a test that fails waits so long.


@contextlib.asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Mapping[str, Any]]:  # noqa: ANN401 - of all types
    """Run a platform in this process; yields its ready line, and stops it with the context."""
    ready: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    def announce(line: Mapping[str, Any]) -> None:
        if not ready.done():
            ready.set_result(line)

    async with asyncio.TaskGroup() as tasks:
        served = tasks.create_task(serve(PlatformSettings(**settings), announce, stop))
        # A platform that cannot start cancels this wait, and its error leaves with the group.
        served.add_done_callback(lambda _: ready.cancel())
        try:
            yield await asyncio.wait_for(ready, WAIT_S)
        finally:
            stop.set()


class Caller:
    """An operator of a running platform."""

    def __init__(
        self,
        ready: Mapping[str, Any],
        session: aiohttp.ClientSession,
        tasks: asyncio.TaskGroup,
        dialect: Dialect = ENOS,
    ) -> None:
        self._operator = dialect.operator(ready["org"], ready["app_key"], ready["app_secret"])
        self._carrier = HttpCarrier(session, ready["http"], tasks, tls=None)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request as it is."""
        answered: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()

        def then(response: HttpResponse | None, why: str) -> None:
            if response is None:
                answered.set_exception(ConnectionError(why))
            else:
                answered.set_result(response)

        self._carrier.send(request, then)
        return await asyncio.wait_for(answered, WAIT_S)

    async def ask(self, call: Call) -> Answer:
        """Make a call, logged in."""
        login = self._operator.login(epoch_ms())
        if login is not None:
            self._operator.logged_in(await self.send(login), epoch_ms())
        request = self._operator.request(call, epoch_ms())
        return self._operator.answer(call, await self.send(request))


@contextlib.asynccontextmanager
async def calling(ready: Mapping[str, Any], dialect: Dialect = ENOS) -> AsyncIterator[Caller]:
    """Yield an operator of a running platform."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as tasks:
        yield Caller(ready, session, tasks, dialect)


class Line:
    """A raw connection to a broker: any bytes out, packets in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._decoder = Decoder(1 << 20)

    @classmethod
    async def open(cls, url: str) -> Line:
        """Connect to `mqtt://host:port`."""
        place = urlsplit(url)
        return cls(*await asyncio.open_connection(place.hostname, place.port))

    def write(self, data: bytes) -> None:
        """Send any bytes."""
        self.writer.write(data)

    async def packets(self) -> list[Packet]:
        """Wait for the next packets; none at all means that the broker has closed."""
        found: list[Packet] = []
        while not found:
            data = await asyncio.wait_for(self._reader.read(1 << 16), WAIT_S)
            if not data:
                return []
            found = self._decoder.feed(data)
        return found

    async def end(self) -> list[Packet]:
        """Wait until the broker closes; return what it said before."""
        found: list[Packet] = []
        with contextlib.suppress(ConnectionError):
            while packets := await self.packets():
                found += packets
        return found

    async def close(self) -> None:
        """End it from this side."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Talker:
    """A device on a real socket, which says what the test wants."""

    def __init__(
        self, line: Line, device: DeviceId, session: mqtt.ClientSession, dialect: Dialect = ENOS
    ) -> None:
        self._codec = dialect.devices
        self.line = line
        self.device = device
        self.session = session
        self._events: list[mqtt.ClientEvent] = []

    @classmethod
    async def connect(
        cls,
        url: str,
        device: DeviceId,
        secret: str,
        *,
        activates: bool = False,
        dialect: Dialect = ENOS,
    ) -> Talker:
        """Connect, and wait for the answer; with its product's secret where it activates."""
        codec = dialect.devices
        mine = codec.credentials(device, secret, epoch_ms=epoch_ms(), activates=activates)
        options = mqtt.ClientOptions(mine.client_id, mine.username, mine.password)
        talker = cls(await Line.open(url), device, mqtt.ClientSession(options), dialect)
        talker.session.connect()
        talker.flush()
        try:
            await talker.until(mqtt.Connected)
        except ConnectionError:
            await talker.close()
            raise
        return talker

    def flush(self) -> None:
        """Send what the session has to say."""
        self.line.write(self.session.take_output())

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> int:
        """Publish anything; return the packet identifier."""
        packet_id = self.session.publish(topic, payload, qos)
        self.flush()
        return packet_id

    def say(self, message: DeviceMessage) -> int:
        """Publish what a device says."""
        wire = self._codec.encode(self.device, message)
        assert wire is not None, message
        return self.publish(wire.topic, wire.payload)

    async def until(self, kind: type[Any], count: int = 1) -> list[Any]:
        """Wait for so many events of a kind, and take them out of what has come."""
        while sum(isinstance(one, kind) for one in self._events) < count:
            data = await asyncio.wait_for(self.line._reader.read(1 << 16), WAIT_S)
            if not data:
                raise ConnectionError("the broker closed the connection")
            self._events += self.session.receive(data, 0)
            self.flush()
        found = [one for one in self._events if isinstance(one, kind)][:count]
        self._events = [one for one in self._events if one not in found]
        return found

    def pending(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind that have come and were not waited for."""
        return [one for one in self._events if isinstance(one, kind)]

    async def hear(self, count: int = 1) -> list[ServerMessage]:
        """Wait for so many messages of the platform."""
        return [
            self._codec.decode(self.device, one.topic, one.payload)
            for one in await self.until(mqtt.Received, count)
        ]

    async def close(self) -> None:
        """Drop the connection."""
        await self.line.close()
