"""Instants as the API writes them: UTC, by ISO 8601, to the minute, second or millisecond.

Source: "Common parameters" for requests, the samples of ListOTATaskByJob for rows, those of
ListOTAModuleByProduct for modules.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fleet_sim.dialects.wire import DialectError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z", re.ASCII)
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z", re.ASCII)


def timestamp_of(epoch_ms: int) -> str:
    """Write an instant as `2024-11-19T09:47:43Z`; what is left of a second is cut off."""
    return _written(epoch_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_of(epoch_ms: int) -> str:
    """Write an instant as `2024-09-18T09:45:34.139Z`."""
    return f"{_written(epoch_ms):%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def utc_or_none(epoch_ms: int | None) -> str | None:
    """Write an instant likewise; None stays."""
    return None if epoch_ms is None else utc_of(epoch_ms)


def minute_of(epoch_ms: int) -> str:
    """Write an instant as `2020-10-13T09:46Z`; what is left of a minute is cut off."""
    return _written(epoch_ms).strftime("%Y-%m-%dT%H:%MZ")


def read_minute(text: str) -> int:
    """Return the epoch ms of what `minute_of` writes, or of what `read_utc` reads.

    Raises:
        DialectError: As there.
    """
    return read_utc(f"{text[:-1]}:00Z" if _MINUTE.fullmatch(text) else text)


def read_utc(text: str) -> int:
    """Return the epoch ms of an instant, with or without a fraction of a second.

    Raises:
        DialectError: It has another form, or there is no such day or hour.
    """
    if not _FORM.fullmatch(text):
        raise DialectError(f"{text[:40]!r} is no instant like 2024-11-19T09:47:43Z")
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError as error:
        raise DialectError(f"{text!r} is no instant: no day has this date or hour") from error
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _written(epoch_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=epoch_ms)
