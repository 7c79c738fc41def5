from __future__ import annotations

import dataclasses

from fleet_sim.dialects.alibaba.contract import CONTRACT as ALIBABA
from fleet_sim.dialects.tuya.contract import CONTRACT


def test_only_what_its_pages_lack_differs_from_its_ancestor() -> None:
    """No dynamic jobs, no schedule, no rate, no cancelling of what is under way."""
    differing = {
        one.name for one in dataclasses.fields(CONTRACT)
        if getattr(CONTRACT, one.name) != getattr(ALIBABA, one.name)
    }  # fmt: skip

    assert differing == {"cancellable", "policy_names", "pushes_a_minute", "window_min_s"}
    assert "under_way" not in CONTRACT.cancellable
    assert (ALIBABA.pushes_a_minute, CONTRACT.pushes_a_minute) == (10_000, None)
