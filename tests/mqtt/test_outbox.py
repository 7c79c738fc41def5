import pytest

from fleet_sim.mqtt.errors import MqttError
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.outbox import MESSAGE_BYTES, Outbox

FEW = BrokerLimits(inflight_max=2, waiting_max=2, waiting_bytes_max=10)


def offered(outbox: Outbox, payload: bytes = b"x", qos: int = 1) -> tuple[int, bool] | None:
    """Offer a message and return its identifier and whether it goes now."""
    taken = outbox.offer("t", payload, qos, retain=False, is_ours=True)
    return None if taken is None else (taken[0].packet_id, taken[1])


def kept(outbox: Outbox, payload: bytes = b"x", qos: int = 1) -> int | None:
    """Keep a message for a client that is away and return its identifier."""
    outgoing = outbox.keep("t", payload, qos, is_ours=False)
    return None if outgoing is None else outgoing.packet_id


def released(outbox: Outbox) -> list[int]:
    """Release whatever the window has room for and return the identifiers."""
    found: list[int] = []
    while (outgoing := outbox.release()) is not None:
        found.append(outgoing.packet_id)
    return found


def under_way(outbox: Outbox) -> list[int]:
    """Return the identifiers under way."""
    return [outgoing.packet_id for outgoing in outbox.under_way]


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

    assert released(outbox) == []
    acknowledged = outbox.on_puback(2)
    assert acknowledged is not None
    assert acknowledged.packet_id == 2
    assert released(outbox) == [3]


def test_the_queue_is_bounded_by_bytes_as_well() -> None:
    """Ten bytes may wait; what leaves makes room again."""
    outbox = Outbox(FEW)
    offered(outbox)
    offered(outbox)

    assert offered(outbox, bytes(11)) is None
    assert offered(outbox, bytes(10)) == (3, False)
    assert offered(outbox, b"x") is None
    outbox.on_puback(1)
    outbox.release()
    assert offered(outbox, bytes(10)) is not None


def test_the_window_is_bounded_by_bytes_as_well() -> None:
    """A message too large for it goes alone; several small ones follow a large one."""
    outbox = Outbox(BrokerLimits(inflight_bytes_max=10))

    assert offered(outbox, bytes(11)) == (1, True)
    assert [offered(outbox, bytes(5)) for _ in range(3)] == [(2, False), (3, False), (4, False)]
    outbox.on_puback(1)
    assert released(outbox) == [2, 3]
    outbox.on_puback(3)
    assert released(outbox) == [4]


def test_nothing_overtakes_what_waits() -> None:
    """A small message would fit beside the large one that does not."""
    outbox = Outbox(BrokerLimits(inflight_bytes_max=10))
    offered(outbox, bytes(6))
    offered(outbox, bytes(6))

    assert offered(outbox, b"x") == (3, False)


def test_an_unknown_acknowledgement_is_none() -> None:
    """Twice, or never sent."""
    outbox = Outbox(FEW)
    offered(outbox)

    assert outbox.on_puback(9) is None
    assert outbox.on_puback(1) is not None
    assert outbox.on_puback(1) is None
    outbox.on_pubrec(9)
    assert outbox.on_pubcomp(9) is None


def test_a_message_of_qos_2_goes_in_two_steps() -> None:
    """Its place in the window and its identifier are free after the second."""
    outbox = Outbox(BrokerLimits(inflight_max=1))
    offered(outbox, qos=2)
    offered(outbox, qos=2)

    outbox.on_pubrec(1)
    assert (under_way(outbox), list(outbox.released), released(outbox)) == ([], [1], [])
    outbox.on_pubrec(1)
    done = outbox.on_pubcomp(1)
    assert done is not None
    assert (done.topic, done.packet_id) == ("t", 1)
    assert outbox.on_pubcomp(1) is None
    assert released(outbox) == [2]


def test_releases_are_in_the_order_of_their_first_answers() -> None:
    """MQTT 4.6: PUBREL follows PUBREC, PUBLISH the first attempt."""
    outbox = Outbox(BrokerLimits())
    for _ in range(5):
        offered(outbox, qos=2)

    for packet_id in (4, 2):
        outbox.on_pubrec(packet_id)

    assert list(outbox.released) == [4, 2]
    assert under_way(outbox) == [1, 3, 5]


def test_answers_of_the_other_qos_are_mistakes() -> None:
    """And so is the last of four before the second."""
    outbox = Outbox(BrokerLimits())
    offered(outbox, qos=1)
    offered(outbox, qos=2)

    with pytest.raises(MqttError, match="a PUBACK came for 2, a message of QoS 2"):
        outbox.on_puback(2)
    with pytest.raises(MqttError, match="a PUBREC came for 1, a message of QoS 1"):
        outbox.on_pubrec(1)
    for packet_id in (1, 2):
        with pytest.raises(MqttError, match=f"a PUBCOMP came for {packet_id}, which was not rele"):
            outbox.on_pubcomp(packet_id)


def test_what_is_kept_waits_its_turn_for_a_client_that_is_back() -> None:
    """Behind what was under way; within the limits of the queue."""
    outbox = Outbox(FEW)
    offered(outbox)

    assert [kept(outbox) for _ in range(3)] == [2, 3, None]
    assert under_way(outbox) == [1]
    assert offered(outbox, b"y") is None
    assert released(outbox) == [2]
    assert offered(outbox, b"y") == (4, False)


def test_identifiers_go_round_and_skip_those_under_way() -> None:
    """After 65,535 come the first that are free; a released one is not."""
    outbox = Outbox(BrokerLimits(inflight_max=4))
    offered(outbox)
    offered(outbox, qos=2)
    outbox.on_pubrec(2)
    for _ in range(65_533):
        taken = offered(outbox)
        assert taken is not None
        outbox.on_puback(taken[0])

    assert offered(outbox) == (3, True)


def test_an_idle_outbox_holds_nothing() -> None:
    """No dictionary and no queue once everything is acknowledged."""
    outbox = Outbox(FEW)
    for qos in (1, 2, 1):
        offered(outbox, qos=qos)
    outbox.on_puback(1)
    outbox.release()
    outbox.on_pubrec(2)
    outbox.on_pubcomp(2)
    outbox.on_puback(3)

    assert (outbox._flight, outbox._released, outbox.waiting) == (None, None, None)
    assert (outbox._flight_bytes, outbox._waiting_bytes, outbox.kept_bytes) == (0, 0, 0)


def test_its_weight_is_that_of_all_it_holds() -> None:
    """Under way, released and waiting; of a released one the payload is gone."""
    outbox = Outbox(FEW)
    offered(outbox, bytes(100), qos=2)
    offered(outbox, bytes(20))
    offered(outbox, bytes(3))
    outbox.on_pubrec(1)

    assert outbox.kept_bytes == 3 * (MESSAGE_BYTES + 1) + 23
