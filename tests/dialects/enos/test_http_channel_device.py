from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.http_channel import EnosHttpChannel
from fleet_sim.dialects.enos.http_channel_device import EnosHttpDevice
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.http_channel import LoggedIn, Said
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationReply,
    DeviceMessage,
    UpgradeReply,
    UpgradeRequest,
)
from tests.dialects.enos.strategies import DEVICE_MESSAGES, DEVICES, IMAGES, TEXTS
from tests.dialects.keys import Keys
from tests.dialects.near_http import near_responses

_DEVICE = DeviceId("pk1", "dk1")
_CLIENT = EnosHttpDevice()
_IMAGE = FirmwareImage("2.0", "http://b.example/2.0.bin", 43, "9e107d9d37", "md5")


def _platform() -> EnosHttpChannel:
    return EnosHttpChannel(seed=7, epoch_ms=0)


@pytest.mark.codec
@given(DEVICES, TEXTS)
def test_what_a_device_signs_the_platform_accepts(device: DeviceId, secret: str) -> None:
    """Whatever its keys and its secret are made of; and it reads the session it was given."""
    channel = _platform()

    read = channel.read(_CLIENT.login(device, secret), 0, Keys({device: secret}))

    assert isinstance(read, LoggedIn)
    assert read.device == device
    assert _CLIENT.session_of(channel.welcome(read, None)) == read.session


@pytest.mark.codec
@given(DEVICES, DEVICE_MESSAGES)
def test_every_message_arrives_as_over_mqtt(device: DeviceId, message: DeviceMessage) -> None:
    """On its topic, byte by byte; the reply comes back on its own."""
    channel = _platform()
    login = channel.read(_CLIENT.login(device, "s"), 0, Keys({device: "s"}))
    assert isinstance(login, LoggedIn)
    wire = EnosDevice().encode(device, message)

    said = channel.read(_CLIENT.say(device, login.session, wire), 0, Keys({device: "s"}))

    assert isinstance(said, Said)
    assert (said.device, said.topic, said.payload) == (device, wire.topic, wire.payload)
    assert EnosServer().decode(said.topic, said.payload) == (device, message)
    assert said.carries_commands == (not isinstance(message, UpgradeReply | ActivationReply))
    reply = WireMessage(said.reply_topic, b'{"id":"1","code":200}')
    assert _CLIENT.heard(wire, channel.answer(said, reply, None)) == reply


@pytest.mark.codec
@given(DEVICES, st.builds(UpgradeRequest, message_id=TEXTS, image=IMAGES))
def test_every_push_arrives_with_an_answer(device: DeviceId, push: UpgradeRequest) -> None:
    """And reads as it would over MQTT, if it fits into a header."""
    channel = _platform()
    command = EnosServer().encode(device, push)
    login = channel.read(_CLIENT.login(device, "s"), 0, Keys({device: "s"}))
    assert isinstance(login, LoggedIn)
    assert channel.can_carry(command)

    found = _CLIENT.command_in(channel.welcome(login, command))

    assert found is not None
    assert EnosDevice().decode(device, found.topic, found.payload) == push


def test_an_answer_without_a_command_has_none() -> None:
    """Half a command is a mistake of the platform's."""
    assert _CLIENT.command_in(HttpResponse(200, b"{}")) is None
    with pytest.raises(DialectError):
        _CLIENT.command_in(HttpResponse(200, b"{}", (("topic", "/a"),)))


def test_only_an_address_within_enos_needs_the_channel() -> None:
    """All others are fetched as they stand."""
    assert _CLIENT.is_needed_for("enos-connect://65f0.zip")
    assert _CLIENT.is_needed_for("ENOS-Connect://65f0.zip")
    assert not _CLIENT.is_needed_for("http://enos-connect/65f0.zip")
    assert not _CLIENT.is_needed_for("/enos-connect/65f0.zip")


def test_a_login_is_written_as_the_sdk_writes_it() -> None:
    """The golden values of the vendor's worked example."""
    request = _CLIENT.login(_DEVICE, "devsecret1")

    assert (request.method, request.path) == ("POST", "/auth/pk1/dk1")
    assert json.loads(request.body) == {
        "signMethod": "sha256",
        "lifetime": 300_000,
        "sign": "88d10d76bcd750c69f2f8a7d8026329ae28434338d2c8eb09159896519170be6",
        "acceptCommandTypes": [],
    }


def test_the_platforms_refusals_are_told_with_their_codes() -> None:
    """Of a login, and of a message; a reply that says no is still the message's own."""
    wire = WireMessage("/sys/pk1/dk1/ota/device/inform", b"{}")

    with pytest.raises(DialectError, match="742") as login:
        _CLIENT.session_of(HttpResponse(200, b'{"code":742,"message":"no"}'))
    with pytest.raises(DialectError, match="1009") as message:
        _CLIENT.heard(wire, HttpResponse(200, b'{"code":1009,"message":"no"}'))
    assert (login.value.code, message.value.code) == (742, 1009)
    assert _CLIENT.heard(wire, HttpResponse(200, b'{"id":"","code":1220}')).payload


_COMMAND = EnosServer().encode(_DEVICE, UpgradeRequest("1", _IMAGE))
_NEAR_ANSWERS = near_responses(
    HttpResponse(200, b'{"code":200,"data":{"sessionId":"s1"},"message":""}'),
    HttpResponse(200, b'{"id":"1","code":200,"data":"","message":""}'),
    HttpResponse(200, b'{"code":1009,"message":"no session"}'),
    HttpResponse(
        200, b"{}", (("topic", _COMMAND.topic), ("command-payload", _COMMAND.payload.decode()))
    ),
)


@pytest.mark.codec
@given(_NEAR_ANSWERS)
def test_answers_of_any_kind_raise_nothing_but_our_own_error(response: HttpResponse) -> None:
    """A server that is none of EnOS may answer anything."""
    wire = WireMessage("/sys/pk1/dk1/ota/device/inform", b"{}")
    readers = (
        lambda: _CLIENT.session_of(response),
        lambda: _CLIENT.heard(wire, response),
        lambda: _CLIENT.command_in(response),
    )
    for read in readers:
        with contextlib.suppress(DialectError):
            read()
