import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiomqtt
import pytest

from fleet_sim.mqtt.broker import (
    Arrived,
    Authority,
    Broker,
    BrokerEvent,
    BrokerLimits,
    Closed,
    Delivered,
    Opened,
    Refused,
)
from fleet_sim.mqtt.client import Acknowledged, Connected, Received
from fleet_sim.mqtt.packets import Connect, Puback, Publish, encode
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.mqtt_client import client_tls
from fleet_sim.runtime.platform import mqtt_server
from fleet_sim.runtime.platform.mqtt_server import MqttServer
from tests.mqtt.wire import Rules
from tests.runtime.both_loops import on_both_loops
from tests.runtime.certificates import Certificates, issue
from tests.runtime.fake_transport import FakeTransport
from tests.runtime.thin_client import PATIENCE_S, dialling


class Platform:
    """A broker on a server, and what it told. Its clock is the loop's.

    Attributes:
        told: The events so far.
    """

    def __init__(
        self, authority: Authority | None, claimed: Sequence[str], limits: BrokerLimits
    ) -> None:
        self.broker = Broker(limits, authority or Rules(), claimed)
        self.server = MqttServer()
        self.told: list[BrokerEvent] = []
        self._news = asyncio.Event()

    @staticmethod
    def now_ms() -> int:
        """Return the loop's instant."""
        return int(asyncio.get_running_loop().time() * 1000)

    def on_events(self, events: list[BrokerEvent]) -> None:
        """Keep events, and acknowledge what arrived."""
        self.told += events
        self._news.set()
        for event in events:
            if isinstance(event, Arrived) and event.token is not None:
                self.broker.acknowledge(event.connection, event.token)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for events until something holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def platform(
    authority: Authority | None = None,
    claimed: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
    **limits: object,
) -> AsyncIterator[Platform]:
    """Run a platform on a port of the system's choice."""
    made = Platform(authority, claimed, BrokerLimits(**limits))  # type: ignore[arg-type]
    await made.server.start("127.0.0.1", 0, made.broker, made.on_events, made.now_ms, ssl=tls)
    try:
        yield made
    finally:
        await made.server.stop()


def paho(run: Platform, name: str, **options: object) -> aiomqtt.Client:
    """Return a client nobody here wrote."""
    return aiomqtt.Client("127.0.0.1", run.server.port, identifier=name, **options)  # type: ignore[arg-type]


async def heard(client: aiomqtt.Client, count: int) -> list[tuple[str, object, int, bool]]:
    """Return its next messages: topic, payload, QoS, retain."""
    async with asyncio.timeout(PATIENCE_S):
        return [
            (str(message.topic), message.payload, message.qos, message.retain)
            for message in [await anext(aiter(client.messages)) for _ in range(count)]
        ]


# --- clients nobody here wrote ---------------------------------------------------------------


@on_both_loops
async def test_aiomqtt_talks_to_our_broker() -> None:
    """Wildcards, both QoS, retained messages, large payloads."""
    async with platform() as run, paho(run, "reader") as reader, paho(run, "writer") as writer:
        await reader.subscribe("fleet/+/up", qos=1)
        await writer.publish("fleet/1/up", b"one", qos=1)
        await writer.publish("fleet/2/up", bytes(600_000), qos=0)
        await writer.publish("kept", b"last word", qos=1, retain=True)

        assert await heard(reader, 2) == [
            ("fleet/1/up", b"one", 1, False),
            ("fleet/2/up", bytes(600_000), 0, False),
        ]
        await reader.subscribe("kept", qos=1)
        assert await heard(reader, 1) == [("kept", b"last word", 1, True)]
        await reader.unsubscribe("fleet/+/up")
        await writer.publish("fleet/1/up", b"unheard", qos=1)
        await writer.publish("kept", b"heard", qos=1)
        assert await heard(reader, 1) == [("kept", b"heard", 1, False)]


@on_both_loops
async def test_aiomqtt_s_will_is_published_when_it_vanishes() -> None:
    """A takeover is such an end: the newer client of the same name kicks the older one out."""
    async with platform() as run, paho(run, "watcher") as watcher:
        await watcher.subscribe("wills/#")
        will = aiomqtt.Will("wills/d1", b"gone", qos=1)
        old = paho(run, "d1", will=will)
        await old.__aenter__()
        async with paho(run, "d1") as new:
            assert await heard(watcher, 1) == [("wills/d1", b"gone", 0, False)]
            await new.publish("still/here", b"", qos=1)
        with pytest.raises(aiomqtt.MqttError):
            await heard(old, 1)
        with contextlib.suppress(aiomqtt.MqttError):
            await old.__aexit__(None, None, None)


@pytest.mark.parametrize(("username", "code"), [("stranger", 4), ("banned", 5)])
@on_both_loops
async def test_aiomqtt_is_refused_with_the_code(username: str, code: int) -> None:
    """Wrong password, and no authorisation."""
    rules = Rules(passwords={"d1": b"right", "banned": b"right"}, banned=["banned"])
    async with platform(rules) as run:
        async with paho(run, "d1", username="d1", password="right"):
            pass
        with pytest.raises(aiomqtt.MqttError, match=f"code:{code}|[Bb]ad user|[Nn]ot auth"):
            async with paho(run, "d1", username=username, password="right"):
                pass

        await run.until(lambda: any(isinstance(event, Refused) for event in run.told))


@on_both_loops
async def test_aiomqtt_gets_what_it_never_subscribed_to() -> None:
    """Once, and once also if it did subscribe; the platform hears of each delivery."""
    async with platform() as run, paho(run, "d1") as device:
        run.broker.send_to("d1", "ota/upgrade", b"1", 1, 0)
        assert await heard(device, 1) == [("ota/upgrade", b"1", 1, False)]
        await device.subscribe("ota/#", qos=1)
        run.broker.send_to("d1", "ota/upgrade", b"2", 1, 0)
        run.broker.send_to("d1", "ota/upgrade", b"3", 0, 0)

        assert await heard(device, 2) == [
            ("ota/upgrade", b"2", 1, False),
            ("ota/upgrade", b"3", 0, False),
        ]
        await run.until(lambda: sum(isinstance(event, Delivered) for event in run.told) == 2)


@on_both_loops
async def test_aiomqtt_s_claimed_messages_are_acknowledged_by_the_platform() -> None:
    """Its publish returns, so the PUBACK came; the message came to the platform."""
    async with platform(claimed=["up/+"]) as run, paho(run, "d1") as device:
        await device.publish("up/1", b"x", qos=1)

        arrived = [event for event in run.told if isinstance(event, Arrived)]
        assert [(event.principal, event.payload, event.qos) for event in arrived] == [
            ("d1", b"x", 1)
        ]


@on_both_loops
async def test_aiomqtt_sends_and_hears_exactly_once() -> None:
    """QoS 2 both ways, and to the platform, which hears of the delivery and settles what comes."""
    async with platform(claimed=["up/+"]) as run, paho(run, "d1") as device:
        await device.subscribe("t", qos=2)
        await device.publish("t", b"to itself", qos=2)
        await device.publish("up/1", b"to the platform", qos=2)
        run.broker.send_to("d1", "ota/upgrade", b"from the platform", 2, 0)

        assert await heard(device, 2) == [
            ("t", b"to itself", 2, False),
            ("ota/upgrade", b"from the platform", 2, False),
        ]
        await run.until(lambda: any(isinstance(event, Delivered) for event in run.told))
        assert [e.payload for e in run.told if isinstance(e, Arrived)] == [b"to the platform"]


@on_both_loops
async def test_aiomqtt_finds_what_it_missed() -> None:
    """A session that is kept: its subscription, and its messages of QoS 1 and 2."""
    async with platform() as run:
        async with paho(run, "d1", clean_session=False) as device:
            await device.subscribe("t", qos=2)
        await run.until(lambda: any(isinstance(event, Closed) for event in run.told))
        for qos in (1, 2, 1):
            run.broker.publish("t", b"%d" % qos, qos, 0)
        async with paho(run, "d1", clean_session=False) as device:
            # paho tells of a message of QoS 2 when it is released, a round trip after its arrival.
            assert [qos for _, _, qos, _ in await heard(device, 3)] == [1, 1, 2]


@on_both_loops
async def test_aiomqtt_shares_a_subscription() -> None:
    """Each message once, between two who take turns."""
    async with platform() as run, paho(run, "a") as one, paho(run, "b") as other:
        for client in (one, other):
            await client.subscribe("$share/workers/t", qos=1)
        for number in range(4):
            run.broker.publish("t", b"%d" % number, 1, 0)

        assert [payload for _, payload, *_ in await heard(one, 2)] == [b"0", b"2"]
        assert [payload for _, payload, *_ in await heard(other, 2)] == [b"1", b"3"]


@on_both_loops
async def test_qos_2_is_refused_in_words_where_it_is_not_served() -> None:
    """The connection ends, and the platform knows why."""
    async with platform(Rules(qos_max=1)) as run:
        with contextlib.suppress(aiomqtt.MqttError):
            async with paho(run, "d1") as device:
                # paho does not give up by itself when its connection ends.
                with contextlib.suppress(aiomqtt.MqttError):
                    await device.publish("t", b"x", qos=2, timeout=0.1)
                await run.until(lambda: isinstance(run.told[-1], Closed))

        closed = [event for event in run.told if isinstance(event, Closed)]
        assert [event.why for event in closed] == ["QoS 2 is not served, only up to 1"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Issue one set for all tests."""
    return issue(tmp_path_factory.mktemp("certificates"))


@on_both_loops
async def test_tls_works_with_clients_of_either_kind(certificates: Certificates) -> None:
    """Both sides show a certificate; a large message makes many TLS records."""
    context = client_tls(certificates.ca, certificates.device, certificates.device_key)
    served = certificates.for_server(wants_client=True)

    async with (
        platform(tls=served) as run,
        dialling(run.server.port, context) as dialler,
        paho(run, "theirs", tls_context=context) as theirs,
    ):
        ours = await dialler.new("ours")
        await ours.hear(Connected)
        ours.session.subscribe([("t", 1)])
        ours.say()
        await ours.next()
        await theirs.publish("t", bytes(200_000), qos=1)

        expected = Received("t", bytes(200_000), 1, retain=False, dup=False)
        assert await ours.hear(Received) == expected


@on_both_loops
async def test_a_client_without_a_certificate_never_reaches_the_broker(
    certificates: Certificates,
) -> None:
    """The handshake fails, and nobody was opened."""
    context = client_tls(certificates.ca, None, None)

    async with platform(tls=certificates.for_server(wants_client=True)) as run:
        async with dialling(run.server.port, context) as dialler:
            client = await dialler.new("d1")
            await client.closed()

        assert [event for event in run.told if isinstance(event, Opened)] == []


# --- the driver ------------------------------------------------------------------------------


def peered(server: MqttServer) -> tuple[asyncio.Protocol, FakeTransport]:
    """Return an accepted connection whose transport only remembers."""
    peer, transport = mqtt_server._Peer(server), FakeTransport()
    peer.connection_made(transport)
    return peer, transport


@on_both_loops
async def test_one_turn_s_output_is_one_write() -> None:
    """CONNACK and five acknowledgements of two pieces leave joined."""
    async with platform() as run:
        peer, transport = peered(run.server)

        peer.data_received(encode(Connect("d1")))
        peer.data_received(b"".join(encode(Publish("t", b"x", 1, n)) for n in range(1, 6)))
        run.server.flush()
        assert transport.writes == []
        await asyncio.sleep(0)

        acknowledgements = b"".join(encode(Puback(number)) for number in range(1, 6))
        assert transport.writes == [b"\x20\x02\x00\x00" + acknowledgements]
        peer.connection_lost(None)


@on_both_loops
async def test_the_timer_rings_when_a_kept_session_expires() -> None:
    """Nobody has to connect or speak for it."""
    async with platform(session_expiry_ms=20) as run:
        peer, _ = peered(run.server)
        peer.data_received(encode(Connect("d1", clean_session=False)))
        peer.connection_lost(None)

        await asyncio.sleep(0)

        assert run.broker.away_count == 1
        assert run.server._armed_at_ms == run.broker.next_at_ms


@on_both_loops
async def test_a_paused_transport_is_given_nothing_more() -> None:
    """The broker keeps the output until the transport resumes."""
    async with platform() as run:
        peer, transport = peered(run.server)
        peer.data_received(encode(Connect("d1")))
        await asyncio.sleep(0)
        transport.writes.clear()

        peer.pause_writing()
        run.broker.send_to("d1", "t", b"1", 0, 0)
        await asyncio.sleep(0)
        run.broker.send_to("d1", "t", b"2", 0, 0)
        await asyncio.sleep(0)
        assert transport.writes == []
        peer.resume_writing()

        assert transport.writes == [encode(Publish("t", b"1")) + encode(Publish("t", b"2"))]
        peer.connection_lost(None)


@on_both_loops
async def test_a_slow_reader_is_cut_off() -> None:
    """Once the broker has kept too much for it: at once, as it reads nothing anyway."""
    async with platform(output_bytes_max=1_000) as run:
        peer, transport = peered(run.server)
        peer.data_received(encode(Connect("d1")))
        await asyncio.sleep(0)

        peer.pause_writing()
        for _ in range(3):
            run.broker.send_to("d1", "t", bytes(600), 0, 0)
        await asyncio.sleep(0)

        assert transport.ended == "aborted"
        assert isinstance(run.told[-1], Closed)
        assert run.told[-1].why == "it reads too slowly"
        peer.connection_lost(None)


@on_both_loops
async def test_last_words_are_written_before_the_end() -> None:
    """A refused client hears its code."""
    async with platform(Rules(banned=["d1"])) as run:
        peer, transport = peered(run.server)

        peer.data_received(encode(Connect("d1")))
        await asyncio.sleep(0)

        assert (transport.writes, transport.ended) == ([b"\x20\x02\x00\x05"], "closed")
        peer.connection_lost(None)


@on_both_loops
async def test_who_does_not_read_its_last_words_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a while; TCP alone would wait for a quarter of an hour."""
    monkeypatch.setattr(mqtt_server, "LINGER_S", 0)
    async with platform(Rules(banned=["d1"])) as run:
        peer, transport = peered(run.server)
        transport.unsent = 4

        peer.data_received(encode(Connect("d1")))
        async with asyncio.timeout(PATIENCE_S):
            await transport.aborted.wait()
        peer.connection_lost(None)


@on_both_loops
async def test_the_timer_finds_who_is_silent() -> None:
    """It rings without anything else happening; a new connection is served afterwards."""
    async with platform(connect_timeout_ms=100) as run, dialling(run.server.port) as dialler:
        silent = await asyncio.open_connection("127.0.0.1", run.server.port)

        await run.until(lambda: bool(run.told))
        assert isinstance(run.told[0], Refused)
        assert run.told[0].why == "no CONNECT came within 100 ms"
        assert await silent[0].read() == b""
        silent[1].close()
        client = await dialler.new("d1")
        await client.hear(Connected)


@on_both_loops
async def test_a_peer_that_hangs_up_is_gone() -> None:
    """Without DISCONNECT, that is no clean end."""
    async with platform() as run, dialling(run.server.port) as dialler:
        client = await dialler.new("d1")
        await client.hear(Connected)

        await client.leave()
        await run.until(lambda: isinstance(run.told[-1], Closed))

        closed = run.told[-1]
        assert isinstance(closed, Closed)
        assert (closed.principal, closed.was_clean) == ("d1", False)
        assert run.broker.connection_count == 0


@on_both_loops
async def test_many_clients_at_once() -> None:
    """A burst of connects, a message each, an acknowledgement each."""
    async with platform(claimed=["up"]) as run, dialling(run.server.port) as dialler:
        async with asyncio.TaskGroup() as tasks:
            opening = [tasks.create_task(dialler.new(f"d{n}")) for n in range(200)]
        for task in opening:
            client = task.result()
            client.session.publish("up", b"x", 1)
            client.say()
        for task in opening:
            await task.result().hear(Connected)
            await task.result().hear(Acknowledged)

        assert sum(isinstance(event, Arrived) for event in run.told) == 200


@on_both_loops
async def test_a_taken_port_is_told_in_a_sentence() -> None:
    """It is the environment's fault."""
    async with platform() as run:
        other = Platform(None, (), BrokerLimits())
        with pytest.raises(
            TargetError, match=f"MQTT port {run.server.port} cannot be had on .* --mqtt-port"
        ):
            await other.server.start(
                "127.0.0.1", run.server.port, other.broker, other.on_events, lambda: 0
            )
        assert other.server.port == 0


@on_both_loops
async def test_stopping_ends_everybody() -> None:
    """With their ends told before it returns; twice is no harm, nor is flushing afterwards."""
    async with platform() as run, dialling(run.server.port) as dialler:
        client = await dialler.new("d1")
        await client.hear(Connected)

        await run.server.stop()

        assert isinstance(run.told[-1], Closed)
        assert await client.closed() == "closed by the broker"
        await run.server.stop()
        run.server.flush()
        await asyncio.sleep(0)


@on_both_loops
async def test_stopping_does_not_wait_for_who_will_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In good order first, then at once."""
    monkeypatch.setattr(mqtt_server, "STOP_S", 0.01)
    async with platform() as run:
        _, transport = peered(run.server)

        await run.server.stop()

        assert transport.ended == "aborted"


@on_both_loops
async def test_flushing_before_the_start_does_nothing(tmp_path: Path) -> None:
    """A platform may have something to say before it listens."""
    server = MqttServer()

    server.flush()
    await server.stop()

    assert server.port == 0
