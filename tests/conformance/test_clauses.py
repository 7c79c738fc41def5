import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.clauses import ALL, CLAUSES, UNOBSERVABLE
from tests.conformance.differences import DIFFERENCES

_FOLDER = Path(__file__).parent


def cited() -> Iterator[tuple[str, str]]:
    """Yield every test of this folder with each clause that its docstring names."""
    for path in sorted(_FOLDER.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_"):
                for clause in re.findall(r"\[MQTT-([\d.]+-\d+)\]", ast.get_docstring(node) or ""):
                    yield f"{path.stem}.{node.name}", clause


def test_every_clause_is_shown_or_cannot_be() -> None:
    """In exactly one of the two lists; the specification has 141."""
    assert len(ALL) == len(set(ALL)) == 141
    assert sorted([*CLAUSES, *UNOBSERVABLE]) == sorted(ALL)


def test_a_clause_s_test_names_it() -> None:
    """It exists, and its docstring says which clause it is about."""
    known = set(cited())

    assert [row for row in CLAUSES.items() if (row[1], row[0]) not in known] == []


def test_no_test_names_what_cannot_be_shown() -> None:
    """Nor a clause that does not exist."""
    assert [(test, clause) for test, clause in cited() if clause not in CLAUSES] == []


def test_every_reason_is_a_sentence() -> None:
    """For what cannot be shown, and for what differs."""
    reasons = [*UNOBSERVABLE.values(), *(each.why for each in DIFFERENCES.values())]

    assert [why for why in reasons if not re.fullmatch(r"[A-Z].{20,}\.", why)] == []
