import pytest

from fleet_sim.mqtt.connection import MOVES, Connection, ConnectionState
from fleet_sim.mqtt.limits import BrokerLimits


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
