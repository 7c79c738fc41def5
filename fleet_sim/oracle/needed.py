"""V04: nobody is asked to install the version that its last report named."""

from __future__ import annotations

from fleet_sim.oracle.evidence import Device, Push
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.tally import Tally, seconds
from fleet_sim.oracle.timeline import Timeline
from fleet_sim.oracle.versions import last_versions, version_acknowledged


def needed(timeline: Timeline) -> Outcome:
    """Hold each push against the device's last accepted version.

    A report that arrived while the push may already have been on its way out proves nothing: then
    the promise was kept as far as anybody can ask. Without the server's end in the log it is a
    doubt, since the push may have left at any time before.
    """
    tally = Tally("V04")
    is_exact = timeline.evidence.has_server_wire
    for device in timeline.devices.values():
        for push in device.pushes:
            if not push.is_copy:
                _judge(tally, device, push, is_exact=is_exact)
    return tally.outcome()


def _judge(tally: Tally, device: Device, push: Push, *, is_exact: bool) -> None:
    running = last_versions(device, push.lo, push.hi, push.module)
    is_told = not is_exact and version_acknowledged(device, push) == push.version
    if running != {push.version} and is_told:
        text = (
            f"{seconds(push.hi)}: {device.key} was asked to install {push.version}, which it had "
            "just reported; the request may have left before that report arrived"
        )
        tally.doubtful(text, [push.record])
        return
    if running != {push.version}:
        tally.held()
        return
    proof = [
        one
        for one in device.reports
        if (one.kind, one.module, one.version) == ("version", push.module, push.version)
        and one.hi < push.lo
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
