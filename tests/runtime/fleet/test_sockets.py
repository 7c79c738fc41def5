import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from fleet_sim.runtime.fleet.line import Transport
from fleet_sim.runtime.fleet.sockets import SOURCES, SOURCES_FROM_DEVICES, Dialer
from fleet_sim.runtime.real_time import RealClock
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.first_contact import FirstContact
from tests.runtime.platforms import WAIT_S

HOST = "127.0.0.1"


class Ear:
    """An ear that only notes what its connections do."""

    who = "product/device"

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.changed = asyncio.Event()
        self.transport: Transport | None = None

    def on_open(self, number: int, transport: Transport) -> None:
        """Take note."""
        self.transport = transport
        self._hear(number, "open")

    def on_bytes(self, number: int, data: bytes) -> None:
        """Take note."""
        self._hear(number, data.decode("latin-1"))

    def on_closed(self, number: int, why: str) -> None:
        """Take note."""
        self._hear(number, f"closed: {why}")

    def _hear(self, number: int, what: str) -> None:
        self.heard.append((number, what))
        self.changed.set()

    async def until(self, count: int) -> None:
        """Wait until so much was heard."""
        async with asyncio.timeout(WAIT_S):
            while len(self.heard) < count:
                self.changed.clear()
                await self.changed.wait()


class Broker:
    """Greets whoever connects, and notes where from."""

    def __init__(self, greeting: bytes = b"hello") -> None:
        self._greeting = greeting
        self.peers: list[str] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._greeted = asyncio.Event()

    async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self.peers.append(writer.get_extra_info("peername")[0])
        self._writers.append(writer)
        writer.write(self._greeting)
        self._greeted.set()

    async def until_greeted(self, count: int) -> None:
        """Wait until so many have come."""
        async with asyncio.timeout(WAIT_S):
            while len(self.peers) < count:
                self._greeted.clear()
                await self._greeted.wait()

    def hang_up(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.close()


@contextlib.asynccontextmanager
async def broker(
    tls: ssl.SSLContext | None = None, *, greeting: bytes = b"hello"
) -> AsyncIterator[tuple[Broker, int]]:
    """Run a broker; yields it and its port."""
    made = Broker(greeting)
    server = await asyncio.start_server(made, HOST, 0, ssl=tls)
    try:
        yield made, server.sockets[0].getsockname()[1]
    finally:
        made.hang_up()
        server.close()
        await server.wait_closed()


async def test_a_dial_opens_a_connection_for_its_rig() -> None:
    """Bytes and the end reach it under the name of its line."""
    ear = Ear()
    async with broker() as (server, port), asyncio.TaskGroup() as tasks:
        Dialer(HOST, port, tasks, tls=None, devices=1).dial(ear, 7)
        await ear.until(2)
        server.hang_up()
        await ear.until(3)

    assert ear.heard == [(7, "open"), (7, "hello"), (7, "closed: closed by the broker")]


async def test_a_dial_that_fails_is_an_end() -> None:
    """With the reason; the fleet goes on."""
    ear = Ear()
    async with broker() as (_, port):
        pass

    async with asyncio.TaskGroup() as tasks:
        Dialer(HOST, port, tasks, tls=None, devices=1).dial(ear, 3)
        await ear.until(1)

    ((line, what),) = ear.heard
    assert line == 3
    assert what.startswith(f"closed: {HOST}:{port} cannot be reached: ")


async def test_a_certificate_that_is_not_trusted_is_an_end_too() -> None:
    """Each device finds out for itself."""
    issuer, ear = trustme.CA(), Ear()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issuer.issue_cert(HOST).configure_cert(tls)

    async with broker(tls) as (_, port), asyncio.TaskGroup() as tasks:
        Dialer(HOST, port, tasks, tls=ssl.create_default_context(), devices=1).dial(ear, 1)
        await ear.until(1)

    assert "certificate" in ear.heard[0][1]


async def test_a_trusted_certificate_opens() -> None:
    """The same bytes come through TLS."""
    issuer, ear = trustme.CA(), Ear()
    tls, own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    issuer.issue_cert(HOST).configure_cert(tls)
    issuer.configure_trust(own)

    async with broker(tls) as (_, port), asyncio.TaskGroup() as tasks:
        Dialer(HOST, port, tasks, tls=own, devices=1).dial(ear, 1)
        await ear.until(2)

    assert ear.heard[:2] == [(1, "open"), (1, "hello")]


@pytest.mark.parametrize(
    ("devices", "sources"), [(SOURCES_FROM_DEVICES, {HOST}), (SOURCES_FROM_DEVICES + 1, {*SOURCES})]
)
async def test_a_large_fleet_comes_from_several_addresses(devices: int, sources: set[str]) -> None:
    """One loopback address has too few ports, and finding a free one gets slow."""
    ears = [Ear() for _ in range(2 * len(SOURCES))]
    async with broker() as (server, port), asyncio.TaskGroup() as tasks:
        dialer = Dialer(HOST, port, tasks, tls=None, devices=devices)
        for ear in ears:
            dialer.dial(ear, 1)
        for ear in ears:
            await ear.until(2)

    assert set(server.peers) == sources


async def test_a_host_by_name_is_dialled_from_wherever_the_system_likes() -> None:
    """Only loopback addresses are ours to choose."""
    ear = Ear()
    async with broker() as (server, port), asyncio.TaskGroup() as tasks:
        Dialer("localhost", port, tasks, tls=None, devices=10_000).dial(ear, 1)
        await ear.until(2)

    assert server.peers == [HOST]


# --- what the first connections come to ---------------------------------------------------------


async def met(port: int, ear: Ear, count: int, *, leaves: bool = False) -> FirstContact:
    """Dial once under watch, and return the watch once so much was heard; maybe leave then."""
    clock = RealClock()
    access = BrokerAccess(host=HOST, port=port)
    contact = FirstContact(access, clock, devices=1)
    async with asyncio.TaskGroup() as tasks:
        Dialer(HOST, port, tasks, tls=None, devices=1, contact=contact).dial(ear, 1)
        await ear.until(count)
        if leaves:
            assert ear.transport is not None
            ear.transport.abort()
            await ear.until(count + 1)
    clock.close()
    return contact


@pytest.mark.parametrize("code", [0, 4])
async def test_the_answer_to_connect_is_told(code: int) -> None:
    """It still reaches the device as it came."""
    ear = Ear()
    async with broker(greeting=bytes((0x20, 2, 0, code))) as (_, port):
        contact = await met(port, ear, 2)

    assert contact.is_open is bool(code)
    assert bool(contact.verdict()) is bool(code)
    assert ear.heard[1] == (1, f" \x02\x00{chr(code)}")


async def test_what_is_no_answer_is_told() -> None:
    """Four bytes of something else, which another server might say."""
    ear = Ear()
    async with broker(greeting=b"220 mail") as (_, port):
        contact = await met(port, ear, 2)

    assert contact.is_open
    assert list(contact._failures) == ["product/device"]


async def test_an_end_without_an_answer_is_told() -> None:
    """By the broker; one by the device itself says nothing."""
    ear, own = Ear(), Ear()
    async with broker(greeting=b"") as (server, port):
        left = await met(port, own, 1, leaves=True)
        async with asyncio.TaskGroup() as tasks:
            meeting = tasks.create_task(met(port, ear, 2))
            await ear.until(1)
            await server.until_greeted(2)
            server.hang_up()
        cut = meeting.result()

    assert left._failures == {}
    assert list(cut._failures) == ["product/device"]


async def test_a_dial_that_fails_is_told() -> None:
    """Nobody is there."""
    ear = Ear()
    async with broker() as (_, port):
        pass

    contact = await met(port, ear, 1)

    assert list(contact._failures) == ["product/device"]
