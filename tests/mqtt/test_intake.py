import pytest

from fleet_sim.mqtt.broker import AllowAll, Arrived, Broker, BrokerLimits, Opened, Refused
from fleet_sim.mqtt.packets import (
    Connack,
    Connect,
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Subscribe,
)
from tests.mqtt.wire import Raw, Rules

KEPT = Connect("d1", clean_session=False)


def broker(*claimed: str, **limits: object) -> Broker:
    """Return a broker that claims these filters, within these limits."""
    return Broker(BrokerLimits(**limits), AllowAll(), claimed)  # type: ignore[arg-type]


def listener(served: Broker) -> Raw:
    """Return a connection that hears everything, at QoS 0 so that it need not answer."""
    raw = Raw(served, Connect("listener"), Subscribe(1, (("#", 0),)))
    raw.hear()
    return raw


def again(served: Broker, old: Raw, *packets: Packet) -> Raw:
    """Lose a connection without a word and return the client's next one, its CONNACK unheard."""
    served.lost(old.connection, 0)
    raw = Raw(served)
    raw.say(KEPT, *packets)
    return raw


def token_of(raw: Raw) -> int:
    """Return the token of the last message that arrived."""
    arrived = [event for event in raw.told if isinstance(event, Arrived)]
    assert arrived[-1].token is not None
    return arrived[-1].token


# --- exactly once --------------------------------------------------------------------------


def test_a_message_of_qos_2_is_carried_on_once() -> None:
    """PUBREC for every copy until PUBREL, DUP or not; then the identifier is free."""
    served = broker()
    reader, raw = listener(served), Raw(served, Connect("d1"))
    raw.hear()

    assert raw.say(Publish("t", b"1", 2, 5)) == [Pubrec(5)]
    assert raw.say(Publish("t", b"1", 2, 5, dup=True)) == [Pubrec(5)]
    assert raw.say(Publish("t", b"1", 2, 5)) == [Pubrec(5)]
    assert reader.hear() == [Publish("t", b"1")]
    assert raw.say(Pubrel(5)) == [Pubcomp(5)]
    assert raw.say(Pubrel(5)) == [Pubcomp(5)]
    assert raw.say(Publish("t", b"2", 2, 5)) == [Pubrec(5)]
    assert reader.hear() == [Publish("t", b"2")]


def test_a_copy_over_the_next_connection_is_still_a_copy() -> None:
    """As long as the session goes on; a clean one begins anew."""
    served = broker()
    reader, raw = listener(served), Raw(served, KEPT, Publish("t", b"1", 2, 5))

    second = again(served, raw, Publish("t", b"1", 2, 5, dup=True))
    served.lost(second.connection, 0)
    Raw(served, Connect("d1"), Publish("t", b"1", 2, 5))

    assert reader.hear() == [Publish("t", b"1")] * 2


def test_a_retained_message_of_qos_2_is_retained_at_that() -> None:
    """And so found by a later subscriber."""
    served = broker()
    Raw(served, Connect("d1"), Publish("t", b"x", 2, 5, retain=True))
    late = Raw(served, Connect("late"))
    late.hear()

    assert late.say(Subscribe(1, (("t", 2),)))[1:] == [Publish("t", b"x", 2, 1, retain=True)]


def test_a_message_without_authority_is_dropped_in_full_form() -> None:
    """MQTT 3.1.1 has no word for it, so its four steps are gone through; it is told once."""
    served = Broker(BrokerLimits(), Rules(publish=["up"]), ["#"])
    raw = Raw(served, Connect("d1"))
    raw.hear()

    assert raw.say(Publish("down", b"x", 2, 5), Publish("down", b"x", 2, 5), Pubrel(5)) == [
        Pubrec(5), Pubrec(5), Pubcomp(5),
    ]  # fmt: skip
    assert raw.told[1:] == [Refused(raw.connection, "down", "no authority to publish there")]


@pytest.mark.parametrize(("qos_max", "qos"), [(1, 2), (0, 1)])
def test_a_qos_that_is_not_served_ends_the_connection(qos_max: int, qos: int) -> None:
    """As platforms do that know QoS 0 and 1 only; subscriptions are lowered instead."""
    raw = Raw(Broker(BrokerLimits(), Rules(qos_max=qos_max)), Connect("d1"))

    raw.say(Publish("t", b"x", qos, 5))

    assert raw.connection.why == f"QoS {qos} is not served, only up to {qos_max}"


def test_messages_that_are_never_released_have_a_limit() -> None:
    """Releasing makes room."""
    raw = Raw(broker(unreleased_max=2), Connect("d1"))

    raw.say(*(Publish("t", b"x", 2, number) for number in (1, 2)), Pubrel(1))
    raw.say(Publish("t", b"x", 2, 3))
    assert not raw.connection.is_closing
    raw.say(Publish("t", b"x", 2, 4))
    assert raw.connection.why == "too many messages of QoS 2 wait for their release"


# --- claimed by the platform ---------------------------------------------------------------


def test_a_claimed_message_of_qos_2_waits_for_the_platform() -> None:
    """It arrives once, whatever copies come; its PUBREC leaves when it is settled."""
    raw = Raw(broker("up"), Connect("d1"))
    raw.hear()

    assert raw.say(Publish("up", b"x", 2, 5), Publish("up", b"x", 2, 5, dup=True)) == []
    token = token_of(raw)
    assert raw.told == [
        Opened(raw.connection, "d1"),
        Arrived(raw.connection, "d1", "up", b"x", 2, token),
    ]
    raw.broker.acknowledge(raw.connection, token)
    assert raw.hear() == [Pubrec(5)]
    assert raw.say(Publish("up", b"x", 2, 5, dup=True), Pubrel(5)) == [Pubrec(5), Pubcomp(5)]
    assert len(raw.told) == 2


def test_what_was_settled_while_its_client_was_away_is_answered_when_it_asks() -> None:
    """The old connection hears nothing, the platform nothing twice."""
    served = broker("up")
    raw = Raw(served, KEPT, Publish("up", b"x", 2, 5))
    served.lost(raw.connection, 0)

    served.acknowledge(raw.connection, token_of(raw))
    second = Raw(served)

    assert second.say(KEPT, Publish("up", b"x", 2, 5, dup=True)) == [
        Connack(0, session_present=True),
        Pubrec(5),
    ]
    assert [type(event) for event in second.told] == [Opened]


def test_what_is_settled_after_its_client_is_back_is_answered_there() -> None:
    """Once it has asked again over the new connection."""
    served = broker("up")
    raw = Raw(served, KEPT, Publish("up", b"x", 2, 5))
    second = again(served, raw, Publish("up", b"x", 2, 5, dup=True))

    served.acknowledge(raw.connection, token_of(raw))

    assert second.hear() == [Pubrec(5)]


def test_a_late_word_about_a_lost_connection_settles_nothing_else() -> None:
    """A client that lost its memory may use the same identifier for another message."""
    served = broker("up")
    raw = Raw(served, KEPT, Publish("up", b"1", 1, 5))
    second = again(served, raw, Publish("up", b"2", 2, 5))
    clean = Raw(served, Connect("d2"), Publish("up", b"3", 2, 6))
    served.lost(clean.connection, 0)

    served.acknowledge(raw.connection, token_of(raw))
    served.acknowledge(clean.connection, token_of(clean))

    assert second.hear() == []
    served.acknowledge(second.connection, token_of(second))
    assert second.hear() == [Pubrec(5)]


def test_a_copy_of_qos_1_arrives_again_over_a_new_connection() -> None:
    """At least once: the word about the first one came too late for anybody to hear."""
    served = broker("up")
    raw = Raw(served, KEPT, Publish("up", b"x", 1, 5))
    second = again(served, raw, Publish("up", b"x", 1, 5, dup=True))

    served.acknowledge(raw.connection, token_of(raw))
    assert second.hear() == []
    served.acknowledge(second.connection, token_of(second))
    assert second.hear() == [Puback(5)]


def test_acknowledging_what_is_settled_is_our_mistake() -> None:
    """At QoS 2 as at QoS 1."""
    raw = Raw(broker("up"), Connect("d1"), Publish("up", b"x", 2, 5))
    token = token_of(raw)
    raw.broker.acknowledge(raw.connection, token)

    with pytest.raises(ValueError, match="has no message 5 of QoS 2 to be acknowledged"):
        raw.broker.acknowledge(raw.connection, token)


def test_releasing_what_was_not_acknowledged_ends_the_connection() -> None:
    """Its PUBREC cannot have come, so the client does not follow the protocol."""
    raw = Raw(broker("up"), Connect("d1"), Publish("up", b"x", 2, 5))

    raw.say(Pubrel(5))

    assert raw.connection.why == "a PUBREL came for 5, which had no PUBREC yet"


def test_claimed_messages_have_a_limit_at_qos_2_too() -> None:
    """Those the platform has not settled; settling makes room."""
    raw = Raw(broker("up", unacknowledged_max=2), Connect("d1"))
    raw.say(*(Publish("up", b"x", 2, number) for number in (1, 2)))
    raw.broker.acknowledge(raw.connection, token_of(raw))

    raw.say(Publish("up", b"x", 2, 3))
    assert not raw.connection.is_closing
    raw.say(Publish("up", b"x", 2, 4))
    assert raw.connection.why == "too many messages wait for their acknowledgement"
