"""What must be true, as scenarios write it.

metric[fleet][.stat] op value [by duration]     updated[meters] >= 95% by 5m
promises hold                                   no promise is violated
V11 held                                        this one was exercised and held
{that: …, abort: true, after: 1m}               end the run as soon as it fails, from 1m on
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import PlainValidator, TypeAdapter, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from fleet_sim.oracle.metrics import METRICS, Metric, Unit
from fleet_sim.oracle.thresholds import Expectation, Op
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.kinds import (
    Glance,
    detail,
    glance,
    mistake,
    raise_all,
    read_bool,
    read_instant,
    shown,
)
from fleet_sim.scenario.tree import clipped
from fleet_sim.scenario.units import duration_ms, say_duration, share_percent

_OPS: tuple[Op, ...] = get_args(Op)
_KEYS = ("that", "abort", "after")
_HELD = re.compile(r"(?P<promise>\w+)\s+held")
_HOLD = re.compile(r"promises?\s+(hold|holds|held)")
_COMPARISON = re.compile(
    r"(?P<metric>[^\s\[\].<>=!]+)"
    r"\s*(\[\s*(?P<fleet>[^\]]*?)\s*\])?"
    r"(\.(?P<stat>[^\s<>=!]*))?"
    r"\s*(?P<op>[<>=!]+)"
    r"\s*(?P<value>[^\s<>=!]+)"
    r"(\s+by\s+(?P<by>\S+))?"
)
_COUNT = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_FORMS = 'write "metric[fleet].stat op value", "promises hold" or "V11 held"'
_UNITS_SAID = {
    "percent": "a share like 95%",
    "count": "a plain number",
    "ms": "a duration like 60s",
}


def read_expectation(value: object, info: ValidationInfo) -> Expectation:
    """Return one entry of `expect`; `load` adds its file and line.

    Raises:
        PydanticCustomError: It is none of the forms, or says what is not known.
        ValidationError: Keys of the long form are wrong.
    """
    if not isinstance(value, dict):
        return _read_text(value, info)
    found: list[InitErrorDetails] = []
    for key in value:
        if key not in _KEYS:
            text = f"is no key here{did_you_mean(key, _KEYS)}"
            found.append(detail(mistake(text, at_key=True), key))
    that: Expectation | None = None
    abort, after_ms = False, 0
    try:
        that = _read_that(value, info)
    except PydanticCustomError as error:
        found.append(detail(error, *(("that",) if "that" in value else ())))
    try:
        abort = read_bool(value.get("abort", False))
    except PydanticCustomError as error:
        found.append(detail(error, "abort"))
    try:
        after_ms = read_instant(value.get("after", "0s"), info)
    except PydanticCustomError as error:
        found.append(detail(error, "after"))
    if "after" in value and "abort" not in value:
        text = "has no effect without abort: true"
        found.append(detail(mistake(text, at_key=True), "after"))
    raise_all(found)
    assert that is not None, "without it there was a mistake"
    return replace(that, abort=abort, after_ms=after_ms)


Entry: TypeAlias = Annotated[Expectation, PlainValidator(read_expectation)]
_ENTRY = TypeAdapter(Entry)


def expectation_told(expectation: Expectation) -> dict[str, str | int]:
    """Return an expectation as the run log has it: its words, and where they were written.

    Returns:
        `text`; `line`, 0 where a flag brought it; and that `flag` as it was typed, "" where it
        stood in the file, which a log does not name.
    """
    flag = "" if expectation.line else expectation.file
    return {"text": expectation.text, "line": expectation.line, "flag": flag}


def read_told(told: Mapping[str, Any], *, file: str, fleets: Iterable[str]) -> Expectation:
    """Read what `expectation_told` returned; when it could abort the run is of no account any more.

    Args:
        told: `text`, `line` and `flag`.
        file: What to call the scenario's file.
        fleets: Their names.

    Raises:
        ValueError: It is no expectation, or not of these fleets; the message is half a sentence.
    """
    try:
        found = _ENTRY.validate_python(told["text"], context=Glance(fleets=tuple(fleets)))
    except ValidationError as error:
        raise ValueError(error.errors(include_url=False)[0]["msg"]) from error
    return replace(found, file=told["flag"] or file, line=told["line"])


def _read_that(value: dict[str, object], info: ValidationInfo) -> Expectation:
    if "that" not in value:
        raise mistake('has no "that"; write what must be true, like that: updated == 100%')
    return _read_text(value["that"], info)


def _read_text(value: object, info: ValidationInfo) -> Expectation:
    if not isinstance(value, str):
        raise mistake(f"is {shown(value)}; {_FORMS}")
    text = " ".join(value.split())
    if _HOLD.fullmatch(text):
        return Expectation(text=text, file="", line=0, kind="promises_hold")
    if held := _HELD.fullmatch(text):
        promise = _known(held["promise"], vocabulary.promises(), "promise")
        return Expectation(text=text, file="", line=0, kind="promise_held", promise=promise)
    comparison = _COMPARISON.fullmatch(text)
    if comparison is None:
        raise mistake(f"is {shown(value)}; {_FORMS}")
    return _read_comparison(text, comparison, info)


def _read_comparison(text: str, found: re.Match[str], info: ValidationInfo) -> Expectation:
    metric = METRICS[_known(found["metric"], METRICS, "metric")]
    fleet = found["fleet"]
    if fleet is not None:
        fleet = _known(fleet, glance(info).fleets, "fleet")
    number, unit = _value(metric, found["value"])
    return Expectation(
        text=text,
        file="",
        line=0,
        kind="metric",
        metric=metric.name,
        fleet=fleet,
        stat=_stat(metric, found["stat"]),
        op=_op(found["op"]),
        value=number,
        unit=unit,
        by_ms=None if found["by"] is None else _by(found["by"], info),
    )


def _stat(metric: Metric, stat: str | None) -> str:
    """Return the statistic, or "" for a metric's total."""
    if stat is not None and stat not in metric.stats:
        hint = did_you_mean(stat, metric.stats) if metric.stats else "; it is a plain number"
        raise mistake(f'asks for "{clipped(stat)}", which {metric.name} does not have{hint}')
    if stat is None and metric.needs_stat:
        text = f"write which, like {metric.name}.p95 ({', '.join(metric.stats)})"
        raise mistake(f"asks for {metric.name} as if it were one number; {text}")
    return stat or ""


def _op(op: str) -> Op:
    for known in _OPS:
        if op == known:
            return known
    hint = "; write ==" if op in {"=", "==="} else ""
    raise mistake(f'compares with "{op}", which there is not{hint} ({", ".join(_OPS)})')


def _value(metric: Metric, text: str) -> tuple[float, Unit]:
    """Return a value with the unit its spelling has, if the metric can be compared with it."""
    number, unit = _quantity(text)
    if unit is None or unit not in metric.units:
        wanted = " or ".join(_UNITS_SAID[one] for one in metric.units)
        raise mistake(f'compares {metric.name} with "{clipped(text)}"; write {wanted}')
    return number, unit


def _quantity(text: str) -> tuple[float, Unit | None]:
    if _COUNT.fullmatch(text):
        return float(text), "count"
    try:
        return (
            (float(share_percent(text)), "percent")
            if "%" in text
            else (float(duration_ms(text)), "ms")
        )
    except ValueError:
        return 0.0, None


def _by(text: str, info: ValidationInfo) -> int:
    try:
        by_ms = duration_ms(text)
    except ValueError as error:
        raise mistake(f'says by "{clipped(text)}"; {error}') from error
    bound = glance(info).duration_ms
    if bound is not None and by_ms > bound:
        raise mistake(f"says by {text}, but the run ends at {say_duration(bound)} (duration)")
    return by_ms


def _known(word: str, names: Iterable[str], noun: str) -> str:
    choices = tuple(names)
    if word in choices:
        return word
    raise mistake(f'names the {noun} "{clipped(word)}"{did_you_mean(word, choices)}')
