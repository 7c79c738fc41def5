"""What is wrong with a scenario, told to the one who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

MISTAKES_SHOWN_MAX = 50  # A screen or two; a file with more has one cause that repeats.
_CHOICES_SHOWN_MAX = 40
_CHOICES_BESIDE_NEAREST_MAX = 24
_WORD_MAX = 100  # Nothing known is longer, and comparing costs the square of the length.


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, and where.

    Attributes:
        file: The file as the user named it, or the flag (`--set a.b=c`) that brought the value.
        line: From 1; 0 where there is no line (a flag, a file that cannot be read).
        column: From 1, in characters; 0 where `line` is.
        path: Keys and list positions from the top, joined by dots; "" for the file as a whole.
        text: The rest of the sentence, which starts with its verb where there is a path.
        is_secret: Whether the line holds what must not be shown.
    """

    file: str
    line: int
    column: int
    path: str
    text: str
    is_secret: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.path} {self.text}" if self.path else f"{where}: {self.text}"


class ScenarioError(Exception):
    """A scenario cannot be used; the author of the file is to blame.

    Attributes:
        mistakes: Every mistake found, in the order of the file; never empty.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        assert self.mistakes, "an error without a mistake blames nobody"
        super().__init__("\n".join(map(str, self.mistakes)))


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return what could have been meant: `; did you mean "enos"? (alibaba, enos)`.

    The choices are listed, sorted, unless there are so many that they would bury the nearest one;
    "" when there are none.
    """
    names = sorted(set(choices))
    if not names:
        return ""
    shown = ", ".join(names[:_CHOICES_SHOWN_MAX]) + (", …" if names[_CHOICES_SHOWN_MAX:] else "")
    lowered = {name.lower(): name for name in reversed(names)}
    near = get_close_matches(word[:_WORD_MAX].lower(), lowered, n=1, cutoff=0.6)
    if not near:
        return f"; known are: {shown}"
    listed = f" ({shown})" if len(names) <= _CHOICES_BESIDE_NEAREST_MAX else ""
    return f'; did you mean "{lowered[near[0]]}"?{listed}'
