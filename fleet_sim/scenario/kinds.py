"""The kinds of values a scenario holds, as pydantic types whose complaints are our sentences.

A complaint goes on after the path: `fleets.meters.devices` + ` is "many"; write …`. Types that need
to know the rest of the file (which fleets there are, how long the run lasts) read the `Glance`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, TypeAlias, TypeVar

from pydantic import PlainValidator, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.tree import SourceFloat, SourceInt, SourceKey, clipped
from fleet_sim.scenario.units import duration_ms, say_duration, share_percent, size_bytes

DURATION_MAX_MS = 30 * 24 * 3600 * 1000  # A month of virtual time; real runs are minutes.
DEVICES_MAX = 1_000_000  # A hundred times the largest run measured.
IMAGE_BYTES_MAX = 100_000_000  # EnOS's console takes no larger one; an upload is held in memory.
TEXT_MAX = 200  # A name or an attribute on one line.
ABOUT_MAX = 4000  # A screen of prose.

Q = TypeVar("Q", int, Fraction)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_VERSION = re.compile(r"[!-~]{1,64}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Glance:
    """What can be told of a file before it is checked, so that all checks run at once.

    Attributes:
        fleets: Names of the fleets, right or wrong.
        networks: Names of the file's own networks, right or wrong.
        duration_ms: The upper bound of the run; None where it cannot be read.
        first_job_ms: Fleet to the instant of its first job, as far as readable.
        target: Keys that are set under `target`.
        has_dialect: Whether one from outside the file stands instead of every fleet's own.
    """

    fleets: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    duration_ms: int | None = None
    first_job_ms: Mapping[str, int] = field(default_factory=dict)
    target: frozenset[str] = frozenset()
    has_dialect: bool = False


def glance(info: ValidationInfo) -> Glance:
    """Return the glance that `load` hands to every validator."""
    found = info.context
    assert isinstance(found, Glance), "validate with context=Glance(...)"
    return found


def mistake(text: str, *, at_key: bool = False) -> PydanticCustomError:
    """Return the error that a validator raises: the rest of a sentence after the path.

    `at_key` puts the caret under the key rather than under its value.
    """
    return PydanticCustomError("key" if at_key else "mistake", "{text}", {"text": text})


def detail(error: PydanticCustomError, *loc: str | int) -> InitErrorDetails:
    """Place a mistake below the value that a validator looks at."""
    return InitErrorDetails(type=error, loc=loc, input=None)


def raise_all(details: list[InitErrorDetails]) -> None:
    """Raise several mistakes at once, if there are any."""
    if details:
        raise ValidationError.from_exception_data("scenario", details)


def shown(value: object) -> str:
    """Say what was written, short enough for a message."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case SourceInt() | SourceFloat():
            return clipped(value.source)
        case str():
            return f'"{clipped(value)}"'
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return clipped(str(value))


def one_of(value: object, choices: Iterable[str]) -> str:
    """Return the name if it is known; else the mistake says which is near."""
    names = tuple(choices)
    if isinstance(value, str) and str(value) in names:
        return str(value)
    word = value if isinstance(value, str) else str(shown(value))
    raise mistake(f"is {shown(value)}{did_you_mean(word, names)}")


def read_dialect(value: object) -> str:
    """Return the name of a dialect that can be used; another package's may be broken."""
    name = one_of(value, vocabulary.dialects())
    fault = vocabulary.dialect_fault(name)
    if fault:
        raise mistake(f"is {shown(name)}; {fault}")
    return name


def read_text(value: object, *, chars_max: int = TEXT_MAX) -> str:
    """Return a text; numbers and booleans must be quoted, so that nobody wonders."""
    if isinstance(value, SourceInt | SourceFloat):
        raise mistake(f'is {shown(value)}, a number; quote it: "{clipped(value.source)}"')
    if not isinstance(value, str):
        raise mistake(f"is {shown(value)}; write a text")
    if not value.strip() or len(value) > chars_max:
        size = "empty" if not value.strip() else f"{len(value):,} characters long"
        raise mistake(f"is {size}; write a text of 1 to {chars_max:,} characters")
    return str(value)


def read_version(value: object) -> str:
    """Return a firmware version; `1.10` unquoted is a number that YAML reads as 1.1."""
    if isinstance(value, SourceInt | SourceFloat):
        raise mistake(f'is {shown(value)}, a number to YAML; quote it: "{clipped(value.source)}"')
    if isinstance(value, SourceKey) and not value.is_text:
        raise mistake(f'is no text to YAML; quote it: "{clipped(value)}"', at_key=True)
    if not isinstance(value, str) or _VERSION.fullmatch(value) is None:
        text = 'write a version in quotes, like "1.2.0": up to 64 characters without spaces'
        raise mistake(f"is {shown(value)}; {text}")
    return str(value)


def read_count(value: object, *, lowest: int, highest: int) -> int:
    """Return a whole number in a range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise mistake(f"is {shown(value)}; write a whole number from {lowest:,} to {highest:,}")
    if not lowest <= value <= highest:
        raise mistake(f"is {shown(value)}; it goes from {lowest:,} to {highest:,}")
    return int(value)


def read_bool(value: object) -> bool:
    """Return true or false; YAML 1.2 reads `yes` and `on` as text."""
    if not isinstance(value, bool):
        raise mistake(f"is {shown(value)}; write true or false")
    return value


def read_duration(value: object, *, lowest_ms: int = 0, highest_ms: int = DURATION_MAX_MS) -> int:
    """Return a Go duration in ms."""
    ms = _read_unit(value, duration_ms)
    if not lowest_ms <= ms <= highest_ms:
        span = f"{say_duration(lowest_ms)} to {say_duration(highest_ms)}"
        raise mistake(f"is {shown(value)}; it goes from {span}")
    return ms


def read_size(value: object) -> int:
    """Return an image's size in bytes."""
    size = _read_unit(value, size_bytes)
    if not 1 <= size <= IMAGE_BYTES_MAX:
        raise mistake(f"is {shown(value)}; an image has 1B to 100MB")
    return size


def read_share(value: object) -> Fraction:
    """Return a share in exact percent."""
    return _read_unit(value, share_percent)


def read_instant(value: object, info: ValidationInfo) -> int:
    """Return an instant in ms from the start, within the run's duration."""
    ms = read_duration(value)
    bound = glance(info).duration_ms
    if bound is not None and ms > bound:
        raise mistake(f"is {shown(value)}; the run ends at {say_duration(bound)} (duration)")
    return ms


def read_fleet_name(value: object, info: ValidationInfo) -> str:
    """Return the name of a fleet of this file.

    A fleet whose name is none is told where it stands, and not once more wherever it is named.
    """
    names = glance(info).fleets
    text = str(value) if isinstance(value, str) else shown(value)
    if text in names and _NAME.fullmatch(text) is None:
        return text
    return one_of(value, names)


def read_new_name(value: object) -> str:
    """Return a name that the file gives to something of its own."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        text = "a name has 1 to 32 letters, digits, - or _ and starts with a letter"
        raise mistake(f"is no name here; {text}", at_key=True)
    return str(value)


def read_scenario_name(value: object) -> str:
    """Return the scenario's name; the run's folder is called so."""
    if not isinstance(value, str) or _FILE_NAME.fullmatch(value) is None:
        text = "write 1 to 64 letters, digits, dots, - or _; the run's folder is called so"
        raise mistake(f"is {shown(value)}; {text}")
    return str(value)


def read_plain_texts(value: object) -> tuple[tuple[str, str], ...]:
    """Return a mapping of names to texts as pairs sorted by name; `3` and `true` count as texts."""
    if not isinstance(value, dict):
        raise mistake(f"is {shown(value)}; write a mapping of names to texts, like {{site: north}}")
    found: list[InitErrorDetails] = []
    pairs: list[tuple[str, str]] = []
    for name, raw in value.items():
        try:
            pairs.append((read_text(str(name)), _plain_text(raw)))
        except PydanticCustomError as error:
            found.append(detail(error, name))
    raise_all(found)
    return tuple(sorted(pairs))


def _plain_text(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return read_text(raw.source if isinstance(raw, SourceInt | SourceFloat) else raw)


def _read_unit(value: object, read: Callable[[str], Q]) -> Q:
    text = value.source if isinstance(value, SourceInt | SourceFloat) else value
    try:
        return read(text if isinstance(text, str) else "")
    except ValueError as error:
        raise mistake(f"is {shown(value)}; {error}") from error


def _count(lowest: int, highest: int) -> PlainValidator:
    return PlainValidator(lambda value: read_count(value, lowest=lowest, highest=highest))


Text: TypeAlias = Annotated[str, PlainValidator(read_text)]
About: TypeAlias = Annotated[
    str, PlainValidator(lambda value: read_text(value, chars_max=ABOUT_MAX))
]
ScenarioName: TypeAlias = Annotated[str, PlainValidator(read_scenario_name)]
NewName: TypeAlias = Annotated[str, PlainValidator(read_new_name)]
Version: TypeAlias = Annotated[str, PlainValidator(read_version)]
FleetName: TypeAlias = Annotated[str, PlainValidator(read_fleet_name)]
DialectName: TypeAlias = Annotated[str, PlainValidator(read_dialect)]
Flag: TypeAlias = Annotated[bool, PlainValidator(read_bool)]
Span: TypeAlias = Annotated[int, PlainValidator(read_duration)]
Instant: TypeAlias = Annotated[int, PlainValidator(read_instant)]
Size: TypeAlias = Annotated[int, PlainValidator(read_size)]
Share: TypeAlias = Annotated[Fraction, PlainValidator(read_share)]
PlainTexts: TypeAlias = Annotated[tuple[tuple[str, str], ...], PlainValidator(read_plain_texts)]
Devices: TypeAlias = Annotated[int, _count(1, DEVICES_MAX)]
Seed: TypeAlias = Annotated[int, _count(0, 2**63 - 1)]
Concurrency: TypeAlias = Annotated[int, _count(1, DEVICES_MAX)]
Retries: TypeAlias = Annotated[int, _count(0, 100)]


def span(lowest_ms: int, highest_ms: int = DURATION_MAX_MS) -> PlainValidator:
    """Return the validator of a duration in a range."""
    return PlainValidator(
        lambda value: read_duration(value, lowest_ms=lowest_ms, highest_ms=highest_ms)
    )
