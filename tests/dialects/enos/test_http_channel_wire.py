from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import http_channel_wire as wire
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ServerMessage
from tests.dialects.enos.strategies import DEVICES, SERVER_MESSAGES

_ID = "65f0c0ffee00000000000001"


def test_a_login_is_signed_as_the_page_says() -> None:
    """Names and values in ASCII order, then the secret, through one plain SHA-256."""
    signature = wire.sign(DeviceId("pk1", "dk1"), "300000", "devsecret1")

    assert signature == "88d10d76bcd750c69f2f8a7d8026329ae28434338d2c8eb09159896519170be6"


def test_paths_are_those_of_the_pages() -> None:
    """Product key first, then device key."""
    device = DeviceId("pk1", "dk1")

    assert wire.login_path(device) == "/auth/pk1/dk1"
    assert wire.download_path(device) == "/multipart/sys/pk1/dk1/file/download"


@given(DEVICES, SERVER_MESSAGES)
def test_every_command_survives_its_headers(device: DeviceId, message: ServerMessage) -> None:
    """Whatever a version, an address or a device key is made of; and headers stay printable."""
    codec = EnosServer()
    command = codec.encode(device, message)

    (_, topic), (_, payload) = wire.command_headers(command)
    found = wire.read_command(topic, payload)

    assert all(" " <= mark <= "~" for mark in topic + payload)
    assert found.topic == command.topic
    assert json.loads(found.payload) == json.loads(command.payload)


def test_a_command_looks_like_itself() -> None:
    """A plain topic and a plain payload are written as they are; other characters escaped."""
    plain = WireMessage("/sys/pk1/dk1/ota/device/upgrade", b'{"id":"1"}')
    other = WireMessage("/sys/pk1/d\n1 \xe9/x", '{"a":"\xe9\x7f\U0001f600"}'.encode())

    assert wire.command_headers(plain) == (
        ("topic", "/sys/pk1/dk1/ota/device/upgrade"),
        ("command-payload", '{"id":"1"}'),
    )
    assert wire.command_headers(other) == (
        ("topic", "/sys/pk1/d%0A1%20%C3%A9/x"),
        ("command-payload", '{"a":"\\u00e9\\u007f\\ud83d\\ude00"}'),
    )


@pytest.mark.parametrize(("topic", "payload"), [("", "{}"), ("/a", ""), ("/a%ff", "{}")])
def test_half_a_command_is_a_mistake(topic: str, payload: str) -> None:
    """Neither header means anything without the other."""
    with pytest.raises(DialectError):
        wire.read_command(topic, payload)


@given(st.text(), st.text())
def test_headers_of_any_kind_raise_nothing_else(topic: str, payload: str) -> None:
    """A server that is none of EnOS may send anything."""
    try:
        found = wire.read_command(topic, payload)
    except DialectError:
        return
    assert found.topic


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("fw.zip", f"enos-connect://{_ID}.zip"),
        ("fw.tar.gz", f"enos-connect://{_ID}.gz"),
        ("firmware", f"enos-connect://{_ID}"),
    ],
)
def test_a_file_is_named_by_its_firmware(name: str, uri: str) -> None:
    """And its id is read back from there."""
    assert wire.file_uri(_ID, name) == uri
    assert wire.firmware_in(uri) == _ID


@pytest.mark.parametrize(
    "uri",
    [
        f"ENOS-CONNECT://{_ID}.bin",
        f"http://127.0.0.1:8080/firmware/{_ID}/fw.bin",
        f"https://host/firmware/{_ID}/fw%20.bin?x=1",
        f"/firmware/{_ID}/fw.bin",
        f"/{_ID}/ota/fw.bin",
    ],
)
def test_the_address_of_a_push_names_a_firmware_too(uri: str) -> None:
    """A device hands on what stands in the push, be it absolute or a path."""
    assert wire.firmware_in(uri) == _ID


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "enos-connect://",
        "enos-connect://..",
        f"enos-connect:/{_ID}",
        f"ftp://host/{_ID}/fw.bin",
        f"file:///{_ID}/fw.bin",
        "http://host/firmware/x/fw.bin",
        "http://[",
        f"enos-connect://{_ID.upper()}.bin",
        f"enos-connect://../{_ID}",
    ],
)
def test_other_addresses_name_none(uri: str) -> None:
    """Nothing else is looked for, and no path leads elsewhere."""
    assert wire.firmware_in(uri) is None


@given(st.text())
def test_any_text_may_stand_where_an_address_should(text: str) -> None:
    """It names a firmware or it does not."""
    found = wire.firmware_in(text)

    assert found is None or len(found) == 24
