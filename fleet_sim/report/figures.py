"""Numbers as people read them: durations, counts, shares, and how far a clean record carries."""

from __future__ import annotations

from math import isfinite

_SECOND_MS = 1_000
_MINUTE_MS = 60 * _SECOND_MS
_HOUR_MS = 60 * _MINUTE_MS


def render_duration(duration_ms: float) -> str:
    """Return a span as scenarios write it, with two figures of use: `850ms`, `12.4s`, `1m05s`."""
    if not isfinite(duration_ms):
        return "-"
    sign, whole_ms = ("-", -duration_ms) if duration_ms < 0 else ("", duration_ms)
    if round(whole_ms) < _SECOND_MS:
        return f"{sign}{whole_ms:.0f}ms"
    if round(whole_ms, -2) < _MINUTE_MS:
        return f"{sign}{whole_ms / _SECOND_MS:.1f}s"
    seconds = round(whole_ms / _SECOND_MS)
    if seconds < _HOUR_MS // _SECOND_MS:
        return f"{sign}{seconds // 60}m{seconds % 60:02}s"
    minutes = round(seconds / 60)
    return f"{sign}{minutes // 60}h{minutes % 60:02}m"


def render_count(count: float) -> str:
    """Return a number with thousands set apart; whole ones without a fraction: `12,000`, `2.5`."""
    if not isfinite(count):
        return "-"
    if float(count).is_integer():
        return f"{int(count):,}"
    return f"{count:,.2f}".rstrip("0").rstrip(".")


def render_percent(percent: float) -> str:
    """Return a share of a hundred that never rounds to a bound it has not reached.

    99.97 % is not 100 %, and one device of ten thousand is not none: an expectation that failed by
    one device must not look as if it held.
    """
    if not isfinite(percent):
        return "-"
    for digits in range(1, 6):
        text = f"{percent:.{digits}f}"
        if (float(text) in {0.0, 100.0}) == (percent in {0.0, 100.0}):
            return f"{text.rstrip('0').rstrip('.')}%"
    return f"{percent!r}%"


def break_rate_percent_max(n: int) -> float:
    """Return what `n` occurrences without a break say at 95 %: they break in less than this share.

    Args:
        n: Independent occurrences, at least 1.

    Source:
        The rule of three: (1 - p)^n = 0.05 gives p of about 3/n; never more than everything.
    """
    return min(100.0, 300.0 / n)
