from __future__ import annotations

import re

from fleet_sim.dialects.alibaba.dialect import ALIBABA
from fleet_sim.dialects.alibaba.ids import IDS
from tests.dialects.small_runs import small_run

_FORM = re.compile(r"[0-9A-Za-z]{20}\d{6}")


def test_every_id_is_of_26_digits_and_letters() -> None:
    """Of whichever kind; the small letters, the great ones and the digits are all in use."""
    found = [
        IDS.of(kind).write(number, seed=1, kind=kind)
        for kind in ("firmware", "job", "task")
        for number in range(1, 10)
    ]

    assert len(set(found)) == 27
    assert all(_FORM.fullmatch(one) for one in found)
    assert len({letter for one in found for letter in one}) > 60


def test_what_a_run_shows_has_this_form() -> None:
    """Firmware, job and tasks."""
    run = small_run("alibaba")

    jobs = {one.job for one in run.records} - {""}
    firmware = {one["firmware"] for one in run.records if "firmware" in one.fields}
    ids = {*jobs, *firmware, *run.shown("task_id").values()}
    assert ALIBABA.ids is IDS
    assert len(ids) == 1 + 1 + 4
    assert all(_FORM.fullmatch(one) for one in ids)
