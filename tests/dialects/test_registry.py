from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.wire import DialectError
from tests.dialects.third_party.installing import offering

# A module that offers EnOS under another name.
_UNDER = """
from dataclasses import replace
from fleet_sim.dialects.enos.dialect import ENOS
FOUND = replace(ENOS, name={name!r})
"""

Offer = Callable[..., None]


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Return what puts a package with a dialect on the path: its name, the dialect's, its code."""
    modules: list[str] = []

    def put(package: str, name: str, module: str) -> None:
        modules.append(package.replace("-", "_"))
        monkeypatch.syspath_prepend(offering(tmp_path / package, package, name, module))
        registry.forget()

    yield put
    monkeypatch.undo()
    registry.forget()
    for one in modules:
        sys.modules.pop(one, None)


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


def test_another_packages_dialect_is_as_good_as_ours(offer: Offer) -> None:
    """It is listed in its place, suggested, and loaded once."""
    offer("bolt-dialect", "bolt", _UNDER.format(name="bolt"))

    assert list(registry.names()) == sorted({*registry.names(), "bolt", "enos"})
    assert registry.get("bolt").name == "bolt"
    assert registry.get("bolt") is registry.get("bolt")
    with pytest.raises(DialectError, match="did you mean 'bolt'"):
        registry.get("bolt2")


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("import no_such_module_anywhere\n", "ModuleNotFoundError: No module named 'no_such_mod"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("found = 1\n", "AttributeError: .*FOUND"),
        ("FOUND = 'enos'\n", "broken_dialect:FOUND is no Dialect"),
        (_UNDER.format(name="bult"), "it calls itself 'bult'"),
        ("raise ValueError('two\\nlines')\n", "ValueError: two lines$"),
    ],
)
def test_a_broken_dialect_is_a_sentence_for_who_asks_for_it(
    offer: Offer, module: str, why: str
) -> None:
    """With the package to blame; all other dialects can be had as before."""
    offer("broken-dialect", "broken", module)

    assert "broken" in registry.names()
    assert registry.get("enos").name == "enos"
    sentence = rf"^the dialect 'broken' of broken-dialect 1\.0 cannot be used: {why}"
    with pytest.raises(DialectError, match=sentence):
        registry.get("broken")


def test_a_name_that_two_packages_offer_is_nobodys(offer: Offer) -> None:
    """Which of the two was meant cannot be known."""
    offer("bolt-dialect", "bolt", _UNDER.format(name="bolt"))
    offer("bolt-again", "bolt", _UNDER.format(name="bolt"))

    assert registry.names().count("bolt") == 1
    with pytest.raises(DialectError) as caught:
        registry.get("bolt")
    assert str(caught.value) == (
        "the dialect 'bolt' is offered by bolt-again 1.0 and by bolt-dialect 1.0; remove all but "
        "one"
    )


def test_a_package_does_not_take_the_place_of_our_own(offer: Offer) -> None:
    """Neither is used in silence."""
    offer("enos-dialect", "enos", _UNDER.format(name="enos"))

    assert registry.names().count("enos") == 1
    with pytest.raises(
        DialectError, match=r"by fleet-sim and by enos-dialect 1\.0; remove all but"
    ):
        registry.get("enos")
