"""Bytes that come close to a message: a valid one, in which a few things were changed.

In Hypothesis the draws are what costs, ten times what a decoder does, and JSON that is drawn leaf
by leaf takes dozens. Here one draw of bytes, a tape, says all that happens to a sample: which
values take another's place, which keys go, which bytes are cut. A shorter tape changes less, so
what fails shrinks to its sample with one change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId

# What no reader may stumble over, of every type; what stands near a limit or a word comes from the
# samples themselves.
ODD_TEXTS = (
    "", " ", "x", "0", "1", "-1", "-5", "100", "101", "1.5", "1e3", "NaN", "null", "\u0663", "\0",
    "\ud800", "\U0001f600", "\u202e", "a/b", "+", "#", "%00", "%", "a,b", "a=b", "&", "|", "\r\n",
    "default", "Md5", "SHA256", "0" * 32, "a" * 64, "9" * 19, "9" * 30, "x" * 300,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 5, 100, 101, 255, 2**31, 2**63, 10**18, 10**30, 0.5, -0.0, 1e300,
    float("inf"), float("nan"), [], {}, [[]], [None], [{}], [1, "a"], {"": None}, {"id": "1"},
    {"a": {"b": [{}]}}, *ODD_TEXTS,
)  # fmt: skip
_BURSTS = (b"", b"\0", b"\xff", b'"', b"\\", b"{", b"}", b"[", b",", b"\xed\xa0\x80", b"[" * 3_000)
_COUNTS = (1, 1, 1, 2, 3)  # How many; with more nothing would be left of a sample.


class Tape:
    """Small numbers out of bytes, and zeros after its end."""

    def __init__(self, content: bytes) -> None:
        self._rest = iter(content)

    def below(self, end: int) -> int:
        """Return a number from 0 to `end` - 1; 0 where there is nothing below."""
        number = next(self._rest, 0)
        if end > 256:
            number = number * 256 + next(self._rest, 0)
        return number % max(end, 1)

    def one_of(self, choices: Any) -> Any:  # noqa: ANN401 - a sequence of any kind
        """Return one of several things."""
        return choices[self.below(len(choices))]

    def rest(self) -> bytes:
        """Return all that is left."""
        return bytes(self._rest)


# As long as a few edits are; Hypothesis draws twice the minimum on average.
TAPES = st.binary(min_size=9, max_size=60).map(Tape)


def near_misses(*samples: bytes) -> st.SearchStrategy[bytes]:
    """Draw bytes near to one of the samples; one in eight times, bytes near to nothing."""
    assert samples, "without a sample there is nothing to be near to"
    return TAPES.map(lambda tape: spoiled(samples, tape) if tape.below(8) else tape.rest())


def near_wires(
    wires: Sequence[WireMessage], topics: Sequence[str]
) -> st.SearchStrategy[tuple[str, bytes]]:
    """Draw a payload near to one of the messages, mostly on its own topic, else on one of these."""
    assert wires, "without a sample there is nothing to be near to"

    def near(tape: Tape) -> tuple[str, bytes]:
        wire: WireMessage = tape.one_of(wires)
        topic: str = wire.topic if tape.below(4) else tape.one_of(topics)
        return topic, spoiled((wire.payload,), tape) if tape.below(8) else tape.rest()

    return TAPES.map(near)


def written(
    encode: Callable[[DeviceId, Any], WireMessage | None], device: DeviceId, *messages: object
) -> list[WireMessage]:
    """Write these messages by a codec that has a form for each of them."""
    found = [encode(device, message) for message in messages]
    assert None not in found, "the codec has no form for one of the samples"
    return [wire for wire in found if wire is not None]


def spoiled(samples: tuple[bytes, ...], tape: Tape) -> bytes:
    """Return one of the samples with a few changes to its JSON, to its bytes, or to both."""
    content: bytes = tape.one_of(samples)
    how = tape.below(4)
    if how:
        content = _spoil_json(content, tape)
    return content if how > 1 else _spoil_bytes(content, tape)


def _spoil_bytes(content: bytes, tape: Tape) -> bytes:
    for _ in range(tape.one_of(_COUNTS)):
        at, length = tape.below(len(content) + 1), tape.below(4)
        content = content[:at] + tape.one_of(_BURSTS) + content[at + length :]
    return content


def _spoil_json(content: bytes, tape: Tape) -> bytes:
    try:
        box = [json.loads(content)]
    except (ValueError, RecursionError):
        return content  # A burst that nests without end may be in it already.
    for _ in range(tape.one_of(_COUNTS)):
        places = list(_places(box))
        if not places:
            break
        inside, key = tape.one_of(places)
        tape.one_of(_EDITS)(inside, key, tape, places)
    return json.dumps(box[0] if box else None).encode()


def _places(inside: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - a list or an object
    """Name each place of a value: what it is in, and its key there; the outermost first."""
    for key in range(len(inside)) if isinstance(inside, list) else inside:
        yield inside, key
        if isinstance(inside[key], list | dict):
            yield from _places(inside[key])


def _put(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    inside[key] = deepcopy(tape.one_of(ODD_VALUES))


def _write(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    inside[key] = tape.rest().decode("latin-1")


def _count(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    inside[key] = int.from_bytes(tape.rest()[:9], "big", signed=True)


def _quote(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    inside[key] = json.dumps(inside[key])


def _wrap(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    inside[key] = [inside[key]] * (1 + tape.below(3))


def _drop(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    del inside[key]


def _swap(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    """Put what stands at another place here, by its text, so that no value holds itself."""
    other, at = tape.one_of(places)
    inside[key] = json.loads(json.dumps(other[at]))


def _rename(inside: Any, key: Any, tape: Tape, places: list[tuple[Any, Any]]) -> None:  # noqa: ANN401
    if isinstance(inside, dict):
        inside[str(tape.one_of(places)[1])] = inside.pop(key)


# The plain ones stand twice: they find the most.
_EDITS: tuple[Callable[[Any, Any, Tape, list[tuple[Any, Any]]], None], ...] = (
    _put, _put, _drop, _drop, _put, _write, _count, _quote, _wrap, _swap, _rename,
)  # fmt: skip
