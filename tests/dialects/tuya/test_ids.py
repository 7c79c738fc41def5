from __future__ import annotations

import re

from fleet_sim.dialects.tuya.dialect import TUYA
from fleet_sim.dialects.tuya.ids import IDS
from fleet_sim.dialects.tuyalink.dialect import TUYALINK
from tests.dialects.small_runs import small_run


def test_ids_are_of_as_many_decimal_digits_as_the_samples() -> None:
    """Three, 19 and 18; the four that the page hides are among them."""
    found = [IDS.of(kind).write(7, seed=1, kind=kind) for kind in ("firmware", "job", "task")]

    assert found[0] == "107"
    assert re.fullmatch(r"1836340786\d{9}", found[1])
    assert re.fullmatch(r"1836340786\d{8}", found[2])


def test_ids_fit_the_signed_64_bits_of_a_client() -> None:
    """Also after as many jobs as no server ever has."""
    last = IDS.job.write(10**9, seed=1, kind="job")

    assert int(last) < 2**63


def test_what_a_run_shows_has_these_forms() -> None:
    """Jobs of Tuya's API, whichever devices they are for."""
    assert TUYA.ids is TUYALINK.ids is IDS
    for dialect in ("tuya", "tuyalink"):
        run = small_run(dialect)

        tasks, jobs = set(run.shown("task_id").values()), {one.job for one in run.records} - {""}
        assert len(tasks) == 4
        assert all(re.fullmatch(r"\d{18}", one) for one in tasks)
        assert all(re.fullmatch(r"\d{19}", one) for one in jobs)
        assert {one["firmware"] for one in run.records if "firmware" in one.fields} == {"101"}
