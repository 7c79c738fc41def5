from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos import expression
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Operator,
    Value,
)
from tests.dialects.enos.strategies import TASK_FILTERS


def _parse(text: str) -> Filter:
    return expression.parse(text, Comparison)


def _equal(field: str, value: Value) -> Comparison:
    return Comparison(field, Operator.EQUAL, (value,))


_A, _B, _C = _equal("a", "1"), _equal("b", "2"), _equal("c", "3")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a='1'", _A),
        ("  a  =  '1'  ", _A),
        ("a\n=\t'1'", _A),
        ("a != '1'", Comparison("a", Operator.NOT_EQUAL, ("1",))),
        ("a in ('1','2')", Comparison("a", Operator.IN, ("1", "2"))),
        ("a IN( '1' , '2' )", Comparison("a", Operator.IN, ("1", "2"))),
        ("a in('1')", Comparison("a", Operator.IN, ("1",))),
        ("a like 'x'", Comparison("a", Operator.LIKE, ("x",))),
        ("a LIKE '%x_'", Comparison("a", Operator.LIKE, ("%x_",))),
        ("a=true", _equal("a", value=True)),
        ("a = False", _equal("a", value=False)),
        ("a='true'", _equal("a", "true")),
        ("a=1.0.5", _equal("a", "1.0.5")),
        ("a=-3", _equal("a", "-3")),
        ("a='it''s'", _equal("a", "it's")),
        ("a=''", _equal("a", "")),
        ("a=''''", _equal("a", "'")),
        ("a='and b=''2'''", _equal("a", "and b='2'")),
        ("name.zh_CN='ü\U0001f600'", _equal("name.zh_CN", "ü\U0001f600")),
        ("order='1'", _equal("order", "1")),
        ("a='1' and b='2'", AllOf((_A, _B))),
        ("a='1' AND b='2' and c='3'", AllOf((_A, _B, _C))),
        ("a='1' or b='2'", AnyOf((_A, _B))),
        ("a='1' or b='2' and c='3'", AnyOf((_A, AllOf((_B, _C))))),
        ("a='1' and b='2' or c='3'", AnyOf((AllOf((_A, _B)), _C))),
        ("(a='1' or b='2') and c='3'", AllOf((AnyOf((_A, _B)), _C))),
        ("((a='1'))", _A),
        ("a='1'and(b='2'or c='3')", AllOf((_A, AnyOf((_B, _C))))),
        ("(" * 32 + "a='1'" + ")" * 32, _A),
    ],
)
def test_expressions_mean_what_sql_means(text: str, where: Filter) -> None:
    """`and` binds tighter than `or`; blanks, case of words and doubled quotes as in SQL."""
    assert _parse(text) == where


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_no_expression_matches_everything(text: str) -> None:
    """The parameter is optional, and so is its content."""
    assert _parse(text) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a", "has its end after a, which is no operator"),
        ("a=", "has its end where a value should be"),
        ("=a", "has '=' where a field should be"),
        ("in in ('a')", "has 'in' where a field should be"),
        ("a in 'x'", "has \"'x'\" where .\\(. should be"),
        ("a in ('x'", "has its end where '\\)' should be"),
        ("a in ()", "has '\\)' where a value should be"),
        ("a='x' b", "has 'b' where it should end"),
        ("a='x' and", "has its end where a field should be"),
        ("a='x", "cannot be read from"),
        ("a>'x'", "cannot be read from \">'x'\" on"),
        ("(" * 33 + "a='1'" + ")" * 33, "nested deeper than 32"),
        ("a='" + "x" * 65_536 + "'", "longer than 65536"),
    ],
)
def test_a_malformed_expression_is_told_where(text: str, sentence: str) -> None:
    """The sentence names the place and what belongs there."""
    with pytest.raises(DialectError, match=sentence):
        _parse(text)


@given(text=st.text("ab='() ,andorinlike!<>\"0.\\", max_size=30))
def test_texts_of_any_kind_raise_nothing_else(text: str) -> None:
    """A reader given garbage raises its own error or returns a filter."""
    try:
        where = _parse(text)
    except DialectError:
        return
    assert isinstance(where, AllOf | AnyOf | Comparison)


def test_a_long_list_and_a_long_chain_are_read() -> None:
    """Two thousand device keys, and as many conditions side by side, exhaust no stack."""
    keys = ",".join(f"'device-{number:06}'" for number in range(2_000))
    chain = " or ".join(f"a='{number}'" for number in range(2_000))

    listed, chained = _parse(f"deviceKey in ({keys})"), _parse(chain)

    assert isinstance(listed, Comparison)
    assert len(listed.values) == 2_000
    assert isinstance(chained, AnyOf)
    assert len(chained.parts) == 2_000


@given(where=TASK_FILTERS)
def test_a_rendered_filter_reads_as_itself(where: Filter) -> None:
    """Any filter without empty or lonely parts survives the wire, quotes and all."""
    assert _parse(expression.render(where)) == where


def test_filters_render_as_the_pages_write_them() -> None:
    """Blanks around words, none around signs."""
    where = AllOf((_A, Comparison("b", Operator.IN, ("2", "it's")), AnyOf((_B, _C))))

    assert expression.render(where) == "a='1' and b in ('2','it''s') and (b='2' or c='3')"
    assert expression.render(EVERYTHING) == ""
    assert expression.render(AllOf((AnyOf((_A,)),))) == "a='1'"
    assert expression.render(_equal("a", value=True)) == "a=true"


@pytest.mark.parametrize(
    "where", [AnyOf(()), Comparison("a", Operator.IN, ()), AllOf((_A, EVERYTHING))], ids=str
)
def test_what_the_language_cannot_say_is_refused(where: Filter) -> None:
    """There is no word for 'nothing', nor for 'everything' beside a condition."""
    with pytest.raises(DialectError, match="cannot express"):
        expression.render(where)
