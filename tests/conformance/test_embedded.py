import socket
from collections.abc import Hashable

import pytest

from fleet_sim.mqtt.authority import AllowAll
from fleet_sim.mqtt.broker import BrokerLimits
from tests.conformance.embedded import embedded
from tests.conformance.octets import connack, connect, publish
from tests.conformance.raw_client import RawClient, accepted


def test_it_serves_and_is_stopped() -> None:
    """Afterwards its port answers no more."""
    with embedded() as port:
        client = accepted(RawClient(port), connect("c"))
        assert client.so_far() == []
        client.close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_limits_are_taken() -> None:
    """A test may be about one."""
    with embedded(limits=BrokerLimits(client_id_bytes_max=3)) as port:
        client = RawClient(port)
        client.say(connect("four"))
        assert client.until_closed() == [connack(2)]
        client.close()


class Broken(AllowAll):
    """An authority with a fault in it."""

    def may_publish(self, principal: Hashable, topic: str) -> bool:
        """Fail."""
        raise RuntimeError("a fault of our own")


def test_a_fault_of_the_broker_is_not_overlooked() -> None:
    """Though its clients only see a connection end."""
    serving = embedded(Broken())
    client = accepted(RawClient(serving.__enter__()), connect("c"))
    client.say(publish("t"))
    client.until_closed()
    client.close()

    with pytest.raises(AssertionError, match="a fault of our own"):
        serving.__exit__(None, None, None)
