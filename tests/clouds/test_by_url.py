from __future__ import annotations

from pathlib import Path

import pytest

from tests.clouds.side_by_side import NOT_PROMISED, OURS, SOON
from tests.topologies.commands import device_file, run, standing, verdicts

# EnOS is what the walk of `against-your-own-server.md` goes with.
OTHERS = [
    pytest.param(name, marks=[pytest.mark.long] if name == "tuyalink" else [])
    for name in OURS
    if name != "enos"
]


@pytest.mark.parametrize("dialect", OTHERS)
async def test_a_backend_of_another_vendor_is_driven_by_url(dialect: str, tmp_path: Path) -> None:
    """It is asked what its vendor's API can be asked, and judged by what is seen from outside."""
    devices = device_file(tmp_path / "devices.csv", 8)
    async with standing(str(devices), dialect=dialect) as ready:
        ran = await run(
            tmp_path, "happy-path", *SOON, "--devices", "8", "--dialect", dialect,
            "--broker", ready["mqtt"], "--backend", ready["http"], "--org", ready["org"],
            "--device-file", str(devices),
            variables={
                "FLEET_SIM_APP_KEY": ready["app_key"],
                "FLEET_SIM_APP_SECRET": ready["app_secret"],
            },
        )  # fmt: skip

    assert ran.code == 0, ran.said
    assert ran.document["totals"]["updated"] == 8
    standings = verdicts(ran.document)
    assert {name for name, one in standings.items() if one == "not_promised"} == (
        NOT_PROMISED[dialect]
    )
    assert not any("access rules" in one for one in ran.document["warnings"])
