"""What installed packages offer as dialects, and whether that is what they say it is.

A stranger's package may be anything: half installed, broken at its import, or written for another
version of this one. Whatever it is, who asks for its dialect gets one sentence with its name.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distributions
from typing import Any, TypeVar, get_type_hints

from pydantic import ConfigDict, ValidationError, create_model

from fleet_sim.dialects.credentials import KeepAliveRange
from fleet_sim.dialects.downloads import BlockRules
from fleet_sim.dialects.http_channel import HttpChannel
from fleet_sim.dialects.interface import DeviceCodec, Dialect, GatewayCodec, ServerCodec
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.ids import IdForms

GROUP = "fleet_sim.dialects"
_FILE = "entry_points.txt"
_SHOWN_CHARS_MAX = 60  # Of a value that does not fit: enough to find it by.
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Offer:
    """One dialect that one package offers.

    Attributes:
        name: The dialect's; the package's own where its list of dialects cannot be read.
        source: The package and its version.
        entry: Where it stands; None where that cannot be read.
    """

    name: str
    source: str
    entry: EntryPoint | None

    def load(self) -> Dialect:
        """Import it.

        Raises:
            DialectError: It cannot be imported, or is no dialect of this name.
        """
        if self.entry is None:
            raise self._unusable(f"its {_FILE} is not well formed; write lines of name = module:X")
        value = self.entry.value
        if self.entry.pattern.match(value) is None:
            raise self._unusable(f"its entry point leads to {value!r}; write module:NAME")
        try:
            found: Dialect = _tried(self.entry.load)
            wrong = _tried(lambda: self._wrong(found, value))
        except _RaisedError as error:
            raise self._unusable(str(error)) from error
        if wrong is not None:
            raise self._unusable(wrong)
        return found

    def _wrong(self, found: object, value: str) -> str | None:
        if not isinstance(found, Dialect):
            return f"{value} is no Dialect"
        if found.name != self.name:
            return f"it calls itself {_shown(found.name)}"
        return next(misfits(found), None)

    def _unusable(self, why: str) -> DialectError:
        return DialectError(f"the dialect {self.name!r} of {self.source} cannot be used: {why}")


def offers() -> Iterator[Offer]:
    """Find what is offered, of each package the version that an import would find."""
    seen: set[str] = set()
    for package in distributions():
        if not _speaks_of_us(package):
            continue
        name = package.metadata["Name"] or ""
        one_spelling = re.sub(r"[-_.]+", "-", name).lower()  # as `importlib` compares names
        if not name:
            yield from _offered_by(package, "an unknown package")
        elif one_spelling not in seen:
            seen.add(one_spelling)
            first = _first_on_path(name, package)
            yield from _offered_by(first, f"{name} {first.version}")


def _first_on_path(name: str, package: Distribution) -> Distribution:
    """Return the version that shadows all others, also one that has no word of us any more."""
    try:
        return Distribution.from_name(name)
    except PackageNotFoundError:  # its folder is called otherwise than itself
        return package


def _offered_by(package: Distribution, source: str) -> Iterator[Offer]:
    if not _speaks_of_us(package):
        return
    try:
        entries = tuple(package.entry_points.select(group=GROUP))
    except (TypeError, ValueError):  # a line that is no `name = value`
        yield Offer(package.metadata["Name"] or "", source, None)
        return
    for entry in entries:
        yield Offer(entry.name, source, entry)


def _speaks_of_us(package: Distribution) -> bool:
    try:
        return GROUP in (package.read_text(_FILE) or "")
    except UnicodeDecodeError:
        return False  # Whatever it is, no installer wrote it.


class _RaisedError(Exception):
    """What a stranger's code raised, in one line."""


def _tried(act: Callable[[], _T]) -> _T:
    """Do what runs a stranger's code, which may raise anything.

    Raises:
        _RaisedError: It did. A person's Ctrl-C passes as it is.
    """
    try:
        return act()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not _is_raised_by_code(error):
            raise
        raise _RaisedError(_said(error)) from error


def _is_raised_by_code(interrupt: KeyboardInterrupt) -> bool:
    """Tell a `raise` of the stranger's from a person's Ctrl-C, which comes between instructions."""
    last = interrupt.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    return dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]] == "RAISE_VARARGS"


def _said(error: BaseException) -> str:
    text = ""
    with suppress(Exception):
        text = str(error)
    return " ".join(f"{type(error).__name__}: {text}".split()).removesuffix(":")


def misfits(dialect: Dialect) -> Iterator[str]:
    """Find what in a dialect is not of its type, a sentence each; nothing in it raises anything.

    Codecs and channels are looked at as far as one can without calling them.
    """
    for name in (*_FITS, *_CODECS):
        try:
            found = _tried(partial(_misfits_of, dialect, name))
        except _RaisedError as error:
            found = (f"its {name} cannot be looked at: {error}",)
        yield from found


def _misfits_of(dialect: Dialect, name: str) -> tuple[str, ...]:
    value = getattr(dialect, name)
    if name in _CODECS:
        kind = _CODECS[name]
        is_left_out = value is None and name in _OPTIONAL
        lacking = "" if is_left_out else ", ".join(_lacking(value, kind))
        return (f"its {name} is no {kind.__name__}: it lacks {lacking}",) if lacking else ()
    fits, wanted = _FITS[name]
    if not fits(value):
        return (f"its {name} is {_shown(value)}, and not {wanted}",)
    has_knobs = name in _KNOBS_OF and value is not None
    return tuple(_knob_misfits(name, value)) if has_knobs else ()


def _knob_misfits(name: str, rules: object) -> Iterator[str]:
    """Hold a dataclass' knobs against their types: itself it takes whatever it is given."""
    kinds = get_type_hints(_KNOBS_OF[name])
    values = {knob: getattr(rules, knob) for knob in kinds}
    knobs: dict[str, Any] = {knob: (kind, ...) for knob, kind in kinds.items()}
    model = create_model("Knobs", __config__=ConfigDict(strict=True), **knobs)
    try:
        model.model_validate(values)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            knob = str(one["loc"][0])
            why = f"{one['msg'][:1].lower()}{one['msg'][1:]}"
            yield f"{knob} of its {name} is {_shown(values[knob])}: {why}"


def _lacking(value: object, kind: type) -> Iterator[str]:
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        must_be_called = not isinstance(member, property)
        if not hasattr(value, name) or (must_be_called and not callable(getattr(value, name))):
            yield name


def _shown(value: object) -> str:
    try:
        text = _tried(lambda: repr(value))
    except _RaisedError:
        return f"<{type(value).__name__} that cannot be shown>"
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[:_SHOWN_CHARS_MAX]}…"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_none_or_callable(value: object) -> bool:
    return value is None or callable(value)


def _is_cover(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, (*value, *value.values())))


_A_FUNCTION: tuple[Callable[[Any], bool], str] = (callable, "something to be called")
# Field of a dialect to whether a value fits there, and what would.
_FITS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "about": (_is_text, "a text"),
    "operator": _A_FUNCTION,
    "gate": _A_FUNCTION,
    "contract": (lambda value: isinstance(value, ContractProfile), "a ContractProfile"),
    "org_of": _A_FUNCTION,
    "operator_key_of": _A_FUNCTION,
    "http_refusal": _A_FUNCTION,
    "http": (lambda value: value is None or isinstance(value, HttpChannel), "an HttpChannel"),
    "block_rules": (lambda value: isinstance(value, BlockRules | None), "BlockRules, or None"),
    "keep_alive": (
        lambda value: isinstance(value, KeepAliveRange | None),
        "KeepAliveRange, or None",
    ),
    "ids": (lambda value: isinstance(value, IdForms), "IdForms"),
    "server_of": (_is_none_or_callable, "something to be called, or None"),
    "firmware_hmac": (_is_none_or_callable, "something to be called, or None"),
    "covers": (_is_cover, "a mapping of texts to texts"),
}
_KNOBS_OF: Mapping[str, type] = {
    "contract": ContractProfile,
    "block_rules": BlockRules,
    "keep_alive": KeepAliveRange,
    "ids": IdForms,
}
_CODECS: Mapping[str, type] = {
    "devices": DeviceCodec,
    "server": ServerCodec,
    "gateways": GatewayCodec,
}
_OPTIONAL = frozenset({"gateways"})
