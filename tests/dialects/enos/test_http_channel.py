from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import http_channel_wire as wire
from fleet_sim.dialects.enos.http_channel import EnosHttpChannel
from fleet_sim.dialects.enos.http_channel_device import LIFETIME_MS, EnosHttpDevice
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.http_channel import FileWanted, LinkWanted, LoggedIn, Said
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId
from tests.dialects.keys import Keys
from tests.dialects.near_http import near_requests

_DEVICE = DeviceId("pk1", "dk1")
_OTHER = DeviceId("pk1", "dk2")
_CHILD = DeviceId("pk1", "child")
_SECRETS = {_DEVICE: "devsecret1", _OTHER: "devsecret2", _CHILD: "devsecret3"}
_KEYS = Keys(_SECRETS, gateways={_CHILD: _OTHER})
_ID = "65f0c0ffee00000000000001"
_INFORM = WireMessage(
    "/sys/pk1/dk1/ota/device/inform", b'{"id":"7","version":"1.1","params":{"version":"1.0"}}'
)
_COMMAND = WireMessage("/sys/pk1/dk1/ota/device/upgrade", b'{"id":"9"}')
_CLIENT = EnosHttpDevice()


class Scene:
    """A channel that knows two devices, and a clock that the test moves."""

    def __init__(self) -> None:
        self.channel = EnosHttpChannel(seed=7, epoch_ms=1_700_000_000_000)
        self.now_ms = 0

    def read(self, request: HttpRequest) -> Any:  # noqa: ANN401 - what is read, or an answer
        """Read a request."""
        return self.channel.read(request, self.now_ms, _KEYS)

    def login(self, device: DeviceId = _DEVICE) -> str:
        """Log a device in; return its session."""
        read = self.read(_CLIENT.login(device, _SECRETS[device]))
        assert isinstance(read, LoggedIn)
        return read.session

    def refused(self, request: HttpRequest) -> tuple[int, int]:
        """Return the HTTP status and the code of a refusal."""
        read = self.read(request)
        assert isinstance(read, HttpResponse)
        return read.status, json.loads(read.body)["code"]


def _login(body: object, path: str = "/auth/pk1/dk1") -> HttpRequest:
    return HttpRequest("POST", path, body=json.dumps(body).encode())


def _claim(**changes: object) -> dict[str, object]:
    sign = "88d10d76bcd750c69f2f8a7d8026329ae28434338d2c8eb09159896519170be6"
    return {"signMethod": "sha256", "lifetime": 300_000, "sign": sign, **changes}


# --- login --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        _claim(),
        _claim(clientInfo={"ipAddress": "10.0.0.5", "sdkVersion": "0.1"}, acceptCommandTypes=[]),
        _claim(lifetime="300000"),
        _claim(sign=str(_claim()["sign"]).upper(), signMethod="SHA256"),
    ],
)
def test_a_signed_login_opens_a_session(body: dict[str, object]) -> None:
    """As the page and the Java SDK write it; the older page has the lifetime as a string."""
    scene = Scene()

    read = scene.read(_login(body))

    assert isinstance(read, LoggedIn)
    assert read.device == _DEVICE
    answer = scene.channel.welcome(read, None)
    assert answer.status == 200
    assert json.loads(answer.body) == {
        "code": 200,
        "data": {"sessionId": read.session},
        "message": "",
    }


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (_login(_claim(), "/auth/pk1/nobody"), 705),
        (_login(_claim(), "/auth/pk1/child"), 771),
        (_login(_claim(), "/auth/pk1"), 705),
        (_login(_claim(), "/auth//"), 705),
        (_login(_claim(), "/auth/pk1/dk1/"), 705),
        (_login(_claim(), "/auth/pk1/dk+"), 705),
        (_login(_claim(), "/auth/pk1/\ud800"), 705),
        (_login(_claim(sign="0" * 64)), 742),
        (_login(_claim(sign="")), 742),
        (_login(_claim(sign="\ud800")), 1220),
        (_login(_claim(), "/auth/pk1/dk2"), 742),
        (_login(_claim(lifetime=300_001)), 742),
        (_login(_claim(signMethod="md5")), 742),
        (_login(_claim(lifetime=999)), 1220),
        (_login(_claim(lifetime=86_400_001)), 1220),
        (_login(_claim(lifetime=-1)), 1220),
        (_login(_claim(lifetime=1.5)), 1220),
        (_login(_claim(lifetime=None)), 1220),
        (_login(_claim(lifetime={})), 1220),
        (_login([]), 1220),
        (_login({}), 1220),
        (HttpRequest("POST", "/auth/pk1/dk1"), 1251),
        (HttpRequest("POST", "/auth/pk1/dk1", body=b"{" * 10_000), 1220),
        (HttpRequest("POST", "/auth/pk1/dk1", body=b"x" * 600_000), 1008),
    ],
)
def test_other_logins_are_refused_with_the_codes_of_mqtt(request_: HttpRequest, code: int) -> None:
    """With HTTP 200, whose body the SDK reads; and no session is opened."""
    scene = Scene()

    assert scene.refused(request_) == (200, code)
    assert scene.channel.next_at_ms is None


def test_a_refused_login_leaves_the_session_alone() -> None:
    """Nobody ends another's session by guessing."""
    scene = Scene()
    session = scene.login()

    assert scene.refused(_login(_claim(sign="wrong"))) == (200, 742)

    assert isinstance(scene.read(_CLIENT.say(_DEVICE, session, _INFORM)), Said)


# --- messages -----------------------------------------------------------------------------------


def test_a_message_is_read_with_what_its_answer_will_need() -> None:
    """The topic without its prefix, the payload as it came, and where the reply belongs."""
    scene = Scene()

    read = scene.read(_CLIENT.say(_DEVICE, scene.login(), _INFORM))

    assert read == Said(
        _DEVICE, _INFORM.topic, _INFORM.payload, f"{_INFORM.topic}_reply", carries_commands=True
    )


def test_the_answer_to_a_reply_carries_no_command() -> None:
    """The SDK does not look for one there, so it would be lost."""
    scene = Scene()
    reply = WireMessage("/sys/pk1/dk1/ota/device/upgrade_reply", b'{"id":"9","code":200}')

    read = scene.read(_CLIENT.say(_DEVICE, scene.login(), reply))

    assert isinstance(read, Said)
    assert not read.carries_commands


@pytest.mark.parametrize(
    "topic",
    [
        "/sys/pk1/dk2/ota/device/inform",
        "/sys/pk1/dk1/ota/device/upgrade",
        "/sys/pk1/dk1/ota/device/inform_reply",
        "/sys/pk1/dk1",
        "/sys//dk1/ota/device/inform",
        "/ext/session/pk1/dk2/combine/login",
        "/else/pk1/dk1/x",
        "/ext/session/pk1/dk1/combine/login",
        "/sys/pk1/dk1/thing/topo/add",
        "/",
    ],
)
def test_a_session_is_good_for_its_own_topics_alone(topic: str) -> None:
    """Another device's, the platform's own and nobody's are refused as over MQTT."""
    scene = Scene()

    request = _CLIENT.say(_DEVICE, scene.login(), WireMessage(topic, _INFORM.payload))

    assert scene.refused(request) == (200, 1009)


@pytest.mark.parametrize("session", ["wrong", "\ud800", "\0"])
def test_a_wrong_session_is_not_logged_in(session: str) -> None:
    """The code by which a device learns that it has to log in anew."""
    scene = Scene()
    scene.login()

    status, code = scene.refused(_CLIENT.say(_DEVICE, session, _INFORM))

    assert status == 200
    assert code in {1009, 99400}


def test_a_missing_and_a_doubled_session_are_mistakes() -> None:
    """Either could be meant, so neither is."""
    scene = Scene()
    session = scene.login()
    bare = HttpRequest("POST", f"/topic{_INFORM.topic}", body=_INFORM.payload)
    doubled = (("sessionId", session), ("sessionId", session))

    assert scene.refused(bare) == (200, 99400)
    assert scene.refused(HttpRequest("POST", bare.path, doubled, body=bare.body)) == (200, 99400)


def test_a_session_expires_by_silence() -> None:
    """Each request puts the end off by the lifetime; then the device is not logged in."""
    scene = Scene()
    session = scene.login()
    say = _CLIENT.say(_DEVICE, session, _INFORM)

    scene.now_ms = LIFETIME_MS - 1
    assert isinstance(scene.read(say), Said)
    assert scene.channel.expire(scene.now_ms) == ()
    scene.now_ms += LIFETIME_MS
    assert scene.refused(say) == (200, 1009)

    assert scene.channel.expire(scene.now_ms) == (_DEVICE,)
    assert scene.channel.next_at_ms is None


def test_a_payload_beyond_the_limit_is_refused_on_any_topic() -> None:
    """The limit is the platform's, not the OTA messages'."""
    scene = Scene()
    big = WireMessage("/sys/pk1/dk1/thing/measurepoint/post", b"x" * (512 * 1024 + 1))

    assert scene.refused(_CLIENT.say(_DEVICE, scene.login(), big)) == (200, 1008)


def test_an_answer_is_the_reply_and_carries_the_command_in_headers() -> None:
    """The body is what would have come on the reply's topic."""
    scene = Scene()
    said = scene.read(_CLIENT.say(_DEVICE, scene.login(), _INFORM))
    reply = WireMessage(said.reply_topic, b'{"id":"7","code":200,"data":{}}')

    answer = scene.channel.answer(said, reply, _COMMAND)

    assert (answer.status, answer.body) == (200, reply.payload)
    assert answer.header("Content-Type").startswith("application/json")
    assert answer.header("topic") == _COMMAND.topic
    assert answer.header("Command-Payload") == '{"id":"9"}'
    assert scene.channel.answer(said, reply, None).header("topic") == ""


@pytest.mark.parametrize(
    ("payload", "message_id"), [(b'{"id":"5"}', "5"), (b'{"id":5}', "5"), (b"\xff", ""), (b"", "")]
)
def test_a_message_without_a_reply_is_answered_with_200(payload: bytes, message_id: str) -> None:
    """With the id it had, if one can be read: raw payloads are legal on other topics."""
    scene = Scene()
    point = WireMessage("/sys/pk1/dk1/thing/measurepoint/post", payload)
    said = scene.read(_CLIENT.say(_DEVICE, scene.login(), point))

    answer = json.loads(scene.channel.answer(said, None, None).body)

    assert answer == {"id": message_id, "code": 200, "data": {}}


def test_a_login_carries_a_command_too() -> None:
    """In the same headers."""
    scene = Scene()
    read = scene.read(_CLIENT.login(_DEVICE, "devsecret1"))

    assert scene.channel.welcome(read, _COMMAND).header("command-payload") == '{"id":"9"}'


def test_a_command_has_to_fit_into_a_header() -> None:
    """HTTP libraries refuse longer ones, and the whole answer with them."""
    scene = Scene()
    room = wire.HEADER_BYTES_MAX - len("command-payload")

    assert scene.channel.can_carry(WireMessage("/t", b"x" * room))
    assert not scene.channel.can_carry(WireMessage("/t", b"x" * (room + 1)))
    assert not scene.channel.can_carry(WireMessage("/t" * room, b"x"))
    assert not scene.channel.can_carry(WireMessage("/t", "\u00e9".encode() * (room // 4)))


def test_a_reply_is_no_command() -> None:
    """The SDK looks for a method in a command, and a reply has none."""
    assert not Scene().channel.can_carry(WireMessage(f"{_INFORM.topic}_reply", b"{}"))


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_asked_for_by_its_address() -> None:
    """By the one within EnOS, and by what else may stand in a push."""
    scene = Scene()
    session = scene.login()

    for uri in (f"enos-connect://{_ID}.zip", f"http://h/firmware/{_ID}/fw.zip"):
        assert scene.read(_CLIENT.download(_DEVICE, session, uri)) == FileWanted(_DEVICE, _ID)


def test_where_a_file_can_be_had_is_told() -> None:
    """In `data`, as the SDK reads it."""
    scene = Scene()
    asked = _CLIENT.download(_DEVICE, scene.login(), f"enos-connect://{_ID}.zip")

    read = scene.read(HttpRequest("GET", f"{asked.path}/url", asked.query))

    assert read == LinkWanted(_DEVICE, _ID)
    answer = json.loads(scene.channel.link("http://h/f").body)
    assert (answer["code"], answer["data"]) == (200, "http://h/f")


def test_a_file_keeps_its_session_alive() -> None:
    """A slow device downloads for longer than its lifetime, piece by piece."""
    scene = Scene()
    session = scene.login()
    asked = _CLIENT.download(_DEVICE, session, f"enos-connect://{_ID}.zip")

    for _ in range(3):
        scene.now_ms += LIFETIME_MS - 1
        assert isinstance(scene.read(asked), FileWanted)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"fileUri": "enos-connect://../../etc/passwd"}, 404, 99404),
        ({"fileUri": "ftp://h/fw.bin"}, 404, 99404),
        ({"fileUri": ""}, 400, 99400),
        ({"category": "feature"}, 404, 99404),
        ({"category": ""}, 400, 99400),
        ({"sessionId": "wrong"}, 401, 1009),
        ({"sessionId": ""}, 400, 99400),
    ],
)
def test_a_file_that_cannot_be_had_is_no_success(
    changes: dict[str, str], status: int, code: int
) -> None:
    """The SDK takes the body of every 2xx for the file; where it can be had, it reads the code."""
    scene = Scene()
    asked = _CLIENT.download(_DEVICE, scene.login(), f"enos-connect://{_ID}.zip")
    query = tuple((dict(asked.query) | changes).items())

    assert scene.refused(HttpRequest("GET", asked.path, query)) == (status, code)
    assert scene.refused(HttpRequest("GET", f"{asked.path}/url", query)) == (200, code)


@pytest.mark.parametrize(
    "path",
    [
        "/multipart/sys/pk1/dk2/file/download",
        "/multipart/sys/pk1/dk1/file/delete",
        "/multipart/sys/pk1/dk1/thing/measurepoint/post",
        "/multipart/x",
        "/multipart/",
    ],
)
def test_no_other_path_leads_to_files(path: str) -> None:
    """Neither another device's, nor the parts of the channel that have nothing to do with OTA."""
    scene = Scene()
    asked = _CLIENT.download(_DEVICE, scene.login(), f"enos-connect://{_ID}.zip")

    status, code = scene.refused(HttpRequest("GET", path, asked.query))

    assert status in {401, 404}
    assert code in {1009, 99404}


def test_a_file_that_is_gone_is_not_found() -> None:
    """As the backend says only after the address was read."""
    scene = Scene()

    download = scene.channel.no_file(FileWanted(_DEVICE, _ID))
    link = scene.channel.no_file(LinkWanted(_DEVICE, _ID))

    assert (download.status, json.loads(download.body)["code"]) == (404, 99404)
    assert (link.status, json.loads(link.body)["code"]) == (200, 99404)


# --- all of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/pk1/dk1"),
        ("PUT", "/auth/pk1/dk1"),
        ("GET", f"/topic{_INFORM.topic}"),
        ("DELETE", f"/topic{_INFORM.topic}"),
        ("POST", "/multipart/sys/pk1/dk1/file/download"),
        ("HEAD", "/multipart/sys/pk1/dk1/file/download"),
    ],
)
def test_other_methods_are_not_allowed(method: str, path: str) -> None:
    """Only POST says something, and only GET gets a file."""
    assert Scene().refused(HttpRequest(method, path)) == (405, 99400)


def test_the_channel_claims_its_paths_and_no_other() -> None:
    """What it does not claim is the northbound API's."""
    channel = Scene().channel

    assert all(map(channel.claims, ("/auth/a/b", "/topic/sys/a/b/c", "/multipart/sys/a/b/c")))
    assert not any(
        map(channel.claims, ("/", "/auth", "/topics", "/connect-service/v2.1/ota-jobs", "/x/auth/"))
    )


_NEAR_REQUESTS = near_requests(
    _CLIENT.login(_DEVICE, "devsecret1"),
    _CLIENT.say(_DEVICE, "{session}", _INFORM),
    _CLIENT.download(_DEVICE, "{session}", f"enos-connect://{_ID}.zip"),
    HttpRequest("GET", "/multipart/sys/pk1/dk1/file/download/url", (("sessionId", "{session}"),)),
)


@pytest.mark.codec
@given(request=_NEAR_REQUESTS)
def test_no_request_raises_anything(request: HttpRequest) -> None:
    """Whatever is in it, it is a call of the device, or is answered in JSON."""
    scene = Scene()
    session = scene.login()
    query = tuple((name, text.replace("{session}", session)) for name, text in request.query)

    read = scene.read(replace(request, query=query))

    if isinstance(read, HttpResponse):
        assert json.loads(read.body)["code"] != 200
    else:
        assert isinstance(read, LoggedIn | Said | FileWanted | LinkWanted)
        assert read.device == _DEVICE


@given(st.text(), st.text(max_size=8))
def test_what_is_no_login_opens_nothing(path: str, text: str) -> None:
    """On paths of any kind."""
    scene = Scene()

    scene.read(HttpRequest("POST", f"/auth/{path}", (("sessionId", text),), body=b"{}"))

    assert scene.channel.next_at_ms is None
