import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.mqtt.broker import (
    AllowAll,
    Arrived,
    Broker,
    BrokerLimits,
    Closed,
    Delivered,
    Opened,
    Refused,
)
from fleet_sim.mqtt.client import Acknowledged
from fleet_sim.mqtt.packets import (
    Connack,
    Connect,
    Decoder,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Will,
    encode,
)
from tests.mqtt.packets_drawn import PACKETS
from tests.mqtt.wire import Raw, Rules, Wire


def broker(**limits: object) -> Broker:
    """Return a broker that lets everybody do everything, within these limits."""
    return Broker(BrokerLimits(**limits), AllowAll())  # type: ignore[arg-type]


# --- who gets in ---------------------------------------------------------------------------


def test_an_admitted_client_is_told_so_and_the_platform_too() -> None:
    """CONNACK 0, no session, and the handle knows who it is."""
    raw = Raw(broker())

    assert raw.say(Connect("d1", clean_session=False)) == [Connack(0, session_present=False)]
    assert raw.told == [Opened(raw.connection, "d1")]
    assert (raw.connection.principal, raw.connection.client_id) == ("d1", "d1")


@pytest.mark.parametrize(("username", "code"), [("wrong", 4), ("banned", 5)])
def test_a_refused_client_hears_the_code_and_is_closed(username: str, code: int) -> None:
    """Bad password and no authorisation; the platform hears of it without a principal."""
    rules = Rules(passwords={"banned": b"p"}, banned=["banned"])
    raw = Raw(Broker(BrokerLimits(), rules))

    assert raw.say(Connect("d1", username, b"p")) == [Connack(code)]
    assert raw.connection.is_closing
    assert raw.told == [Refused(raw.connection, "", f"'d1' was refused with code {code}")]
    assert raw.connection.principal is None


def test_another_version_is_refused_with_its_code() -> None:
    """MQTT 5 and 3.1 hear 1 and may try again."""
    raw = Raw(broker())

    answer = raw.say_bytes(bytes.fromhex("10 0D 0004 4D515454 05 02 003C 00 0000"))

    assert answer == [Connack(1)]
    assert raw.connection.is_closing


@pytest.mark.parametrize("packet", [Pingreq(), Publish("t", b"x"), Disconnect(), Connack(0)])
def test_the_first_packet_is_connect(packet: Packet) -> None:
    """Anything else closes, without an answer."""
    raw = Raw(broker())

    assert raw.say(packet) == []
    assert raw.connection.why == (
        f"the first packet is {type(packet).__name__.upper()}, not CONNECT"
    )


def test_a_second_connect_closes() -> None:
    """MQTT 3.1.0-2."""
    raw = Raw(broker(), Connect("d1"))

    raw.say(Connect("d1"))

    assert raw.told[-1] == Closed(raw.connection, "d1", "a second CONNECT came", was_clean=False)


def test_who_never_connects_is_closed_in_time() -> None:
    """Half a CONNECT does not help, nor does being watched."""
    watched = broker(connect_timeout_ms=5_000)
    raw = Raw(watched)
    raw.say_bytes(encode(Connect("d1"))[:5], now_ms=4_000)

    assert watched.expire(4_999) == []
    assert watched.next_at_ms == 5_000
    assert watched.expire(5_000) == [Refused(raw.connection, "", "no CONNECT came within 5000 ms")]
    assert watched.next_at_ms is None


def test_a_connection_too_many_is_closed_at_once() -> None:
    """Those who leave make room."""
    full = broker(connections_max=1)
    first = Raw(full, Connect("d1"))

    second = full.open(0)
    assert second.is_closing
    assert second.why == "1 connections are all that is allowed"
    assert second in full.take_dirty()
    assert full.lost(second, 0) == []

    full.lost(first.connection, 0)
    assert not full.open(0).is_closing
    assert full.connection_count == 1


# --- takeover ------------------------------------------------------------------------------


def test_the_same_client_identifier_takes_over() -> None:
    """The older connection is closed before the newer one is open; its will is published."""
    shared = broker()
    watcher = Raw(shared, Connect("w"), Subscribe(1, (("wills", 0),)))
    watcher.hear()
    old = Raw(shared, Connect("d1", will=Will("wills", b"d1 is gone")))
    new = Raw(shared)

    assert new.say(Connect("d1")) == [Connack(0)]
    assert new.told == [
        Closed(old.connection, "d1", "a newer connection took over", was_clean=False),
        Opened(new.connection, "d1"),
    ]
    assert old.connection.is_closing
    assert watcher.hear()[-1] == Publish("wills", b"d1 is gone")
    assert shared.lost(old.connection, 0) == []
    assert shared.connection_of("d1") is new.connection


def test_the_same_principal_takes_over_under_another_name() -> None:
    """A device is one device, whatever it calls itself."""
    shared = Broker(BrokerLimits(), Rules())
    old = Raw(shared, Connect("d1|1|", "device"))
    new = Raw(shared, Connect("d1|2|", "device"))

    assert old.connection.why == "a newer connection took over"
    assert shared.connection_of("device") is new.connection


def test_principals_that_are_not_unique_live_side_by_side() -> None:
    """Then the newest is who `send_to` means, and the older one once that is gone."""
    shared = Broker(BrokerLimits(), Rules(exclusive=False))
    old = Raw(shared, Connect("a", "team"))
    new = Raw(shared, Connect("b", "team"))
    old.hear()
    new.hear()

    shared.send_to("team", "t", b"1", 0, 0)
    assert (old.hear(), new.hear()) == ([], [Publish("t", b"1")])
    shared.lost(new.connection, 0)
    shared.send_to("team", "t", b"2", 0, 0)
    assert old.hear() == [Publish("t", b"2")]
    shared.lost(old.connection, 0)
    assert shared.send_to("team", "t", b"3", 0, 0) is None


def test_what_the_loser_of_a_takeover_says_is_ignored() -> None:
    """Only the newest session's messages count."""
    shared = Broker(BrokerLimits(), AllowAll(), ["up"])
    old = Raw(shared, Connect("d1"))
    new = Raw(shared, Connect("d1"))

    assert shared.receive(old.connection, encode(Publish("up", b"late")), 0) == []
    assert len(shared.receive(new.connection, encode(Publish("up", b"x")), 0)) == 1


# --- ends ----------------------------------------------------------------------------------


def test_a_farewell_is_clean_and_forgets_the_will() -> None:
    """No will, and the transport is to be closed."""
    wire = Wire()
    watcher = wire.client("w")
    watcher.session.subscribe([("wills", 0)])
    party = wire.client("d1", will=Will("wills", b"gone"))

    party.session.disconnect()
    wire.settle()

    assert wire.told[-1] == Closed(
        party.connection, "d1", "the client disconnected", was_clean=True
    )
    assert party.connection.is_closing
    assert watcher.messages() == []


def test_a_vanished_client_s_will_is_published() -> None:
    """To subscribers, to the platform, and retained if it says so."""
    wire = Wire(claimed=["wills/+"])
    watcher = wire.client("w")
    watcher.session.subscribe([("wills/#", 1)])
    party = wire.client("d1", will=Will("wills/d1", b"gone", 1, retain=True))
    wire.take_told()

    party.drop()

    assert wire.take_told() == [
        Closed(party.connection, "d1", "the transport was closed", was_clean=False),
        Arrived(party.connection, "d1", "wills/d1", b"gone", 1, None),
    ]
    assert watcher.messages() == [("wills/d1", b"gone", 1)]
    late = wire.client("late")
    late.session.subscribe([("wills/d1", 0)])
    wire.settle()
    assert late.messages() == [("wills/d1", b"gone", 0)]


def test_a_will_without_authority_is_refused_when_it_is_due() -> None:
    """It is a message like any other."""
    wire = Wire(Rules(publish=["up"]))
    party = wire.client("d1", will=Will("elsewhere", b"x"))

    party.drop()

    assert wire.told[-1] == Refused(party.connection, "elsewhere", "no authority to publish there")


@pytest.mark.parametrize("qos_max", [1, 2])
def test_a_will_goes_out_at_the_qos_it_may_have(qos_max: int) -> None:
    """A platform that serves less lowers it, as a CONNECT is no place to refuse it."""
    wire = Wire(Rules(qos_max=qos_max), claimed=["w"])
    party = wire.client("d1", will=Will("w", b"x", 2))

    party.drop()

    assert wire.told[-1] == Arrived(party.connection, "d1", "w", b"x", qos_max, None)


def test_silence_beyond_one_and_a_half_keep_alives_closes() -> None:
    """The will goes out; a packet meanwhile puts it off, a byte of one does not."""
    watched = broker()
    raw = Raw(watched, Connect("d1", keep_alive_s=10, will=Will("w", b"x")))

    raw.say(Pingreq(), now_ms=10_000)
    raw.say_bytes(b"\x30", now_ms=20_000)
    assert watched.expire(24_999) == []
    assert watched.expire(25_000) == [
        Closed(raw.connection, "d1", "nothing came for one and a half keep alives", was_clean=False)
    ]
    assert raw.connection.is_closing
    assert watched.expire(100_000) == []


def test_no_keep_alive_never_expires() -> None:
    """A client may say 0, unless bounds forbid it."""
    watched = broker()
    raw = Raw(watched, Connect("d1", keep_alive_s=0))

    assert watched.expire(10**9) == []
    assert not raw.connection.is_closing


def test_the_platform_can_close_a_connection() -> None:
    """Once; the reason is its own."""
    raw = Raw(broker(), Connect("d1"))

    assert raw.broker.close(raw.connection, "banned", 0) == [
        Closed(raw.connection, "d1", "banned", was_clean=False)
    ]
    assert raw.broker.close(raw.connection, "banned", 0) == []
    assert raw.broker.lost(raw.connection, 0) == []


def test_nothing_is_left_of_who_left() -> None:
    """Tables, subscriptions, claims to be acknowledged: all empty."""
    shared = Broker(BrokerLimits(), Rules(implicit=["down/{}"]), ["up"])
    raw = Raw(shared, Connect("d1"), Subscribe(1, (("a/+", 0), ("b", 0))), Publish("up", b"", 1, 5))

    shared.lost(raw.connection, 0)

    assert (len(shared._sessions), shared.away_count, shared.connection_count) == (0, 0, 0)
    assert shared._presence._by_principal == {}
    table = shared._delivery._subscriptions
    assert (table._exact, table._tree.below) == ({}, {})
    assert raw.connection.unacknowledged is None
    shared.acknowledge(raw.connection, 5)
    assert raw.hear() == []


# --- what clients may not do -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (Connack(0), "a client sent CONNACK"),
        (Suback(1, (0,)), "a client sent SUBACK"),
        (Unsuback(1), "a client sent UNSUBACK"),
        (Pingresp(), "a client sent PINGRESP"),
    ],
)
def test_what_no_client_may_send_closes(packet: Packet, why: str) -> None:
    """A server's packets, in words."""
    raw = Raw(broker(), Connect("d1"))

    raw.say(packet)

    assert raw.connection.is_closing
    assert raw.connection.why == why


def test_a_malformed_packet_closes_after_those_before_it() -> None:
    """However the stream was cut: what was complete has been done."""
    wire = Wire(claimed=["up"])
    raw = Raw(wire.broker, Connect("d1"))

    raw.say_bytes(encode(Publish("up", b"x")) + b"\x00\x00" + encode(Publish("up", b"y")))

    assert raw.told[1:] == [
        Arrived(raw.connection, "d1", "up", b"x", 0, None),
        Closed(raw.connection, "d1", "there is no packet of type 0", was_clean=False),
    ]


def test_what_follows_a_farewell_is_ignored() -> None:
    """In the same piece, and malformed or not."""
    raw = Raw(Broker(BrokerLimits(), AllowAll(), ["up"]), Connect("d1"))

    raw.say_bytes(encode(Disconnect()) + encode(Publish("up", b"x")) + b"\x00\x00")

    assert [type(event) for event in raw.told] == [Opened, Closed]
    assert raw.connection.why == "the client disconnected"


def test_a_packet_above_the_limit_closes() -> None:
    """By its header alone."""
    raw = Raw(broker(packet_bytes_max=1_000), Connect("d1"))

    raw.say_bytes(encode(Publish("t", bytes(2_000)))[:4])

    assert "above the 1000 allowed" in raw.connection.why


@given(st.binary(max_size=100), st.booleans())
def test_garbage_closes_and_raises_nothing(garbage: bytes, is_open: bool) -> None:
    """Before CONNECT and after it."""
    raw = Raw(broker(), *([Connect("d1")] if is_open else []))

    raw.broker.receive(raw.connection, garbage, 0)


@given(st.lists(PACKETS, max_size=6))
def test_any_packets_in_any_order_raise_nothing(packets: list[Packet]) -> None:
    """And what the broker answers can be read."""
    raw = Raw(broker(), Connect("d1"))
    raw.connection.take_output()
    stream = b"".join(map(encode, packets))

    raw.broker.receive(raw.connection, stream, 0)

    Decoder(1 << 20).feed(raw.connection.take_output())
    with contextlib.suppress(IndexError):
        assert raw.broker.take_dirty()[0] is raw.connection


# --- messages ------------------------------------------------------------------------------


def test_a_ping_is_answered() -> None:
    """With its response."""
    raw = Raw(broker(), Connect("d1"))

    assert raw.say(Pingreq())[-1] == Pingresp()


# --- the platform --------------------------------------------------------------------------


def test_the_platform_reaches_a_device_that_never_subscribed() -> None:
    """Exactly once, also if it did subscribe, twice over; and hears when it has arrived."""
    wire = Wire()
    party = wire.client("d1")
    party.session.subscribe([("ota/#", 1), ("ota/upgrade", 1)])
    wire.settle()
    party.heard.clear()
    wire.take_told()

    packet_id = wire.broker.send_to("d1", "ota/upgrade", b"push", 1, 0)
    wire.settle()

    assert packet_id == 1
    assert party.messages() == [("ota/upgrade", b"push", 1)]
    assert wire.told == [Delivered(party.connection, "d1", "ota/upgrade", 1)]
    assert wire.broker.send_to("d1", "ota/upgrade", b"push", 0, 0) == 0
    assert wire.broker.send_to("d2", "ota/upgrade", b"push", 1, 0) is None


def test_a_claimed_message_is_acknowledged_when_the_platform_says_so() -> None:
    """Not before; ordinary subscribers get it at once; QoS 0 needs no word."""
    wire = Wire(claimed=["up/+"])
    reader, sender = wire.client("r"), wire.client("s")
    reader.session.subscribe([("up/#", 1)])
    wire.settle()
    wire.take_told()
    sender.heard.clear()

    packet_id = sender.session.publish("up/1", b"x", 1)
    sender.session.publish("up/1", b"y", 0)
    wire.settle()

    assert wire.told == [
        Arrived(sender.connection, "s", "up/1", b"x", 1, packet_id),
        Arrived(sender.connection, "s", "up/1", b"y", 0, None),
    ]
    assert reader.messages() == [("up/1", b"x", 1), ("up/1", b"y", 0)]
    assert sender.heard == []
    wire.broker.acknowledge(sender.connection, packet_id)
    wire.settle()
    assert sender.heard == [Acknowledged(packet_id)]


def test_acknowledgements_may_come_in_any_order() -> None:
    """Only the rest of the messages must not be mixed up."""
    raw = Raw(Broker(BrokerLimits(), AllowAll(), ["up"]), Connect("d1"))
    raw.say(Publish("up", b"1", 1, 1), Publish("up", b"2", 1, 2))

    raw.broker.acknowledge(raw.connection, 2)
    raw.broker.acknowledge(raw.connection, 1)

    assert raw.hear() == [Puback(2), Puback(1)]


def test_a_copy_arrives_again_and_is_acknowledged_again() -> None:
    """At least once: a duplicate is a message, to be told apart by who understands it."""
    raw = Raw(Broker(BrokerLimits(), AllowAll(), ["up"]), Connect("d1"))
    raw.say(Publish("up", b"1", 1, 7), Publish("up", b"1", 1, 7, dup=True))

    assert [type(event) for event in raw.told] == [Opened, Arrived, Arrived]
    raw.broker.acknowledge(raw.connection, 7)
    raw.broker.acknowledge(raw.connection, 7)
    assert raw.hear() == [Puback(7), Puback(7)]


def test_acknowledging_what_nobody_sent_is_our_mistake() -> None:
    """A platform that loses count should hear of it."""
    raw = Raw(broker(), Connect("d1"))

    with pytest.raises(ValueError, match="has no message 7 to be acknowledged"):
        raw.broker.acknowledge(raw.connection, 7)


def test_a_client_that_ignores_its_window_is_closed() -> None:
    """Messages the platform has not acknowledged are bounded."""
    limits = BrokerLimits(unacknowledged_max=2)
    raw = Raw(Broker(limits, AllowAll(), ["up"]), Connect("d1"))

    raw.say(*(Publish("up", b"x", 1, number) for number in (1, 2, 3)))

    assert raw.connection.why == "too many messages wait for their acknowledgement"


def test_a_slow_reader_is_closed_by_the_next_call() -> None:
    """At once due, so that a driver's timer finds it; what it did not read is given up."""
    slow = broker(output_bytes_max=1_000)
    raw = Raw(slow, Connect("d1"))

    for _ in range(3):
        slow.send_to("d1", "t", bytes(600), 0, 0)

    assert slow.next_at_ms == 0
    assert slow.expire(0) == [Closed(raw.connection, "d1", "it reads too slowly", was_clean=False)]
    assert raw.connection.take_output() == b""
    assert slow.next_at_ms is None


def test_connections_with_work_are_listed_until_taken() -> None:
    """Output or an end; a driver is woken once."""
    shared = broker()
    calls: list[int] = []
    shared.on_wake(lambda: calls.append(1))
    raw = Raw(shared, Connect("d1"))

    assert list(shared.dirty) == [raw.connection]
    assert shared.take_dirty() == [raw.connection]
    shared.close(raw.connection, "enough", 0)
    assert shared.take_dirty() == [raw.connection]
    assert calls == [1, 1]
