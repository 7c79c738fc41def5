import pytest

from fleet_sim.mqtt.authority import Admission, Authority
from fleet_sim.mqtt.broker import AllowAll, Broker, Refused
from fleet_sim.mqtt.client import Acknowledged
from fleet_sim.mqtt.gate import Gate
from fleet_sim.mqtt.limits import BrokerLimits, ConnectRate
from fleet_sim.mqtt.packets import Connack, ConnackCode, Connect, MqttError, Suback, Subscribe
from fleet_sim.mqtt.session import Session
from tests.mqtt.wire import Raw, Rules, Wire

SECRET = {"u": b"secret"}
MALFORMED = "a shared subscription is $share/GROUP/FILTER, its group without wildcards"


def gate(authority: Authority | None = None, **limits: object) -> Gate:
    """Return a gate with these limits and rules."""
    return Gate(BrokerLimits(**limits), authority or Rules())  # type: ignore[arg-type]


def test_who_may_come_in_keeps_its_name() -> None:
    """The packet comes back as it was, with what the authority gives."""
    rules = Rules(passwords=SECRET, implicit=["down/{}"])
    packet = Connect("d1", "u", b"secret")

    assert gate(rules).admit(packet, "", 0) == (packet, Admission("u", ("down/d1",)))


def test_the_nameless_are_named_and_each_differently() -> None:
    """The authority sees the given name."""
    nameless = gate()

    assert [nameless.admit(Connect(""), "", 0)[1].principal for _ in range(2)] == [
        "unnamed-1",
        "unnamed-2",
    ]


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (Connect("", clean_session=False), ConnackCode.IDENTIFIER_REJECTED),
        (Connect("ü" * 6), ConnackCode.IDENTIFIER_REJECTED),
        (Connect("d1", keep_alive_s=29), ConnackCode.SERVER_UNAVAILABLE),
        (Connect("d1", keep_alive_s=0), ConnackCode.SERVER_UNAVAILABLE),
        (Connect("d1", "u", b"wrong"), ConnackCode.BAD_USERNAME_OR_PASSWORD),
        (Connect("d1"), ConnackCode.BAD_USERNAME_OR_PASSWORD),
        (Connect("d1", "v", b"secret"), ConnackCode.NOT_AUTHORIZED),
    ],
)
def test_who_may_not_come_in_hears_the_code(packet: Connect, code: ConnackCode) -> None:
    """Protocol, limits, authority, each with its own."""
    strict = gate(
        Rules(passwords={**SECRET, "v": b"secret"}, banned=["v"]),
        client_id_bytes_max=11,
        keep_alive_s_min=30,
        keep_alive_refusal=ConnackCode.SERVER_UNAVAILABLE,
    )

    with pytest.raises(MqttError) as caught:
        strict.admit(packet, "", 0)

    assert caught.value.code == code


def test_a_rate_is_kept_for_who_passed_the_authority() -> None:
    """Guessing passwords cannot lock a device out."""
    limited = gate(Rules(passwords=SECRET), connect_rates=(ConnectRate(1, 1_000),))
    good, bad = Connect("d1", "u", b"secret"), Connect("d1", "u", b"guess")

    codes = []
    for packet in (bad, bad, good, good):
        try:
            limited.admit(packet, "", 0)
            codes.append(0)
        except MqttError as error:
            codes.append(error.code or -1)

    assert codes == [4, 4, 0, 3]


@pytest.mark.parametrize(
    ("topic", "refusal"),
    [
        ("up/1", ""),
        ("down/1", "no authority to publish there"),
        ("up/123456789", "the topic is too long"),
        ("up/üüüü", ""),
        ("up/üüüüü", "the topic is too long"),
        ("up/1/2", ""),
        ("up/1/2/", "the topic is too long"),
    ],
)
def test_messages_are_held_to_limits_and_authority(topic: str, refusal: str) -> None:
    """Bytes, levels, and the list."""
    strict = gate(Rules(publish=["up/#"]), topic_bytes_max=11, topic_levels_max=3)

    assert strict.publish_refusal("u", topic) == refusal


@pytest.mark.parametrize(
    ("topic_filter", "refusal"),
    [
        ("a", ""),
        ("b", "no authority to subscribe to it"),
        ("$share/g/a", ""),
        ("$share/h/a", "no authority to subscribe to it"),
        ("$share/g", MALFORMED),
        ("$share//a", MALFORMED),
        ("$share/+/a", MALFORMED),
        ("$share/g/", MALFORMED),
        ("a/b/c/d", "the topic filter is too long"),
        ("a12345678901", "the topic filter is too long"),
    ],
)
def test_filters_are_held_to_limits_and_authority(topic_filter: str, refusal: str) -> None:
    """As messages are; a shared one is known as such."""
    strict = gate(Rules(subscribe=["a", "$share/g/a"]), topic_bytes_max=11, topic_levels_max=3)

    assert strict.filter_refusal(Session("", "", BrokerLimits()), topic_filter) == refusal


def test_subscriptions_are_counted_but_not_twice() -> None:
    """One that exists may be asked for again."""
    strict = gate(subscriptions_max=2)
    session = Session("", "", BrokerLimits())
    session.subscribed = {"a": None, "b": None}

    assert strict.filter_refusal(session, "a") == ""
    assert strict.filter_refusal(session, "c") == "2 subscriptions are all that is allowed"


# --- through a whole broker ----------------------------------------------------------------


def test_connects_above_the_rate_are_refused() -> None:
    """A vendor's switch: once a second, here."""
    limits = BrokerLimits(connect_rates=(ConnectRate(1, 1_000),))
    limited = Broker(limits, AllowAll())
    Raw(limited, Connect("d1"))

    assert Raw(limited).say(Connect("d1"), now_ms=999) == [Connack(3)]
    assert Raw(limited).say(Connect("d1"), now_ms=2_000) == [Connack(0)]


def test_subscriptions_are_granted_one_by_one() -> None:
    """Authority, shared, too many; each refusal is told."""
    rules = Rules(subscribe=["a", "$share/g/a", "b", "c"])
    raw = Raw(Broker(BrokerLimits(subscriptions_max=3), rules), Connect("d1"))
    wanted = (("a", 2), ("forbidden", 0), ("$share/g/a", 1), ("$share/g", 1), ("b", 0), ("c", 1))

    assert raw.say(Subscribe(3, wanted))[-1] == Suback(3, (2, 0x80, 1, 0x80, 0, 0x80))
    assert raw.told[1:] == [
        Refused(raw.connection, "forbidden", "no authority to subscribe to it"),
        Refused(raw.connection, "$share/g", MALFORMED),
        Refused(raw.connection, "c", "3 subscriptions are all that is allowed"),
    ]
    assert [raw.broker.publish(name, b"x", 0, 0) for name in ("a", "forbidden", "b", "c")] == [
        2, 0, 1, 0,
    ]  # fmt: skip


def test_a_message_without_authority_is_acknowledged_and_dropped() -> None:
    """MQTT 3.1.1 has no other word; the platform is told, the subscriber is not."""
    wire = Wire(Rules(publish=["up"]), claimed=["#"])
    reader = wire.client("r")
    reader.session.subscribe([("#", 0)])
    sender = wire.client("s")
    wire.take_told()

    packet_id = sender.session.publish("other/device", b"x", 1)
    sender.session.publish("other/device", b"y", 0)
    wire.settle()

    assert sender.heard[-1] == Acknowledged(packet_id)
    assert (
        wire.told
        == [
            Refused(sender.connection, "other/device", "no authority to publish there"),
        ]
        * 2
    )
    assert reader.messages() == []
