"""Sections 3.1, 3.2, 3.12 and 3.14: who gets in, under which name, and how it leaves."""

import asyncio
import string

import pytest

from tests.conformance.differences import expected
from tests.conformance.octets import (
    CLEAN,
    LEAVE,
    PASSWORD,
    PING,
    PONG,
    RESERVED,
    USERNAME,
    WILL,
    WILL_RETAIN,
    Message,
    Will,
    connack,
    connect,
    connect_raw,
    puback,
    publish,
    subscribe,
    text,
)
from tests.conformance.raw_client import END, RawClient, accepted
from tests.conformance.stage import Stage

ID = text("c")
WILL_FIELDS = text("w") + text("x")


def answer_to(client: RawClient, packet: bytes) -> list[bytes]:
    """Return what comes of a first packet: the answers and, if the broker hung up, `END`."""
    client.say(packet)
    try:
        first = client.hear()
    except EOFError:
        return [END]
    return [first, *client.aftermath()]


@pytest.mark.parametrize(
    "packet",
    [
        PING,
        LEAVE,
        publish("t", b"x", 1, 1),
        subscribe(1, ("t", 0)),
        puback(1),
    ],
    ids=["PINGREQ", "DISCONNECT", "PUBLISH", "SUBSCRIBE", "PUBACK"],
)
def test_the_first_packet_is_a_connect(stage: Stage, packet: bytes) -> None:
    """Anything else ends the connection without an answer [MQTT-3.1.0-1] [MQTT-3.2.0-1]."""
    assert answer_to(stage.dial(), packet) == [END]


def test_a_second_connect_ends_the_connection(stage: Stage) -> None:
    """Though it be the same [MQTT-3.1.0-2]."""
    client = stage.client("c")

    client.say(connect(client.client_id))

    assert client.aftermath() == [END]


def test_a_connect_is_answered_first_of_all(stage: Stage) -> None:
    """With zero, before anything that the session brings [MQTT-3.1.4-4] [MQTT-3.2.0-1]."""
    topic = stage.name("topic")
    client = stage.client("c", clean=False)
    client.subscribe((topic, 1))
    client.leave()
    stage.client("speaker").publish(topic, b"waiting")

    again = stage.client("c", clean=False, present=True)

    assert again.receive().payload == b"waiting"


# --- the protocol ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"", b"mqtt", b"MQTTX", b"MQT", b"HTTP", b"MQTT\0"])
def test_a_wrong_protocol_name_gets_no_session(stage: Stage, name: bytes) -> None:
    """The connection ends [MQTT-3.1.2-1]."""
    assert answer_to(stage.dial(), connect_raw(CLEAN, ID, protocol=name)) == [END]


@pytest.mark.parametrize("level", [0, 3, 6, 127])
def test_a_wrong_protocol_level_is_answered_with_1(stage: Stage, level: int) -> None:
    """Then the connection ends [MQTT-3.1.2-2] [MQTT-3.2.2-5]."""
    assert answer_to(stage.dial(), connect_raw(CLEAN, ID, level=level)) == [connack(1), END]


@pytest.mark.parametrize(
    ("version", "protocol", "level"), [("3.1", b"MQIsdp", 3), ("5", b"MQTT", 5)]
)
def test_another_version_is_told_so_or_served_as_such(
    stage: Stage, version: str, protocol: bytes, level: int
) -> None:
    """A broker of one version says 1, as clients fall back on that [MQTT-3.1.2-1]."""
    properties = b"\0" if level == 5 else b""
    packet = connect_raw(CLEAN, properties, text(stage.name("c")), protocol=protocol, level=level)

    answers = answer_to(stage.dial(), packet)

    assert [answer[:1] + answer[3:4] for answer in answers] == expected(
        f"version {version}", stage.broker
    )


# --- CONNECT flags and fields ----------------------------------------------------------------

BROKEN_CONNECTS = {
    "reserved flag": connect_raw(CLEAN | RESERVED, ID),
    "will without topic": connect_raw(CLEAN | WILL, ID),
    "will without message": connect_raw(CLEAN | WILL, ID, text("w")),
    "will fields without flag": connect_raw(CLEAN, ID, WILL_FIELDS),
    "will QoS 1 without flag": connect_raw(CLEAN | 0x08, ID),
    "will QoS 2 without flag": connect_raw(CLEAN | 0x10, ID),
    "will QoS 3": connect_raw(CLEAN | WILL | 0x18, ID, WILL_FIELDS),
    "will retain without flag": connect_raw(CLEAN | WILL_RETAIN, ID),
    "user name without flag": connect_raw(CLEAN, ID, text("me")),
    "flag without user name": connect_raw(CLEAN | USERNAME, ID),
    "password without flag": connect_raw(CLEAN | USERNAME, ID, text("me"), text("secret")),
    "flag without password": connect_raw(CLEAN | USERNAME | PASSWORD, ID, text("me")),
    "password without user name": connect_raw(CLEAN | PASSWORD, ID, text("secret")),
    "no client identifier": connect_raw(CLEAN),
    "client identifier cut short": connect_raw(CLEAN, b"\0\x05abc"),
    "will topic with a wildcard": connect_raw(CLEAN | WILL, ID, text("w/+"), text("x")),
    "empty will topic": connect_raw(CLEAN | WILL, ID, text(""), text("x")),
    "header cut short": b"\x10\x04\x00\x04MQ",
    "nothing": b"\x10\x00",
}


@pytest.mark.parametrize("fault", BROKEN_CONNECTS)
def test_a_broken_connect_gets_no_answer(stage: Stage, fault: str) -> None:
    """No code of the table says what is wrong, so the connection just ends.

    [MQTT-3.1.2-3] [MQTT-3.1.2-9] [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-14] [MQTT-3.1.2-15]
    [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.2-20] [MQTT-3.1.2-21] [MQTT-3.1.2-22]
    [MQTT-3.1.3-3] [MQTT-3.1.4-1] [MQTT-3.2.2-6]
    """
    client = stage.dial()

    client.say(BROKEN_CONNECTS[fault])

    assert client.until_closed() == []


def test_the_fields_of_a_connect_stand_in_their_order(stage: Stage) -> None:
    """Identifier, will topic, will message, user name, password [MQTT-3.1.3-1]."""
    topic = stage.name("wills")
    watcher = stage.client("watcher")
    watcher.subscribe((topic, 0))
    fields = [text(part) for part in (stage.name("c"), topic, "the message", "user", "password")]
    client = accepted(stage.dial("c"), connect_raw(CLEAN | WILL | USERNAME | PASSWORD, *fields))

    client.vanish()

    assert watcher.hear_message() == Message(topic, b"the message")


def test_a_user_name_may_come_without_a_password(stage: Stage) -> None:
    """And any bytes may be a password (section 3.1.3.5) [MQTT-3.1.2-19] [MQTT-3.1.2-21]."""
    stage.client("a", username="someone")
    stage.client("b", username="someone", password=b"\x00\xff\xfe")
    stage.client("c", username="", password=b"")


# --- client identifiers ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 23, 24, 200])
def test_client_identifiers_of_letters_and_digits_are_allowed(stage: Stage, size: int) -> None:
    """Up to 23 of them must be; both brokers allow more [MQTT-3.1.3-5]."""
    letters = string.digits + string.ascii_letters
    for start in range(0, len(letters), size):
        client_id = (letters * 4)[start : start + size]
        accepted(stage.dial(), connect(client_id)).leave()


@pytest.mark.parametrize("client_id", ["größe", "名前", "a b", "a/b", "a+#$"])
def test_client_identifiers_may_be_any_text(stage: Stage, client_id: str) -> None:
    """As [MQTT-3.1.3-4] has it."""
    accepted(stage.dial(), connect(client_id)).leave()


def test_a_client_without_an_identifier_gets_one_of_its_own(stage: Stage) -> None:
    """Two of them do not disturb each other [MQTT-3.1.3-6]."""
    topic = stage.name("topic")
    first, second = (accepted(stage.dial(), connect("")) for _ in range(2))
    for client in (first, second):
        client.subscribe((topic, 0))

    stage.client("speaker").publish(topic, b"x")

    assert first.messages_so_far() == second.messages_so_far() == [Message(topic, b"x")]


def test_a_session_to_be_kept_needs_an_identifier(stage: Stage) -> None:
    """Without one the answer is 2, and the connection ends.

    [MQTT-3.1.3-7] [MQTT-3.1.3-8] [MQTT-3.1.3-9] [MQTT-3.2.2-4] [MQTT-3.2.2-5]
    """
    assert answer_to(stage.dial(), connect("", clean=False)) == [connack(2), END]


def test_what_follows_a_rejected_connect_is_not_processed(stage: Stage) -> None:
    """As [MQTT-3.1.4-5] has it."""
    topic = stage.name("topic")
    watcher = stage.client("watcher")
    watcher.subscribe((topic, 0))
    client = stage.dial()

    client.say(connect("", clean=False), publish(topic, b"smuggled"), publish(topic, b"x", 1, 1))

    assert client.until_closed() == [connack(2)]
    assert watcher.so_far() == []


def test_a_newer_client_of_the_same_identifier_ends_the_older(stage: Stage) -> None:
    """As [MQTT-3.1.4-2] and [MQTT-3.1.3-2] have it."""
    older = stage.client("c")

    newer = stage.client("c")

    assert older.until_closed() == []
    assert newer.so_far() == []


def test_identifiers_that_differ_in_one_letter_s_case_are_two(stage: Stage) -> None:
    """As [MQTT-3.1.3-2] has it."""
    lower, upper = stage.client("c"), stage.client("C")

    assert lower.so_far() == upper.so_far() == []


# --- session present -------------------------------------------------------------------------


def test_session_present_says_whether_there_was_one(stage: Stage) -> None:
    """As [MQTT-3.2.2-1], [MQTT-3.2.2-2], [MQTT-3.2.2-3] and [MQTT-3.1.4-3] have it."""
    stage.client("c", clean=False, present=False).leave()
    stage.client("c", clean=False, present=True).leave()
    stage.client("c", clean=True, present=False).leave()
    stage.client("c", clean=False, present=False).leave()


def test_a_session_that_ended_badly_is_present_too(stage: Stage) -> None:
    """By a vanished client, and by a takeover [MQTT-3.2.2-2]."""
    stage.client("c", clean=False).vanish()

    stage.client("c", clean=False, present=True)
    stage.client("c", clean=False, present=True)


# --- keep alive, PINGREQ, DISCONNECT ---------------------------------------------------------


async def test_who_is_silent_for_one_and_a_half_keep_alives_is_cut_off(stage: Stage) -> None:
    """As if the network had failed, with its will; never within its keep alive.

    [MQTT-3.1.2-8] [MQTT-3.1.2-24]
    """
    topic, clock = stage.name("wills"), asyncio.get_running_loop().time
    watcher = stage.client("watcher")
    watcher.subscribe((topic, 0))
    began_at_s = clock()
    silent = stage.client("silent", keep_alive_s=1, will=Will(topic, b"silent"))

    assert await asyncio.to_thread(silent.until_closed) == []
    assert clock() - began_at_s >= 1
    assert watcher.hear_message() == Message(topic, b"silent")


def test_pings_are_answered(stage: Stage) -> None:
    """Each of them [MQTT-3.12.4-1]."""
    client = stage.client()

    client.say(PING, PING, PING)

    assert [client.hear() for _ in range(3)] == [PONG] * 3


def test_the_broker_hangs_up_after_a_disconnect(stage: Stage) -> None:
    """What follows is not processed (section 3.14.4) [MQTT-3.14.4-2]."""
    topic = stage.name("topic")
    watcher = stage.client("watcher")
    watcher.subscribe((topic, 0))
    client = stage.client()

    client.say(LEAVE, publish(topic, b"too late"), PING)

    assert client.until_closed() == []
    assert watcher.so_far() == []
