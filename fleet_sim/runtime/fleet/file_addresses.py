"""Where a device gets a firmware file from, by what stands in an upgrade request.

http://…, https://…     there
fw/2.0.bin, //host/fw   relative to the backend's own address
the vendor's own        by its HTTP channel, at the backend's address: log in, then ask for it
anything else           nowhere: the device reports a failed download
"""

from __future__ import annotations

import ssl

import aiohttp
from yarl import URL

from fleet_sim.dialects.http_channel import DeviceChannel
from fleet_sim.dialects.wire import DialectError
from fleet_sim.runtime.errors import DownloadError
from fleet_sim.runtime.fleet.download import Owner
from fleet_sim.runtime.http_client import exchange, url_of

_SCHEMES = frozenset({"http", "https"})
_SHOWN_MAX = 200  # Characters of an address in a message; a backend may send anything.


class FileAddresses:
    """Finds files for the devices of one backend."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, *, tls: ssl.SSLContext | None
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._tls = tls

    async def find(self, owner: Owner, address: str) -> URL:
        """Return where the file is.

        Raises:
            DownloadError: Nobody knows such an address, or the device is not let in.
            aiohttp.ClientError: The backend cannot be reached; TimeoutError and OSError likewise.
        """
        channel = None if owner.dialect.http is None else owner.dialect.http.devices
        if channel is not None and channel.is_needed_for(address):
            return await self._by_channel(channel, owner, address)
        try:
            url = URL(address)
            if not url.scheme:
                url = URL(f"{self._base_url.rstrip('/')}/").join(url)
        except ValueError as error:
            raise DownloadError(f"{address[:_SHOWN_MAX]!r} is no address: {error}") from error
        if url.scheme not in _SCHEMES or not url.host:
            raise DownloadError(f"no way is known to a file at {address[:_SHOWN_MAX]!r}")
        return url

    async def _by_channel(self, channel: DeviceChannel, owner: Owner, address: str) -> URL:
        login = channel.login(owner.device, owner.secret)
        answer = await exchange(self._session, self._base_url, login, tls=self._tls)
        try:
            session = channel.session_of(answer)
        except DialectError as error:
            raise DownloadError(
                f"the device cannot log in over HTTP for {address[:_SHOWN_MAX]!r}: {error}"
            ) from error
        return url_of(self._base_url, channel.download(owner.device, session, address))
