"""Where the two brokers differ, and may: what the specification leaves open, or Mosquitto's own.

A test that meets one of these takes what it expects from here, so the list is never longer or
shorter than the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tests.conformance.octets import puback, pubrec, suback
from tests.conformance.raw_client import END


@dataclass(frozen=True, slots=True)
class Difference:
    """One of them.

    Attributes:
        clause: The clause it is about, or the section that leaves it open, or "none"; without the
            "MQTT-".
        embedded: What the embedded broker does, as the test compares it.
        mosquitto: What Mosquitto 2.0.11 does.
        why: Why both may stay as they are.
    """

    clause: str
    embedded: object
    mosquitto: object
    why: str


DIFFERENCES: Mapping[str, Difference] = MappingProxyType(
    {
        "control characters": Difference(
            "1.5.3",
            embedded=[puback(5)],
            mosquitto=[END],
            why="A text should not hold U+0001 to U+001F; a receiver may close for it, or not.",
        ),
        "flags nobody looks at": Difference(
            "2.2.2-2",
            embedded=(),
            mosquitto=("PUBACK", "PUBREC", "PUBCOMP", "PINGREQ"),
            why="Mosquitto takes these packets whatever their flags say, which the clause forbids.",
        ),
        "an identifier under way": Difference(
            "2.3.1-4",
            embedded=False,
            mosquitto=True,
            why="Mosquitto only counts: after 65,535 messages it gives an identifier out again"
            " whose message was never acknowledged.",
        ),
        "a server's packets": Difference(
            "4.8.0-1",
            embedded=(),
            mosquitto=("SUBACK", "UNSUBACK", "PINGRESP"),
            why="Mosquitto can be a client of other brokers and takes these from anybody.",
        ),
        "version 3.1": Difference(
            "3.1.2-1",
            embedded=[b"\x20\x01", END],
            mosquitto=[b"\x20\x00"],
            why="Mosquitto serves 3.1 as well, under that version's own rules.",
        ),
        "version 5": Difference(
            "3.1.2-2",
            embedded=[b"\x20\x01", END],
            mosquitto=[b"\x20\x00"],
            why="Mosquitto serves 5 as well, under that version's own rules.",
        ),
        "DUP at QoS 0": Difference(
            "3.3.1-2",
            embedded=[END],
            mosquitto=[],
            why="The clause binds the sender; Mosquitto overlooks who breaks it.",
        ),
        "overlapping filters": Difference(
            "3.3.5-1",
            embedded=[2],
            mosquitto=[1],
            why="Mosquitto sends one copy at the QoS of the first filter it comes upon, the exact"
            " one, though another was granted more.",
        ),
        "a filter without authority": Difference(
            "3.8.4-5",
            embedded=[suback(6, 1, 0x80, 0)],
            mosquitto=[suback(6, 1, 1, 0)],
            why="Mosquitto's file of rules is asked for each message to be delivered, not before.",
        ),
        "a third copy of QoS 2": Difference(
            "4.3.3-2",
            embedded=[pubrec(5)],
            mosquitto=[END],
            why="Mosquitto 2.0.11 ends the connection when a message comes a third time.",
        ),
        "messages released late": Difference(
            "4.3.3-2",
            embedded=40,
            mosquitto=20,
            why="Mosquitto 2.0.11 answers all of them to the end and delivers only as many as its"
            " window has room for (max_inflight_messages).",
        ),
        "retained and shared": Difference(
            "none",
            embedded=[],
            mosquitto=[b"kept"],
            why="Shared subscriptions are none of 3.1.1's; version 5 says that nothing is sent.",
        ),
        "a member that is away": Difference(
            "none",
            embedded=(4, 0),
            mosquitto=(2, 2),
            why="Mosquitto goes round all members of a group, whether they are here or not.",
        ),
        "a malformed share": Difference(
            "none",
            embedded=[suback(1, 0x80)],
            mosquitto=[suback(1, 0)],
            why="Mosquitto grants it, and nothing ever comes of it.",
        ),
    }
)


def expected(name: str, broker: str) -> Any:  # noqa: ANN401 - each test knows its own
    """Return what a broker, "embedded" or "mosquitto", does where they differ."""
    return getattr(DIFFERENCES[name], broker)
