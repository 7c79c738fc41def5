"""Which dialects there are: those of this package, and those that others add.

Another package adds one by an entry point, of the dialect's name, that leads to a `Dialect`:

    [project.entry-points."fleet_sim.dialects"]
    acme = "fleet_sim_acme:ACME"

Its code is imported when the dialect is first asked for. One that is broken, or offered twice, is
told to whoever asks for it, and stands in nobody else's way (`offers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from fleet_sim.dialects.alibaba.dialect import ALIBABA
from fleet_sim.dialects.enos.dialect import ENOS
from fleet_sim.dialects.huawei.dialect import HUAWEI
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.offers import Offer, offers
from fleet_sim.dialects.tuya.dialect import TUYA
from fleet_sim.dialects.tuyalink.dialect import TUYALINK
from fleet_sim.dialects.wire import DialectError

_DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (ALIBABA, ENOS, HUAWEI, TUYA, TUYALINK)
}


def names() -> tuple[str, ...]:
    """Return the names of all dialects, sorted; also of such as cannot be had."""
    return tuple(sorted({*_DIALECTS, *_offered()}))


def get(name: str) -> Dialect:
    """Return a dialect.

    Raises:
        DialectError: There is none of this name, and the message lists those there are; or what a
            package offers under it is no dialect, or is not the only one.
    """
    if name in _offered():
        return _loaded(name)
    if name in _DIALECTS:
        return _DIALECTS[name]
    near = get_close_matches(name, names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    raise DialectError(f"there is no dialect {name!r}{hint} known: {', '.join(names())}")


def forget() -> None:
    """Look anew for other packages' dialects: what is on the path has changed."""
    _offered.cache_clear()
    _loaded.cache_clear()


@cache
def _offered() -> Mapping[str, tuple[Offer, ...]]:
    """Return what installed packages offer: name to offers, of which there should be one."""
    found: dict[str, tuple[Offer, ...]] = {}
    for offer in offers():
        found[offer.name] = (*found.get(offer.name, ()), offer)
    return found


@cache
def _loaded(name: str) -> Dialect:
    """Import a dialect from the package that offers it.

    Raises:
        DialectError: It is not the only one of its name, cannot be imported, or is no dialect.
    """
    found = _offered()[name]
    ours = ["fleet-sim"] if name in _DIALECTS else []
    sources = [*ours, *sorted(one.source for one in found)]
    if len(sources) > 1:
        raise DialectError(
            f"the dialect {name!r} is offered by {' and by '.join(sources)}; remove all but one"
        )
    return found[0].load()
