"""The one exception of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # The packets' module needs this one; only the annotation looks back.
    from fleet_sim.mqtt.kinds import Packet


class MqttError(Exception):
    """The peer broke the protocol, or asked for what is not served.

    Attributes:
        code: The CONNACK return code that tells the peer so, or None where none applies.
        packets: What the same bytes held before the mistake: complete packets, in order, still to
            be acted on. So it does not matter how a stream was cut into pieces.
    """

    def __init__(self, text: str, *, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.packets: list[Packet] = []
