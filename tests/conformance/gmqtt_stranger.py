"""gmqtt: asyncio's protocols, a codec of its own; told to speak 3.1.1."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import gmqtt
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from gmqtt.storage import PersistentStorage

from tests.conformance.strangers import HOST, PATIENCE_S, Heard, Options, RefusedError


class GmqttStranger:
    """See `Stranger`."""

    def __init__(self, options: Options) -> None:
        will = options.will
        self._options = options
        self._under_way = PersistentStorage()
        self._messages: asyncio.Queue[Heard] = asyncio.Queue()
        self._answers: asyncio.Queue[tuple[int, tuple[int, ...]]] = asyncio.Queue()
        self._client = gmqtt.Client(
            options.client_id,
            clean_session=options.clean,
            persistent_storage=self._under_way,
            will_message=None
            if will is None
            else gmqtt.Message(will.topic, will.payload, will.qos, will.retain),
        )
        self._client.set_config({"reconnect_retries": 0})
        if options.username is not None:
            self._client.set_auth_credentials(options.username, options.password)
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_unsubscribe = self._on_unsubscribe

    async def connect(self) -> None:
        """See `Stranger`."""
        options = self._options
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._client.connect(
                    HOST,
                    options.port,
                    ssl=options.tls or False,
                    keepalive=options.keep_alive_s,
                    version=MQTTv311,
                )
        except MQTTConnectError as error:
            await self._client.disconnect()
            raise RefusedError(str(error)) from error

    async def subscribe(self, topic_filter: str, qos: int) -> int:
        """See `Stranger`."""
        packet_id = self._client.subscribe(topic_filter, qos)
        (code,) = await self._answer_to(packet_id)
        return code

    async def unsubscribe(self, topic_filter: str) -> None:
        """See `Stranger`."""
        await self._answer_to(self._client.unsubscribe(topic_filter))

    async def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> None:
        """See `Stranger`."""
        self._client.publish(topic, payload, qos, retain)
        await self._taken_over()

    async def publish_all(self, topic: str, payloads: Sequence[bytes], qos: int) -> None:
        """See `Stranger`."""
        for payload in payloads:
            self._client.publish(topic, payload, qos)
        await self._taken_over()

    async def next(self) -> Heard:
        """See `Stranger`."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._messages.get()

    async def leave(self) -> None:
        """See `Stranger`."""
        await self._client.disconnect()

    async def vanish(self) -> None:
        """See `Stranger`."""
        self._client.stop_reconnect()
        self._client._connection._transport.abort()
        await self._client.disconnect()

    async def _taken_over(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._under_way.wait_empty()

    async def _answer_to(self, packet_id: int) -> tuple[int, ...]:
        async with asyncio.timeout(PATIENCE_S):
            answered, codes = await self._answers.get()
        assert answered == packet_id
        return codes

    def _on_message(
        self,
        client: gmqtt.Client,
        topic: str,
        payload: bytes,
        qos: int,
        properties: Mapping[str, int],
    ) -> int:
        self._messages.put_nowait(Heard(topic, bytes(payload), qos, properties["retain"] == 1))
        return 0

    def _on_subscribe(
        self, client: gmqtt.Client, packet_id: int, codes: tuple[int, ...], properties: object
    ) -> None:
        self._answers.put_nowait((packet_id, tuple(codes)))

    def _on_unsubscribe(self, client: gmqtt.Client, packet_id: int, codes: object) -> None:
        self._answers.put_nowait((packet_id, ()))
