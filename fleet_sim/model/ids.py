"""How the ids look that a server gives to its firmware, jobs and tasks.

    counted    the kind's own number, so that no two of a kind are alike
    drawn      what the seed adds to it, so that those of two servers are not

An id is the one and then the other, or the other way round, written in the form's own digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fleet_sim.model.chance import identifier

IdKind: TypeAlias = Literal["firmware", "job", "task"]

_HEX_DIGITS = 128  # All that there are of one draw.
_BASE_MIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class IdForm:
    """The form of one kind of id.

    Attributes:
        alphabet: The digits, as many as the base has.
        counted: How many the number fills at least; it takes more when it outgrows them.
        drawn: How many are drawn.
        drawn_first: Whether these come first. Otherwise a later id is the greater one, as long as
            the number fits its place.
        before_first: What is added to the number, which counts from 1.

    Raises:
        ValueError: Two numbers could not be told apart: there are fewer than two digits, or one
            stands for two values, or a length or what is added is below 0.
    """

    alphabet: str
    counted: int
    drawn: int = 0
    drawn_first: bool = False
    before_first: int = 0

    def __post_init__(self) -> None:
        """Refuse a form in which ids could be alike."""
        digits = set(self.alphabet)
        if len(digits) < _BASE_MIN or len(digits) < len(self.alphabet):
            raise ValueError(f"an id's digits are {_BASE_MIN} or more, and each stands there once")
        if min(self.counted, self.drawn, self.before_first) < 0:
            raise ValueError("counted, drawn and before_first are 0 or more")

    def write(self, number: int, *, seed: int, kind: IdKind) -> str:
        """Return the id that goes with a number, the same on every machine."""
        counted = self._written(self.before_first + number, self.counted)
        drawn = self._written(self._draw(number, seed, kind), self.drawn)
        return drawn + counted if self.drawn_first else counted + drawn

    def _draw(self, number: int, seed: int, kind: IdKind) -> int:
        """Return a whole number below what the drawn digits can tell: the top of a long draw."""
        whole = int(identifier(seed, "backend", kind, number, digits=_HEX_DIGITS), 16)
        among: int = len(self.alphabet) ** self.drawn
        return whole * among >> 4 * _HEX_DIGITS

    def _written(self, value: int, length: int) -> str:
        base, text = len(self.alphabet), ""
        while value or len(text) < length:
            value, digit = divmod(value, base)
            text = self.alphabet[digit] + text
        return text


# 24 hexadecimal digits, a later one's greater.
HEX = IdForm(alphabet="0123456789abcdef", counted=8, drawn=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdForms:
    """The forms of a vendor's ids, one a kind."""

    firmware: IdForm = HEX
    job: IdForm = HEX
    task: IdForm = HEX

    def of(self, kind: IdKind) -> IdForm:
        """Return the form of a kind."""
        return {"firmware": self.firmware, "job": self.job, "task": self.task}[kind]


HEX_IDS = IdForms()
