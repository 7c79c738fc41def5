"""A second vendor for any room's tests: the package in `tests/dialects/third_party`."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet_sim.dialects import registry
from tests.dialects.third_party.fleet_sim_acme import ACME
from tests.dialects.third_party.installing import installed


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a dialect `acme` beside our own, in this process."""
    monkeypatch.setattr(registry, "_DIALECTS", {**registry._DIALECTS, ACME.name: ACME})


@pytest.fixture(scope="session")
def acme_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the package with `acme` is installed, to be put on a path."""
    return installed(tmp_path_factory.mktemp("acme"))


@pytest.fixture
def acme_everywhere(acme: None, acme_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `acme` in this process and in those that it starts."""
    monkeypatch.setenv("PYTHONPATH", str(acme_site), prepend=":")
