"""A device that comes by its vendor's HTTP channel: in memory, or with a real HTTP client."""

from __future__ import annotations

from typing import Any

import aiohttp
from yarl import URL

from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import DeviceMessage, ServerMessage, VersionReport
from fleet_sim.runtime.platform.http_channel import HttpWay
from tests.runtime.lone_platform import EPOCH_MS, SECRET, LonePlatform
from tests.runtime.lone_world import ENOS

assert ENOS.http is not None
CHANNEL = ENOS.http
LIFETIME_MS = 300_000  # What the device's end asks for.


def way_of(world: LonePlatform) -> HttpWay:
    """Give a platform the HTTP way."""
    channel = CHANNEL.platform(seed=1, epoch_ms=EPOCH_MS)
    return HttpWay(
        world.platform,
        ENOS,
        channel,
        world.clock,
        file_url=lambda firmware, name: f"http://h/{firmware}/{name}",
    )


class HttpDevice:
    """A device in memory.

    Attributes:
        way: By which it comes.
        answers: What was answered, in order, with None for a request that still waits.
    """

    def __init__(self, way: HttpWay, device: DeviceId, secret: str = SECRET) -> None:
        self.way = way
        self.device = device
        self._secret = secret
        self.session = ""
        self.answers: list[HttpResponse | HttpFile | None] = []

    def ask(self, request: HttpRequest) -> int:
        """Send a request; return where its answer will stand."""
        place = len(self.answers)
        self.answers.append(None)

        def respond(answer: HttpResponse | HttpFile) -> None:
            assert self.answers[place] is None, "answered twice"
            self.answers[place] = answer

        self.way.http(request, respond)
        return place

    def answer(self, place: int) -> HttpResponse:
        """Return an answer that has come."""
        found = self.answers[place]
        assert isinstance(found, HttpResponse)
        return found

    def login(self) -> HttpResponse:
        """Log in, and use that session from now on."""
        answer = self.answer(self.ask(CHANNEL.devices.login(self.device, self._secret)))
        self.session = CHANNEL.devices.session_of(answer)
        return answer

    def say(self, message: DeviceMessage) -> int:
        """Send what a device says."""
        return self.publish(EnosDevice().encode(self.device, message))

    def publish(self, wire: WireMessage) -> int:
        """Send anything."""
        return self.ask(CHANNEL.devices.say(self.device, self.session, wire))

    def poll(self) -> ServerMessage | None:
        """Send a measure point, as devices do all day; return the command that came back."""
        wire = WireMessage(f"/sys/{self.device}/thing/measurepoint/post", b'{"id":"1","params":{}}')
        return command_in(self.device, self.answer(self.publish(wire)))


def device_of(world: LonePlatform, name: str = "d1") -> HttpDevice:
    """Return a registered device that has not logged in yet."""
    (device,) = world.register(name)
    return HttpDevice(way_of(world), device)


def online(world: LonePlatform, name: str = "d1") -> HttpDevice:
    """Return a device that has logged in and reported 1.0."""
    device = device_of(world, name)
    device.login()
    device.say(VersionReport("1", "1.0"))
    world.settle()
    return device


def command_in(device: DeviceId, answer: HttpResponse) -> ServerMessage | None:
    """Return the command that an answer carries."""
    wire = CHANNEL.devices.command_in(answer)
    return None if wire is None else ENOS.devices.decode(device, wire.topic, wire.payload)


class WebDevice:
    """A device with a real HTTP client, which knows nothing but the pages of the vendor."""

    def __init__(
        self, base_url: str, client: aiohttp.ClientSession, device: DeviceId, secret: str
    ) -> None:
        self.url = base_url
        self._client = client
        self.device = device
        self._secret = secret
        self.session = ""
        self.commands: list[ServerMessage] = []

    async def send(self, request: HttpRequest, **headers: str) -> HttpResponse:
        """Send a request; a command in its answer is kept."""
        url = URL(self.url + request.path).with_query(list(request.query))
        asked = dict(request.headers) | headers
        async with self._client.request(
            request.method, url, headers=asked, data=request.body or None
        ) as response:
            body = await response.read()
            answer = HttpResponse(response.status, body, tuple(response.headers.items()))
        command = command_in(self.device, answer)
        if command is not None:
            self.commands.append(command)
        return answer

    async def login(self) -> None:
        """Log in."""
        answer = await self.send(CHANNEL.devices.login(self.device, self._secret))
        self.session = CHANNEL.devices.session_of(answer)

    async def say(self, message: DeviceMessage) -> ServerMessage:
        """Say something; return the platform's reply."""
        wire = EnosDevice().encode(self.device, message)
        answer = await self.send(CHANNEL.devices.say(self.device, self.session, wire))
        heard = CHANNEL.devices.heard(wire, answer)
        return ENOS.devices.decode(self.device, heard.topic, heard.payload)

    async def reply(self, message: DeviceMessage) -> HttpResponse:
        """Answer a command; to that the platform has no reply."""
        wire = EnosDevice().encode(self.device, message)
        return await self.send(CHANNEL.devices.say(self.device, self.session, wire))

    async def poll(self) -> Any:  # noqa: ANN401 - a message, or nothing
        """Send measure points until a command has come; return it."""
        wire = WireMessage(f"/sys/{self.device}/thing/measurepoint/post", b'{"id":"1"}')
        while not self.commands:
            await self.send(CHANNEL.devices.say(self.device, self.session, wire))
        return self.commands.pop(0)

    async def download(self, url: str, **headers: str) -> HttpResponse:
        """Get a file by the address in a push."""
        request = CHANNEL.devices.download(self.device, self.session, url)
        return await self.send(request, **headers)
