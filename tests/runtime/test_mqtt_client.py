import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from fleet_sim.mqtt.broker import AllowAll, Broker, BrokerLimits
from fleet_sim.mqtt.client import (
    Acknowledged,
    Connected,
    Ponged,
    Received,
    Refused,
    Subscribed,
    Unsubscribed,
)
from fleet_sim.mqtt.packets import Will
from fleet_sim.runtime import mqtt_client
from fleet_sim.runtime.errors import BrokerError, TargetError
from fleet_sim.runtime.mqtt_client import DeviceConnection, client_tls, open_connection
from fleet_sim.runtime.platform.mqtt_server import MqttServer
from tests.runtime.both_loops import on_both_loops
from tests.runtime.certificates import Certificates, issue
from tests.runtime.fake_transport import FakeTransport
from tests.runtime.mosquitto import free_port, mosquitto
from tests.runtime.thin_client import dialling


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Issue one set for all tests."""
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def open_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run a Mosquitto that lets everybody in."""
    with mosquitto(tmp_path_factory.mktemp("mosquitto"), "allow_anonymous true") as port:
        yield port


@pytest.fixture(scope="module")
def tls_mosquitto(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[int]:
    """Run a Mosquitto that insists on a client certificate."""
    settings = (
        "allow_anonymous true",
        f"cafile {certificates.ca}",
        f"certfile {certificates.broker}",
        f"keyfile {certificates.broker_key}",
        "require_certificate true",
    )
    with mosquitto(tmp_path_factory.mktemp("mosquitto"), *settings) as port:
        yield port


class Listener:
    """Remembers what it hears; may answer."""

    def __init__(self) -> None:
        self.heard: list[bytes | str] = []
        self.connection: DeviceConnection | None = None

    def on_bytes(self, data: bytes) -> None:
        """Remember, and answer twice."""
        self.heard.append(data)
        if self.connection is not None:
            self.connection.write(b"yes ")
            self.connection.write(b"sir")

    def on_closed(self, why: str) -> None:
        """Remember."""
        self.heard.append(why)


def connected() -> tuple[DeviceConnection, FakeTransport, Listener]:
    """Return a connection on a transport that only remembers."""
    listener, transport = Listener(), FakeTransport()
    connection = DeviceConnection(asyncio.get_running_loop(), listener)
    connection.connection_made(transport)
    return connection, transport, listener


# --- one connection ------------------------------------------------------------------------


@on_both_loops
async def test_what_one_turn_writes_leaves_joined() -> None:
    """One write for each turn of the loop."""
    connection, transport, _ = connected()

    connection.write(b"a")
    connection.write(b"")
    connection.write(b"b")
    assert transport.writes == []
    await asyncio.sleep(0)
    connection.write(b"c")
    await asyncio.sleep(0)

    assert transport.writes == [b"ab", b"c"]


@on_both_loops
async def test_an_answer_leaves_joined_and_at_once() -> None:
    """Without another turn of the loop."""
    connection, transport, listener = connected()
    listener.connection = connection

    connection.data_received(b"sure?")

    assert listener.heard == [b"sure?"]
    assert transport.writes == [b"yes sir"]


@on_both_loops
@pytest.mark.parametrize(
    ("error", "why"),
    [
        (None, "closed by the broker"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by peer"),
        (RuntimeError("odd"), "odd"),
        (RuntimeError(), "RuntimeError"),
    ],
)
async def test_the_end_is_told_once_with_its_reason(error: Exception | None, why: str) -> None:
    """In words; what was unsent is forgotten."""
    connection, transport, listener = connected()
    connection.write(b"lost")

    connection.connection_lost(error)
    connection.write(b"too late")
    await asyncio.sleep(0)

    assert listener.heard == [why]
    assert transport.writes == []


@on_both_loops
async def test_closing_writes_first() -> None:
    """In good order; afterwards nothing is written, and the reason is ours."""
    connection, transport, listener = connected()

    connection.write(b"bye")
    connection.close()
    connection.write(b"too late")
    connection.close()
    await asyncio.sleep(0)
    connection.connection_lost(None)

    assert (transport.writes, transport.ended) == ([b"bye"], "closed")
    assert listener.heard == ["closed from this side"]


@on_both_loops
async def test_aborting_writes_nothing_more() -> None:
    """Also within a turn."""
    connection, transport, listener = connected()

    connection.write(b"never")
    connection.abort()
    connection.abort()
    await asyncio.sleep(0)
    connection.connection_lost(None)

    assert (transport.writes, transport.ended) == ([], "aborted")
    assert listener.heard == ["aborted from this side"]


@on_both_loops
async def test_a_broker_that_reads_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits in the transport has a limit."""
    monkeypatch.setattr(mqtt_client, "UNSENT_BYTES_MAX", 10)
    connection, transport, listener = connected()
    transport.unsent = 11

    connection.write(b"x")
    await asyncio.sleep(0)
    connection.connection_lost(None)

    assert transport.ended == "aborted"
    assert listener.heard == ["the broker left 10 bytes unread"]


# --- opening -------------------------------------------------------------------------------


@on_both_loops
async def test_nobody_there_is_told_in_a_sentence() -> None:
    """It is the world's fault, and may be another time."""
    port = free_port()

    for source in (None, "127.0.0.3"):
        with pytest.raises(BrokerError, match=f"127.0.0.1:{port} cannot be reached: "):
            await open_connection(
                asyncio.get_running_loop(),
                "127.0.0.1",
                port,
                None,
                Listener(),
                source_address=source,
            )


@on_both_loops
async def test_a_silent_peer_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake that is never answered ends with the patience."""
    monkeypatch.setattr(mqtt_client, "OPEN_TIMEOUT_S", 0.05)

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(BrokerError, match="did not answer within"),
    ):
        await open_connection(
            asyncio.get_running_loop(),
            "127.0.0.1",
            silent.getsockname()[1],
            None,
            Listener(),
            ssl=client_tls(None, None, None),
        )


@on_both_loops
async def test_a_source_address_is_where_a_connection_comes_from() -> None:
    """Two connections from one address have two ports; the peer sees them."""
    server = MqttServer()
    broker = Broker(BrokerLimits(), AllowAll())
    await server.start("127.0.0.1", 0, broker, lambda _: None, lambda: 0)

    peers = []
    async with dialling(server.port) as dialler:
        for name in ("a", "b"):
            client = await dialler.new(name, source_address="127.0.0.7")
            await client.hear(Connected)
            connection = broker.connection_of(name)
            assert connection is not None
            peers.append(connection.peer)
    await server.stop()

    assert [peer.rpartition(":")[0] for peer in peers] == ["127.0.0.7"] * 2
    assert peers[0] != peers[1]


# --- certificates --------------------------------------------------------------------------


def test_files_that_fit_make_a_context(certificates: Certificates, tmp_path: Path) -> None:
    """With a CA or the system's; with a certificate and key apart or in one file."""
    both = tmp_path / "both.pem"
    both.write_bytes(certificates.device_key.read_bytes() + certificates.device.read_bytes())

    client_tls(None, None, None)
    client_tls(certificates.ca, None, None)
    client_tls(certificates.ca, certificates.device, certificates.device_key)
    client_tls(certificates.ca, both, None)


def test_a_bad_file_is_named_in_one_sentence(certificates: Certificates, tmp_path: Path) -> None:
    """Missing, a folder, no PEM, no pair, encrypted: who reads it knows what to do."""
    garbage, locked, missing = tmp_path / "garbage", tmp_path / "locked", tmp_path / "missing"
    garbage.write_text("hello")
    key = load_pem_private_key(certificates.device_key.read_bytes(), None)
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    cert, fine = certificates.device, certificates.device_key

    for files, why in (
        ((missing, None, None), f"the CA file {missing} cannot be read: No such file"),
        ((tmp_path, None, None), f"the CA file {tmp_path} "),
        ((garbage, None, None), f"the CA file {garbage} holds no certificate in PEM"),
        ((None, missing, fine), f"the certificate {missing} cannot be read: No such file"),
        ((None, cert, missing), f"the key {missing} cannot be read: No such file"),
        ((None, garbage, fine), f"{garbage} and {fine} hold no certificate and key in PEM"),
        ((None, cert, garbage), f"{cert} and {garbage} hold no certificate and key in PEM"),
        ((None, cert, None), f"{cert} hold no certificate and key in PEM"),
        ((None, cert, certificates.broker_key), "does not belong to"),
        ((None, cert, locked), f"the key {locked} is encrypted; give one that is not"),
        ((None, None, fine), f"the key {fine} was given without its certificate"),
    ):
        with pytest.raises(TargetError) as caught:
            client_tls(*files)
        assert why in str(caught.value)


# --- with Mosquitto ------------------------------------------------------------------------


@on_both_loops
async def test_mosquitto_understands_us(open_mosquitto: int) -> None:
    """Subscribe, QoS 0 and 1 both ways, ping, unsubscribe, leave."""
    async with dialling(open_mosquitto) as dialler:
        client = await dialler.new("d1")
        session = client.session
        assert await client.hear(Connected) == Connected(session_present=False)

        asked = session.subscribe([("echo/#", 1), ("+/none", 0)])
        client.say()
        assert await client.hear(Subscribed) == Subscribed(asked, (1, 0))
        sent = session.publish("echo/1", b"one", 1)
        session.publish("echo/0", bytes(100_000), 0)
        client.say()
        heard = [await client.next() for _ in range(3)]
        assert Acknowledged(sent) in heard
        assert Received("echo/1", b"one", 1, retain=False, dup=False) in heard
        assert Received("echo/0", bytes(100_000), 0, retain=False, dup=False) in heard
        session.ping()
        client.say()
        await client.hear(Ponged)
        given_up = session.unsubscribe(["echo/#"])
        client.say()
        assert await client.hear(Unsubscribed) == Unsubscribed(given_up)
        session.disconnect()
        client.say()

        assert await client.closed() == "closed by the broker"


@on_both_loops
async def test_mosquitto_keeps_our_wills_and_retained_messages(open_mosquitto: int) -> None:
    """A will of an aborted client arrives, is retained, and can be deleted."""
    async with dialling(open_mosquitto) as dialler:
        watcher = await dialler.new("watcher")
        await watcher.hear(Connected)
        watcher.session.subscribe([("wills/#", 1)])
        watcher.say()
        await watcher.hear(Subscribed)
        doomed = await dialler.new("d2", will=Will("wills/d2", b"gone", 1, retain=True))
        await doomed.hear(Connected)

        await doomed.leave()
        assert await doomed.closed() == "aborted from this side"

        expected = Received("wills/d2", b"gone", 1, retain=False, dup=False)
        assert await watcher.hear(Received) == expected
        watcher.session.subscribe([("wills/d2", 1)])
        watcher.say()
        await watcher.hear(Subscribed)
        assert (await watcher.hear(Received)).retain
        watcher.session.publish("wills/d2", b"", 1, retain=True)
        watcher.say()
        kinds = {type(await watcher.next()) for _ in range(2)}
        assert kinds == {Received, Acknowledged}


@on_both_loops
async def test_mosquitto_takes_what_a_persistent_session_sends_again(open_mosquitto: int) -> None:
    """A message published while away is acknowledged after the next connect."""
    async with dialling(open_mosquitto) as dialler:
        first = await dialler.new("keeper", clean_session=False)
        await first.hear(Connected)
        await first.leave()
        first.session.lost()
        sent = first.session.publish("kept", b"x", 1)

        second = await dialler.again(first.session)
        assert await second.hear(Connected) == Connected(session_present=True)
        assert await second.hear(Acknowledged) == Acknowledged(sent)

        # Leave nothing behind for the other loop's turn.
        cleaner = await dialler.new("keeper")
        await cleaner.hear(Connected)


@on_both_loops
async def test_mosquitto_lets_a_newer_connection_take_over(open_mosquitto: int) -> None:
    """The older one hears its end."""
    async with dialling(open_mosquitto) as dialler:
        old = await dialler.new("twin")
        await old.hear(Connected)
        new = await dialler.new("twin")
        await new.hear(Connected)

        assert await old.closed() == "closed by the broker"


@on_both_loops
async def test_a_refusal_by_mosquitto_is_heard(tmp_path: Path) -> None:
    """Nobody is let in without a name and a password."""
    (tmp_path / "passwords").write_text("")

    with mosquitto(tmp_path, f"password_file {tmp_path / 'passwords'}") as port:
        async with dialling(port) as dialler:
            client = await dialler.new("d1", username="u", password="p")

            assert await client.hear(Refused) == Refused(5)
            assert await client.closed() == "closed by the broker"


@on_both_loops
async def test_mosquitto_takes_our_certificate(
    tls_mosquitto: int, certificates: Certificates
) -> None:
    """Both sides prove who they are; from a source address of choice as well."""
    context = client_tls(certificates.ca, certificates.device, certificates.device_key)

    async with dialling(tls_mosquitto, context) as dialler:
        for source in (None, "127.0.0.4"):
            client = await dialler.new("d1", source_address=source)
            await client.hear(Connected)
            sent = client.session.publish("t", bytes(50_000), 1)
            client.say()
            assert await client.hear(Acknowledged) == Acknowledged(sent)


@on_both_loops
async def test_a_broker_s_certificate_of_a_stranger_is_refused(
    tls_mosquitto: int, certificates: Certificates
) -> None:
    """Trying again would change nothing, so it is not a passing trouble."""
    context = client_tls(certificates.strange_ca, None, None)

    async with dialling(tls_mosquitto, context) as dialler:
        with pytest.raises(TargetError, match=r"certificate of .* was not accepted"):
            await dialler.new("d1")


@on_both_loops
async def test_without_our_certificate_mosquitto_ends_the_connection(
    tls_mosquitto: int, certificates: Certificates
) -> None:
    """TLS 1.3 tells a client only after the handshake; it is an end like any other.

    The broker sends its reason and closes without reading our CONNECT; where that reaches it after
    the close, the kernel answers with a reset, which may overtake the reason.
    """
    context = client_tls(certificates.ca, None, None)

    async with dialling(tls_mosquitto, context) as dialler:
        client = await dialler.new("d1")

        why = await client.closed()
        assert "certificate" in why or why == "connection reset by peer"
        assert client.session.state == "connecting"


@on_both_loops
async def test_plain_text_to_a_tls_port_ends_in_words(tls_mosquitto: int) -> None:
    """Either side's mistake is told as an end of the connection."""
    async with dialling(tls_mosquitto) as dialler:
        client = await dialler.new("d1")

        assert await client.closed() in ("closed by the broker", "connection reset by peer")


@on_both_loops
async def test_tls_to_a_plain_port_is_no_riddle(
    open_mosquitto: int, certificates: Certificates
) -> None:
    """Mosquitto hangs up on what is no CONNECT."""
    async with dialling(open_mosquitto, client_tls(certificates.ca, None, None)) as dialler:
        with pytest.raises(BrokerError, match=r"cannot be reached: ."):
            await dialler.new("d1")
