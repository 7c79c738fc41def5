from fleet_sim.model.record import Record, Source
from tests.runtime.brisk import MIXED, brisk, statuses


def test_a_brisk_plan_has_one_fleet_and_one_job() -> None:
    """Unless the test says otherwise."""
    assert [fleet.name for fleet in brisk().fleets] == ["meters"]
    assert [job.fleet for job in brisk(**MIXED).jobs] == ["meters", "gauges"]


def test_the_last_row_of_a_device_counts() -> None:
    """Those of probes do not."""

    def seen(seq: int, status: str, *, probe: bool = False) -> Record:
        rows = [{"device_key": "d", "status": status}]
        return Record(0, seq, Source.NORTHBOUND, "rows", fields={"probe": probe, "rows": rows})

    records = [seen(0, "queued"), seen(1, "succeeded"), seen(2, "failed", probe=True)]

    assert statuses(records) == {"d": "succeeded"}
