from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.model.chance import identifier
from fleet_sim.model.ids import HEX, IdForm, IdForms, IdKind

_DECIMAL = IdForm(alphabet="0123456789", counted=6, drawn=4, before_first=400_000)
_TURNED = IdForm(alphabet="01ab", counted=3, drawn=5, drawn_first=True)
_BARE = IdForm(alphabet="0123456789", counted=1)
_KINDS: tuple[IdKind, ...] = ("firmware", "job", "task")


def _written(form: IdForm, number: int, seed: int = 7) -> str:
    return form.write(number, seed=seed, kind="job")


def test_a_number_comes_first_and_what_is_drawn_behind_it() -> None:
    """Or the other way round, where the form says so."""
    plain, turned = _written(_DECIMAL, 17), _written(_TURNED, 6)

    assert (plain[:6], len(plain), plain.isdecimal()) == ("400017", 10, True)
    assert (turned[-3:], len(turned), set(turned) <= set("01ab")) == ("01a", 8, True)


def test_a_form_that_draws_nothing_is_the_number() -> None:
    """Without zeros before it, where it need not fill a place."""
    assert [_written(_BARE, number) for number in (1, 9, 10, 136)] == ["1", "9", "10", "136"]


def test_hexadecimal_ids_are_the_draws_own_first_digits() -> None:
    """So an id is the same as ever."""
    drawn = identifier(7, "backend", "job", 255, digits=16)

    assert _written(HEX, 255) == f"000000ff{drawn}"


def test_a_later_id_is_the_greater_one() -> None:
    """Some vendors page by their order."""
    names = [_written(HEX, number) for number in (1, 2, 15, 16, 255, 256, 70_000)]

    assert sorted(names) == names
    assert {len(name) for name in names} == {24}


@given(
    form=st.sampled_from([HEX, _DECIMAL, _TURNED, _BARE]),
    numbers=st.sets(st.integers(1, 10**9), min_size=2, max_size=20),
)
def test_no_two_numbers_have_one_id(form: IdForm, numbers: set[int]) -> None:
    """Also where a number has outgrown its place, one longer than the other."""
    assert len({_written(form, number) for number in numbers}) == len(numbers)


@pytest.mark.parametrize("form", [HEX, _DECIMAL, _TURNED])
def test_two_servers_and_two_kinds_have_ids_of_their_own(form: IdForm) -> None:
    """The seed and the kind are in the draw; the same of both give the same."""
    seeds = {_written(form, 1, seed) for seed in range(5)}
    kinds = {form.write(1, seed=7, kind=kind) for kind in _KINDS}

    assert (len(seeds), len(kinds)) == (5, 3)
    assert _written(form, 1) == _written(form, 1)


@pytest.mark.parametrize(
    "change",
    [{"alphabet": "0"}, {"alphabet": "010"}, {"counted": -1}, {"drawn": -1}, {"before_first": -1}],
)
def test_a_form_in_which_ids_could_be_alike_is_none(change: dict[str, Any]) -> None:
    """Whoever makes one is told."""
    plain: dict[str, Any] = {"alphabet": "01", "counted": 1}

    with pytest.raises(ValueError, match=r"digits are 2 or more|are 0 or more"):
        IdForm(**{**plain, **change})


def test_each_kind_has_its_form() -> None:
    """What a vendor does not say is hexadecimal."""
    forms = IdForms(job=_DECIMAL, firmware=_BARE)

    assert [forms.of(kind) for kind in _KINDS] == [_BARE, _DECIMAL, HEX]
