"""A job as it is ordered: within what its vendor can express, and what that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario.jobs import IMAGE_DEFAULT_BYTES, Job
from fleet_sim.scenario.nearest import nearest_legal
from fleet_sim.scenario.planned import ImagePlan, JobPlan, WindowPlan


@dataclass(frozen=True, slots=True)
class Ordered:
    """A planned job.

    Attributes:
        job: It.
        said: One sentence for each value that is not the scenario's own.
        cut: The source versions that were wanted, and are more than the vendor takes.
    """

    job: JobPlan
    said: tuple[str, ...]
    cut: tuple[str, ...] = ()


def ordered_from(job: Job, contract: ContractProfile, versions: tuple[str, ...]) -> Ordered:
    """Bring a job within what its vendor can express, and say what that changed.

    Args:
        job: As the scenario has it.
        contract: What its fleet's vendor promises, within what its API can say.
        versions: Those that the fleet runs.
    """
    others = tuple(version for version in versions if version != job.to)
    unnamed: tuple[str, ...] = ()
    if not (job.sources or others):
        job, unnamed = _sourceless(job, contract)
    has_list = job.incremental and contract.policy_names is not None
    has_window = contract.open_list_windows or not has_list
    legal = nearest_legal(
        contract,
        concurrency=job.concurrency,
        timeout_ms=job.timeout_ms,
        retry_count=job.retries,
        retry_interval_ms=job.retry_interval_ms or 0,
        window_ms=(job.window.start_ms, job.window.end_ms) if job.window and has_window else None,
        rate=job.rate,
        at_ms=job.at_ms,
    )
    needs_sources = (legal.retry_count and contract.retry_needs_source_versions) or (
        has_list and contract.open_list_needs_source_versions
    )
    wanted = job.sources
    if not wanted and needs_sources:
        wanted = others  # Its own target among them would have the whole order refused.
    made = JobPlan(
        at_ms=job.at_ms,
        fleet=job.upgrade,
        to_version=job.to,
        image=ImagePlan(size_bytes=_size(job), firmware_id=job.image.firmware_id),
        concurrency=legal.concurrency,
        timeout_s=legal.timeout_s,
        retry_count=legal.retry_count,
        retry_interval_s=legal.retry_interval_s,
        from_versions=wanted[: contract.source_versions_max],
        must_ask=job.ask and contract.devices_may_ask,
        open_list=has_list,
        pushes_a_minute=legal.rate,
        window=legal.window_ms
        and WindowPlan(start_ms=legal.window_ms[0], end_ms=legal.window_ms[1]),
    )
    kept = len(made.from_versions)
    cut = wanted[kept:] if kept else ()
    left_out = (*unnamed, *_left_out(job, made, has_window=has_window))
    said = (*legal.changes, *left_out, *_cut(kept, len(cut)))
    return Ordered(made, tuple(f"job for {job.upgrade}: {one}." for one in said), cut)


# Keys that go with source versions at some vendors: the knob that says so, and a job without.
_WITH_SOURCES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "retries": ("retry_needs_source_versions", {"retries": 0, "retry_interval_ms": None}),
    "incremental": ("open_list_needs_source_versions", {"incremental": False}),
}


def _sourceless(job: Job, contract: ContractProfile) -> tuple[Job, tuple[str, ...]]:
    """Take from a job what cannot do without source versions, where there are none to name.

    The whole order would be refused; as all devices run the target, nothing is lost by it.
    """
    lacking = [
        key
        for key, (knob, _) in _WITH_SOURCES.items()
        if getattr(job, key)
        and getattr(contract, knob)
        and not (key == "incremental" and contract.policy_names is None)
    ]
    said = tuple(
        f"{key} is left out, as the vendor wants source versions with it, and all devices run "
        f"{job.to} already"
        for key in lacking
    )
    without = {name: value for key in lacking for name, value in _WITH_SOURCES[key][1].items()}
    return job.model_copy(update=without), said


def _size(job: Job) -> int:
    return 0 if job.image.firmware_id else job.image.size_bytes or IMAGE_DEFAULT_BYTES


def _left_out(job: Job, made: JobPlan, *, has_window: bool) -> Iterator[str]:
    """Say which keys the vendor has no word for, beside those that are numbers."""
    for name, asked, legal in (
        ("ask", job.ask, made.must_ask),
        ("incremental", job.incremental, made.open_list),
        ("from", job.sources, made.from_versions),
    ):
        if asked and not legal:
            yield f"{name} is left out, as the vendor has none"
    if job.window is not None and not has_window:
        yield "window is left out, as the vendor has none for incremental jobs"


def _cut(kept: int, cut: int) -> Iterator[str]:
    if cut:
        yield (
            f"from is cut to the first {kept} of {kept + cut} versions, as the vendor takes no more"
        )
