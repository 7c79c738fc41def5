"""Real connections for lines."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl

from fleet_sim.runtime.errors import BrokerError, TargetError
from fleet_sim.runtime.line import Ear
from fleet_sim.runtime.mqtt_client import open_connection

# One loopback address has 28,000 ports, and searching them gets slow long before they run out.
SOURCES = tuple(f"127.0.0.{host}" for host in range(2, 10))
SOURCES_FROM_DEVICES = 2_000


class Dialer:
    """Opens connections to one broker, each in a task that ends once it is open."""

    def __init__(
        self,
        host: str,
        port: int,
        tasks: asyncio.TaskGroup,
        *,
        tls: ssl.SSLContext | None,
        devices: int,
    ) -> None:
        self._host = host
        self._port = port
        self._tasks = tasks
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._sources = SOURCES if devices > SOURCES_FROM_DEVICES and _is_loopback(host) else ()
        self._dialled = 0

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection for this line; `on_open` or `on_closed` follows."""
        self._tasks.create_task(self._dial(ear, number))

    async def _dial(self, ear: Ear, number: int) -> None:
        source = None
        if self._sources:
            source = self._sources[self._dialled % len(self._sources)]
            self._dialled += 1
        try:
            connection = await open_connection(
                self._loop,
                self._host,
                self._port,
                None,
                _Forwarder(ear, number),
                ssl=self._tls,
                source_address=source,
            )
        except (BrokerError, TargetError) as error:
            ear.on_closed(number, str(error))
        else:
            ear.on_open(number, connection)


class _Forwarder:
    """Hears one connection on a line's behalf."""

    __slots__ = ("_ear", "_number")

    def __init__(self, ear: Ear, number: int) -> None:
        self._ear = ear
        self._number = number

    def on_bytes(self, data: bytes) -> None:
        """Pass bytes on."""
        self._ear.on_bytes(self._number, data)

    def on_closed(self, why: str) -> None:
        """Pass the end on."""
        self._ear.on_closed(self._number, why)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback  # noqa: PLR2004 - IPv4
