import pytest

from fleet_sim.mqtt.client import (
    MOVES,
    Acknowledged,
    ClientEvent,
    ClientOptions,
    ClientSession,
    ClientState,
    Connected,
    Ponged,
    Received,
    Refused,
    Subscribed,
    Unsubscribed,
)
from fleet_sim.mqtt.packets import (
    Connack,
    Connect,
    Decoder,
    Disconnect,
    MqttError,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
    encode,
)
from tests.mqtt.wire import Rules, Wire


def written(session: ClientSession) -> list[Packet]:
    """Return what a session has to write."""
    return Decoder(1 << 20).feed(session.take_output())


def told(session: ClientSession, *packets: Packet) -> list[ClientEvent]:
    """Hand a session packets of its broker."""
    return session.receive(b"".join(map(encode, packets)), 0)


def connected(client_id: str = "d1", **options: object) -> ClientSession:
    """Return a session whose broker has accepted it, its output taken."""
    session = ClientSession(ClientOptions(client_id, **options))  # type: ignore[arg-type]
    session.connect()
    told(session, Connack(0))
    session.take_output()
    return session


def test_connect_says_all_there_is_to_say() -> None:
    """Every option that a CONNECT carries; a password given as text is UTF-8."""
    will = Will("gone", b"d1", 1, retain=True)
    session = ClientSession(ClientOptions("d1", "u", "pä", 30, clean_session=False, will=will))

    session.connect()

    assert written(session) == [Connect("d1", "u", "pä".encode(), 30, False, will)]  # noqa: FBT003
    assert session.state is ClientState.CONNECTING


@pytest.mark.parametrize("session_present", [False, True])
def test_an_accepted_client_is_connected(session_present: bool) -> None:
    """The broker's word on the session is passed on."""
    session = ClientSession(ClientOptions("d1", clean_session=False))
    session.connect()

    assert told(session, Connack(0, session_present)) == [Connected(session_present)]
    assert session.state is ClientState.CONNECTED


def test_a_refused_client_hears_the_code_and_nothing_after_it() -> None:
    """The broker closes anyway."""
    session = ClientSession(ClientOptions("d1"))
    session.connect()

    assert told(session, Connack(5), Publish("t", b"x")) == [Refused(5)]
    assert session.state is ClientState.IDLE
    assert told(session, Pingresp()) == []


def test_messages_come_in_and_are_acknowledged_at_once() -> None:
    """QoS 1 gets its PUBACK, QoS 0 none."""
    session = connected()

    events = told(
        session, Publish("a", b"0", 0, 0, retain=True), Publish("b", b"1", 1, 9, dup=True)
    )

    assert events == [
        Received("a", b"0", 0, retain=True, dup=False),
        Received("b", b"1", 1, retain=False, dup=True),
    ]
    assert written(session) == [Puback(9)]


def test_a_message_is_acknowledged_once() -> None:
    """The second PUBACK, and one for nothing, are ignored."""
    session = connected()
    packet_id = session.publish("t", b"x", 1, retain=True)

    assert written(session) == [Publish("t", b"x", 1, packet_id, retain=True)]
    assert told(session, Puback(packet_id), Puback(packet_id), Puback(77)) == [
        Acknowledged(packet_id)
    ]
    assert session.unacknowledged == ()


def test_qos_0_goes_out_without_an_identifier() -> None:
    """Nothing is remembered."""
    session = connected()

    assert session.publish("t", b"x", 0) == 0
    assert written(session) == [Publish("t", b"x")]
    assert session.unacknowledged == ()


def test_a_qos_that_does_not_exist_is_the_caller_s_mistake() -> None:
    """There are three."""
    with pytest.raises(ValueError, match="there is no QoS 3"):
        connected().publish("t", b"x", 3)


def test_messages_beyond_the_window_wait_for_acknowledgements() -> None:
    """Two at a time, in order."""
    session = connected(inflight_max=2)
    ids = [session.publish("t", bytes((n,)), 1) for n in range(4)]

    assert [p.payload for p in written(session) if isinstance(p, Publish)] == [b"\0", b"\1"]
    told(session, Puback(ids[1]))
    assert [p.payload for p in written(session) if isinstance(p, Publish)] == [b"\2"]
    told(session, Puback(ids[0]), Puback(ids[2]))
    assert [p.payload for p in written(session) if isinstance(p, Publish)] == [b"\3"]


def test_the_queue_behind_the_window_has_an_end() -> None:
    """One under way, two waiting; the next is the caller's mistake."""
    session = connected(inflight_max=1, waiting_max=2)
    for _ in range(3):
        session.publish("t", b"x", 1)

    with pytest.raises(ValueError, match="3 messages of d1 already wait"):
        session.publish("t", b"x", 1)


def test_an_acknowledgement_of_what_was_never_sent_is_a_mistake() -> None:
    """A broker cannot know of a message that waits."""
    session = connected(inflight_max=1)
    session.publish("t", b"1", 1)
    waiting = session.publish("t", b"2", 1)

    with pytest.raises(MqttError, match="never sent"):
        told(session, Puback(waiting))


def test_a_persistent_session_sends_again_what_was_not_acknowledged() -> None:
    """Old identifiers, DUP on what was sent before, in order, once the broker has accepted."""
    session = connected(clean_session=False, inflight_max=2)
    ids = [session.publish("t", bytes((n,)), 1) for n in range(3)]
    session.take_output()

    session.connect()
    late = session.publish("t", b"new", 1)
    assert [type(packet) for packet in written(session)] == [Connect]
    told(session, Connack(0, session_present=True))

    assert written(session) == [
        Publish("t", b"\0", 1, ids[0], dup=True),
        Publish("t", b"\1", 1, ids[1], dup=True),
    ]
    told(session, Puback(ids[0]), Puback(ids[1]))
    assert written(session) == [Publish("t", b"\2", 1, ids[2]), Publish("t", b"new", 1, late)]


def test_a_persistent_session_keeps_what_is_published_while_it_is_away() -> None:
    """It goes out with the next connection, not as a duplicate."""
    session = ClientSession(ClientOptions("d1", clean_session=False))
    packet_id = session.publish("t", b"x", 1)
    session.publish("t", b"lost", 0)
    assert session.take_output() == b""

    session.connect()
    told(session, Connack(0))

    assert written(session)[1:] == [Publish("t", b"x", 1, packet_id)]


def test_a_clean_session_lists_what_was_not_acknowledged_and_drops_it() -> None:
    """Listed until the next connection begins."""
    session = connected()
    packet_id = session.publish("t", b"x", 1)

    session.lost()
    assert [left.packet_id for left in session.unacknowledged] == [packet_id]
    session.connect()

    assert session.unacknowledged == ()
    told(session, Connack(0))
    assert [type(packet) for packet in written(session)] == [Connect]


def test_a_clean_session_may_speak_before_it_is_answered() -> None:
    """What is asked for right after `connect` follows CONNECT in the same write."""
    session = ClientSession(ClientOptions("d1"))
    session.connect()
    subscribed = session.subscribe([("down/#", 1)])
    published = session.publish("up", b"x", 1)

    assert written(session)[1:] == [
        Subscribe(subscribed, (("down/#", 1),)),
        Publish("up", b"x", 1, published),
    ]
    assert told(session, Connack(0), Suback(subscribed, (1,)), Puback(published)) == [
        Connected(session_present=False),
        Subscribed(subscribed, (1,)),
        Acknowledged(published),
    ]


def test_subscriptions_are_answered_filter_by_filter() -> None:
    """Codes come in the order asked."""
    session = connected()
    packet_id = session.subscribe([("a", 0), ("b/#", 1)])

    assert written(session) == [Subscribe(packet_id, (("a", 0), ("b/#", 1)))]
    assert told(session, Suback(packet_id, (0, 0x80))) == [Subscribed(packet_id, (0, 0x80))]


def test_subscriptions_are_given_up() -> None:
    """UNSUBSCRIBE and its answer."""
    session = connected()
    packet_id = session.unsubscribe(["a", "b"])

    assert written(session) == [Unsubscribe(packet_id, ("a", "b"))]
    assert told(session, Unsuback(packet_id)) == [Unsubscribed(packet_id)]


@pytest.mark.parametrize("answer", [Suback(9, (0,)), Suback(1, (0, 0)), Unsuback(1), Unsuback(9)])
def test_an_answer_nobody_asked_for_is_a_mistake(answer: Packet) -> None:
    """Another identifier, another number of codes, another kind."""
    session = connected()
    assert session.subscribe([("a", 0)]) == 1

    with pytest.raises(MqttError, match="never made so"):
        told(session, answer)


def test_without_a_connection_nothing_can_be_asked() -> None:
    """A subscription is not kept for later; a ping and a farewell are simply not said."""
    session = ClientSession(ClientOptions("d1"))

    with pytest.raises(ValueError, match="not connected"):
        session.subscribe([("a", 0)])
    with pytest.raises(ValueError, match="not connected"):
        session.unsubscribe(["a"])
    session.ping()
    session.disconnect()
    assert session.take_output() == b""


def test_a_ping_is_answered() -> None:
    """Between the two, the session says that it waits."""
    session = connected()
    session.ping()

    assert written(session) == [Pingreq()]
    assert session.awaits_pong
    assert told(session, Pingresp()) == [Ponged()]
    assert not session.awaits_pong


@pytest.mark.parametrize(("keep_alive_s", "interval_ms"), [(60, 54_000), (1, 900), (0, 0)])
def test_pings_go_out_a_little_early(keep_alive_s: int, interval_ms: int) -> None:
    """A tenth of the keep alive; without one, never."""
    assert ClientSession(ClientOptions("d1", keep_alive_s=keep_alive_s)).ping_interval_ms == (
        interval_ms
    )


def test_a_farewell_ends_the_session_s_connection() -> None:
    """DISCONNECT is the last word; what still arrives is ignored."""
    session = connected()
    session.disconnect()

    assert written(session) == [Disconnect()]
    assert session.state is ClientState.IDLE
    assert told(session, Publish("t", b"x")) == []


@pytest.mark.parametrize(
    "packet",
    [Connack(0), Connect("x"), Subscribe(1, (("a", 0),)), Pingreq(), Disconnect()],
)
def test_what_no_broker_may_send_is_a_mistake(packet: Packet) -> None:
    """A second CONNACK, and a client's packets."""
    with pytest.raises(MqttError, match="out of place"):
        told(connected(), packet)


def test_a_broker_begins_with_connack() -> None:
    """Anything else first is a mistake."""
    session = ClientSession(ClientOptions("d1"))
    session.connect()

    with pytest.raises(MqttError, match="began with PINGRESP"):
        told(session, Pingresp())


def test_a_new_connection_forgets_half_a_packet() -> None:
    """The rest of the old stream never comes."""
    session = connected()
    session.receive(encode(Publish("t", b"x"))[:3], 0)
    session.ping()

    session.connect()

    assert [type(packet) for packet in written(session)] == [Connect]
    assert not session.awaits_pong
    assert told(session, Connack(0)) == [Connected(session_present=False)]


def test_a_larger_packet_than_allowed_is_a_mistake() -> None:
    """The limit is the client's own."""
    session = connected(packet_bytes_max=50)

    with pytest.raises(MqttError, match="above the 50 allowed"):
        told(session, Publish("t", bytes(100)))


def test_identifiers_skip_those_in_use() -> None:
    """They go round, past a message and a request still under way."""
    session = connected(inflight_max=3)
    first = session.publish("t", b"x", 1)
    second = session.subscribe([("a", 0)])
    for _ in range(65_533):
        told(session, Puback(session.publish("t", b"x", 1)))

    assert (first, second, session.publish("t", b"x", 1)) == (1, 2, 3)


@pytest.mark.parametrize("start", list(ClientState))
@pytest.mark.parametrize("end", list(ClientState))
def test_clients_take_the_moves_of_the_table_and_no_others(
    start: ClientState, end: ClientState
) -> None:
    """A move that is not listed does not exist."""
    session = ClientSession(ClientOptions("d1"))
    session.state = start

    if end in MOVES[start]:
        session._move(end)
        assert session.state is end
    else:
        with pytest.raises(AssertionError):
            session._move(end)


@pytest.mark.parametrize("state", list(ClientState))
def test_every_call_is_safe_in_every_state(state: ClientState) -> None:
    """Whatever the driver does, and whenever: output or nothing, but no surprise."""
    for call in ("connect", "lost", "ping", "disconnect", "take_output"):
        session = ClientSession(ClientOptions("d1"))
        if state is not ClientState.IDLE:
            session.connect()
        if state is ClientState.CONNECTED:
            told(session, Connack(0))

        getattr(session, call)()

        assert session.publish("t", b"x", 1) == 1


def test_an_idle_session_holds_no_dictionary() -> None:
    """Neither before the first message nor after the last acknowledgement."""
    session = connected()
    told(session, Suback(session.subscribe([("a", 0)]), (0,)))
    told(session, Puback(session.publish("t", b"x", 1)))
    packet_id = session.publish("t", b"x", 2)
    told(session, Pubrec(packet_id), Pubcomp(packet_id), Publish("t", b"x", 2, 1), Pubrel(1))

    assert (session._flight, session._asked) == (None, None)
    assert (session._released, session._incoming) == (None, None)


# --- exactly once --------------------------------------------------------------------------


def test_a_message_of_qos_2_goes_out_in_two_steps() -> None:
    """It is with the broker after the first, and told as acknowledged after the second."""
    session = connected(inflight_max=1)
    packet_id, following = session.publish("t", b"x", 2), session.publish("t", b"y", 2)

    assert written(session) == [Publish("t", b"x", 2, packet_id)]
    assert told(session, Pubrec(packet_id), Pubrec(packet_id)) == []
    assert [left.packet_id for left in session.unacknowledged] == [following]
    assert written(session) == [Pubrel(packet_id)] * 2
    assert told(session, Pubcomp(packet_id), Pubcomp(packet_id)) == [Acknowledged(packet_id)]
    assert written(session) == [Publish("t", b"y", 2, following)]


def test_a_message_of_qos_2_comes_in_once() -> None:
    """Every copy is answered; after its release the identifier is another message's."""
    session = connected()
    packet = Publish("t", b"x", 2, 7)

    assert told(session, packet, packet) == [Received("t", b"x", 2, retain=False, dup=False)]
    assert told(session, Pubrel(7), Pubrel(7)) == []
    assert written(session) == [Pubrec(7), Pubrec(7), Pubcomp(7), Pubcomp(7)]
    assert len(told(session, packet)) == 1


def test_a_persistent_session_goes_on_where_it_was() -> None:
    """Releases in the order of the answers, then copies; and it knows what it has had."""
    session = connected(clean_session=False)
    for number in range(3):
        session.publish("t", b"%d" % number, 2)
    told(session, Pubrec(2), Pubrec(1), Publish("down", b"x", 2, 7))
    session.connect()
    session.take_output()

    told(session, Connack(0, session_present=True))

    assert written(session) == [Pubrel(2), Pubrel(1), Publish("t", b"2", 2, 3, dup=True)]
    assert told(session, Publish("down", b"x", 2, 7, dup=True)) == []


@pytest.mark.parametrize("clean", [True, False])
def test_a_session_that_began_anew_takes_any_identifier(clean: bool) -> None:
    """Whichever side forgot."""
    session = connected(clean_session=clean)
    told(session, Publish("down", b"x", 2, 7))
    session.connect()
    told(session, Connack(0))

    assert len(told(session, Publish("down", b"y", 2, 7))) == 1


@pytest.mark.parametrize(("qos", "answer"), [(1, Pubrec(1)), (2, Puback(1))])
def test_answers_of_the_other_qos_are_mistakes(qos: int, answer: Packet) -> None:
    """The broker took it for another message."""
    session = connected()
    session.publish("t", b"x", qos)

    with pytest.raises(MqttError, match="as if it were of QoS"):
        told(session, answer)


def test_identifiers_skip_those_that_wait_for_their_last_answer() -> None:
    """They are in use until PUBCOMP."""
    session = connected()
    told(session, Pubrec(session.publish("t", b"x", 2)))
    session._last_id = 0

    assert session.publish("t", b"y", 1) == 2


def test_two_machines_agree() -> None:
    """A client and our broker: in, subscribe, hear oneself, out."""
    wire = Wire(Rules(passwords={"d1": b"secret"}))
    party = wire.client("c1", username="d1", password="secret")
    party.session.subscribe([("echo/+", 1)])
    wire.settle()
    sent = party.session.publish("echo/1", b"hello", 1)
    wire.settle()

    assert party.heard[1:] == [
        Subscribed(1, (1,)),
        Received("echo/1", b"hello", 1, retain=False, dup=False),
        Acknowledged(sent),
    ]
    party.session.disconnect()
    wire.settle()
    assert party.connection.why == "the client disconnected"


def test_a_persistent_client_gets_its_message_through_a_cut() -> None:
    """Sent, cut before the acknowledgement, sent again: the broker sees it twice, at least once."""
    wire = Wire(claimed=["up"])
    party = wire.client("d1", clean_session=False)
    party.session.publish("up", b"x", 1)
    wire.settle()

    party.reconnect()

    tokens = [event.token for event in wire.told if hasattr(event, "token")]
    assert tokens == [1, 1]
    wire.broker.acknowledge(party.connection, 1)
    wire.settle()
    assert party.heard[-1] == Acknowledged(1)
    assert party.session.unacknowledged == ()
