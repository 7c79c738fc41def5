"""The parameters of a call: texts, numbers, flags, words, and lists written `Name.1`, `Name.2`.

An empty value counts as none. Lists may have holes; what counts is the order of their numbers.

Source: "Common parameters"; that Python clients write flags as `True`, observed from their SDKs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fleet_sim.dialects.fields import is_storable
from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.codes import RpcError, miss, refuse

TEXT_CHARS_MAX = 1024  # ours: longer than any id, name or version in the pages
LONG_MAX = 2**63 - 1
NAMES_MAX = 1_000  # ours: the longest call names 200 devices

_DIGITS = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_INDEX = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_FLAGS: Mapping[str, bool] = {"true": True, "false": False}


class Parameters:
    """A call's parameters, read by the vendor's names."""

    def __init__(self, pairs: Sequence[tuple[str, str]], *, folds_case: bool) -> None:
        """Take them in.

        Raises:
            RpcError: One comes twice, there are too many, or one cannot be kept.
        """
        if len(pairs) > NAMES_MAX:
            raise RpcError(
                f"The call has more than {NAMES_MAX} parameters.",
                word=codes.BAD_PARAMETER,
                status=400,
            )
        self._folds = folds_case
        self._values: dict[str, str] = {}
        for name, value in pairs:
            key = self._key(name)
            if key in self._values:
                refuse(_shown(name), "is given twice")
            if not is_storable(value) or not is_storable(name):
                refuse(_shown(name), "holds a NUL or half of a surrogate pair")
            if value:
                self._values[key] = value

    def _key(self, name: str) -> str:
        return name.lower() if self._folds else name

    def text(self, name: str, *, longest: int = TEXT_CHARS_MAX) -> str:
        """Return a text, or "".

        Raises:
            RpcError: It is longer than that.
        """
        value = self._values.get(self._key(name), "")
        if len(value) > longest:
            refuse(name, f"is longer than {longest} characters")
        return value

    def required(self, name: str, *, longest: int = TEXT_CHARS_MAX) -> str:
        """Return a text that must be there.

        Raises:
            RpcError: It is missing, or longer than that.
        """
        return self.text(name, longest=longest) or miss(name)

    def whole(
        self, name: str, least: int, most: int, *, word: str = codes.BAD_REQUEST
    ) -> int | None:
        """Return a whole number, None where there is none.

        Raises:
            RpcError: It is no number, or out of its range; with this code.
        """
        value = self._values.get(self._key(name))
        if value is None:
            return None
        if not _DIGITS.fullmatch(value) or not least <= int(value) <= most:
            refuse(name, f"must be a whole number from {least} to {most}", word)
        return int(value)

    def flag(self, name: str) -> bool | None:
        """Return a flag, None where there is none.

        Raises:
            RpcError: It is neither true nor false.
        """
        value = self._values.get(self._key(name))
        if value is None:
            return None
        known = _FLAGS.get(value.lower())
        if known is None:
            refuse(name, "must be true or false")
        return known

    def word(self, name: str, known: Sequence[str]) -> str:
        """Return one of these words as they are spelled here, or "".

        Raises:
            RpcError: It is none of them.
        """
        value = self._values.get(self._key(name), "")
        for one in known if value else ():
            if value == one or (self._folds and value.lower() == one.lower()):
                return one
        if value:
            refuse(name, f"must be one of {', '.join(known)}")
        return ""

    def several(
        self, name: str, most: int, *, longest: int = TEXT_CHARS_MAX, must_differ: bool = False
    ) -> tuple[str, ...]:
        """Return a list in the order of its numbers, each value once.

        Raises:
            RpcError: There are more than that, one of them is too long, or one comes twice where
                they must differ.
        """
        found = self._numbered(name)
        values = tuple(dict.fromkeys(items.get("", "") for _, items in sorted(found.items())))
        if must_differ and len(values) < len(found):
            refuse(f"{name}.N", "must not name one twice")
        if len(values) > most:
            refuse(f"{name}.N", f"may come {most} times at most")
        if any(not 0 < len(value) <= longest for value in values):
            refuse(f"{name}.N", f"must have from 1 to {longest} characters")
        return values

    def structures(
        self, name: str, most: int, fields: Sequence[str] = ()
    ) -> tuple[Mapping[str, str], ...]:
        """Return a list of structures: of these fields, as they are spelled here, what is given.

        Raises:
            RpcError: There are more than that.
        """
        found = self._numbered(name)
        if len(found) > most:
            refuse(f"{name}.N", f"may come {most} times at most")
        return tuple(
            {field: items[self._key(field)] for field in fields if self._key(field) in items}
            for _, items in sorted(found.items())
        )

    def _numbered(self, name: str) -> dict[int, dict[str, str]]:
        """Collect `name.7` and `name.7.field`: number to field to value; the field "" is none."""
        found: dict[int, dict[str, str]] = {}
        for key, value in self._values.items():
            head, dot, rest = key.partition(".")
            number, _, field = rest.partition(".")
            if dot and head == self._key(name) and _INDEX.fullmatch(number):
                found.setdefault(int(number), {})[field] = value
        return found


def _shown(name: str) -> str:
    return name[:40].encode("ascii", "backslashreplace").decode()
