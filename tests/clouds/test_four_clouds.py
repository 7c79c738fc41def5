from __future__ import annotations

from pathlib import Path

import pytest

from tests.clouds.side_by_side import ran

FOUR = ["enos", "tuya", "alibaba", "huawei"]
FLEETS = ["meters", "plugs", "pumps", "lamps"]
# Sixteen devices a fleet; the rate is so low that it bites.
FEW = ("--devices", "64", "--set", "jobs.2.rate=10")
# Four a fleet, all of them well, and nobody waits for anything.
QUICK = (
    *(word for name in FLEETS for word in ("--set", f"fleets.{name}.personas=healthy")),
    *(word for name in FLEETS for word in ("--set", f"fleets.{name}.connect.over=1s")),
    *(word for number in range(4) for word in ("--set", f"jobs.{number}.at=5s")),
)
WORLDS = {
    "virtual": ("--virtual", *FEW),
    "real": ("--devices", "16", "--set", "events=[]", *QUICK),
}


@pytest.mark.parametrize("world", WORLDS)
def test_four_vendors_get_one_verdict(
    world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every promise is told by vendor, and each vendor is held to its own."""
    code, document = ran(capsys, tmp_path, "four-clouds", *WORLDS[world])

    promises = document["promises"]
    assert (code, document["verdict"], document["timing"]["world"]) == (0, "passed", world)
    assert list(document["totals"]["fleets"]) == FLEETS
    assert all(list(one["by_dialect"]) == FOUR for one in promises.values())
    assert set(promises["V20"]["by_dialect"].values()) == {"held"}
    assert promises["V01"]["by_dialect"] == dict.fromkeys(FOUR, "not_promised") | {"enos": "held"}


def test_a_rate_is_put_to_the_test_where_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alibaba's jobs alone have one, and sixteen devices do not fit into ten a minute."""
    _, document = ran(capsys, tmp_path, "four-clouds", *WORLDS["virtual"])

    rate = document["promises"]["V49"]
    assert rate["by_dialect"] == dict.fromkeys(FOUR, "not_promised") | {"alibaba": "held"}
    assert rate["n"] == 6


def test_a_bug_planted_in_every_cloud_is_told_of_each_that_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cap that is overrun is convicted where there is one, and so is success at 100 %.

    Huawei's reports name the version that runs, so there it is no success before the new one does.
    """
    code, document = ran(
        capsys, tmp_path, "four-clouds", *WORLDS["virtual"], "--plant", "B01", "--plant", "B15",
        "--set", "jobs.0.concurrency=3",
    )  # fmt: skip

    promises = document["promises"]
    assert code == 1
    assert promises["V01"]["by_dialect"] == dict.fromkeys(FOUR, "not_promised") | {
        "enos": "violated"
    }
    assert promises["V20"]["by_dialect"] == dict.fromkeys(FOUR, "violated") | {"huawei": "held"}
