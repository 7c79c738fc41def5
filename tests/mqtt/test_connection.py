import pytest

from fleet_sim.mqtt.connection import MOVES, Connection, ConnectionState, Outbox
from fleet_sim.mqtt.limits import BrokerLimits

FEW = BrokerLimits(inflight_max=2, waiting_max=2, waiting_bytes_max=10)


def offered(outbox: Outbox, payload: bytes = b"x") -> tuple[int, bool] | None:
    """Offer a message and return its identifier and whether it goes now."""
    taken = outbox.offer("t", payload, retain=False, is_ours=True)
    return None if taken is None else (taken[0].packet_id, taken[1])


def test_messages_beyond_the_window_wait_and_beyond_the_queue_are_dropped() -> None:
    """Two under way, two waiting, one dropped."""
    outbox = Outbox(FEW)

    found = [offered(outbox) for _ in range(5)]

    assert found == [(1, True), (2, True), (3, False), (4, False), None]


def test_an_acknowledgement_releases_the_oldest_that_waits() -> None:
    """In order, and only into a window with room."""
    outbox = Outbox(FEW)
    for _ in range(4):
        offered(outbox)

    assert outbox.release() is None
    acknowledged = outbox.acknowledge(2)
    assert acknowledged is not None
    assert acknowledged.packet_id == 2
    released = outbox.release()
    assert released is not None
    assert released.packet_id == 3
    assert outbox.release() is None


def test_the_queue_is_bounded_by_bytes_as_well() -> None:
    """Ten bytes may wait; what leaves makes room again."""
    outbox = Outbox(FEW)
    offered(outbox)
    offered(outbox)

    assert offered(outbox, bytes(11)) is None
    assert offered(outbox, bytes(10)) == (3, False)
    assert offered(outbox, b"x") is None
    outbox.acknowledge(1)
    outbox.release()
    assert offered(outbox, bytes(10)) is not None


def test_an_unknown_acknowledgement_is_none() -> None:
    """Twice, or never sent."""
    outbox = Outbox(FEW)
    offered(outbox)

    assert outbox.acknowledge(9) is None
    assert outbox.acknowledge(1) is not None
    assert outbox.acknowledge(1) is None


def test_identifiers_go_round_and_skip_those_under_way() -> None:
    """After 65,535 comes the first that is free."""
    outbox = Outbox(FEW)
    offered(outbox)
    for _ in range(65_534):
        taken = offered(outbox)
        assert taken is not None
        outbox.acknowledge(taken[0])

    assert offered(outbox) == (2, True)


def test_an_idle_outbox_holds_nothing() -> None:
    """No dictionary and no queue once everything is acknowledged."""
    outbox = Outbox(FEW)
    for _ in range(3):
        offered(outbox)
    for packet_id in (1, 2, 3):
        outbox.acknowledge(packet_id)
        outbox.release()

    assert (outbox._flight, outbox._waiting, outbox._waiting_bytes) == (None, None, 0)


def test_owed_acknowledgements_are_counted() -> None:
    """A copy is owed one of its own; what is not owed cannot be settled."""
    connection = Connection("", BrokerLimits())

    assert connection.expect(7, 2)
    assert connection.expect(7, 2)
    assert connection.settle(7)
    assert connection.settle(7)
    assert not connection.settle(7)
    assert connection.unacknowledged is None


def test_owed_acknowledgements_have_a_limit() -> None:
    """One too many is not taken."""
    connection = Connection("", BrokerLimits())

    assert [connection.expect(number, 2) for number in (1, 2, 3)] == [True, True, False]


def test_output_is_taken_once_and_joined() -> None:
    """Nothing, one piece, several."""
    connection = Connection("", BrokerLimits())

    assert connection.take_output() == b""
    connection.out += [b"a"]
    assert connection.take_output() == b"a"
    connection.out += [b"b", b"c"]
    assert connection.take_output() == b"bc"
    assert connection.take_output() == b""


@pytest.mark.parametrize("start", list(ConnectionState))
@pytest.mark.parametrize("end", list(ConnectionState))
def test_connections_take_the_moves_of_the_table_and_no_others(
    start: ConnectionState, end: ConnectionState
) -> None:
    """A move that is not listed does not exist."""
    connection = Connection("", BrokerLimits())
    connection.state = start

    if end in MOVES[start]:
        connection.move(end)
        assert connection.state is end
    else:
        with pytest.raises(AssertionError):
            connection.move(end)


def test_a_connection_shows_who_it_is_and_why_it_ends() -> None:
    """For whoever reads a log."""
    connection = Connection("", BrokerLimits())
    connection.client_id, connection.principal, connection.why = "c", "p", "enough"

    assert repr(connection) == "<Connection 'c' of 'p', awaiting, enough>"
