"""Which dialects there are."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from fleet_sim.dialects.enos.dialect import ENOS
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError

_DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (ENOS,)}


def names() -> tuple[str, ...]:
    """Return the names of all dialects, sorted."""
    return tuple(sorted(_DIALECTS))


def get(name: str) -> Dialect:
    """Return a dialect.

    Raises:
        DialectError: There is none of this name; the message lists those there are.
    """
    if name in _DIALECTS:
        return _DIALECTS[name]
    near = get_close_matches(name, names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    raise DialectError(f"there is no dialect {name!r}{hint} known: {', '.join(names())}")
