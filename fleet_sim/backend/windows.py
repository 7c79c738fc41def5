"""Schedule windows: may a push leave now, and if not, when?

    once           start ├──────────────┤ end
    daily      ┤    ├────────┤      ├────────┤      the times of day count, in the window's zone
    over night ├──┤      ├──────┤      ├──────      the end lies before the start: past midnight

Both ends belong to the window. A daily window whose two ends fall on the same time of day, on
different days, is open all day.
"""

from __future__ import annotations

from fleet_sim.model.northbound import Window

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000


def is_open(window: Window | None, at_epoch_ms: int) -> bool:
    """Tell whether pushes are allowed at this instant of the wall clock; no window: always."""
    if window is None:
        return True
    if not window.repeat_daily:
        return window.start_epoch_ms <= at_epoch_ms <= window.end_epoch_ms
    start, end = _of_day(window, window.start_epoch_ms), _of_day(window, window.end_epoch_ms)
    if start == end and window.start_epoch_ms != window.end_epoch_ms:
        return True
    now = _of_day(window, at_epoch_ms)
    return start <= now <= end if start <= end else now >= start or now <= end


def next_opening(window: Window, at_epoch_ms: int) -> int | None:
    """Return when a window that is closed now opens next; None: never again."""
    if not window.repeat_daily:
        return window.start_epoch_ms if at_epoch_ms < window.start_epoch_ms else None
    wait = (_of_day(window, window.start_epoch_ms) - _of_day(window, at_epoch_ms)) % _DAY_MS
    return at_epoch_ms + wait


def opens_at(window: Window | None, at_epoch_ms: int) -> int:
    """Return from when on pushes are allowed: this instant, else the next opening, if there is one.

    One that never opens again counts as open: nothing more is to be waited for.
    """
    if window is None or is_open(window, at_epoch_ms):
        return at_epoch_ms
    opening = next_opening(window, at_epoch_ms)
    return at_epoch_ms if opening is None else opening


def _of_day(window: Window, at_epoch_ms: int) -> int:
    return (at_epoch_ms + window.utc_offset_minutes * _MINUTE_MS) % _DAY_MS
