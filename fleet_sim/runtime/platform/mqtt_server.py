"""The embedded broker on sockets: a driver that feeds `mqtt.broker` and writes what it says.

However many messages a turn of the loop brings, each connection gets one write at its end. Slow
readers are held by the transport's buffer first, then by the broker's own limit, which ends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
from collections.abc import Callable
from typing import cast

from fleet_sim.mqtt.broker import Broker, BrokerEvent, Connection
from fleet_sim.runtime.errors import TargetError

BACKLOG = 4096  # A reconnect storm arrives within a second; the kernel may lower it (somaxconn).
WRITE_BUFFER_BYTES = 256 << 10  # Above this a transport pauses and the broker keeps the output.
LINGER_S = 5.0  # How long a closing connection may take to read its last bytes.
STOP_S = 1.0  # The same when the whole server stops: whoever waits for that waits for all of it.
HANDSHAKE_TIMEOUT_S = 20.0  # As long as the broker waits for a CONNECT.

OnEvents = Callable[[list[BrokerEvent]], None]


class MqttServer:
    """Listens on one port and serves one broker."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._broker: Broker | None = None
        self._on_events: OnEvents = _ignore
        self._clock_ms: Callable[[], int] = _no_clock
        self._peers: dict[Connection, _Peer] = {}
        self._all_gone = asyncio.Event()
        self._is_flush_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed_at_ms = 0

    async def start(
        self,
        host: str,
        port: int,
        broker: Broker,
        on_events: OnEvents,
        clock_ms: Callable[[], int],
        *,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        """Listen.

        Args:
            host: The address to listen on.
            port: 0 lets the system pick one; see `port`.
            broker: What to serve.
            on_events: Takes the broker's events, as they happen.
            clock_ms: The run's clock.
            ssl: A server's context; None for plain TCP.

        Raises:
            TargetError: The port cannot be had.
        """
        loop = asyncio.get_running_loop()
        self._loop, self._broker = loop, broker
        self._on_events, self._clock_ms = on_events, clock_ms
        broker.on_wake(self.flush)
        try:
            self._server = await loop.create_server(
                lambda: _Peer(self),
                host,
                port,
                backlog=BACKLOG,
                ssl=ssl,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S if ssl is not None else None,
            )
        except OSError as error:
            why = error.strerror or str(error)
            raise TargetError(
                f"MQTT port {port} cannot be had on {host}: {why}; choose another with "
                "--mqtt-port, or 0"
            ) from error

    @property
    def port(self) -> int:
        """The port it listens on; 0 while it does not."""
        if self._server is None or not self._server.sockets:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    def flush(self) -> None:
        """Have all output written at the end of this turn; asking more than once costs nothing.

        The broker asks by itself whenever there is something to be written.
        """
        if not self._is_flush_due and self._loop is not None:
            self._is_flush_due = True
            self._loop.call_soon(self._flush)

    async def stop(self) -> None:
        """Stop listening, write what is left, close every connection and wait for their ends."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        self._write_out()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for end in (_Peer.end, _Peer.abort):
            for peer in list(self._peers.values()):
                end(peer)
            await self._emptied()
        await server.wait_closed()

    async def _emptied(self) -> None:
        """Wait until every connection is gone, but not for long."""
        if self._peers:
            self._all_gone.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._all_gone.wait()

    # What peers call.

    def opened(self, peer: _Peer, address: str) -> Connection:
        """Register a transport with the broker."""
        assert self._broker is not None
        connection = self._broker.open(self._clock_ms(), address)
        self._peers[connection] = peer
        self._arm()
        return connection

    def received(self, connection: Connection, data: bytes) -> None:
        """Feed the broker."""
        assert self._broker is not None
        events = self._broker.receive(connection, data, self._clock_ms())
        if events:
            self._on_events(events)

    def lost(self, connection: Connection) -> None:
        """Tell the broker that a transport is gone."""
        assert self._broker is not None
        del self._peers[connection]
        events = self._broker.lost(connection, self._clock_ms())
        if events:
            self._on_events(events)
        if not self._peers:
            self._all_gone.set()

    def _flush(self) -> None:
        self._is_flush_due = False
        self._expire()
        self._write_out()
        self._arm()

    def _write_out(self) -> None:
        assert self._broker is not None
        peers = self._peers
        for connection in self._broker.take_dirty():
            peer = peers.get(connection)
            if peer is not None:
                peer.flush()

    # The one timer.

    def _arm(self) -> None:
        """Set the timer to the broker's next deadline, unless it rings before that anyway."""
        assert self._broker is not None
        assert self._loop is not None
        at_ms = self._broker.next_at_ms
        if at_ms is None or self._server is None:
            return
        if self._timer is not None:
            if self._armed_at_ms <= at_ms:
                return
            self._timer.cancel()
        self._armed_at_ms = at_ms
        delay_s = max(0, at_ms - self._clock_ms()) / 1000
        self._timer = self._loop.call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._expire()
        self._arm()

    def _expire(self) -> None:
        assert self._broker is not None
        now_ms = self._clock_ms()
        at_ms = self._broker.next_at_ms
        if at_ms is None or at_ms > now_ms:
            return
        events = self._broker.expire(now_ms)
        if events:
            self._on_events(events)


class _Peer(asyncio.Protocol):
    """One accepted connection: asyncio's calls on one side, the server's on the other."""

    __slots__ = ("_connection", "_is_paused", "_linger", "_server", "_transport")

    def __init__(self, server: MqttServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._connection: Connection | None = None
        self._is_paused = False
        self._linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A promise of asyncio, not a check: uvloop's transports share no class with asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        address = transport.get_extra_info("peername") or ("unknown", 0)
        self._connection = self._server.opened(self, f"{address[0]}:{address[1]}")

    def data_received(self, data: bytes) -> None:
        if self._connection is not None:
            self._server.received(self._connection, data)

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why does not matter
        self._transport = None
        if self._linger is not None:
            self._linger.cancel()
        if self._connection is not None:
            self._server.lost(self._connection)

    def flush(self) -> None:
        """Write the connection's output, unless the transport has enough; close if it says so."""
        transport, connection = self._transport, self._connection
        if transport is None or connection is None:
            return
        if not self._is_paused:
            data = connection.take_output()
            if data:
                transport.write(data)
        if connection.is_closing:
            self.end()

    def end(self) -> None:
        """Close: in good order when the peer reads, at once when it does not."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._is_paused:
            transport.abort()
            return
        # What a peer leaves unread would keep its socket for as long as TCP is patient.
        transport.close()
        if transport.get_write_buffer_size():
            loop = asyncio.get_running_loop()
            self._linger = loop.call_later(LINGER_S, transport.abort)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()


def _ignore(events: list[BrokerEvent]) -> None:
    """Stand in until the server is started."""


def _no_clock() -> int:
    raise RuntimeError("the server has not been started")
