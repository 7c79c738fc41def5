"""What a test of a clause stands on: a broker's port, and names that no other test uses."""

from __future__ import annotations

import itertools

from tests.conformance.octets import Will, connect
from tests.conformance.raw_client import RawClient, accepted

_SERIAL = itertools.count(1)


class Stage:
    """One test's part of a broker that serves many tests, one after another.

    Args:
        port: Of the broker, on the loopback address.
        broker: "embedded" or "mosquitto", for the differences between them.
    """

    def __init__(self, port: int, broker: str) -> None:
        self.port = port
        self.broker = broker
        self._scope = f"t{next(_SERIAL)}"
        self._clients: list[RawClient] = []

    def name(self, word: str) -> str:
        """Return a client identifier, or the first level of a topic, of this test alone."""
        return f"{self._scope}{word}"

    def dial(self, word: str = "") -> RawClient:
        """Open a connection and say nothing."""
        client = RawClient(self.port, self.name(word))
        self._clients.append(client)
        return client

    def client(
        self,
        word: str = "c",
        *,
        clean: bool = True,
        present: bool = False,
        keep_alive_s: int = 0,
        will: Will | None = None,
        username: str | None = None,
        password: bytes | None = None,
    ) -> RawClient:
        """Connect a client; `present` says whether there must be a session of it already."""
        packet = connect(
            self.name(word),
            clean=clean,
            keep_alive_s=keep_alive_s,
            will=will,
            username=username,
            password=password,
        )
        return accepted(self.dial(word), packet, present=present)

    def clear(self) -> None:
        """Close every connection of this test."""
        for client in self._clients:
            client.close()
