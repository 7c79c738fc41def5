"""paho-mqtt: threads and callbacks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from tests.conformance.strangers import HOST, PATIENCE_S, Heard, Options, RefusedError


class PahoStranger:
    """See `Stranger`. Its callbacks come in a thread of paho's and are carried to the loop."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._disconnected = asyncio.Event()
        self._messages: asyncio.Queue[Heard] = asyncio.Queue()
        self._answers: asyncio.Queue[tuple[int, list[ReasonCode]]] = asyncio.Queue()
        self._client = self._made(options)

    def _made(self, options: Options) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            options.client_id,
            clean_session=options.clean,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        if options.will is not None:
            will = options.will
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        if options.username is not None:
            client.username_pw_set(options.username, options.password)
        if options.tls is not None:
            client.tls_set_context(options.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_answer
        client.on_unsubscribe = self._on_answer
        return client

    async def connect(self) -> None:
        """See `Stranger`."""
        options = self._options
        await asyncio.to_thread(self._client.connect, HOST, options.port, options.keep_alive_s)
        self._client.loop_start()
        async with asyncio.timeout(PATIENCE_S):
            code = await self._connected
        if code.is_failure:
            await self._stop()
            raise RefusedError(str(code))

    async def subscribe(self, topic_filter: str, qos: int) -> int:
        """See `Stranger`."""
        _, packet_id = self._client.subscribe(topic_filter, qos)
        (code,) = await self._answer_to(packet_id)
        return int(code.value)

    async def unsubscribe(self, topic_filter: str) -> None:
        """See `Stranger`."""
        _, packet_id = self._client.unsubscribe(topic_filter)
        await self._answer_to(packet_id)

    async def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> None:
        """See `Stranger`."""
        await self._taken_over([self._client.publish(topic, payload, qos, retain)])

    async def publish_all(self, topic: str, payloads: Sequence[bytes], qos: int) -> None:
        """See `Stranger`."""
        await self._taken_over([self._client.publish(topic, payload, qos) for payload in payloads])

    async def next(self) -> Heard:
        """See `Stranger`."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._messages.get()

    async def leave(self) -> None:
        """See `Stranger`."""
        if self._client.disconnect() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            async with asyncio.timeout(PATIENCE_S):
                await self._disconnected.wait()
        await self._stop()

    async def vanish(self) -> None:
        """See `Stranger`."""
        own = self._client.socket()
        assert isinstance(own, socket.socket)
        own.shutdown(socket.SHUT_RDWR)
        async with asyncio.timeout(PATIENCE_S):
            await self._disconnected.wait()
        await self._stop()

    async def _stop(self) -> None:
        await asyncio.to_thread(self._client.loop_stop)

    async def _taken_over(self, infos: Sequence[paho.MQTTMessageInfo]) -> None:
        def wait() -> None:
            for info in infos:
                info.wait_for_publish(PATIENCE_S)
                assert info.is_published()

        await asyncio.to_thread(wait)

    async def _answer_to(self, packet_id: int | None) -> list[ReasonCode]:
        async with asyncio.timeout(PATIENCE_S):
            answered, codes = await self._answers.get()
        assert answered == packet_id
        return codes

    # Called in paho's thread.

    def _on_connect(
        self, client: paho.Client, data: object, flags: object, code: ReasonCode, properties: object
    ) -> None:
        self._loop.call_soon_threadsafe(self._connected.set_result, code)

    def _on_disconnect(
        self, client: paho.Client, data: object, flags: object, code: ReasonCode, properties: object
    ) -> None:
        self._loop.call_soon_threadsafe(self._disconnected.set)

    def _on_message(self, client: paho.Client, data: object, message: paho.MQTTMessage) -> None:
        heard = Heard(message.topic, bytes(message.payload), message.qos, message.retain)
        self._loop.call_soon_threadsafe(self._messages.put_nowait, heard)

    def _on_answer(
        self,
        client: paho.Client,
        data: object,
        packet_id: int,
        codes: list[ReasonCode],
        properties: object,
    ) -> None:
        self._loop.call_soon_threadsafe(self._answers.put_nowait, (packet_id, codes))
