"""What installed packages offer as dialects, and whether that is what they say it is.

A stranger's package may be anything: half installed, broken at its import, or written for another
version of this one. Whatever it is, who asks for its dialect gets one sentence with its name.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from fleet_sim.dialects.http_channel import HttpChannel
from fleet_sim.dialects.interface import DeviceCodec, Dialect, GatewayCodec, ServerCodec
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile

GROUP = "fleet_sim.dialects"
_FILE = "entry_points.txt"
_SHOWN_CHARS_MAX = 60  # Of a value that does not fit: enough to find it by.


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
            found = self.entry.load()
        except BaseException as error:  # a stranger's module may raise anything
            if isinstance(error, KeyboardInterrupt) and not _is_raised_by_code(error):
                raise
            raise self._unusable(_said(error)) from error
        if not isinstance(found, Dialect):
            raise self._unusable(f"{value} is no Dialect")
        if found.name != self.name:
            raise self._unusable(f"it calls itself {found.name!r}")
        for wrong in misfits(found):
            raise self._unusable(wrong)
        return found

    def _unusable(self, why: str) -> DialectError:
        return DialectError(f"the dialect {self.name!r} of {self.source} cannot be used: {why}")


def offers() -> Iterator[Offer]:
    """Find what is offered, of each package the version that an import would find."""
    seen: set[str] = set()
    for package in distributions():
        if not _speaks_of_us(package):
            continue
        name = package.metadata["Name"] or ""
        if name and name in seen:
            continue
        seen.add(name)
        source = f"{name} {package.version}" if name else "an unknown package"
        try:
            entries = tuple(package.entry_points.select(group=GROUP))
        except (TypeError, ValueError):  # a line that is no `name = value`
            yield Offer(name, source, None)
            continue
        for entry in entries:
            yield Offer(entry.name, source, entry)


def _speaks_of_us(package: Distribution) -> bool:
    try:
        return GROUP in (package.read_text(_FILE) or "")
    except UnicodeDecodeError:
        return False  # Whatever it is, no installer wrote it.


def _is_raised_by_code(interrupt: KeyboardInterrupt) -> bool:
    """Tell a `raise` of the stranger's from a person's Ctrl-C, which comes between instructions."""
    last = interrupt.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    return dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]] == "RAISE_VARARGS"


def _said(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def misfits(dialect: Dialect) -> Iterator[str]:
    """Find what in a dialect is not of its type, a sentence each.

    Codecs and channels are looked at as far as one can without calling them.
    """
    for name, (fits, wanted) in _FITS.items():
        value = getattr(dialect, name)
        if not fits(value):
            yield f"its {name} is {_shown(value)}, and not {wanted}"
    for name, kind in _CODECS.items():
        value = getattr(dialect, name)
        lacking = [] if value is None and name in _OPTIONAL else list(_lacking(value, kind))
        if lacking:
            yield f"its {name} is no {kind.__name__}: it lacks {', '.join(lacking)}"
    if isinstance(dialect.contract, ContractProfile):
        yield from _contract_misfits(dialect.contract)


def _contract_misfits(contract: ContractProfile) -> Iterator[str]:
    values = {one.name: getattr(contract, one.name) for one in fields(ContractProfile)}
    try:
        _knobs().model_validate(values)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            knob = str(one["loc"][0])
            why = f"{one['msg'][:1].lower()}{one['msg'][1:]}"
            yield f"{knob} of its contract is {_shown(values[knob])}: {why}"


def _knobs() -> type[BaseModel]:
    """Return the contract's knobs as a model: a dataclass takes whatever it is given."""
    knobs: dict[str, Any] = {
        name: (kind, ...) for name, kind in get_type_hints(ContractProfile).items()
    }
    return create_model("Contract", __config__=ConfigDict(strict=True), **knobs)


def _lacking(value: object, kind: type) -> Iterator[str]:
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        must_be_called = not isinstance(member, property)
        if not hasattr(value, name) or (must_be_called and not callable(getattr(value, name))):
            yield name


def _shown(value: object) -> str:
    text = repr(value)
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
    "firmware_hmac": (_is_none_or_callable, "something to be called, or None"),
    "covers": (_is_cover, "a mapping of texts to texts"),
}
_CODECS: Mapping[str, type] = {
    "devices": DeviceCodec,
    "server": ServerCodec,
    "gateways": GatewayCodec,
}
_OPTIONAL = frozenset({"gateways"})
