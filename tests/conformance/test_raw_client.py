import socket
from collections.abc import Iterator

import pytest

from tests.conformance.octets import (
    PING,
    PONG,
    Message,
    connack,
    connect,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    suback,
    subscribe,
)
from tests.conformance.raw_client import END, RawClient, accepted


@pytest.fixture
def pair() -> Iterator[tuple[RawClient, socket.socket]]:
    """Join a client to a socket that a test plays the broker on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = RawClient(server.getsockname()[1], "c")
        broker, _ = server.accept()
        with broker:
            yield client, broker
        client.close()


Pair = tuple[RawClient, socket.socket]


def test_packets_are_heard_one_by_one(pair: Pair) -> None:
    """However they came."""
    client, broker = pair
    broker.sendall(PONG + publish("t", b"x")[:3])
    assert client.hear() == PONG

    broker.sendall(publish("t", b"x")[3:])

    assert client.hear_message() == Message("t", b"x")


def test_what_came_before_a_pong_is_told(pair: Pair) -> None:
    """And a PINGREQ was sent for it."""
    client, broker = pair
    broker.sendall(puback(1) + publish("t") + PONG + puback(2))

    assert client.so_far() == [puback(1), publish("t")]
    assert broker.recv(100) == PING
    assert client.hear() == puback(2)


def test_an_end_is_told(pair: Pair) -> None:
    """As an error, as the last of what was heard, or as what was waited for."""
    client, broker = pair
    broker.sendall(puback(1))
    broker.close()

    assert client.aftermath() == [puback(1), END]
    assert client.until_closed() == []
    with pytest.raises(EOFError, match="hung up on 'c'"):
        client.so_far()


def test_who_is_still_served_has_no_end(pair: Pair) -> None:
    """The aftermath is what came, and nothing else."""
    client, broker = pair
    broker.sendall(puback(1) + PONG)

    assert client.aftermath() == [puback(1)]


def test_a_reset_is_an_end(pair: Pair) -> None:
    """As brokers reset connections with unread bytes; and vanishing is one."""
    client, broker = pair

    client.vanish()

    with pytest.raises(ConnectionResetError):
        broker.recv(1)


def test_receiving_acknowledges_to_the_end(pair: Pair) -> None:
    """Whatever comes in between is taken in too."""
    client, broker = pair
    broker.sendall(publish("t", b"2", 2, 5) + publish("t", b"1", 1, 6) + pubrel(5))

    assert [message.payload for message in client.receive_all(1)] == [b"2", b"1"]
    assert broker.recv(100) == pubrec(5) + puback(6) + pubcomp(5)


@pytest.mark.parametrize(
    ("qos", "answers"), [(0, PONG), (1, puback(7)), (2, pubrec(7) + pubcomp(7))]
)
def test_publishing_waits_for_the_broker(pair: Pair, qos: int, answers: bytes) -> None:
    """Until the message is the broker's."""
    client, broker = pair
    broker.sendall(answers)

    client.publish("t", b"x", qos)

    said = publish("t", b"x", qos, 7 if qos else 0) + (PING, b"", pubrel(7))[qos]
    assert broker.recv(100) == said


def test_subscribing_insists_on_what_it_asked_for(pair: Pair) -> None:
    """A lower QoS granted is an error."""
    client, broker = pair
    broker.sendall(suback(0x5B, 1) + suback(0x5B, 0))

    client.subscribe(("t", 1))
    assert broker.recv(100) == subscribe(0x5B, ("t", 1))
    with pytest.raises(AssertionError):
        client.subscribe(("t", 1))


def test_connecting_insists_on_the_answer(pair: Pair) -> None:
    """Accepted, with or without a session."""
    client, broker = pair
    broker.sendall(connack(present=True) * 2)

    assert accepted(client, connect("c"), present=True) is client
    with pytest.raises(AssertionError):
        accepted(client, connect("c"))
