from __future__ import annotations

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.wire import DialectError


def test_every_listed_dialect_can_be_had() -> None:
    """The name in the list, in the registry and in the dialect is one."""
    assert "enos" in registry.names()
    assert [registry.get(name).name for name in registry.names()] == list(registry.names())


def test_an_unknown_dialect_is_told_which_there_are() -> None:
    """A slip of the pen gets the name that was meant."""
    with pytest.raises(DialectError, match=r"no dialect 'enoss'; did you mean 'enos'\?.*enos"):
        registry.get("enoss")


def test_a_wild_guess_gets_the_list_alone() -> None:
    """Nothing is near enough to be suggested."""
    with pytest.raises(DialectError, match=r"^there is no dialect 'zzz'; known: .*enos"):
        registry.get("zzz")
