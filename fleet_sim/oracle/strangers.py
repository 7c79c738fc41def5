"""Whether somebody else spoke for a run's backend, on a broker that both share.

A fleet's names come from its seed, so two runs of one scenario on one broker are one fleet with two
backends: each updates the other's devices, and neither log says what happened.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleet_sim.model.record import Record


def pushed_by_others(records: Iterable[Record]) -> str:
    """Return why such a run is worth nothing; "" where every push was our own backend's.

    Args:
        records: A log with both ends of the wire; two backends keep their files at two addresses.
    """
    ours: set[str] = set()
    received: set[tuple[str, str]] = set()
    for record in records:
        if record.kind == "push_sent":
            ours.add(str(record.get("url", "")))
        elif record.kind == "push_received":
            received.add((record.device, str(record.get("url", ""))))
    devices = {device for device, url in received if url not in ours}
    if not devices:
        return ""
    count = "1 device" if len(devices) == 1 else f"{len(devices):,} devices"
    return (
        f"{count} got upgrade requests that our backend did not send: another run "
        "with the same seed is on this broker; give one of them another --seed"
    )
