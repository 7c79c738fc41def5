"""When devices asked what they may upgrade to, and the pushes that the answers are.

    device    asks ─┐                 ┌─▶ offered 2.0, and begins
    server          └▶ decides ──────┘
                      lo            hi        an upgrade request that left between the two

The server begins an attempt when it offers one, though nobody may hear of it: a connection that
breaks takes the answer along. So a question without an answer widens the one after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fleet_sim.model.record import Record, request_of_offer
from fleet_sim.oracle.evidence import Ask, Device, Fault, Push


@dataclass(slots=True)
class AskBook:
    """The questions of all devices in the making, at both ends of the wire.

    Attributes:
        at_server: Device to its questions by message id, as they arrived.
        at_device: The same, as they were sent.
    """

    at_server: dict[str, dict[str, Ask]] = field(default_factory=dict)
    at_device: dict[str, dict[str, Ask]] = field(default_factory=dict)

    def asked(self, record: Record) -> None:
        """Take `request_sent` or `request_received`; of copies the first counts."""
        message = str(record.get("message", ""))
        mine = self._end(record).setdefault(record.device, {})
        mine.setdefault(message, Ask(record, message, record.t))

    def offered(self, record: Record) -> None:
        """Take `offer_sent` or `offer_received`; of several answers to one question the fullest."""
        message = str(record.get("message", ""))
        mine = self._end(record).setdefault(record.device, {})
        ask = mine.setdefault(message, Ask(record, message, record.t))
        versions = tuple(str(version) for version in record.get("versions", ()))
        if ask.offered is None or (versions and not ask.offered):
            ask.offer, ask.offered, ask.hi = record, versions, record.t

    def of(self, device: str, *, has_server_wire: bool) -> list[Ask]:
        """Return a device's questions in order, by the server's end where that is in the log."""
        end = self.at_server if has_server_wire else self.at_device
        return sorted(end.get(device, {}).values(), key=lambda ask: ask.lo)

    def _end(self, record: Record) -> dict[str, dict[str, Ask]]:
        return self.at_device if record.side == "device" else self.at_server


def offers(device: Device, faults: Sequence[Fault]) -> Iterator[Push]:
    """Yield a push for each version that a device was offered.

    Args:
        device: Whose questions are known.
        faults: Of the server, which may have lost answers of its own.
    """
    since: int | None = None  # the first question that may have begun an attempt, unheard
    for place, ask in enumerate(device.asks):
        if ask.offered is None or ask.offer is None:
            if since is None and _is_lost(device, place, faults):
                since = ask.lo
            continue
        lo = ask.lo if since is None else since
        since = None
        for version in ask.offered:
            request = request_of_offer(ask.message)
            is_choice = len(ask.offered) > 1
            yield Push(ask.offer, lo, ask.hi, request, version, is_offer=True, is_choice=is_choice)


def _is_lost(device: Device, place: int, faults: Sequence[Fault]) -> bool:
    """Tell whether the answer to a question may have gone with a connection, or with its server.

    Where the connection stood until the next question, the server had nothing to say.
    """
    ask, later = device.asks[place], device.asks[place + 1 : place + 2]
    until = later[0].lo if later else ask.lo
    is_down = any(fault.lo <= until and ask.lo <= fault.hi for fault in faults)
    return is_down or device.is_touched(ask.lo, until)
