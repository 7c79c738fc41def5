"""What the values of a record's fields look like, for logs that come from a file.

A file may have been cut, edited or written by another hand. The oracles read records as
`model.record` describes them; what does not fit is told here, before they meet it. A field means
the same in each kind, but for those of `BY_KIND`, so the shapes go by name; names that are not
listed are free, and so are kinds, as those of later versions are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from fleet_sim.model.answers import TaskRow
from fleet_sim.model.record import Record, Source, excerpt, filter_from_lists

Fits = Callable[[Any], bool]

_ROW_NUMBERS = frozenset(
    one.name for one in fields(TaskRow) if str(one.type).startswith("int")
)  # a row of a device has none

_PAGE_FIELDS = 4  # number, size, rows, total
_SEARCHES = frozenset({"search_tasks", "search_devices"})


def _is_text(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, str)


def _is_number(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, int) and not isinstance(value, bool)


def _is_code(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return _is_number(value) or _is_text(value)  # numbers with some vendors, words with others


def _is_flag(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, bool)


def _is_texts(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, list) and all(map(_is_text, value))


def _is_rows(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, list) and all(isinstance(row, dict) and _is_row(row) for row in value)


def _is_row(row: Mapping[str, Any]) -> bool:
    return all(
        value is None
        or (_is_number(value) if name in _ROW_NUMBERS else isinstance(value, str | bool))
        for name, value in row.items()
    )


def _is_pages(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, list) and all(
        isinstance(page, list) and len(page) == _PAGE_FIELDS and all(map(_is_number, page))
        for page in value
    )


def _is_filter(value: Any) -> bool:  # noqa: ANN401 - JSON values
    try:
        filter_from_lists(value)
    except (TypeError, ValueError, IndexError, RecursionError):
        return False
    return True


def _is_expectations(value: Any) -> bool:  # noqa: ANN401 - JSON values
    shapes: Mapping[str, Fits] = {"text": _is_text, "line": _is_number, "flag": _is_text}
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(fits(one.get(name)) for name, fits in shapes.items())
        for one in value
    )


def _is_window(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return isinstance(value, dict) and all(
        value[name] is None or (_is_flag if name == "repeat_daily" else _is_number)(value[name])
        for name in value
    )


def _or_none(fits: Fits) -> Fits:
    return lambda value: value is None or fits(value)


_TEXT = ("a text", _is_text)
_NUMBER = ("a whole number", _is_number)
_FLAG = ("true or false", _is_flag)
_TEXTS = ("a list of texts", _is_texts)

SHAPES: Mapping[str, tuple[str, Fits]] = {
    **dict.fromkeys(
        ("call", "cause", "desc", "dialect", "digest", "firmware", "fleet", "id", "job_kind",
         "message", "policy", "product", "query", "request", "sha256", "side", "text", "to_version",
         "topic", "version", "why"),
        _TEXT,
    ),
    **dict.fromkeys(("no", "offset", "since", "size", "t0", "t1", "unique"), _NUMBER),
    **dict.fromkeys(("concurrency", "retry_count", "retry_interval_s", "step", "timeout_s"),
                    ("a whole number or null", _or_none(_is_number))),
    "code": ("a whole number, a text or null", _or_none(_is_code)),
    **dict.fromkeys(("must_ask", "probe"), _FLAG),
    **dict.fromkeys(("devices", "from_versions", "untold", "versions"), _TEXTS),
    "device_keys": ("a list of texts or null", _or_none(_is_texts)),
    "expectations": ("a list of text, line and flag", _is_expectations),
    "pages": ("a list of [number, size, rows, total]", _is_pages),
    "rows": ("a list of rows", _is_rows),
    "where": ("a filter as nested lists", _is_filter),
    "window": ("start_ms, end_ms and repeat_daily, or null", _or_none(_is_window)),
}  # fmt: skip
BY_KIND: Mapping[tuple[Source, str, str], tuple[str, Fits]] = {
    (Source.CONTROL, "fleet", "devices"): _NUMBER,
}
# What cannot be left out, by source: the pair of a write, and what was asked.
NEEDED: Mapping[tuple[Source, str], tuple[str, ...]] = {
    **{
        (Source.CONTROL, kind): ("call", "no")
        for kind in ("api_invoke", "api_ok", "api_fail", "api_unknown")
    },
    (Source.CONTROL, "contract"): ("dialect",),
    (Source.CONTROL, "end"): ("why",),
    (Source.CONTROL, "expect"): ("expectations",),
    (Source.CONTROL, "fleet"): ("dialect",),
    (Source.NORTHBOUND, "rows"): ("call", "where"),
    (Source.NORTHBOUND, "refused_query"): ("call", "where"),
    (Source.NORTHBOUND, "unread"): ("why",),
}


def misfit(record: Record) -> str:
    """Return what of a record does not fit, in half a sentence; "" where all of it does."""
    for name in NEEDED.get((record.src, record.kind), ()):
        if name not in record.fields:
            return f"a record of the kind {record.kind} needs {name}, which is missing"
    if record.kind == "contract":
        return ""  # its parameters are held against the profile's own types
    for name, value in record.fields.items():
        shape = BY_KIND.get((record.src, record.kind, name)) or SHAPES.get(name)
        if shape is None:
            continue
        words, fits = shape
        if not fits(value):
            return f"{name} is {excerpt(value)}; {words} would be right"
    call = record.get("call")
    if record.src is Source.NORTHBOUND and call is not None and call not in _SEARCHES:
        return f"call is {excerpt(call)}; {' or '.join(sorted(_SEARCHES))} would be right"
    return ""
