"""What is worth knowing of a plan before it runs: legal, and perhaps not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.asking import ask_every_ms
from fleet_sim.scenario.planned import DevicePlan, FleetPlan, JobPlan, Plan
from fleet_sim.scenario.plants import barren
from fleet_sim.scenario.units import say_duration

# TCP's handshake, MQTT's CONNECT, and the report of the version with its answer.
_ROUND_TRIPS = 3


def notes_on(plan: Plan, cut: Mapping[JobPlan, Sequence[str]]) -> tuple[str, ...]:
    """Return one sentence for each thing that a run may do otherwise than its author thinks.

    Args:
        plan: It.
        cut: Its jobs with more source versions than their vendors take: those left out.
    """
    fleets = {fleet.name: fleet for fleet in plan.fleets}
    on_jobs = (
        note
        for n, job in enumerate(plan.jobs)
        for note in _on_job(job, fleets[job.fleet], plan, plan.jobs[:n], cut.get(job, ()))
    )
    return (*barren(plan), *on_jobs)


def _on_job(
    job: JobPlan, fleet: FleetPlan, plan: Plan, before: Sequence[JobPlan], cut: Sequence[str]
) -> Iterator[str]:
    name = f"the job for {job.fleet} at {say_duration(job.at_ms)}"
    contract = plan.contracts[fleet.dialect]
    left_ms = plan.duration_ms - job.at_ms
    if job.must_ask:
        yield from _on_asking(name, ask_every_ms(plan.duration_ms), left_ms)
    mine = [device for device in plan.devices if device.fleet == job.fleet]
    late = sum(
        device.connect_at_ms + _ROUND_TRIPS * device.link.rtt_ms >= job.at_ms for device in mine
    )
    is_by_version = contract.must_have_reported_version or bool(job.from_versions)
    if late and is_by_version and not job.open_list:
        yield (
            f"{name} starts before its fleet is connected (over "
            f"{say_duration(fleet.connect_over_ms)}): {late:,} of {len(mine):,} devices have no "
            "version reported by then, and a snapshot job leaves those out."
        )
    if job.open_list and contract.open_lists == "newest_wins":
        yield from _on_rivals(name, job, before, plan)
    yield from _on_others(name, len(job.from_versions), mine, cut)
    timeout_s = contract.timeout_s if job.timeout_s is None else job.timeout_s
    if (
        timeout_s is not None
        and timeout_s * 1000 > left_ms
        and any(vocabulary.personas()[device.persona.name].falls_silent for device in mine)
    ):
        yield (
            f"{name} has a timeout of {say_duration(timeout_s * 1000)}, but the run ends "
            f"{say_duration(left_ms)} later: none that falls silent will be seen to time out."
        )
    if all(device.version == job.to_version for device in mine):
        yield f"{name} targets {job.to_version}, which all its devices run already."


def _on_rivals(name: str, job: JobPlan, before: Sequence[JobPlan], plan: Plan) -> Iterator[str]:
    """Name an older job that keeps this one from being taken, unless it was cancelled by then."""
    products = {fleet.name: fleet.product_key for fleet in plan.fleets}
    rival = next(
        (
            one
            for one in before
            if one.open_list
            and one.to_version == job.to_version
            and products[one.fleet] == products[job.fleet]
            and not set(one.from_versions).isdisjoint(job.from_versions)
        ),
        None,
    )
    if rival is not None:
        yield (
            f"{name} is incremental, and so is the one for {rival.fleet} at "
            f"{say_duration(rival.at_ms)}, to the same version from the same: while that is open, "
            "the vendor refuses another."
        )


def _on_others(
    name: str, kept: int, mine: Sequence[DevicePlan], cut: Sequence[str]
) -> Iterator[str]:
    """Name those whom a cut list of source versions leaves out: nobody meant that."""
    others = [device for device in mine if device.version in cut]
    if others:
        versions = ", ".join(sorted({device.version for device in others}))
        yield (
            f"{name} names {kept} source version{'s' * (kept > 1)}, and the vendor takes no more: "
            f"{len(others):,} of {len(mine):,} devices run others ({versions}) and get no task; "
            "they count as waiting."
        )


def _on_asking(name: str, every_ms: int, left_ms: int) -> Iterator[str]:
    if left_ms < every_ms + every_ms // 5:
        yield (
            f"{name} waits for its devices to ask, which they do about every "
            f"{say_duration(every_ms)}, but the run ends {say_duration(left_ms)} later: some may "
            "not have asked by then."
        )
