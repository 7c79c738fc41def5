"""Whether another client may have come under a device's id.

A broker ends a connection when another client comes under the same id. From outside that cannot be
told from its other reasons, nor what the other client did from what the device did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fleet_sim.model.record import CLOSED_BY_BROKER, Record, Source

CUTS_FORGIVEN = 1  # A broker that is restarted cuts each device off once.


def taken_over(records: Iterable[Record]) -> Counter[str]:
    """Return who was cut off and let in again more often than is forgiven, and how often.

    Args:
        records: A log. With the backend's end of the wire in it nobody is: that tells for itself.
    """
    waiting: set[str] = set()
    cuts: Counter[str] = Counter()
    for record in records:
        if record.src is Source.SERVER:
            return Counter()
        if record.src is not Source.WIRE:
            continue
        if record.kind == "offline" and record.get("why") == CLOSED_BY_BROKER:
            waiting.add(record.device)
        elif record.kind == "online" and record.device in waiting:
            waiting.remove(record.device)
            cuts[record.device] += 1
    return Counter({device: count for device, count in cuts.items() if count > CUTS_FORGIVEN})
