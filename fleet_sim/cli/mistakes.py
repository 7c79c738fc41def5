"""Mistakes shown to a person: the sentence, the line it stands on, and a caret under the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import typer

from fleet_sim.scenario.errors import MISTAKES_SHOWN_MAX, Mistake

_WIDTH = 96  # What is shown of a long line, with the place in view.
_BEFORE = 60


def tell(mistakes: Sequence[Mistake]) -> None:
    """Print every mistake to stderr, with its line and a caret where there is one."""
    _lines_of.cache_clear()
    for mistake in mistakes[:MISTAKES_SHOWN_MAX]:
        for line in told(mistake, _line_at(mistake)):
            typer.echo(line, err=True)
    more = len(mistakes) - MISTAKES_SHOWN_MAX
    if more > 0:
        typer.echo(f"… and {more:,} more.", err=True)


def told(mistake: Mistake, source: str | None) -> Iterator[str]:
    """Render one mistake.

    Args:
        mistake: What is wrong.
        source: The line it stands on, None where there is none to show.
    """
    yield str(mistake)
    if source is None or not source.strip():
        return
    before = source[: mistake.column - 1]
    cut = max(0, len(before) - _BEFORE)
    shown = _printable(source[cut : cut + _WIDTH])
    ellipsis = "…" if cut else ""
    yield f"  | {ellipsis}{shown}"
    yield f"  | {' ' * (len(ellipsis) + len(before) - cut)}^"


def _line_at(mistake: Mistake) -> str | None:
    if not mistake.line or mistake.is_secret:
        return None
    lines = _lines_of(mistake.file)
    return lines[mistake.line - 1] if mistake.line <= len(lines) else None


@lru_cache(maxsize=8)
def _lines_of(file: str) -> tuple[str, ...]:
    """Read a file again, as far as it is text; the caret is a courtesy."""
    try:
        text = Path(file).read_bytes().decode("utf-8-sig", errors="replace")
    except (OSError, ValueError):
        return ()
    return tuple(text.split("\n"))


def _printable(text: str) -> str:
    """Keep one cell a character, so that the caret stays under its place."""
    return "".join(char if char.isprintable() else " " for char in text.rstrip("\r"))
