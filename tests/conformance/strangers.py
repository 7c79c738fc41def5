"""One face for three client libraries, so that what each can do is asked by the same test.

Nothing is added to what a library does: what one of them cannot do is not asked of it.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.conformance.octets import Will

HOST = "127.0.0.1"
PATIENCE_S = 20  # Far beyond what anything here takes; a test that waits so long has failed.


class RefusedError(Exception):
    """The library was told by a CONNACK that it may not."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a client connects.

    Attributes:
        port: Of the broker, on the loopback address.
        client_id: What it calls itself.
        clean: Whether its session ends with the connection.
        keep_alive_s: As in CONNECT.
        will: As in CONNECT.
        username: As in CONNECT.
        password: As in CONNECT.
        tls: A client's context; None for plain TCP.
    """

    port: int
    client_id: str
    clean: bool = True
    keep_alive_s: int = 60
    will: Will | None = None
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as a library shows it."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class Stranger(Protocol):
    """A client library; made from `Options`, on a running loop."""

    async def connect(self) -> None:
        """Connect and wait for the CONNACK.

        Raises:
            RefusedError: It said no.
        """
        ...

    async def subscribe(self, topic_filter: str, qos: int) -> int:
        """Subscribe and return the code of the SUBACK."""
        ...

    async def unsubscribe(self, topic_filter: str) -> None:
        """Unsubscribe and wait for the UNSUBACK."""
        ...

    async def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> None:
        """Publish and wait until the broker has taken the message over."""
        ...

    async def publish_all(self, topic: str, payloads: Sequence[bytes], qos: int) -> None:
        """Publish as fast as the library can, and wait until all are taken over."""
        ...

    async def next(self) -> Heard:
        """Return the next message."""
        ...

    async def leave(self) -> None:
        """Disconnect in good order; after an end, only tidy up."""
        ...

    async def vanish(self) -> None:
        """Let the connection break, without DISCONNECT."""
        ...


async def heard_by(stranger: Stranger, count: int) -> list[Heard]:
    """Return the next messages."""
    return [await stranger.next() for _ in range(count)]
