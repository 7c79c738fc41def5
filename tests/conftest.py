"""What all rooms' tests share: Hypothesis's profiles, and a second vendor.

The profiles are chosen by Hypothesis's own `--hypothesis-profile`. `usual` knows no clock, for a
slow machine is no failing example; `many` is for the codecs: `./test tests/dialects -m codec
--hypothesis-profile many`. The second vendor is the package in `tests/dialects/third_party`.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fleet_sim.dialects import registry
from tests.dialects.third_party.fleet_sim_acme import ACME
from tests.dialects.third_party.installing import HERE, offering

_MANY_TIMEOUT_S = 7_200  # Long enough for 100,000 examples on a busy machine.

settings.register_profile("usual", deadline=None)
settings.register_profile(
    "many",
    max_examples=100_000,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("usual")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the collector of garbage from ten thousand tests, while they are found and after it.

    They stay to the end, and to look through them again and again takes a third of finding them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the codecs' tests the time that very many examples take."""
    if config.getoption("hypothesis_profile") == "many":
        for item in items:
            if item.get_closest_marker("codec"):
                item.add_marker(pytest.mark.timeout(_MANY_TIMEOUT_S))


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a dialect `acme` beside our own, in this process."""
    monkeypatch.setattr(registry, "_DIALECTS", {**registry._DIALECTS, ACME.name: ACME})


@pytest.fixture(scope="session")
def acme_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that offers `acme` as an installed package does, to be put on a path."""
    module = (HERE / "fleet_sim_acme" / "__init__.py").read_text(encoding="utf-8")
    folder = tmp_path_factory.mktemp("acme")
    return offering(folder, "fleet-sim-acme", "acme", f"{module}\nFOUND = ACME\n")


@pytest.fixture
def acme_everywhere(acme: None, acme_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `acme` in this process and in those that it starts."""
    monkeypatch.setenv("PYTHONPATH", str(acme_site), prepend=":")
