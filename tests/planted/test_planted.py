"""Found / planted and false convictions / clean runs: how good the verdicts are."""

from __future__ import annotations

import pytest

from fleet_sim.backend.planted import PLANTED
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.outcome import Standing
from tests.planted.convictions import (
    BY_ANOTHER,
    CONVICTED,
    CONVICTED_WHERE_DEVICES_ASK,
    NOT_ON_GROUNDS,
    PUSHED_BY_ANOTHER,
)
from tests.planted.grounds import GROUNDS, judge_both
from tests.planted.seen_outside import strange

QUICK_SEEDS = range(1, 4)
LONG_SEEDS = range(1, 201)


@pytest.mark.parametrize("bug", CONVICTED)
def test_a_planted_bug_is_convicted_by_its_promise(bug: str) -> None:
    """One run in virtual time convicts it, from within and from outside."""
    _convict(bug, CONVICTED[bug], PUSHED_BY_ANOTHER.get(bug, CONVICTED[bug][0]))


@pytest.mark.parametrize("bug", CONVICTED_WHERE_DEVICES_ASK)
def test_a_planted_bug_is_convicted_where_devices_ask(bug: str) -> None:
    """By the same promise: an offer counts as a push does, and is seen at the devices' end."""
    planted = CONVICTED_WHERE_DEVICES_ASK[bug]
    _convict(bug, planted, BY_ANOTHER.get(bug, planted[0]))


def test_every_planted_bug_is_accounted_for() -> None:
    """A bug is convicted on a ground, or stands in the list of those that are not, with why."""
    assert CONVICTED.keys() | NOT_ON_GROUNDS.keys() == PLANTED.keys()
    assert not CONVICTED.keys() & NOT_ON_GROUNDS.keys()


def test_every_promise_has_convicted_a_bug() -> None:
    """An oracle that never fired is unproven."""
    assert {promise for promise, _, _ in CONVICTED.values()} == PROMISES.keys()


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("seed", QUICK_SEEDS)
def test_the_clean_backend_is_acquitted(ground: str, seed: int) -> None:
    """No promise is violated where no bug is planted, nor looks worse from outside.

    Each stands there as within, or a table says why that cannot be known.
    """
    assert _unjust(ground, seed) == {}


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_clean_backend_is_acquitted_in_200_seeds(ground: str) -> None:
    """The long lane: `./test -m long tests/planted`."""
    found = {seed: unjust for seed in LONG_SEEDS if (unjust := _unjust(ground, seed))}

    assert found == {}


def _convict(bug: str, planted: tuple[str, str, int], from_outside: str) -> None:
    """See that a promise convicts a bug, and one does from outside; each names its records there.

    A witness from outside is none that only the server has signed.
    """
    promise, ground, seed = planted
    inside, outside = judge_both(ground, seed=seed, plant=(bug,))
    found, seen = inside.promises[promise], outside.promises[from_outside]

    assert found.standing is seen.standing is Standing.VIOLATED
    assert found.witness is not None
    assert found.witness.records
    assert seen.witness is not None
    assert seen.witness.records
    assert all(one.side != "server" for one in seen.witness.records)


def _unjust(ground: str, seed: int) -> dict[str, str]:
    """Return what is held against a clean backend: from within, and what looks worse outside."""
    inside, outside = judge_both(ground, seed=seed)
    violated = {
        name: one.witness.text if one.witness else ""
        for name, one in inside.promises.items()
        if one.standing is Standing.VIOLATED
    }
    return strange(inside.promises, outside.promises) | violated
