import pytest

from fleet_sim.backend.state import DeviceState, cap_of, tries_of
from fleet_sim.model.northbound import JobOrder, Retry, Scope
from tests.backend.playbook import Server, contract, registration

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("retry", "planted", "tries"),
    [
        (None, NONE, 1),
        (Retry(0, 10), NONE, 1),
        (Retry(5, 10), NONE, 6),
        (Retry(5, 10), frozenset({"B10"}), 7),
        (Retry(5, 10), frozenset({"B11"}), 5),
        (None, frozenset({"B10"}), 1),
    ],
)
def test_tries_are_the_first_and_the_retries(
    retry: Retry | None, planted: frozenset[str], tries: int
) -> None:
    """Without a retry policy there is one attempt, whatever is planted."""
    assert tries_of(JobOrder("f", "upgrade", Scope(), retry=retry), planted) == tries


@pytest.mark.parametrize(
    ("asked", "default", "planted", "cap"),
    [
        (7, 300, NONE, 7),
        (None, 300, NONE, 300),
        (None, None, NONE, None),
        (7, None, frozenset({"B01"}), 8),
        (None, None, frozenset({"B01"}), None),
    ],
)
def test_the_cap_is_the_jobs_or_the_vendors(
    asked: int | None, default: int | None, planted: frozenset[str], cap: int | None
) -> None:
    """None where neither has one."""
    profile = contract(cap_default=default)
    server = Server(profile)
    job = server.brain._books.jobs[server.job(concurrency=asked)]

    assert cap_of(job, profile, planted) == cap


def test_a_device_is_reachable_once_its_grace_is_over() -> None:
    """Connected and not waiting for its first report."""
    state = DeviceState(registration("d1"))
    seen = [state.is_reachable]

    state.is_connected, state.due_at_ms = True, 10_000
    seen.append(state.is_reachable)
    state.due_at_ms = None
    seen.append(state.is_reachable)

    assert seen == [False, False, True]
