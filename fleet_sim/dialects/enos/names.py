"""The forms of the names that EnOS hands out, filled from digits that others draw.

Source: the samples of the V2.1 pages for organisations; `enos-poseidon` for keys, which reads the
second group as a hexadecimal number and breaks on a key without groups.
"""

from __future__ import annotations

from itertools import pairwise

_ORG_MIN = 10**13  # The samples have fourteen decimal digits.
_GROUP_ENDS = (0, 8, 12, 16, 20, 32)


def org_of(digits: str) -> str:
    """Return an organisation's id, as `o15475466766371`, from 32 hexadecimal digits."""
    return f"o{_ORG_MIN + int(digits, 16) % (9 * _ORG_MIN)}"


def operator_key_of(digits: str) -> str:
    """Return an application's key, or its secret: 32 hexadecimal digits in groups."""
    return _grouped(digits)


def uuid_of(digits: str) -> str:
    """Return 32 hexadecimal digits in the form of a UUID of version 4, two of them overwritten."""
    return _grouped(f"{digits[:12]}4{digits[13:16]}a{digits[17:]}")


def _grouped(digits: str) -> str:
    return "-".join(digits[start:end] for start, end in pairwise(_GROUP_ENDS))
