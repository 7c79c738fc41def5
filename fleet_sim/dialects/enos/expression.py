"""The query language: SQL-like conditions, read to a neutral filter and written back.

    expression  any
    any         all { or all }
    all         part { and part }
    part        ( any ) | field = value | field != value | field in ( value, … )
                | field like value
    value       'text' | true | false | a bare number, which counts as its own text

Words of the language and booleans ignore case, blanks around operators are optional, and a quote
inside a text is doubled, as in SQL (the pages do not say). No text means that everything matches.

Source: the `expression` rows of the V2.1 search pages; `True` and `False` from official samples.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

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

# Limits of ours: a list of two thousand device keys fits, and no nesting exhausts the stack.
EXPRESSION_CHARS_MAX = 64 * 1024
NESTING_MAX = 32

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.\-]*)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)*)"
    r"|(?P<mark>!=|=|\(|\)|,))",
)
_BOOLEANS = {"true": True, "false": False}
_RESERVED = frozenset({"and", "or", "in", "like", "true", "false"})

Lexeme: TypeAlias = "tuple[str, str]"  # kind (a group of _TOKEN) and text
Meaning: TypeAlias = "Callable[[str, Operator, tuple[Value, ...]], Filter]"


def parse(text: str, meaning: Meaning) -> Filter:
    """Read an expression.

    Args:
        text: The expression; blank means everything.
        meaning: Vendor's field, operator and values to a neutral filter; it raises `DialectError`
            for what the search does not support.

    Raises:
        DialectError: The expression is malformed; the sentence says where.
    """
    if len(text) > EXPRESSION_CHARS_MAX:
        raise DialectError(f"is longer than {EXPRESSION_CHARS_MAX} characters")
    if not text.strip():
        return EVERYTHING
    reader = _Reader(_tokens(text), meaning)
    where = reader.any_of(depth=0)
    reader.expect_end()
    return where


def _tokens(text: str) -> list[Lexeme]:
    found: list[Lexeme] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise DialectError(f"cannot be read from {text[at : at + 20]!r} on")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Reader:
    """One pass over the tokens; a method for each rule of the grammar."""

    def __init__(self, tokens: list[Lexeme], meaning: Meaning) -> None:
        self._tokens = tokens
        self._at = 0
        self._meaning = meaning

    def any_of(self, depth: int) -> Filter:
        parts = [self._all_of(depth)]
        while self._take_word("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise DialectError(f"has {self._here()} where it should end")

    def _all_of(self, depth: int) -> Filter:
        parts = [self._part(depth)]
        while self._take_word("and"):
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _part(self, depth: int) -> Filter:
        if not self._take_mark("("):
            return self._comparison()
        if depth >= NESTING_MAX:
            raise DialectError(f"is nested deeper than {NESTING_MAX}")
        inner = self.any_of(depth + 1)
        self._expect_mark(")")
        return inner

    def _comparison(self) -> Filter:
        kind, field = self._peek()
        if kind != "word" or field.lower() in _RESERVED:
            raise DialectError(f"has {self._here()} where a field should be")
        self._at += 1
        if self._take_word("in"):
            return self._meaning(field, Operator.IN, self._list())
        if self._take_word("like"):
            return self._meaning(field, Operator.LIKE, (self._value(),))
        for operator in (Operator.EQUAL, Operator.NOT_EQUAL):
            if self._take_mark(operator.value):
                return self._meaning(field, operator, (self._value(),))
        raise DialectError(f"has {self._here()} after {field}, which is no operator")

    def _list(self) -> tuple[Value, ...]:
        self._expect_mark("(")
        values = [self._value()]
        while self._take_mark(","):
            values.append(self._value())
        self._expect_mark(")")
        return tuple(values)

    def _value(self) -> Value:
        kind, text = self._peek()
        is_boolean = kind == "word" and text.lower() in _BOOLEANS
        if kind not in {"text", "number"} and not is_boolean:
            raise DialectError(
                f"has {self._here()} where a value should be; texts stand in single quotes"
            )
        self._at += 1
        if is_boolean:
            return _BOOLEANS[text.lower()]
        return text if kind == "number" else text[1:-1].replace("''", "'")

    def _peek(self) -> Lexeme:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _here(self) -> str:
        kind, text = self._peek()
        return "its end" if kind == "end" else repr(text[:40])

    def _take_word(self, word: str) -> bool:
        kind, text = self._peek()
        return self._take(is_there=kind == "word" and text.lower() == word)

    def _take_mark(self, mark: str) -> bool:
        return self._take(is_there=self._peek() == ("mark", mark))

    def _take(self, *, is_there: bool) -> bool:
        self._at += is_there
        return is_there

    def _expect_mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise DialectError(f"has {self._here()} where {mark!r} should be")


def render(where: Filter) -> str:
    """Write a filter that is in the vendor's fields and words; "" for one that everything matches.

    Raises:
        DialectError: The language has no form for it: nothing can match, or a part always does.
    """
    match where:
        case AllOf(()):
            return ""
        case AllOf(parts):
            return " and ".join(_inner(part) for part in parts)
        case AnyOf(()) | Comparison(values=()):
            raise DialectError("EnOS cannot express a filter that nothing matches")
        case AnyOf(parts):
            return " or ".join(_inner(part) for part in parts)
        case Comparison():
            return _render_comparison(where)


def _inner(part: Filter) -> str:
    text = render(part)
    if not text:
        raise DialectError("EnOS cannot express 'everything' inside a larger filter")
    is_compound = isinstance(part, AllOf | AnyOf) and len(part.parts) > 1
    return f"({text})" if is_compound else text


def _render_comparison(comparison: Comparison) -> str:
    literals = [_literal(value) for value in comparison.values]
    match comparison.operator:
        case Operator.IN:
            return f"{comparison.field} in ({','.join(literals)})"
        case Operator.LIKE:
            return f"{comparison.field} like {literals[0]}"
        case Operator.EQUAL | Operator.NOT_EQUAL:
            return f"{comparison.field}{comparison.operator.value}{literals[0]}"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + str(value).replace("'", "''") + "'"
