"""Shared subscriptions, which 3.1.1 does not know and brokers serve all the same.

`$share/{group}/{filter}` as version 5 spells it; the members of a group divide its messages.
"""

from itertools import chain

import pytest

from tests.conformance.differences import expected
from tests.conformance.octets import Message, subscribe, unsuback, unsubscribe
from tests.conformance.raw_client import END, RawClient
from tests.conformance.stage import Stage


def members_of(stage: Stage, group: str, topic_filter: str, count: int) -> list[RawClient]:
    """Connect members of a group."""
    members = [stage.client(f"{group}{number}") for number in range(count)]
    for member in members:
        member.subscribe((f"$share/{group}/{topic_filter}", 1))
    return members


def heard_by(members: list[RawClient]) -> list[list[bytes]]:
    """Return what each member has heard, acknowledged."""
    return [[message.payload for message in member.messages_so_far()] for member in members]


def test_each_message_goes_to_one_member(stage: Stage) -> None:
    """And to each member as many, as long as all take them."""
    topic = stage.name("topic")
    members = members_of(stage, "g", topic, 3)
    speaker = stage.client("speaker")

    for turn in range(12):
        speaker.publish(topic, b"%d" % turn)

    heard = heard_by(members)
    assert sorted(chain(*heard)) == sorted(b"%d" % turn for turn in range(12))
    assert [len(payloads) for payloads in heard] == [4, 4, 4]


def test_each_group_and_each_single_subscriber_gets_its_own(stage: Stage) -> None:
    """Groups are apart by their name; so are filters within one group name."""
    topic = stage.name("topic")
    one = members_of(stage, "one", topic, 2)
    two = members_of(stage, "two", topic, 2)
    wild = members_of(stage, "wild", f"{topic}/#", 1)
    single = stage.client("single")
    single.subscribe((topic, 0))
    speaker = stage.client("speaker")

    for turn in range(4):
        speaker.publish(topic, b"%d" % turn)

    everything = [b"0", b"1", b"2", b"3"]
    assert sorted(chain(*heard_by(one))) == everything
    assert sorted(chain(*heard_by(two))) == everything
    assert heard_by(wild) == [everything]
    assert heard_by([single]) == [everything]


def test_a_member_that_leaves_is_passed_over(stage: Stage) -> None:
    """By DISCONNECT, by vanishing, by UNSUBSCRIBE: the rest get all."""
    topic = stage.name("topic")
    members = members_of(stage, "g", topic, 4)
    members[0].leave()
    members[1].close()
    members[2].say(unsubscribe(1, f"$share/g/{topic}"))
    assert members[2].hear() == unsuback(1)
    speaker = stage.client("speaker")
    stage.client("g1")  # Its older connection is certainly gone when this one is accepted.

    for turn in range(4):
        speaker.publish(topic, b"%d" % turn)

    assert heard_by(members[3:]) == [[b"0", b"1", b"2", b"3"]]
    assert members[2].so_far() == []


def test_a_group_hears_nothing_retained(stage: Stage) -> None:
    """As version 5 has it (its section 4.8.2); Mosquitto sends it to whoever joins."""
    topic = stage.name("topic")
    stage.client("speaker").publish(topic, b"kept", retain=True)

    members = members_of(stage, "g", topic, 1)

    assert heard_by(members) == [expected("retained and shared", stage.broker)]


def test_a_plain_subscription_of_the_same_filter_is_another(stage: Stage) -> None:
    """Unsubscribing one leaves the other alone."""
    topic = stage.name("topic")
    client = stage.client()
    client.subscribe((topic, 0), (f"$share/g/{topic}", 0))
    client.say(unsubscribe(1, topic))
    assert client.hear() == unsuback(1)

    stage.client("speaker").publish(topic, b"x")

    assert client.messages_so_far() == [Message(topic, b"x")]


def test_messages_wait_for_a_group_that_is_away(stage: Stage) -> None:
    """With all members away, each message waits for one of them."""
    topic = stage.name("topic")
    for number in range(2):
        member = stage.client(f"m{number}", clean=False)
        member.subscribe((f"$share/g/{topic}", 1))
        member.leave()
    speaker = stage.client("speaker")

    for turn in range(4):
        speaker.publish(topic, b"%d" % turn)

    members = [stage.client(f"m{number}", clean=False, present=True) for number in range(2)]
    assert sorted(chain(*heard_by(members))) == [b"0", b"1", b"2", b"3"]


def test_who_is_away_is_spared_while_others_are_here(stage: Stage) -> None:
    """Mosquitto goes round all members, whether they are here or not."""
    topic = stage.name("topic")
    away = stage.client("away", clean=False)
    away.subscribe((f"$share/g/{topic}", 1))
    away.leave()
    here = stage.client("here")
    here.subscribe((f"$share/g/{topic}", 1))
    speaker = stage.client("speaker")

    for turn in range(4):
        speaker.publish(topic, b"%d" % turn)

    back = stage.client("away", clean=False, present=True)
    counts = tuple(len(heard) for heard in heard_by([here, back]))
    assert counts == expected("a member that is away", stage.broker)


@pytest.mark.parametrize(
    "topic_filter", ["$share/", "$share/g", "$share/g/", "$share//t", "$share/+/t", "$share/#"]
)
def test_a_share_without_group_or_filter_is_not_served(stage: Stage, topic_filter: str) -> None:
    """No filter stands behind it, or no name before that."""
    client = stage.client()

    client.say(subscribe(1, (topic_filter, 0)))

    assert client.aftermath() == expected("a malformed share", stage.broker)


@pytest.mark.parametrize("topic_filter", ["$share/g+/t", "$share/g#/t", "$share/g/a+"])
def test_a_share_that_is_no_topic_filter_ends_the_connection(
    stage: Stage, topic_filter: str
) -> None:
    """The rules of wildcards hold for the whole of it [MQTT-4.7.1-2] [MQTT-4.7.1-3]."""
    client = stage.client()

    client.say(subscribe(1, (topic_filter, 0)))

    assert client.aftermath() == [END]
