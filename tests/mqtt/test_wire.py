"""The helper that joins clients and a broker."""

from fleet_sim.mqtt.broker import Opened
from fleet_sim.mqtt.client import Connected
from fleet_sim.mqtt.packets import Connack, Connect
from tests.mqtt.wire import Raw, Rules, Wire


def test_a_wire_carries_both_ways() -> None:
    """A client that connects hears so, and the broker tells of it."""
    wire = Wire()

    party = wire.client("d1")

    assert party.heard == [Connected(session_present=False)]
    assert wire.take_told() == [Opened(party.connection, "d1")]
    assert wire.take_told() == []


def test_a_raw_connection_hears_packets() -> None:
    """What the broker writes comes back as packets."""
    wire = Wire()

    raw = Raw(wire.broker)

    assert raw.say(Connect("d1")) == [Connack(0)]


def test_rules_answer_as_listed() -> None:
    """Passwords, bans and lists of topics are what they say."""
    rules = Rules(passwords={"a": b"x", "b": b"y"}, banned=["b"], publish=["up/#"], subscribe=["s"])

    assert rules.admit(Connect("c", "a", b"wrong"), "") == 4
    assert rules.admit(Connect("c", "b", b"y"), "") == 5
    assert rules.may_publish("a", "up/1")
    assert not rules.may_publish("a", "down/1")
    assert rules.may_subscribe("a", "s")
    assert not rules.may_subscribe("a", "t")
