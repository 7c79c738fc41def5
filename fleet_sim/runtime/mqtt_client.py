"""A device's connection to a broker: bytes in, bytes out, and nothing else.

The MQTT session sits with the caller, and so does the simulated link between the two, which delays
bytes on their way. So this file knows no packet and no timer. An open connection is one protocol
and one transport; it has no task and no future of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl as tls
from pathlib import Path
from typing import Any, Protocol, cast

from fleet_sim.model.record import CLOSED_BY_BROKER
from fleet_sim.mqtt.client import ClientSession
from fleet_sim.runtime.errors import BrokerError, TargetError

OPEN_TIMEOUT_S = 30.0  # Longer than a SYN sent four times; a storm of TLS handshakes needs some.
CLOSED_HERE = "closed from this side"
ABORTED_HERE = "aborted from this side"
UNSENT_BYTES_MAX = 4 << 20  # Eight of the vendors' largest messages; nobody reads at the far end.

# Linux's IP_BIND_ADDRESS_NO_PORT, which Python 3.11 does not name: the port is chosen when the peer
# is known. Without it (as with asyncio's `local_addr`) 15,000 connections from one address took
# 57 s instead of 6 s, measured on loopback; from eight addresses it would be a little cheaper.
_BIND_ADDRESS_NO_PORT = 24


class ConnectionListener(Protocol):
    """Who hears of a connection."""

    def on_bytes(self, data: bytes) -> None:
        """Take what the broker sent, in the pieces it arrived in."""

    def on_closed(self, why: str) -> None:
        """Take note that the connection is gone; called once, and last."""


class DeviceConnection(asyncio.Protocol):
    """One open connection. What is written within one turn of the loop leaves joined.

    Args:
        loop: The running loop.
        listener: Hears what arrives, and the end.

    Attributes:
        has_written: Whether anything has left so far.
    """

    __slots__ = (
        "_is_reading", "_listener", "_loop", "_transport", "_unsent", "_why", "has_written",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, listener: ConnectionListener) -> None:
        self._loop = loop
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._is_reading = False
        self._why = ""
        self.has_written = False

    def write(self, data: bytes) -> None:
        """Send bytes at the end of this turn; after the end they are dropped."""
        if self._transport is None or not data:
            return
        self._unsent.append(data)
        # While bytes are being taken in, the write follows at once: an answer, as most are.
        if len(self._unsent) == 1 and not self._is_reading:
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Send what is written, then end the connection in good order."""
        self._why = self._why or CLOSED_HERE
        self._flush()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def abort(self) -> None:
        """End the connection now: what is unsent is lost. The listener still hears of the end."""
        self._why = self._why or ABORTED_HERE
        self._unsent.clear()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # A promise of asyncio, not a check: uvloop's transports share no class with asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, and send what that brought about."""
        self._is_reading = True
        try:
            self._listener.on_bytes(data)
        finally:
            self._is_reading = False
            if self._unsent:
                self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the listener why, once."""
        self._transport = None
        self._unsent.clear()
        why = self._why or (_reason(exc) if exc is not None else CLOSED_BY_BROKER)
        self._listener.on_closed(why)

    def _flush(self) -> None:
        transport, unsent = self._transport, self._unsent
        if transport is None or not unsent:
            return
        data = unsent[0] if len(unsent) == 1 else b"".join(unsent)
        unsent.clear()
        self.has_written = True
        transport.write(data)
        if transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            self._why = f"the broker left {UNSENT_BYTES_MAX} bytes unread"
            self.abort()


async def open_connection(
    loop: asyncio.AbstractEventLoop,
    host: str,
    port: int,
    session: ClientSession | None,
    listener: ConnectionListener,
    *,
    ssl: tls.SSLContext | None = None,
    source_address: str | None = None,
) -> DeviceConnection:
    """Connect to a broker.

    Args:
        loop: The running loop, asyncio's or uvloop's.
        host: Name or address.
        port: Its port.
        session: What it has to say already leaves as soon as the connection stands; None for a
            caller who delays bytes and writes everything himself.
        listener: Hears what arrives, and the end.
        ssl: From `client_tls`; None for plain TCP.
        source_address: A local address to come from. One address has 28,000 ports, and finding a
            free one gets slow long before they are used up: spread a large fleet over several.

    Raises:
        BrokerError: The broker did not answer, or refused the connection.
        TargetError: TLS came to no agreement: a certificate is at fault, here or there.
    """
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            connection = await _open(
                loop, host, port, listener, ssl=ssl, source_address=source_address
            )
    except TimeoutError as error:
        raise BrokerError(f"{where} did not answer within {OPEN_TIMEOUT_S:.0f} s") from error
    except tls.SSLCertVerificationError as error:
        why = error.verify_message
        raise TargetError(f"the certificate of {where} was not accepted: {why}") from error
    except tls.SSLError as error:
        why = (error.reason or str(error)).lower().replace("_", " ")
        raise TargetError(f"TLS with {where} failed: {why}") from error
    except OSError as error:
        raise BrokerError(f"{where} cannot be reached: {_reason(error)}") from error
    if session is not None:
        connection.write(session.take_output())
    return connection


async def _open(
    loop: asyncio.AbstractEventLoop,
    host: str,
    port: int,
    listener: ConnectionListener,
    *,
    ssl: tls.SSLContext | None,
    source_address: str | None,
) -> DeviceConnection:
    def protocol() -> DeviceConnection:
        return DeviceConnection(loop, listener)

    if source_address is None:
        _, connection = await loop.create_connection(protocol, host, port, ssl=ssl)
        return connection
    sock = await _connected_socket(loop, host, port, source_address)
    try:
        name = host if ssl is not None else None
        _, connection = await loop.create_connection(
            protocol, sock=sock, ssl=ssl, server_hostname=name
        )
    except BaseException:
        sock.close()
        raise
    return connection


async def _connected_socket(
    loop: asyncio.AbstractEventLoop, host: str, port: int, source_address: str
) -> socket.socket:
    """Connect from a source address, leaving the choice of its port to the kernel's last moment."""
    family, address = await _resolved(loop, host, port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 - the name says it
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # An old kernel lacks it: ports are then merely scarcer.
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        sock.bind((source_address, 0))
        await loop.sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _resolved(loop: asyncio.AbstractEventLoop, host: str, port: int) -> tuple[int, Any]:
    """Return family and address of a host; only a name needs the resolver and its thread."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return family, (host, port)
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    return family, address


def client_tls(ca: Path | None, cert: Path | None, key: Path | None) -> tls.SSLContext:
    """Return what a client needs for TLS.

    Args:
        ca: Certificates to trust, PEM; None trusts what the system trusts.
        cert: The client's own certificate with its chain, PEM; None for none.
        key: Its private key, PEM and not encrypted; None when it stands in `cert`.

    Raises:
        TargetError: A file is missing, is not what it should be, or key and certificate are no
            pair.
    """
    if cert is None and key is not None:
        raise TargetError(f"the key {key} was given without its certificate")
    context = _trusting(ca)
    if cert is not None:
        _load_own(context, cert, key)
    return context


def _trusting(ca: Path | None) -> tls.SSLContext:
    if ca is None:
        return tls.create_default_context()
    try:
        return tls.create_default_context(cafile=ca)
    except tls.SSLError as error:
        raise TargetError(f"the CA file {ca} holds no certificate in PEM") from error
    except OSError as error:
        raise TargetError(f"the CA file {ca} cannot be read: {error.strerror}") from error


def _load_own(context: tls.SSLContext, cert: Path, key: Path | None) -> None:
    for what, path in (("certificate", cert), ("key", key or cert)):
        try:
            path.read_bytes()
        except OSError as error:
            raise TargetError(f"the {what} {path} cannot be read: {error.strerror}") from error
    try:
        # Without a password callback, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert, key, password=_no_password)
    except _EncryptedKeyError as error:
        raise TargetError(f"the key {key or cert} is encrypted; give one that is not") from error
    except tls.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TargetError(f"the key {key or cert} does not belong to {cert}") from error
        pair = f"{cert} and {key}" if key is not None else f"{cert}"
        raise TargetError(f"{pair} hold no certificate and key in PEM") from error


class _EncryptedKeyError(Exception):
    """OpenSSL asked for a password."""


def _no_password() -> str:
    raise _EncryptedKeyError


def _reason(error: Exception) -> str:
    """Return what went wrong without the numbers and addresses around it."""
    if isinstance(error, tls.SSLError) and error.reason:  # TLS 1.3 tells of certificates this late
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
