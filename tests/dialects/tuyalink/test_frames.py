from __future__ import annotations

import pytest

from fleet_sim.dialects.tuyalink import frames
from fleet_sim.dialects.tuyalink.topics import Leaf
from fleet_sim.dialects.wire import DialectError, WireMessage


def test_a_frame_has_an_id_a_time_and_data() -> None:
    """And a code where it is a response."""
    assert frames.write("d1", Leaf.GET, "a1", {}, time_ms=7) == WireMessage(
        "tylink/d1/ota/get", b'{"msgId":"a1","time":7,"data":{}}'
    )
    assert frames.write("d1", Leaf.GET_RESPONSE, "a1", {}, time_ms=7, code=0) == WireMessage(
        "tylink/d1/ota/get_response", b'{"msgId":"a1","time":7,"code":0,"data":{}}'
    )


@pytest.mark.parametrize(
    ("payload", "message_id"),
    [
        (b'{"msgId":"a1","time":1700000000,"version":"1.0","data":{}}', "a1"),
        (b'{"msgId":"a1"}', "a1"),
        (b'{"msgId":7,"data":null}', "7"),
        (b"{}", ""),
    ],
)
def test_a_frame_may_lack_what_is_not_needed(payload: bytes, message_id: str) -> None:
    """The time is not looked at, and no data is nothing said."""
    found, body = frames.read(payload)

    assert found == message_id
    assert frames.data_of(body) == {}


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b"", "no JSON"),
        (b"[]", "not an object"),
        (b'{"msgId":[]}', "msgId is a list"),
        (b'{"msgId":"' + b"x" * 33 + b'"}', "at most 32"),
        (b" " * (256 * 1024 + 1), "at most 262144"),
    ],
)
def test_other_frames_are_refused(payload: bytes, sentence: str) -> None:
    """With the platform's number for data that cannot be read."""
    with pytest.raises(DialectError, match=sentence) as caught:
        frames.read(payload)

    assert caught.value.code == 1003


def test_data_of_another_type_is_refused() -> None:
    """It has to be an object."""
    with pytest.raises(DialectError, match="data is a list"):
        frames.data_of({"data": []})
