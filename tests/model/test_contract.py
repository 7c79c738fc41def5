from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.model.contract import ContractProfile


def test_a_profile_is_the_same_after_json() -> None:
    """As a run log and the settings of a platform carry it: lists become tuples again."""
    profile = replace(CONTRACT, descs=(("timeout", "took too long"),))

    fields = json.loads(json.dumps(asdict(profile)))

    read: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()
    }
    assert ContractProfile(**read) == profile


@pytest.mark.parametrize(("wide", "rows"), [(300, 300), (None, 200), (0, 0)])
def test_some_lists_may_have_wider_pages(wide: int | None, rows: int) -> None:
    """As wide as the contract says, be it nothing; or as the others where it does not say."""
    profile = replace(CONTRACT, page_size_max=200, wide_page_size_max=wide)

    assert profile.wide_rows_max == rows
