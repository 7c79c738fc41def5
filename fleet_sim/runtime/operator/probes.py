"""Probes: searches made to test the search, once a run is over."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.model.filters import AllOf, Comparison, Filter, Operator
from fleet_sim.model.northbound import TaskRow

PROBE_DEVICES = 10  # Two pages of a probe; a few seconds for all probes of a job.


def probes(job_id: str, rows: Sequence[TaskRow]) -> list[Filter]:
    """Return searches whose right answers are known from rows already seen.

    Each field alone and with `in`; a strict prefix of a device key, which no row has; a field that
    does not exist, which must be refused.
    """
    if not rows:
        return []
    step = max(1, len(rows) // PROBE_DEVICES)
    some = rows[::step][:PROBE_DEVICES]
    keys = tuple(row.device_key for row in some)
    mine = AllOf((of_job(job_id), Comparison("device_key", Operator.IN, keys)))
    statuses = tuple(sorted({row.status for row in rows}))
    descs = tuple(sorted({row.desc for row in some if row.desc}))[:2]
    versions = tuple(sorted({row.from_version for row in rows}))
    asked: list[Filter] = [
        mine,
        AllOf((of_job(job_id), Comparison("device_key", Operator.EQUAL, keys[:1]))),
        AllOf((of_job(job_id), Comparison("device_key", Operator.IN, _near_misses(keys[0])))),
        *(AllOf((mine, Comparison("status", Operator.EQUAL, (one,)))) for one in statuses),
        AllOf((mine, Comparison("status", Operator.IN, statuses))),
        *(AllOf((mine, Comparison("from_version", Operator.EQUAL, (one,)))) for one in versions),
        AllOf((mine, Comparison("from_version", Operator.IN, versions))),
        AllOf((mine, Comparison("to_version", Operator.IN, (rows[0].to_version,)))),
        AllOf((mine, Comparison("to_version", Operator.EQUAL, (f"{rows[0].to_version}-no",)))),
        *(AllOf((mine, Comparison("desc", Operator.EQUAL, (one,)))) for one in descs),
        AllOf((of_job(job_id), Comparison("noSuchField", Operator.EQUAL, ("1",)))),
    ]
    return asked


def _near_misses(key: str) -> tuple[str, str]:
    """Return two keys that no device has, though every other one begins like the first."""
    return key[:-1], f"{key}-no"


def of_job(job_id: str) -> Comparison:
    """Return the filter that lists all tasks of a job."""
    return Comparison("job_id", Operator.EQUAL, (job_id,))
