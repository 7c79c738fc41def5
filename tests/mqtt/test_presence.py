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
    Refused,
)
from fleet_sim.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Subscribe,
    Unsubscribe,
    Will,
)
from tests.mqtt.wire import Raw, Rules

IDS = st.integers(1, 3)
TOPICS = st.sampled_from(["a", "a/b", "up"])
FILTERS = st.sampled_from(["a", "a/#", "+", "$share/g/#", "$share/g/a", "$share/g"])
SPOKEN: st.SearchStrategy[Packet] = st.one_of(
    st.builds(Publish, TOPICS, st.just(b"x"), st.sampled_from([1, 2]), IDS, st.booleans()),
    st.builds(Publish, TOPICS, st.just(b""), st.just(0), st.just(0), st.booleans()),
    *(st.builds(kind, IDS) for kind in (Puback, Pubrec, Pubrel, Pubcomp)),
    st.builds(Subscribe, IDS, st.tuples(st.tuples(FILTERS, st.integers(0, 2)))),
    st.builds(Unsubscribe, IDS, st.tuples(FILTERS)),
    st.just(Disconnect()),
)

NEW, PRESENT = Connack(0), Connack(0, session_present=True)
KEPT = Connect("d1", clean_session=False)


def broker(**limits: object) -> Broker:
    """Return a broker that lets everybody do everything, within these limits."""
    return Broker(BrokerLimits(**limits), AllowAll())  # type: ignore[arg-type]


def away(served: Broker, *filters: tuple[str, int], connect: Connect = KEPT) -> Raw:
    """Have a client subscribe and vanish; returns the connection it had."""
    raw = Raw(served, connect, *(Subscribe(1, (wanted,)) for wanted in filters))
    raw.hear()
    served.lost(raw.connection, 0)
    return raw


def back(served: Broker, connect: Connect = KEPT, now_ms: int = 0) -> tuple[Raw, list[Packet]]:
    """Have a client connect; returns its connection and all it hears at once."""
    raw = Raw(served)
    return raw, raw.say(connect, now_ms=now_ms)


# --- which session -------------------------------------------------------------------------


def test_a_session_is_found_again_only_if_both_sides_kept_it() -> None:
    """MQTT 3.2.2.2: the flag tells the client; a clean session forgets what was, and is none."""
    served = broker()
    heard = []
    for clean in (False, False, True, False, True, True):
        raw, said = back(served, Connect("d1", clean_session=clean))
        heard += said
        served.lost(raw.connection, 0)

    assert heard == [NEW, PRESENT, NEW, NEW, NEW, NEW]


def test_a_farewell_keeps_a_session_too() -> None:
    """DISCONNECT ends a connection, not a session."""
    served = broker()
    Raw(served, KEPT, Disconnect())

    assert served.away_count == 1
    assert back(served)[1] == [PRESENT]
    assert served.away_count == 0


def test_a_takeover_goes_on_with_the_session() -> None:
    """The newer connection gets what the older one had not acknowledged."""
    served = broker()
    old = Raw(served, KEPT, Subscribe(1, (("t", 1),)))
    served.publish("t", b"x", 1, 0)
    old.hear()

    new, heard = back(served)

    assert heard == [PRESENT, Publish("t", b"x", 1, 1, dup=True)]
    assert new.told[0] == Closed(old.connection, "d1", "a newer connection took over", False)  # noqa: FBT003


def test_a_session_is_its_principal_s() -> None:
    """Somebody else under the same name hears nothing that waited, and ends it."""
    served = Broker(BrokerLimits(), Rules())
    mine, theirs = (Connect("c", user, None, clean_session=False) for user in ("me", "them"))
    away(served, ("t", 1), connect=mine)
    served.publish("t", b"for me", 1, 0)

    other, heard = back(served, theirs)
    assert heard == [NEW]
    served.lost(other.connection, 0)
    assert back(served, mine)[1] == [NEW]
    assert served.publish("t", b"x", 1, 0) == 0


def test_a_platform_can_refuse_to_keep_sessions() -> None:
    """Then they end with their connections, and CONNACK says so."""
    served = Broker(BrokerLimits(), Rules(may_persist=False))
    away(served, ("t", 1))

    assert (served.away_count, served.publish("t", b"x", 1, 0)) == (0, 0)
    assert back(served)[1] == [NEW]


def test_a_platform_that_changes_its_mind_ends_a_session_that_waits() -> None:
    """As a client does with a clean one."""
    rules = Rules()
    served = Broker(BrokerLimits(), rules)
    away(served, ("t", 1))
    rules.may_persist = False

    assert back(served)[1] == [NEW]
    assert served.publish("t", b"x", 0, 0) == 0


# --- what a session holds ------------------------------------------------------------------


def test_subscriptions_and_messages_wait_for_who_is_away() -> None:
    """In order, QoS 1 and 2 but not 0, for the first time, so without DUP."""
    served = broker()
    away(served, ("a/+", 2), ("b", 1))
    sent = [("a/1", 2), ("b", 2), ("a/2", 0), ("a/3", 1), ("c", 1)]

    counts = [served.publish(topic, topic.encode(), qos, 0) for topic, qos in sent]
    heard = back(served)[1]

    assert counts == [1, 1, 0, 1, 0]
    assert heard == [
        PRESENT,
        Publish("a/1", b"a/1", 2, 1),
        Publish("b", b"b", 1, 2),
        Publish("a/3", b"a/3", 1, 3),
    ]
    assert served.publish("a/4", b"", 0, 0) == 1


def test_what_was_not_acknowledged_comes_again_under_its_identifier() -> None:
    """MQTT 4.4: DUP for a PUBLISH, and PUBREL for what was received; then what waited."""
    served = broker(inflight_max=3)
    raw = Raw(served, KEPT, Subscribe(1, (("t", 2),)))
    for number, qos in enumerate((1, 2, 2, 1)):
        served.publish("t", b"%d" % number, qos, 0)
    raw.hear()
    assert raw.say(Pubrec(2)) == [Pubrel(2)]
    served.lost(raw.connection, 0)

    second, heard = back(served)

    assert heard == [
        PRESENT,
        Pubrel(2),
        Publish("t", b"0", 1, 1, dup=True),
        Publish("t", b"2", 2, 3, dup=True),
    ]
    assert second.say(Pubcomp(2)) == [Publish("t", b"3", 1, 4)]
    assert second.say(Puback(1), Pubrec(3), Puback(4), Pubcomp(3)) == [Pubrel(3)]
    served.lost(second.connection, 0)
    assert back(served)[1] == [PRESENT]


def test_a_whole_window_of_large_messages_comes_again_and_nobody_is_closed() -> None:
    """What is under way always fits into the output of one connection."""
    served = broker(output_bytes_max=10_000, inflight_bytes_max=5_000)
    raw = Raw(served, KEPT, Subscribe(1, (("t", 1),)))
    for _ in range(20):
        served.publish("t", bytes(900), 1, 0)
        raw.hear()
    served.lost(raw.connection, 0)

    second, heard = back(served)

    assert [packet.dup for packet in heard if isinstance(packet, Publish)] == [True] * 5
    rest = [packet for number in range(1, 21) for packet in second.say(Puback(number))]
    assert [packet.packet_id for packet in rest if isinstance(packet, Publish)] == [*range(6, 21)]
    assert not second.connection.is_closing


def test_what_the_platform_sent_is_told_as_delivered_after_all() -> None:
    """Sent before the loss, acknowledged after it; what is sent to the absent is never kept."""
    served = broker()
    raw = Raw(served, KEPT)
    served.send_to("d1", "ota", b"x", 2, 0)
    served.lost(raw.connection, 0)

    assert served.send_to("d1", "ota", b"y", 1, 0) is None
    second, heard = back(served)
    assert heard == [PRESENT, Publish("ota", b"x", 2, 1, dup=True)]
    second.say(Pubrec(1), Pubcomp(1))
    assert second.told[-1] == Delivered(second.connection, "d1", "ota", 1)


def test_unsubscribing_ends_what_is_kept() -> None:
    """What waits already is delivered, as MQTT 3.10.4 asks for."""
    served = broker()
    away(served, ("t", 1))
    served.publish("t", b"x", 1, 0)
    raw, _ = back(served)

    raw.say(Unsubscribe(2, ("t",)))
    served.lost(raw.connection, 0)

    assert served.publish("t", b"y", 1, 0) == 0


def test_filters_that_are_no_longer_allowed_are_lost() -> None:
    """Rules may change while a client is away; it is told as a refusal."""
    rules = Rules(subscribe=["a", "b"])
    served = Broker(BrokerLimits(), rules)
    away(served, ("a", 0), ("b", 0))
    rules.subscribe = ["b"]

    raw, _ = back(served)

    assert raw.told[1:] == [Refused(raw.connection, "a", "no authority to subscribe to it")]
    assert [served.publish(topic, b"", 0, 0) for topic in ("a", "b")] == [0, 1]


def test_a_will_of_its_own_waits_for_who_left_it() -> None:
    """The session is away by the time its will is published."""
    served = broker()
    raw = Raw(
        served,
        Connect("d1", clean_session=False, will=Will("wills", b"gone", 1)),
        Subscribe(1, (("wills", 1),)),
    )

    served.lost(raw.connection, 0)

    assert back(served)[1] == [PRESENT, Publish("wills", b"gone", 1, 1)]


def test_implicit_subscriptions_are_part_of_a_session() -> None:
    """Where a platform lets sessions persist, as some vendors' do."""
    served = Broker(BrokerLimits(), Rules(implicit=["down/{}"]))
    away(served)
    assert served.publish("down/d1", b"x", 1, 0) == 1

    assert back(served)[1] == [PRESENT, Publish("down/d1", b"x", 1, 1)]
    assert served.publish("down/d1", b"y", 0, 0) == 1


@pytest.mark.parametrize(("qos_max", "qos"), [(0, 0), (1, 1), (2, 2)])
def test_no_client_hears_more_than_it_is_served(qos_max: int, qos: int) -> None:
    """By its own wish, by what is implied, and straight from the platform."""
    rules = Rules(implicit=["down"], implicit_qos=2, qos_max=qos_max)
    served = Broker(BrokerLimits(), rules)
    raw = Raw(served, Connect("d1"), Subscribe(1, (("t", 2),)))
    raw.hear()

    served.publish("down", b"", 2, 0)
    served.publish("t", b"", 2, 0)
    served.send_to("d1", "straight", b"", 2, 0)

    heard = [packet for packet in raw.hear() if isinstance(packet, Publish)]
    assert [(packet.topic, packet.qos) for packet in heard] == [
        ("down", qos), ("t", qos), ("straight", qos),
    ]  # fmt: skip


# --- limits --------------------------------------------------------------------------------


def test_who_stays_away_for_too_long_is_forgotten() -> None:
    """At the instant `next_at_ms` names, and only then."""
    served = broker(session_expiry_ms=60_000)
    raw = Raw(served, Connect("d1", keep_alive_s=0, clean_session=False), Subscribe(1, (("t", 1),)))
    instants = [served.next_at_ms]
    served.lost(raw.connection, 1_000)

    instants.append(served.next_at_ms)
    assert (served.expire(60_999), served.away_count) == ([], 1)
    assert (served.expire(61_000), served.away_count) == ([], 0)
    assert [*instants, served.next_at_ms] == [None, 61_000, None]
    assert served.publish("t", b"x", 1, 0) == 0
    assert back(served, now_ms=61_000)[1] == [NEW]


@pytest.mark.parametrize(("keep_alive_s", "first_ms"), [(10, 15_000), (100, 100_000)])
def test_the_next_instant_is_that_of_whoever_comes_first(keep_alive_s: int, first_ms: int) -> None:
    """Somebody's silence, or somebody's absence."""
    served = broker(session_expiry_ms=100_000)
    away(served)
    Raw(served, Connect("d2", keep_alive_s=keep_alive_s))

    assert served.next_at_ms == first_ms


def test_sessions_are_counted_and_the_oldest_goes() -> None:
    """Its subscriptions go with it."""
    served = broker(sessions_max=1)
    away(served, ("t", 1))
    away(served, ("t", 1), connect=Connect("d2", clean_session=False))

    assert (served.away_count, served.publish("t", b"x", 1, 0)) == (1, 1)
    assert back(served)[1] == [NEW]


def test_messages_for_the_absent_are_counted() -> None:
    """What finds no room is dropped; what is there arrives."""
    served = broker(waiting_max=2)
    away(served, ("t", 1))

    assert [served.publish("t", b"%d" % number, 1, 0) for number in range(3)] == [1, 1, 0]
    assert served.dropped == 1
    assert [packet.payload for packet in back(served)[1] if isinstance(packet, Publish)] == [
        b"0",
        b"1",
    ]


def test_nothing_is_left_of_sessions_that_ended() -> None:
    """Shared, implicit and own subscriptions, table and clock."""
    served = Broker(BrokerLimits(), Rules(implicit=["down/{}"]))
    away(served, ("a/+", 1), ("b", 1), ("$share/g/c", 1))
    raw, _ = back(served, Connect("d1"))
    served.lost(raw.connection, 0)

    assert_nothing_is_left(served)


def assert_nothing_is_left(served: Broker) -> None:
    """Check that a broker's tables are empty, that of retained messages aside."""
    delivery = served._delivery
    assert (delivery._subscriptions._exact, delivery._subscriptions._tree.below) == ({}, {})
    assert delivery._shared.groups == {}
    assert (len(served._sessions), served._sessions.away_bytes, served.next_at_ms) == (0, 0, None)
    assert (served.connection_count, served._presence._by_principal) == (0, {})


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.booleans(), SPOKEN), max_size=40))
def test_whatever_clients_say_nothing_is_left_of_them(
    said: list[tuple[str, bool, Packet]],
) -> None:
    """Kept sessions or clean ones, over as many connections as their mistakes cost them.

    The platform settles every other message late, when its connection may be gone.
    """
    limits = BrokerLimits(inflight_max=2, waiting_max=3, sessions_max=2)
    served = Broker(limits, Rules(), ["up"])
    clients: dict[str, Raw] = {}
    late: list[Arrived] = []
    for name, clean, packet in said:
        raw = clients.get(name)
        if raw is None or raw.connection.is_closing:
            raw = clients[name] = Raw(served, Connect(name, clean_session=clean))
        raw.say(packet)
        late += [event for event in raw.told if isinstance(event, Arrived)]
        raw.told.clear()
        for event in late[::2]:
            if event.token is not None:
                served.acknowledge(event.connection, event.token)
        late = late[1::2]

    for raw in clients.values():
        served.lost(raw.connection, 0)
    served.expire(limits.session_expiry_ms)

    assert_nothing_is_left(served)
