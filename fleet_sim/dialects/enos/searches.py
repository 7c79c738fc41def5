"""Which fields each search knows, by which operators, and what they are called in neutral words.

A field that a search does not list passes through under the vendor's own name: refusing it is the
backend's duty, and worth testing. A listed field with an operator that the page does not give it is
refused here.

Display names: `name like 'x'` asks the default, Chinese and English texts, and a locale without a
text falls back to the default. In neutral words each is a field of its own: `name.default`,
`name.zh_CN`, … and `firmware_name.default`, ….

Source: V2.1 Search Firmware File, Search Device Upgrade, Search OTA Job, Search OTA Task.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from fleet_sim.dialects.enos import expression
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, Operator, Value
from fleet_sim.model.northbound import (
    Call,
    DeviceRow,
    FirmwareOrder,
    FirmwareRow,
    JobOrder,
    JobRow,
    JobStatus,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    TaskRow,
    TaskStatus,
)

LOCALES = ("en_US", "zh_CN", "ja_JP", "es_ES")
_LOCALES_OF_LIKE = ("default", "zh_CN", "en_US")

# A cancelled task shows as failed, with a desc; a finished job as started: there is no word for
# either, and cancel and retry count a job as running until someone stops it.
TASK_WORDS: Mapping[str, str] = {
    TaskStatus.QUEUED: "init",
    TaskStatus.PUSHED: "published",
    TaskStatus.UNDER_WAY: "upgrading",
    TaskStatus.SUCCEEDED: "succeeded",
    TaskStatus.FAILED: "failed",
    TaskStatus.CANCELLED: "failed",
}
JOB_WORDS: Mapping[str, str] = {
    JobStatus.STARTED: "started",
    JobStatus.STOPPED: "stopped",
    JobStatus.FINISHED: "started",
}
# Marks a status that no page lists, so that it can never be mistaken for a neutral word.
_FOREIGN = "enos:"


@dataclass(frozen=True, slots=True)
class Field:
    """A searchable field.

    Attributes:
        neutral: Its neutral names; several mean that any of them may match.
        operators: What the page allows.
        is_flag: It takes a boolean, not a text.
        words: Neutral status to vendor's word; empty for fields that take any text.
    """

    neutral: tuple[str, ...]
    operators: tuple[Operator, ...]
    is_flag: bool = False
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)


_EXACT = (Operator.EQUAL, Operator.IN)


def _exact(neutral: str) -> Field:
    return Field((neutral,), _EXACT)


def _names(vendor: str, neutral: str) -> dict[str, Field]:
    """Return the fields of one display name: bare, `.default`, `.defaultValue`, `.{locale}`."""
    like = (Operator.LIKE,)
    default = Field((f"{neutral}.default",), like)
    return {
        vendor: Field(tuple(f"{neutral}.{locale}" for locale in _LOCALES_OF_LIKE), like),
        f"{vendor}.default": default,
        f"{vendor}.defaultValue": default,
        **{f"{vendor}.{locale}": Field((f"{neutral}.{locale}",), like) for locale in LOCALES},
    }


_SEARCHES: Mapping[type, Mapping[str, Field]] = {
    SearchFirmware: {
        "productKey": _exact("product_key"),
        "isVerified": Field(("is_verified",), (Operator.EQUAL,), is_flag=True),
        **_names("name", "name"),
    },
    SearchDevices: {
        "productKey": _exact("product_key"),
        "firmwareVersion": _exact("firmware_version"),
        "isUpgrading": Field(("is_upgrading",), (Operator.EQUAL,), is_flag=True),
    },
    SearchJobs: {
        "productKey": _exact("product_key"),
        "firmwareId": _exact("firmware_id"),
        "firmwareVersion": _exact("firmware_version"),
        "type": Field(("kind",), (Operator.EQUAL,)),
        "status": Field(("status",), (Operator.EQUAL,), words=JOB_WORDS),
        **_names("name", "name"),
        **_names("firmwareName", "firmware_name"),
    },
    SearchTasks: {
        "jobId": _exact("job_id"),
        "deviceKey": _exact("device_key"),
        "fromVersion": _exact("from_version"),
        "toVersion": _exact("to_version"),
        "status": Field(("status",), _EXACT, words=TASK_WORDS),
        "desc": _exact("desc"),
    },
}

# Names that mean something to the backend. A client that writes one of them as a field of EnOS has
# made it up, and must not reach through to the backend's own fields.
_NEUTRAL = frozenset(
    {item.name for row in (FirmwareRow, FirmwareOrder, JobRow, JobOrder, TaskRow, DeviceRow)
     for item in dataclasses.fields(row)}
    | {name for fields in _SEARCHES.values() for field in fields.values() for name in field.neutral}
)  # fmt: skip


def read_filter(text: str, call: type[Call]) -> Filter:
    """Read the expression of a search.

    Raises:
        DialectError: It is malformed, or compares a field as the page does not allow; the sentence
            goes on from "Invalid Argument expression: ".
    """
    fields = _SEARCHES[call]

    def meaning(name: str, operator: Operator, values: tuple[Value, ...]) -> Filter:
        field = fields.get(name)
        if field is not None:
            return _meaning(name, field, operator, values)
        if name in _NEUTRAL or name.partition(".")[0] in fields:
            raise DialectError(f"asks for {name}, which this search does not know")
        return Comparison(name, operator, values)

    return expression.parse(text, meaning)


def _meaning(name: str, field: Field, operator: Operator, values: tuple[Value, ...]) -> Filter:
    if operator not in field.operators:
        known = ", ".join(operator.value for operator in field.operators)
        raise DialectError(f"compares {name} by {operator.value!r}; it supports {known}")
    neutral = tuple(_flag(name, value) if field.is_flag else _text(name, value) for value in values)
    if field.words:
        neutral = _statuses(field, neutral)
        operator = Operator.EQUAL if len(neutral) == 1 == len(values) else Operator.IN
    parts = tuple(Comparison(each, operator, neutral) for each in field.neutral)
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def _text(name: str, value: Value) -> Value:
    if isinstance(value, bool):
        raise DialectError(f"compares {name} with a boolean; it takes a text in single quotes")
    return value


def _flag(name: str, value: Value) -> Value:
    flag = {"true": True, "false": False}.get(str(value).lower())
    if flag is None:
        raise DialectError(f"compares {name} with {value!r}; it takes true or false")
    return flag


def _statuses(field: Field, words: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the neutral statuses behind the vendor's words, each once, in the order given."""
    found: dict[Value, None] = {}
    for word in words:
        known = [str(neutral) for neutral, vendor in field.words.items() if vendor == word]
        found.update(dict.fromkeys(known or [f"{_FOREIGN}{word}"]))
    return tuple(found)


def write_filter(where: Filter, call: type[Call]) -> str:
    """Write a neutral filter as the expression of a search; unknown fields keep their name.

    Raises:
        DialectError: EnOS has no form for it.
    """
    fields = _SEARCHES[call]
    vendor_of = {
        field.neutral[0]: (name, field)
        for name, field in reversed(tuple(fields.items()))
        if len(field.neutral) == 1
    }

    def worded(part: Filter) -> Filter:
        match part:
            case AllOf(parts):
                return AllOf(tuple(worded(each) for each in parts))
            case AnyOf(parts):
                return AnyOf(tuple(worded(each) for each in parts))
            case Comparison(field=name) if name in vendor_of:
                return _worded(part, *vendor_of[name])
            case Comparison():
                return part

    return expression.render(worded(where))


def _worded(comparison: Comparison, name: str, field: Field) -> Filter:
    """Put one comparison into the vendor's words, by an operator that the page allows."""
    operator, values = comparison.operator, comparison.values
    if field.words:
        values = tuple(dict.fromkeys(_word(field, value) for value in values))
    if operator is Operator.IN and (len(values) == 1 or Operator.IN not in field.operators):
        each = tuple(Comparison(name, Operator.EQUAL, (value,)) for value in values)
        return each[0] if len(each) == 1 else AnyOf(each)
    return Comparison(name, operator, values)


def _word(field: Field, value: Value) -> Value:
    words = {str(neutral): vendor for neutral, vendor in field.words.items()}
    return words.get(str(value), str(value).removeprefix(_FOREIGN))
