"""Instants as Huawei writes them: UTC to the second, `yyyyMMdd'T'HHmmss'Z'`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fleet_sim.dialects.wire import DialectError

# Hours to 23: newer Pythons read 24 as the midnight that follows.
_DAY_AND_HOUR = r"[0-9]{8}%s(?:[01][0-9]|2[0-3])"
_FORM = re.compile(_DAY_AND_HOUR % "T" + r"[0-9]{4}Z", re.ASCII)
_HOUR = re.compile(_DAY_AND_HOUR % "", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH_MS_MAX = 253_402_300_799_999  # The last millisecond of the year 9999.


def stamp(epoch_ms: int) -> str:
    """Write an instant; what is below a second is cut off, what is beyond year 9999 as its end."""
    when = _EPOCH + timedelta(milliseconds=min(max(epoch_ms, 0), _EPOCH_MS_MAX))
    return f"{when.isoformat(timespec='seconds')[:19]}Z".replace("-", "").replace(":", "")


def stamp_of(epoch_ms: int | None) -> str | None:
    """Write an instant that may be unknown."""
    return None if epoch_ms is None else stamp(epoch_ms)


def hour(epoch_ms: int) -> str:
    """Write the hour that a CONNECT is signed with: `YYYYMMDDHH`."""
    return stamp(epoch_ms)[:11].replace("T", "")


def read_stamp(text: str) -> int:
    """Return the instant in ms since the epoch.

    Raises:
        DialectError: It has another form, or is none of the calendar.
    """
    if not _FORM.fullmatch(text):
        raise DialectError(f"{text[:40]!r} is no instant; write yyyyMMddTHHmmssZ, in UTC")
    return _epoch_ms(text, text)


def read_hour(text: str) -> int:
    """Return when an hour `YYYYMMDDHH` begins, in ms since the epoch.

    Raises:
        DialectError: It has another form, or is none of the calendar.
    """
    if not _HOUR.fullmatch(text):
        raise DialectError(f"{text[:40]!r} is no hour; write YYYYMMDDHH, in UTC")
    return _epoch_ms(text, f"{text[:8]}T{text[8:]}Z")


def _epoch_ms(text: str, iso: str) -> int:
    # Not `strptime`, which takes ten times as long: a page of tasks has hundreds of these.
    try:
        when = datetime.fromisoformat(iso)
    except ValueError as error:
        raise DialectError(f"{text!r} is no instant of the calendar") from error
    return (when - _EPOCH) // _MILLISECOND
