"""The world of sockets that one cloud's devices are mounted on, and the tasks that serve it."""

from __future__ import annotations

from functools import partial

import aiohttp

from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.runtime.cloud import Cloud
from fleet_sim.runtime.fleet.download import Fetch, FetchListener, Owner
from fleet_sim.runtime.fleet.file_addresses import FileAddresses
from fleet_sim.runtime.fleet.http_fetch import HttpFetch
from fleet_sim.runtime.fleet.keep_alive import PingWheel
from fleet_sim.runtime.fleet.line import Ear
from fleet_sim.runtime.fleet.sockets import Dialer
from fleet_sim.runtime.http_client import HttpCarrier
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.real_time import RealClock, epoch_ms
from fleet_sim.runtime.run_log import FileLog
from fleet_sim.runtime.target.first_contact import FirstContact
from fleet_sim.runtime.target.target import Target
from fleet_sim.runtime.tasks import Tasks


class RealWorld:
    """The devices' end of the world: one cloud's broker and backend by their addresses.

    Attributes:
        epoch_ms: The wall clock at t = 0, once begun.
        contact: What the first connections came to; None with a broker of our own.
    """

    def __init__(
        self,
        *,
        clock: RealClock,
        log: FileLog,
        target: Target,
        session: aiohttp.ClientSession,
        tasks: Tasks,
        cloud: Cloud,
        product_secret: str = "",
    ) -> None:
        devices = len(cloud.plan.devices)
        self.clock = clock
        self.log = log
        self.epoch_ms = epoch_ms()
        self.product_secret = product_secret
        self.subscribes = target.subscribes
        self.pings = PingWheel(clock)
        self._cloud = cloud
        self._target = target
        self._session = session
        self._tasks = tasks
        self._addresses = FileAddresses(session, target.backend, tls=target.http_tls)
        self.login = target.broker.login
        # Our own broker knows its devices; a stranger's may turn every one of them away.
        self.contact = (
            FirstContact(target.broker, clock, devices=devices) if target.subscribes else None
        )
        self._dialer = Dialer(
            target.broker.host,
            target.broker.port,
            tasks,
            tls=target.tls,
            devices=devices,
            contact=self.contact,
        )

    def begin(self) -> None:
        """Let t = 0 be this instant: what it took to get here is nobody's lateness."""
        self.clock.begin()
        self.epoch_ms = epoch_ms()

    def dial(self, ear: Ear, number: int) -> None:
        """Open a connection to the broker."""
        self._dialer.dial(ear, number)

    def northbound(self, met: Northbound | None = None) -> Northbound:
        """Return a session with the backend's northbound API, which may have been met before."""
        target = self._target
        carrier = HttpCarrier(self._session, target.backend, self._tasks, tls=target.http_tls)
        if met is not None:
            return met.going_on(carrier, self.clock, epoch_ms=self.epoch_ms)
        operator = self._cloud.dialect.operator(
            target.org, target.keys.app_key, target.keys.app_secret
        )
        return Northbound(operator, carrier, self.clock, epoch_ms=self.epoch_ms)

    def stop(self) -> None:
        """Break off all that is under way."""
        self._tasks.cancel()

    def fetch(
        self, owner: Owner, image: FirmwareImage, offset: int, chunk: int, listener: FetchListener
    ) -> Fetch:
        """Read a file from this byte on."""
        return HttpFetch(
            self._session,
            self._tasks,
            partial(self._addresses.find, owner, image.url),
            listener,
            offset=offset,
            chunk=chunk,
            token=image.token,
            tls=self._target.http_tls,
        )
