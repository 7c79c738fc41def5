"""Durations, sizes and shares as users write them, read into whole numbers with units.

A number without its unit is refused: `timeout: 5` has meant minutes to one reader and seconds to
the next.
"""

from __future__ import annotations

import re
from fractions import Fraction

import durationpy

_DURATION = re.compile(r"(\d+(\.\d+)?(ms|us|µs|ns|h|m|s))+", re.ASCII)
_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>([kKMG]i?)?B)", re.ASCII)
_SHARE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*%", re.ASCII)
_TEXT_MAX = 40  # Longer ones are no quantity, and big numbers are slow to read.
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}


def duration_ms(text: str) -> int:
    """Read a Go duration (`300ms`, `5s`, `1m30s`, `1.5h`) as whole milliseconds, rounded.

    Raises:
        ValueError: No such duration; a number without unit and a negative one are refused too.
    """
    if len(text) > _TEXT_MAX or _DURATION.fullmatch(text) is None:
        raise ValueError("write a duration with its unit, like 500ms, 5s or 1m30s")
    try:
        seconds: float = durationpy.from_str(text).total_seconds()
    except (durationpy.DurationError, OverflowError) as error:
        raise ValueError("write a duration with its unit, like 500ms, 5s or 1m30s") from error
    return round(seconds * 1000)


def size_bytes(text: str) -> int:
    """Read a size (`512KiB`, `2MB`, `100B`) as whole bytes: kB is 1,000 bytes, KiB is 1,024.

    Raises:
        ValueError: No such size.
    """
    found = _SIZE.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if found is None:
        raise ValueError("write a size with its unit, like 256KiB or 2MB")
    unit = found["unit"].removesuffix("B").lower()
    base = 1024 if unit.endswith("i") else 1000
    scale: int = base ** _POWERS[unit.removesuffix("i")]
    return round(Fraction(found["number"]) * scale)


def share_percent(text: str) -> Fraction:
    """Read a share (`5%`, `12.5%`) as exact percent from 0 to 100.

    Raises:
        ValueError: No such share.
    """
    found = _SHARE.fullmatch(text) if len(text) <= _TEXT_MAX else None
    percent = Fraction(found["number"]) if found else None
    if percent is None or percent > 100:  # noqa: PLR2004 - a hundred percent
        raise ValueError("write a share of the devices from 0% to 100%, like 5%")
    return percent


def say_duration(ms: int) -> str:
    """Write whole milliseconds as `duration_ms` reads them: `1m30s`, `500ms`, `0s`."""
    if ms % 1000:
        return f"{ms}ms" if ms < 1000 else f"{ms / 1000:g}s"  # noqa: PLR2004 - a second
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def say_percent(percent: Fraction) -> str:
    """Write a share as `share_percent` reads it, to four digits: `12.5%`."""
    return f"{float(percent):.6g}%"
