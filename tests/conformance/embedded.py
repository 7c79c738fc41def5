"""The embedded broker on a port of its own, in a thread, so that blocking clients can be used."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import uvloop

from fleet_sim.mqtt.authority import AllowAll, Authority
from fleet_sim.mqtt.broker import Broker, BrokerLimits
from fleet_sim.runtime.platform.mqtt_server import MqttServer

# As large as the specification allows for topics, and above the 2 MiB from which on a length has
# four bytes: a clause is not to be hidden behind a limit.
LIMITS = BrokerLimits(packet_bytes_max=4 << 20, topic_bytes_max=0xFFFF)
PATIENCE_S = 20


@contextlib.contextmanager
def embedded(
    authority: Authority | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    limits: BrokerLimits = LIMITS,
) -> Iterator[int]:
    """Serve a broker and yield its port.

    An error inside the broker's loop, which its clients could overlook, is raised at the end.
    """
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    faults: list[str] = []

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda _, context: faults.append(repr(context)))
        server, broker = MqttServer(), Broker(limits, authority or AllowAll())
        await server.start(
            "127.0.0.1", 0, broker, lambda _: None, lambda: int(loop.time() * 1000), ssl=tls
        )
        started.set_result((server.port, loop, stop))
        await stop.wait()
        await server.stop()

    def run() -> None:
        try:
            uvloop.run(serve())
        except Exception as error:  # noqa: BLE001 - told in the other thread
            if started.done():
                faults.append(repr(error))
            else:
                started.set_exception(error)

    thread = threading.Thread(target=run, name="embedded broker")
    thread.start()
    port, loop, stop = started.result(PATIENCE_S)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
    if faults:
        raise AssertionError("; ".join(faults))
