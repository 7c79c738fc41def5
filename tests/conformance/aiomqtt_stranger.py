"""aiomqtt, which is asyncio-mqtt under its present name: paho's codec on asyncio's loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import aiomqtt

from tests.conformance.strangers import HOST, PATIENCE_S, Heard, Options, RefusedError


class AiomqttStranger:
    """See `Stranger`."""

    def __init__(self, options: Options) -> None:
        will = options.will
        self._client = aiomqtt.Client(
            HOST,
            options.port,
            identifier=options.client_id,
            username=options.username,
            password=options.password,
            clean_session=options.clean,
            keepalive=options.keep_alive_s,
            will=None
            if will is None
            else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            tls_context=options.tls,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=PATIENCE_S,
        )
        self._has_ended = True

    async def connect(self) -> None:
        """See `Stranger`."""
        try:
            await self._client.__aenter__()
        except aiomqtt.MqttError as error:
            raise RefusedError(str(error)) from error
        self._has_ended = False

    async def subscribe(self, topic_filter: str, qos: int) -> int:
        """See `Stranger`."""
        (code,) = await self._client.subscribe(topic_filter, qos)
        return code if isinstance(code, int) else int(code.value)

    async def unsubscribe(self, topic_filter: str) -> None:
        """See `Stranger`."""
        await self._client.unsubscribe(topic_filter)

    async def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> None:
        """See `Stranger`."""
        await self._client.publish(topic, payload, qos, retain)

    async def publish_all(self, topic: str, payloads: Sequence[bytes], qos: int) -> None:
        """See `Stranger`."""
        async with asyncio.TaskGroup() as tasks:
            for payload in payloads:
                tasks.create_task(self._client.publish(topic, payload, qos))

    async def next(self) -> Heard:
        """See `Stranger`."""
        async with asyncio.timeout(PATIENCE_S):
            message = await anext(aiter(self._client.messages))
        payload = message.payload
        assert isinstance(payload, bytes)
        return Heard(str(message.topic), payload, message.qos, message.retain)

    async def leave(self) -> None:
        """See `Stranger`."""
        if not self._has_ended:
            self._has_ended = True
            await self._client.__aexit__(None, None, None)

    async def vanish(self) -> None:
        """See `Stranger`."""
        own = self._client._client.socket()
        assert isinstance(own, socket.socket)
        own.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(aiomqtt.MqttError):
            while True:
                await self.next()
        await self.leave()
