from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.mqtt.broker import Arrived
from fleet_sim.mqtt.connection import Connection
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.session import SESSION_BYTES, Session
from tests.mqtt.wire import Party, Wire

LIMITS = BrokerLimits()


def session() -> Session:
    """Return a session of nobody's."""
    return Session("c", "p", LIMITS)


def test_a_message_that_is_settled_needs_no_second_word() -> None:
    """Taken, then released; its identifier is free again and nothing is left."""
    mine = session()
    mine.take(5, None)

    assert mine.has_taken(5)
    assert (mine.incoming_count, mine.owed_count) == (1, 0)
    assert mine.settle(5) is None
    assert mine.let_go(5)
    assert not mine.has_taken(5)
    assert mine._incoming is None


def test_a_claimed_message_waits_for_the_platform_before_its_release() -> None:
    """The connection that waits is told once; a release before that is a mistake."""
    mine, connection = session(), Connection("", LIMITS)
    mine.take(5, connection)

    assert mine.owed_count == 1
    assert not mine.let_go(5)
    assert mine.settle(5) is connection
    assert mine.settle(5) is None
    assert mine.owed_count == 0
    assert mine.let_go(5)


def test_a_copy_is_answered_now_or_when_the_platform_says_so() -> None:
    """Then on the connection it came over last."""
    mine, old, new = session(), Connection("", LIMITS), Connection("", LIMITS)
    mine.take(5, old)

    assert not mine.ask_again(5, new)
    assert mine.settle(5) is new
    assert mine.ask_again(5, new)


def test_releasing_what_is_unknown_does_no_harm() -> None:
    """A client that never heard the last answer asks again."""
    assert session().let_go(7)


def test_its_weight_grows_with_what_it_holds() -> None:
    """Filters, open identifiers, messages."""
    mine = session()
    bare = mine.weigh()
    mine.subscribed, mine.implicit = {"a": None}, ("b",)
    filtered = mine.weigh()
    mine.take(1, None)
    taken = mine.weigh()
    mine.outbox.keep("t", b"x", 1, is_ours=False)

    assert bare == SESSION_BYTES
    assert bare < filtered < taken < mine.weigh()


def test_a_session_shows_whose_it_is() -> None:
    """For whoever reads a log."""
    mine = session()
    assert repr(mine) == "<Session 'c' of 'p', away>"
    mine.connection = Connection("", LIMITS)
    assert repr(mine) == "<Session 'c' of 'p', here>"


# --- between our client and our broker, over connections that break -------------------------


class Courier:
    """A sender and a reader with kept sessions, joined by a broker, over lines that lose bytes.

    The platform claims what is sent, and settles it when the test says so.
    """

    def __init__(self) -> None:
        limits = BrokerLimits(inflight_max=3)
        self.wire = Wire(claimed=["t"], limits=limits)
        self.sender = self.wire.client("s", clean_session=False, inflight_max=3)
        self.reader = self.wire.client("r", clean_session=False)
        self.reader.session.subscribe([("t", 2)])
        self.wire.settle()
        self.reader.heard.clear()
        self.wire.take_told()
        self.arrived: list[bytes] = []
        self.sent: dict[int, list[bytes]] = {1: [], 2: []}

    def send(self, qos: int) -> None:
        """Publish one more message of this QoS."""
        payload = b"%d.%d" % (qos, len(self.sent[qos]))
        self.sent[qos].append(payload)
        self.sender.session.publish("t", payload, qos)

    def carry(self, party: Party, *, up: bool) -> None:
        """Bring the bytes of one side of one line over, if there are any."""
        if up:
            data = party.session.take_output()
            self.wire.told += self.wire.broker.receive(party.connection, data, 0)
        else:
            party.heard += party.session.receive(party.connection.take_output(), 0)

    def lose(self, party: Party) -> None:
        """Break a line: the bytes under way either way are gone. Then dial again."""
        party.session.lost()
        self.wire.told += self.wire.broker.lost(party.connection, 0)
        party.connection = self.wire.broker.open(0, "memory")
        party.session.connect()

    def settle_platform(self) -> None:
        """Have the platform settle all that arrived."""
        for event in self.wire.take_told():
            if isinstance(event, Arrived):
                self.arrived.append(event.payload)
                assert event.token is not None
                self.wire.broker.acknowledge(event.connection, event.token)

    def heal(self) -> None:
        """Let everything arrive."""
        for _ in range(20):
            self.wire.settle()
            self.settle_platform()


STEPS = ("send 1", "send 2", "up s", "down s", "up r", "down r", "lose s", "lose r", "settle")


@given(st.lists(st.sampled_from(STEPS), min_size=40, max_size=80))
@settings(max_examples=150)
def test_whatever_breaks_qos_2_comes_once_and_qos_1_at_least_once(steps: list[str]) -> None:
    """To the platform and to the subscriber, each QoS in its order, and nothing is left over."""
    courier = Courier()
    parties = {"s": courier.sender, "r": courier.reader}

    for step in steps:
        match step.split():
            case ["send", qos]:
                courier.send(int(qos))
            case ["lose", name]:
                courier.lose(parties[name])
            case [direction, name]:
                courier.carry(parties[name], up=direction == "up")
            case _:
                courier.settle_platform()
    courier.heal()

    to_reader = [payload for _, payload, _ in courier.reader.messages()]
    for payloads in (to_reader, courier.arrived):
        assert [one for one in payloads if one[:1] == b"2"] == courier.sent[2]
        assert list(dict.fromkeys(one for one in payloads if one[:1] == b"1")) == courier.sent[1]
    assert courier.sender.session.unacknowledged == ()
    for party in parties.values():
        session = party.connection.session
        assert (session.incoming_count, session.outbox.kept_bytes) == (0, 0)
