from fleet_sim.mqtt.broker import AllowAll, Broker, BrokerLimits, Delivered, Opened, Refused
from fleet_sim.mqtt.client import Acknowledged, Received, Subscribed
from fleet_sim.mqtt.connection import Connection
from fleet_sim.mqtt.delivery import Delivery
from fleet_sim.mqtt.packets import (
    Connect,
    Decoder,
    Packet,
    Publish,
    Pubrel,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from fleet_sim.mqtt.session import Session
from fleet_sim.mqtt.sessions import Sessions
from tests.mqtt.wire import Raw, Rules, Wire

LIMITS = BrokerLimits(inflight_max=1, waiting_max=1, output_bytes_max=100)


def heard(connection: Connection) -> list[Packet]:
    """Take a connection's output as packets."""
    return Decoder(1 << 20).feed(connection.take_output())


def delivering(limits: BrokerLimits = LIMITS) -> Delivery:
    """Return a way out for nobody yet."""
    return Delivery(limits, Sessions(limits))


def opened(limits: BrokerLimits = LIMITS) -> Connection:
    """Return a connection with a session of its own."""
    connection = Connection("", limits)
    connection.session = Session("", "", limits)
    connection.session.connection = connection
    return connection


def subscriber(delivery: Delivery, *filters: tuple[str, int]) -> Connection:
    """Return a connection that wants these filters."""
    connection = opened()
    for topic_filter, qos in filters:
        delivery.subscribe(connection.session, topic_filter, qos)
    return connection


def leaver(delivery: Delivery, *filters: tuple[str, int]) -> Session:
    """Return a session that wants these filters, and whose client is away."""
    session = subscriber(delivery, *filters).session
    left(session)
    return session


def left(session: Session) -> None:
    """Have its client go away."""
    session.connection = None


def test_everybody_gets_a_message_once_at_the_lower_qos() -> None:
    """Overlaps count once; the number is that of the connections."""
    delivery = delivering()
    low = subscriber(delivery, ("a/b", 0))
    both = subscriber(delivery, ("a/+", 0), ("a/b", 1))
    none = subscriber(delivery, ("c", 1))

    assert delivery.route("a/b", b"x", 1) == 2
    assert heard(low) == [Publish("a/b", b"x")]
    assert heard(both) == [Publish("a/b", b"x", 1, 1)]
    assert heard(none) == []


def test_connections_with_output_are_listed_once_in_order() -> None:
    """Until they are taken; the driver is woken by the first."""
    delivery = delivering()
    calls: list[int] = []
    delivery.wake = lambda: calls.append(1)
    first, second = opened(), opened()
    for connection in (first, second, first):
        delivery.write(connection, b"x")

    assert delivery.take_dirty() == [first, second]
    assert delivery.take_dirty() == []
    delivery.write(second, b"y")
    assert delivery.dirty == [second]
    assert calls == [1, 1]


def test_a_full_queue_drops_and_counts() -> None:
    """One under way, one waiting; the third is nobody's, but QoS 0 still passes."""
    delivery = delivering()
    subscriber(delivery, ("t", 1))

    assert [delivery.route("t", b"x", 1) for _ in range(3)] == [1, 1, 0]
    assert delivery.dropped == 1
    assert delivery.route("t", b"x", 0) == 1


def test_an_acknowledgement_lets_the_next_message_go() -> None:
    """What waited is written, and nothing else."""
    delivery = delivering()
    slow = subscriber(delivery, ("t", 1))
    delivery.route("t", b"1", 1)
    delivery.route("t", b"2", 1)
    heard(slow)

    delivery.go_on(slow)
    assert heard(slow) == []
    slow.session.outbox.on_puback(1)
    delivery.go_on(slow)

    assert heard(slow) == [Publish("t", b"2", 1, 2)]


def test_a_connection_that_reads_too_slowly_is_doomed_once() -> None:
    """Above the limit nothing more is written to it, and it is listed for its end."""
    delivery = delivering()
    slow = opened()

    for _ in range(5):
        delivery.write(slow, bytes(60))

    assert delivery.doomed == [slow]
    assert slow.out_bytes == 120


def test_implicit_filters_need_no_subscription_and_survive_unsubscribing() -> None:
    """A client cannot get rid of what it never asked for; its own QoS ends with its own wish."""
    delivery = delivering(BrokerLimits())
    connection = opened(BrokerLimits())
    delivery.imply(connection.session, ("down",), 0)

    delivery.route("down", b"1", 1)
    delivery.subscribe(connection.session, "down", 1)
    delivery.route("down", b"2", 1)
    delivery.unsubscribe(connection.session, "down")
    delivery.route("down", b"3", 1)

    assert heard(connection) == [
        Publish("down", b"1"),
        Publish("down", b"2", 1, 1),
        Publish("down", b"3"),
    ]


def test_unsubscribing_ends_delivery() -> None:
    """Unknown filters do no harm."""
    delivery = delivering()
    session = subscriber(delivery, ("a", 0), ("b", 0)).session

    delivery.unsubscribe(session, "a")
    delivery.unsubscribe(session, "a")

    assert (delivery.route("a", b"x", 0), delivery.route("b", b"x", 0)) == (0, 1)


def test_retained_messages_go_to_a_new_subscriber_marked_as_such() -> None:
    """At the lower of both QoS."""
    delivery = delivering(BrokerLimits())
    delivery.retained.keep("a/1", b"x", 0)
    delivery.retained.keep("a/2", b"y", 1)
    connection = opened(BrokerLimits())

    delivery.send_retained(connection.session, "a/+", 1)

    assert heard(connection) == [
        Publish("a/1", b"x", retain=True),
        Publish("a/2", b"y", 1, 1, retain=True),
    ]


def test_a_forgotten_session_gets_nothing() -> None:
    """Neither by wish nor by gift."""
    delivery = delivering()
    session = subscriber(delivery, ("a/#", 0), ("a", 1), ("$share/g/a", 1)).session
    delivery.imply(session, ("down",), 1)

    delivery.forget(session)

    assert (delivery.route("a", b"x", 0), delivery.route("down", b"x", 0)) == (0, 0)
    assert (session.subscribed, session.implicit) == (None, ())


def test_what_a_platform_implies_is_replaced_when_a_client_is_back() -> None:
    """What it no longer implies ends, unless the client asked for it as well."""
    delivery = delivering()
    session = subscriber(delivery, ("b", 0)).session
    delivery.imply(session, ("a", "b"), 1)
    delivery.imply(session, ("c",), 1)

    assert [delivery.route(topic, b"x", 0) for topic in "abc"] == [0, 1, 1]


def test_messages_for_the_absent_are_kept_but_not_those_that_promise_nothing() -> None:
    """QoS 0 is lost without being counted; what finds no room is counted."""
    delivery = delivering()
    session = leaver(delivery, ("t", 1))

    assert [delivery.route("t", b"0", 0), delivery.route("t", b"1", 1)] == [0, 1]
    assert delivery.dropped == 0
    assert delivery.route("t", b"2", 1) == 0
    assert delivery.dropped == 1
    assert [kept.payload for kept in session.outbox.waiting or ()] == [b"1"]


def test_who_is_back_hears_releases_then_copies_then_what_waited() -> None:
    """PUBREL again, PUBLISH again with DUP, and the rest for the first time."""
    limits = BrokerLimits(inflight_max=4)
    delivery = delivering(limits)
    connection = opened(limits)
    session = connection.session
    for qos in (2, 1, 2):
        delivery.deliver(session, "t", b"%d" % qos, qos)
    heard(connection)
    session.outbox.on_pubrec(3)
    left(session)
    for payload in (b"a", b"b"):
        delivery.deliver(session, "t", payload, 1)
    session.connection = connection

    delivery.resume(connection)

    assert heard(connection) == [
        Pubrel(3),
        Publish("t", b"2", 2, 1, dup=True),
        Publish("t", b"1", 1, 2, dup=True),
        Publish("t", b"a", 1, 4),
    ]


# --- shared subscriptions ------------------------------------------------------------------


def test_members_of_a_group_take_turns_beside_ordinary_subscribers() -> None:
    """One of them gets each message, at the lower QoS; who listens for itself gets all."""
    delivery = delivering(BrokerLimits())
    first = subscriber(delivery, ("$share/g/t", 0))
    second = subscriber(delivery, ("$share/g/t", 1))
    alone = subscriber(delivery, ("t", 0))

    assert [delivery.route("t", b"%d" % number, 1) for number in range(3)] == [2, 2, 2]
    assert heard(first) == [Publish("t", b"0"), Publish("t", b"2")]
    assert heard(second) == [Publish("t", b"1", 1, 1)]
    assert heard(alone) == [Publish("t", b"%d" % number) for number in range(3)]


def test_the_absent_of_a_group_are_passed_over_while_somebody_is_there() -> None:
    """When nobody is, one of them finds the message later; without QoS nobody does."""
    delivery = delivering()
    away = leaver(delivery, ("$share/g/t", 1))
    here = subscriber(delivery, ("$share/g/t", 1))

    assert [delivery.route("t", b"x", 1) for _ in range(2)] == [1, 1]
    assert away.outbox.kept_bytes == 0
    delivery.forget(here.session)
    assert [delivery.route("t", b"x", qos) for qos in (0, 1)] == [0, 1]
    assert away.outbox.kept_bytes > 0
    assert delivery.dropped == 0


def test_a_group_drops_a_message_only_when_all_its_members_are_full() -> None:
    """Two each; the fifth is nobody's, and counted once."""
    delivery = delivering()
    for _ in range(2):
        subscriber(delivery, ("$share/g/t", 1))

    assert [delivery.route("t", b"x", 1) for _ in range(5)] == [1, 1, 1, 1, 0]
    assert delivery.dropped == 1


def test_joining_a_group_brings_nothing_retained() -> None:
    """Otherwise each member would act on the same last word."""
    delivery = delivering()
    delivery.retained.keep("t", b"x", 0)
    member = subscriber(delivery, ("$share/g/t", 0))

    delivery.send_retained(member.session, "$share/g/t", 0)

    assert heard(member) == []


def test_leaving_a_group_ends_its_messages() -> None:
    """By UNSUBSCRIBE of the same text."""
    delivery = delivering()
    session = subscriber(delivery, ("$share/g/t", 0)).session

    delivery.unsubscribe(session, "$share/g/t")

    assert delivery.route("t", b"x", 0) == 0


# --- through a whole broker, with clients on a wire ------------------------------------------


def test_messages_reach_their_subscribers() -> None:
    """Wildcards, the publisher itself, the lower QoS, the sender's acknowledgement."""
    wire = Wire()
    reader = wire.client("r")
    reader.session.subscribe([("sys/+/up", 1), ("all/#", 0)])
    sender = wire.client("s")
    sender.session.subscribe([("sys/s/up", 0)])
    wire.settle()
    sender.heard.clear()

    packet_id = sender.session.publish("sys/s/up", b"1", 1)
    sender.session.publish("all/x/y", b"2", 1)
    sender.session.publish("other", b"3", 1)
    wire.settle()

    assert reader.messages() == [("sys/s/up", b"1", 1), ("all/x/y", b"2", 0)]
    assert sender.heard[:2] == [
        Received("sys/s/up", b"1", 0, retain=False, dup=False),
        Acknowledged(packet_id),
    ]


def test_overlapping_subscriptions_bring_one_copy() -> None:
    """At the highest QoS granted."""
    wire = Wire()
    reader = wire.client("r")
    reader.session.subscribe([("a/#", 0), ("a/b", 1), ("+/b", 0)])
    wire.settle()

    wire.client("s").session.publish("a/b", b"x", 1)
    wire.settle()

    assert reader.messages() == [("a/b", b"x", 1)]


def test_leading_wildcards_leave_system_topics_alone() -> None:
    """`$`-topics reach who names them."""
    wire = Wire()
    all_of_it, named = wire.client("a"), wire.client("n")
    all_of_it.session.subscribe([("#", 0), ("+/devices", 0)])
    named.session.subscribe([("$oc/#", 0)])
    wire.settle()

    wire.client("s").session.publish("$oc/devices", b"x", 0)
    wire.settle()

    assert all_of_it.messages() == []
    assert named.messages() == [("$oc/devices", b"x", 0)]


def test_unsubscribing_is_answered_and_works() -> None:
    """Also for what was never subscribed."""
    raw = Raw(Broker(BrokerLimits(), AllowAll()), Connect("d1"), Subscribe(1, (("a", 0),)))
    raw.hear()

    assert raw.say(Unsubscribe(2, ("a", "b"))) == [Unsuback(2)]
    assert raw.broker.publish("a", b"x", 0, 0) == 0


def test_retained_messages_meet_later_subscribers() -> None:
    """Marked as such for them, unmarked for those who listened already."""
    wire = Wire()
    early, sender = wire.client("e"), wire.client("s")
    early.session.subscribe([("a/#", 1)])
    wire.settle()
    early.heard.clear()
    sender.session.publish("a/1", b"x", 1, retain=True)
    wire.settle()
    late = wire.client("l")
    late.heard.clear()
    late.session.subscribe([("a/+", 1)])
    wire.settle()

    assert early.heard == [Received("a/1", b"x", 1, retain=False, dup=False)]
    assert late.heard == [
        Subscribed(1, (1,)),
        Received("a/1", b"x", 1, retain=True, dup=False),
    ]


def test_an_empty_retained_message_deletes() -> None:
    """It still reaches those who listen."""
    wire = Wire()
    sender = wire.client("s")
    sender.session.publish("a", b"x", 0, retain=True)
    sender.session.publish("a", b"", 0, retain=True)
    wire.settle()
    sender.session.subscribe([("a", 0)])
    wire.settle()

    assert sender.messages() == []


def test_retained_messages_have_limits() -> None:
    """One too many is delivered, not retained, and told."""
    wire = Wire(limits=BrokerLimits(retained_max=1))
    party = wire.client("s")
    party.session.subscribe([("b", 0)])
    party.session.publish("a", b"x", 0, retain=True)
    party.session.publish("b", b"y", 0, retain=True)
    wire.settle()

    assert wire.told[-1] == Refused(party.connection, "b", "no room to retain it")
    assert party.messages() == [("b", b"y", 0)]


def test_the_platform_can_retain() -> None:
    """As a client can."""
    wire = Wire()
    assert wire.broker.publish("a", b"x", 1, 0, retain=True) == 0
    party = wire.client("d1")
    party.session.subscribe([("a", 1)])
    wire.settle()

    assert party.messages() == [("a", b"x", 1)]


def test_implicit_subscriptions_deliver_without_a_subscribe() -> None:
    """Once, also if the device subscribes to the very same, and at the QoS of its wish."""
    wire = Wire(Rules(implicit=["ota/{}/+"], implicit_qos=0))
    party = wire.client("d1")

    assert wire.broker.publish("ota/d1/upgrade", b"1", 1, 0) == 1
    party.session.subscribe([("ota/d1/+", 1), ("ota/d1/upgrade", 0)])
    wire.settle()
    assert wire.broker.publish("ota/d1/upgrade", b"2", 1, 0) == 1
    wire.settle()

    assert party.messages() == [("ota/d1/upgrade", b"1", 0), ("ota/d1/upgrade", b"2", 1)]


def test_only_the_platform_s_own_messages_are_reported_as_delivered() -> None:
    """What one device sends another is their own affair."""
    wire = Wire()
    reader = wire.client("r")
    reader.session.subscribe([("t", 1)])
    wire.settle()
    wire.take_told()

    wire.client("s").session.publish("t", b"device", 1)
    wire.settle()
    assert [type(event) for event in wire.take_told()] == [Opened]
    wire.broker.publish("t", b"platform", 1, 0)
    wire.settle()

    assert wire.take_told() == [Delivered(reader.connection, "r", "t", 2)]


def test_a_full_queue_is_told_to_the_sender() -> None:
    """Nothing is handed over, and it is counted."""
    limits = BrokerLimits(inflight_max=1, waiting_max=1)
    full = Broker(limits, AllowAll())
    Raw(full, Connect("d1"))

    assert [full.send_to("d1", "t", b"x", 1, 0) for _ in range(3)] == [1, 2, None]
    assert full.dropped == 1
