from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.rpc.codes import RpcError
from fleet_sim.dialects.rpc.parameters import NAMES_MAX, Parameters


def _given(*pairs: tuple[str, str], folds: bool = False) -> Parameters:
    return Parameters(pairs, folds_case=folds)


def test_texts_numbers_flags_and_words() -> None:
    """What is not given, or empty, is nothing."""
    given_ = _given(
        ("A", "x"), ("N", "-3"), ("T", "True"), ("F", "false"), ("W", "GRAY"), ("E", "")
    )

    assert (given_.text("A"), given_.text("E"), given_.text("None")) == ("x", "", "")
    assert (given_.whole("N", -5, 5), given_.whole("E", 0, 1)) == (-3, None)
    assert (given_.flag("T"), given_.flag("F"), given_.flag("E")) == (True, False, None)
    assert (given_.word("W", ("ALL", "GRAY")), given_.word("E", ("ALL",))) == ("GRAY", "")


def test_lists_stand_in_the_order_of_their_numbers() -> None:
    """Ten after two, holes closed, repetitions once."""
    given_ = _given(
        ("D.10", "c"), ("D.2", "b"), ("D.1", "a"), ("D.3", "a"), ("D.x", "no"), ("D", "no")
    )

    assert given_.several("D", 4) == ("a", "b", "c")
    assert given_.several("E", 4) == ()


def test_values_that_must_differ_are_not_told_twice() -> None:
    """Elsewhere a repetition says nothing new."""
    twice = _given(("D.1", "a"), ("D.2", "a"))

    assert twice.several("D", 2) == ("a",)
    with pytest.raises(RpcError, match=r"D\.N must not name one twice"):
        twice.several("D", 2, must_differ=True)


def test_structures_keep_their_fields() -> None:
    """By the number that they share."""
    given_ = _given(("Tag.2.Key", "k2"), ("Tag.1.Key", "k1"), ("Tag.1.Value", "v1"))

    assert given_.structures("Tag", 2, ("Key", "Value")) == (
        {"Key": "k1", "Value": "v1"},
        {"Key": "k2"},
    )


def test_names_and_words_are_folded_where_the_vendor_does() -> None:
    """The machine-made English tables say `JobID` and `Specific`."""
    pairs = (("JobID", "j"), ("targetselection", "Specific"), ("TaskID.1", "t"))
    loose, strict = _given(*pairs, folds=True), _given(*pairs)

    assert (loose.text("JobId"), strict.text("JobId")) == ("j", "")
    assert loose.word("TargetSelection", ("ALL", "SPECIFIC")) == "SPECIFIC"
    tags = (("tag.1.KEY", "k"), ("Tag.1.value", "v"))
    fields = ("Key", "Value")
    assert _given(*tags, folds=True).structures("Tag", 1, fields) == ({"Key": "k", "Value": "v"},)
    assert _given(*tags).structures("Tag", 1, fields) == ({},)
    assert (loose.several("TaskId", 1), strict.several("TaskId", 1)) == (("t",), ())


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("x" * 5, lambda one: one.text("P", longest=4)),
        ("11", lambda one: one.whole("P", 1, 10)),
        ("1.0", lambda one: one.whole("P", 1, 10)),
        ("\uff11", lambda one: one.whole("P", 1, 10)),
        ("9" * 30, lambda one: one.whole("P", 1, 10)),
        ("yes", lambda one: one.flag("P")),
        ("gray", lambda one: one.word("P", ("ALL", "GRAY"))),
    ],
)
def test_a_wrong_value_is_refused_by_name(value: str, read: Callable[[Parameters], object]) -> None:
    """One sentence that begins with the parameter."""
    with pytest.raises(RpcError, match=r"^P "):
        read(_given(("P", value)))


def test_too_many_are_refused() -> None:
    """Of a list, of structures, and of parameters at all."""
    three = _given(("D.1", "a"), ("D.2", "b"), ("D.3", "c"))

    with pytest.raises(RpcError, match="2 times at most"):
        three.several("D", 2)
    with pytest.raises(RpcError, match="2 times at most"):
        three.structures("D", 2)
    with pytest.raises(RpcError, match="more than 1000"):
        _given(*((str(number), "x") for number in range(NAMES_MAX + 1)))


def test_one_name_twice_is_refused() -> None:
    """Either could be meant; names that only differ in case too, where case is folded."""
    with pytest.raises(RpcError, match="given twice"):
        _given(("A", "1"), ("A", "2"))
    with pytest.raises(RpcError, match="given twice"):
        _given(("JobId", "1"), ("JobID", "2"), folds=True)


def test_a_missing_one_is_the_gateways_affair() -> None:
    """Its code has the parameter's name."""
    with pytest.raises(RpcError) as missing:
        _given(("JobId", "")).required("JobId")

    assert missing.value.word == "MissingJobId"


@given(st.lists(st.tuples(st.text(st.characters()), st.text(st.characters()))), st.booleans())
def test_garbage_raises_nothing_but_refusals(pairs: list[tuple[str, str]], folds: bool) -> None:
    """Nulls and halves of surrogate pairs among it, which cannot be kept."""
    try:
        found = Parameters(pairs, folds_case=folds)
    except RpcError as error:
        str(error).encode()
    else:
        assert not any("\x00" in name + value for name, value in pairs)
        found.several("D", 3)
