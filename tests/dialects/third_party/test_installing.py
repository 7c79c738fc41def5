from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.dialects.third_party.installing import HERE, installed, offering, with_path


def listed(site: Path) -> dict[str, dict[str, object]]:
    """Return what a process with this folder on its path lists, by name."""
    command = [sys.executable, "-m", "fleet_sim", "list", "dialects", "--ui", "json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60, env=with_path(site))
    return {one["name"]: one for one in json.loads(done.stdout)}


def test_an_installed_package_adds_its_dialect(tmp_path: Path) -> None:
    """By its entry point alone, and its source is left as it was."""
    before = sorted(HERE.rglob("*.egg-info")) + sorted(HERE.rglob("build"))

    found = listed(installed(tmp_path))

    assert found["acme"]["about"] == "Acme: EnOS' messages and API, on topics of its own"
    assert found["acme"]["covers"] == {
        "devices": "MQTT on /acme/ topics",
        "northbound": "EnOS' own, v2.1",
    }
    assert [found["acme"][name] for name in ("mqtt", "northbound")] == [True, True]
    assert [found["acme"][name] for name in ("gateways", "http_channel")] == [False, False]
    assert found["enos"]["gateways"] is True
    assert before == []
    assert sorted(HERE.rglob("*.egg-info")) + sorted(HERE.rglob("build")) == []


def test_a_package_that_is_laid_out_is_found_like_one_that_is_installed(tmp_path: Path) -> None:
    """A broken one is listed with the reason, beside those that work."""
    found = listed(offering(tmp_path / "site", "no-good", "nogood", "FOUND = 1\n"))

    assert found["nogood"]["about"] == (
        "the dialect 'nogood' of no-good 1.0 cannot be used: no_good:FOUND is no Dialect"
    )
    assert found["nogood"]["mqtt"] is False
    assert found["enos"]["mqtt"] is True
