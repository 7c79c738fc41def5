"""A client of octets: says what it is told to, keeps no promise of MQTT by itself."""

from __future__ import annotations

import contextlib
import socket
import struct

from tests.conformance.octets import (
    LEAVE,
    PING,
    PONG,
    PUBREL,
    Message,
    connack,
    cut,
    message_of,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    suback,
    subscribe,
)

END = b""  # What `aftermath` heard when there was nothing more to hear.
PATIENCE_S = 20  # Far beyond what anything here takes; a test that waits so long has failed.
_HARD = struct.pack("ii", 1, 0)  # SO_LINGER that ends a connection by a reset.


class RawClient:
    """One connection to a broker, blocking.

    Args:
        port: On the loopback address.
        client_id: What a CONNECT of it would say; only remembered.
    """

    def __init__(self, port: int, client_id: str = "") -> None:
        self.client_id = client_id
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def say(self, *packets: bytes) -> None:
        """Send octets in one piece; a broker that has hung up already does not matter."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(b"".join(packets))

    def hear(self) -> bytes:
        """Return the next packet.

        Raises:
            EOFError: The broker has hung up.
        """
        while not (size := cut(self._unread)):
            piece = self._receive()
            if not piece:
                raise EOFError(f"the broker hung up on {self.client_id!r}")
            self._unread += piece
        packet, self._unread = self._unread[:size], self._unread[size:]
        return packet

    def hear_message(self) -> Message:
        """Return the next packet, which must be a PUBLISH."""
        return message_of(self.hear())

    def so_far(self) -> list[bytes]:
        """Return every packet that comes before the answer to a PINGREQ.

        What a broker did before it took in the PINGREQ, it has written before the PINGRESP: the
        way to show that something does not come.
        """
        self.say(PING)
        heard = []
        while (packet := self.hear()) != PONG:
            heard.append(packet)
        return heard

    def messages_so_far(self) -> list[Message]:
        """The same, all of them PUBLISH."""
        return [message_of(packet) for packet in self.so_far()]

    def aftermath(self) -> list[bytes]:
        """The same for a client that may have gone too far: `END` is last if the broker hung up."""
        self.say(PING)
        heard = []
        with contextlib.suppress(EOFError):
            while (packet := self.hear()) != PONG:
                heard.append(packet)
            return heard
        return [*heard, END]

    def until_closed(self) -> list[bytes]:
        """Wait until the broker hangs up; returns the packets that came before."""
        heard = []
        with contextlib.suppress(EOFError):
            while True:
                heard.append(self.hear())
        return heard

    def subscribe(self, *filters: tuple[str, int]) -> None:
        """Subscribe, each filter granted as asked."""
        self.say(subscribe(0x5B, *filters))
        assert self.hear() == suback(0x5B, *(qos for _, qos in filters))

    def publish(
        self,
        topic: str,
        payload: bytes = b"",
        qos: int = 1,
        *,
        retain: bool = False,
        packet_id: int = 7,
    ) -> None:
        """Publish in good order and return when the broker has taken the message over."""
        self.say(publish(topic, payload, qos, packet_id if qos else 0, retain=retain))
        if qos == 0:
            assert self.so_far() == []
        elif qos == 1:
            assert self.hear() == puback(packet_id)
        else:
            assert self.hear() == pubrec(packet_id)
            self.say(pubrel(packet_id))
            assert self.hear() == pubcomp(packet_id)

    def receive(self) -> Message:
        """Take in the next message and acknowledge it to the end."""
        (message,) = self.receive_all(1)
        return message

    def receive_all(self, count: int) -> list[Message]:
        """Take in the next messages, each acknowledged as it comes, until all are to the end.

        Returns:
            So many messages, in the order of their arrival, and those that came while the last
            ones were still being released.
        """
        messages: list[Message] = []
        unreleased: list[int] = []
        while len(messages) < count or unreleased:
            packet = self.hear()
            if packet[0] >> 4 == PUBREL:
                packet_id = int.from_bytes(packet[2:], "big")
                assert packet == pubrel(packet_id)
                unreleased.remove(packet_id)
                self.say(pubcomp(packet_id))
                continue
            message = message_of(packet)
            messages.append(message)
            if message.qos == 1:
                self.say(puback(message.packet_id))
            elif message.qos == 2:
                unreleased.append(message.packet_id)
                self.say(pubrec(message.packet_id))
        return messages

    def leave(self) -> None:
        """Say DISCONNECT and wait until the broker has closed as well."""
        self.say(LEAVE)
        self.until_closed()
        self.close()

    def vanish(self) -> None:
        """End without a word, at once."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
        self.close()

    def close(self) -> None:
        """Free the socket; twice is no harm."""
        self._socket.close()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except ConnectionError:  # A reset is an end like any other.
            return b""


def accepted(client: RawClient, packet: bytes, *, present: bool = False) -> RawClient:
    """Send a CONNECT that must be accepted, with or without a session."""
    client.say(packet)
    assert client.hear() == connack(present=present)
    return client
