"""V04: nobody is asked to install the version that its last report named."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Device, Push
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions


def needed(timeline: Timeline) -> Outcome:
    """Hold each push against the device's last accepted version.

    A report that arrived while the push may already have been on its way out proves nothing.
    """
    tally = Tally("V04")
    for device in timeline.devices.values():
        for push in device.pushes:
            if not push.is_copy:
                _judge(tally, device, push)
    return tally.outcome()


def _judge(tally: Tally, device: Device, push: Push) -> None:
    running = last_versions(device, push.lo, push.hi)
    if running != {push.version}:
        tally.held()
        return
    proof = [
        one
        for one in device.reports
        if one.kind == "version" and one.version == push.version and one.hi < push.lo
    ]
    text = (
        f"{seconds(push.hi)}: {device.key} was {push.deed} {push.version}, "
        f"the version it had reported"
    )
    if not proof:
        tally.doubtful(f"{text}, if that report had arrived by then", [push.record])
        return
    proven = f"{text} at {seconds(proof[-1].hi)}"
    tally.broken(proven, [proof[-1].record, push.record])
