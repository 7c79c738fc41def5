"""Both brokers, once a worker, and a fresh stage on each for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.embedded import embedded
from tests.conformance.guard import Guard, guard_files
from tests.conformance.stage import Stage
from tests.runtime.mosquitto import mosquitto

BROKERS = ("embedded", "mosquitto")
# Nobody reads what Mosquitto says of connections, and a full pipe would stop it.
QUIET = ("connection_messages false", "set_tcp_nodelay true")


@pytest.fixture(scope="session")
def embedded_port() -> Iterator[int]:
    """Serve the embedded broker to all tests of this worker."""
    with embedded() as port:
        yield port


@pytest.fixture(scope="session")
def mosquitto_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve a Mosquitto to all tests of this worker."""
    folder = tmp_path_factory.mktemp("mosquitto")
    with mosquitto(folder, "allow_anonymous true", *QUIET) as port:
        yield port


@pytest.fixture(scope="session")
def guarded_embedded_port() -> Iterator[int]:
    """Serve the embedded broker that asks for passwords."""
    with embedded(Guard()) as port:
        yield port


@pytest.fixture(scope="session")
def guarded_mosquitto_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the Mosquitto that asks for passwords."""
    folder = tmp_path_factory.mktemp("guarded")
    with mosquitto(folder, *guard_files(folder), *QUIET) as port:
        yield port


@pytest.fixture(params=BROKERS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Stand a test before one broker, then before the other."""
    made = Stage(request.getfixturevalue(f"{request.param}_port"), request.param)
    yield made
    made.clear()


@pytest.fixture(params=BROKERS)
def guarded(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The same before brokers that ask for passwords; see `guard`."""
    made = Stage(request.getfixturevalue(f"guarded_{request.param}_port"), request.param)
    yield made
    made.clear()
