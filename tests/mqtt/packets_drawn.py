"""Packets drawn by Hypothesis: every one that may be written."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet_sim.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
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
)

LEVEL = st.text(st.characters(codec="utf-8", exclude_characters="\0+#/"), max_size=8)
IDS = st.integers(1, 0xFFFF)
QOS = st.integers(0, 2)


def _joined(levels: list[str]) -> str:
    return "/".join(levels) or "/"


TOPICS = st.lists(LEVEL, min_size=1, max_size=5).map(_joined)
FILTERS = st.builds(
    lambda levels, end: _joined([*levels, *end]),
    st.lists(st.one_of(LEVEL, st.just("+")), min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
WILLS = st.builds(Will, TOPICS, st.binary(max_size=40), QOS, st.booleans())


def _publish(topic: str, payload: bytes, qos: int, packet_id: int, flags: int) -> Publish:
    if qos == 0:
        return Publish(topic, payload, 0, 0, bool(flags & 1))
    return Publish(topic, payload, qos, packet_id, bool(flags & 1), bool(flags & 2))


def _connect(
    client_id: str,
    credentials: tuple[str | None, bytes | None],
    keep_alive_s: int,
    will: Will | None,
    *,
    clean: bool,
) -> Connect:
    username, password = credentials
    password = password if username is not None else None
    return Connect(client_id, username, password, keep_alive_s, clean, will)


PUBLISHES = st.builds(_publish, TOPICS, st.binary(max_size=300), QOS, IDS, st.integers(0, 3))
CONNECTS = st.builds(
    _connect,
    TEXTS,
    st.tuples(st.none() | TEXTS, st.none() | st.binary(max_size=20)),
    st.integers(0, 0xFFFF),
    st.none() | WILLS,
    clean=st.booleans(),
)
PACKETS: st.SearchStrategy[Packet] = st.one_of(
    PUBLISHES,
    CONNECTS,
    st.builds(Connack, st.just(0), st.booleans()),
    st.builds(Connack, st.integers(1, 255)),
    st.builds(Puback, IDS),
    st.builds(Pubrec, IDS),
    st.builds(Pubrel, IDS),
    st.builds(Pubcomp, IDS),
    st.builds(Subscribe, IDS, st.lists(st.tuples(FILTERS, QOS), min_size=1, max_size=4).map(tuple)),
    st.builds(
        Suback, IDS, st.lists(st.sampled_from([0, 1, 2, 0x80]), min_size=1, max_size=4).map(tuple)
    ),
    st.builds(Unsubscribe, IDS, st.lists(FILTERS, min_size=1, max_size=4).map(tuple)),
    st.builds(Unsuback, IDS),
    st.just(Pingreq()),
    st.just(Pingresp()),
    st.just(Disconnect()),
)
