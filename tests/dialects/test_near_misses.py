from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import given

from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId
from tests.dialects.near_misses import TAPES, Tape, near_misses, near_wires, spoiled, written

_SAMPLE = b'{"id": "1", "params": {"version": "2.0", "files": [1]}}'


def tapes(count: int = 4_000) -> Iterator[Tape]:
    """Return tapes that hold anything, the same at each call."""
    return (Tape(hashlib.sha256(b"%d" % number).digest()) for number in range(count))


def test_a_tape_goes_on_with_zeros() -> None:
    """Long numbers take two bytes."""
    tape = Tape(b"\x05\x01\x02\x07ab")

    assert [tape.below(4), tape.below(1000), tape.one_of("wxyz")] == [1, 258, "z"]
    assert tape.rest() == b"ab"
    assert [tape.below(9), tape.below(0), tape.rest()] == [0, 0, b""]


@given(TAPES)
def test_a_tape_says_all(tape: Tape) -> None:
    """The same tape does the same to a sample."""
    content = tape.rest()

    assert spoiled((_SAMPLE,), Tape(content)) == spoiled((_SAMPLE,), Tape(content))


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON"


@functools.cache
def _near() -> list[object]:
    return [_read(spoiled((_SAMPLE,), tape)) for tape in tapes(12_000)]


@pytest.mark.parametrize(
    "wanted",
    [
        {"id": "1", "params": {"files": [1]}},
        {"id": "1", "params": {"version": None, "files": [1]}},
        {"version": "1", "params": {"version": "2.0", "files": [1]}},
        {"id": "1", "params": {"version": "2.0", "files": []}},
        {"id": "1", "params": {"version": ["2.0"], "files": [1]}},
        {"id": "1", "params": {"version": "\ud800", "files": [1]}},
        {"id": "1"},
        {"id": "1", "params": []},
        "no JSON",
    ],
)
def test_what_decoders_stumble_over_is_near(wanted: object) -> None:
    """A key that is missing or another's, another type anywhere, half a pair, no JSON."""
    assert wanted in _near()


def test_what_is_no_json_is_spoiled_too() -> None:
    """By its bytes; a sample may be spoiled twice, and then nest without end."""
    assert spoiled((b"[" * 100_000,), Tape(b"\0\1\0\1\0\0"))
    assert len({spoiled((b"abc",), tape) for tape in tapes(200)}) > 50


def test_nothing_is_near_to_no_sample() -> None:
    """A mistake of the test's."""
    with pytest.raises(AssertionError, match="without a sample"):
        near_misses()


def test_a_codec_writes_the_samples() -> None:
    """All of them; one that it has no form for is a mistake of the test's."""
    wires = written(lambda _, text: WireMessage(text, b"x"), DeviceId("p", "d"), "a", "b")

    assert wires == [WireMessage("a", b"x"), WireMessage("b", b"x")]
    with pytest.raises(AssertionError, match="no form"):
        written(lambda *_: None, DeviceId("p", "d"), "a")


@given(near_wires([WireMessage("a", _SAMPLE)], ["b"]))
def test_a_message_is_near_on_its_own_topic_or_another(near: tuple[str, bytes]) -> None:
    """Nowhere else."""
    assert near[0] in {"a", "b"}
