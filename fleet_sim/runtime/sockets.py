"""Real connections for rigs."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl

from fleet_sim.runtime.errors import BrokerError, TargetError
from fleet_sim.runtime.mqtt_client import open_connection
from fleet_sim.runtime.rig import Rig

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

    def dial(self, rig: Rig, line: int) -> None:
        """Open a connection for this rig; `on_open` or `on_closed` follows."""
        self._tasks.create_task(self._dial(rig, line))

    async def _dial(self, rig: Rig, line: int) -> None:
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
                _Ear(rig, line),
                ssl=self._tls,
                source_address=source,
            )
        except (BrokerError, TargetError) as error:
            rig.on_closed(line, str(error))
        else:
            rig.on_open(line, connection)


class _Ear:
    """Hears one connection on a rig's behalf."""

    __slots__ = ("_line", "_rig")

    def __init__(self, rig: Rig, line: int) -> None:
        self._rig = rig
        self._line = line

    def on_bytes(self, data: bytes) -> None:
        """Pass bytes on."""
        self._rig.on_bytes(self._line, data)

    def on_closed(self, why: str) -> None:
        """Pass the end on."""
        self._rig.on_closed(self._line, why)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback  # noqa: PLR2004 - IPv4
