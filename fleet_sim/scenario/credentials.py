"""The device file: who the devices are at a target that already knows them.

product_key,device_key,device_secret,firmware     a heading, if any, names the columns
Meter123,meter-1,9f86d081884c7d65,1.2.0
Meter123,meter-2,60303ae22b998861,                no version: the one its fleet says

A platform may be told of gateways, too: a fifth column names the gateway of a child by its keys, as
in `Meter123/gateway-1`. The gateway stands in a line of its own, and a child needs no secret where
the vendor's platform goes by that. See `Families`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic_core import PydanticCustomError

from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.errors import Mistake, ScenarioError, did_you_mean
from fleet_sim.scenario.kinds import read_version

COLUMNS = ("product_key", "device_key", "device_secret", "firmware")
FORM = "product_key,device_key,device_secret[,firmware]"
COLUMNS_OF_FAMILIES = (*COLUMNS, "gateway")
FORM_OF_FAMILIES = "product_key,device_key,device_secret[,firmware[,gateway]]"
PRODUCT_SECRET_VARIABLE = "FLEET_SIM_PRODUCT_SECRET"  # noqa: S105 - where it stands, not what
KEY_MAX = 1000  # Far beyond any vendor's; two of them still fit into a topic's 65,535 bytes.
_NEEDED = COLUMNS[:3]
_NAMES_MIN = 2
_SEPARATORS = str.maketrans("", "", "_- ")
_IN_NO_LEVEL = re.compile(r"[/+#]")  # MQTT 3.1.1, section 4.7: they mean something in topics.
_SHOWN_MAX = 40  # Of a column that has no business there.
_MISTAKES_MAX = 1000  # Then it is another file than the one meant.


@dataclass(frozen=True, slots=True)
class Credential:
    """A device's identity, its secret, and the version it runs ("" where the fleet decides).

    Without a secret ("") the device has yet to activate with its product's, or is a child of the
    gateway that speaks for it. It is free where its line has the column for that and leaves it
    empty; a line without the column says nothing of gateways.
    """

    device: DeviceId
    secret: str = field(repr=False)
    version: str = ""
    gateway: DeviceId | None = None
    is_free: bool = False


class Families(Enum):
    """What a platform makes of the column for gateways."""

    NONE = "none"  # It knows no gateways, so nobody would speak for a child.
    SIGNED = "signed"  # A gateway signs for each child, with its secret or its product's.
    TRUSTED = "trusted"  # That it is in the file is enough.


class _Unfit(Exception):  # noqa: N818 - a line's verdict, caught where lines are read
    """Says what is wrong with a line, without its secret."""


class _WrongHeading(_Unfit):
    """Says what is wrong with the line that names the columns."""


def read_credentials(
    text: str, file: str, *, may_activate: bool = False, families: Families | None = None
) -> tuple[Credential, ...]:
    """Read `product_key,device_key,device_secret[,firmware]`, a device a line.

    A heading with these names is not needed; it may put them in another order or write them like
    `deviceKey`. Headings again, empty lines and lines that start with # are passed over. Neither
    secrets nor anything that may be one stand in a message.

    Args:
        text: What stands in the file.
        file: Its name.
        may_activate: Whether the product's secret is at hand: then a device may be without one.
        families: What a further column, `gateway`, means that says whose child a device is; None:
            there is no such column.

    Raises:
        ScenarioError: Every line that is no device or one that stood before, or a child of nobody
            in the file, or one that could not come on line; or there is none.
    """
    known = COLUMNS if families is None else COLUMNS_OF_FAMILIES
    mistakes: list[Mistake] = []
    found: dict[DeviceId, Credential] = {}
    line_of: dict[DeviceId, int] = {}
    heading: Sequence[str] = ()
    columns: Sequence[str] = ()
    for line, row in _lines(text):
        if len(mistakes) >= _MISTAKES_MAX:
            break
        try:
            cells = _cells(row)
            if not columns:
                heading, columns = _opening(cells, known)
            if cells == heading:
                continue  # Itself, or again where files were joined.
            one = _credential(cells, columns, families, may_activate=may_activate)
        except _Unfit as unfit:
            mistakes.append(_at(file, line, str(unfit)))
            if isinstance(unfit, _WrongHeading):
                break  # Nobody knows what stands where.
            continue
        if one.device in found:
            told = f"the device {one.device} stands in line {line_of[one.device]} already"
            mistakes.append(_at(file, line, told))
            continue
        found[one.device], line_of[one.device] = one, line
    mistakes = mistakes or [_at(file, line_of[one], told) for one, told in _orphans(found)]
    if not found and not mistakes:
        told = f"no devices are in this file; write {_FORM_OF[known]}"
        mistakes.append(Mistake(file, 0, 0, "", told))
    if mistakes:
        raise ScenarioError(mistakes)
    return tuple(found.values())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, with its number; a line ends as editors see it."""
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        row = line.strip()
        if row and not row.startswith("#"):
            yield number, row


def _cells(row: str) -> list[str]:
    """Split a line. Each stands for itself, so an open quote does not swallow those below it."""
    try:
        (cells,) = csv.reader((row,), skipinitialspace=True, strict=True)
    except csv.Error as error:
        told = str(error)
        if "unexpected end" in told:
            told = "a quote opens in this line and is not closed in it"
        elif "expected after" in told:
            told = "behind a closing quote stands something other than a comma"
        raise _Unfit(f"not CSV: {told}") from error
    return [cell.strip() for cell in cells]


# --- headings -----------------------------------------------------------------------------------


def _opening(cells: Sequence[str], known: tuple[str, ...]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the heading, if the first line is one, and which column stands where.

    One cell may be a device's that is oddly called; the first, or two, are not.
    """
    named = [_named(cell, known) for cell in cells]
    if not named[0] and sum(map(bool, named)) < _NAMES_MIN:
        return (), known
    for name, cell in zip(named, cells, strict=True):
        if not name:
            told = f'there is no column "{cell[:_SHOWN_MAX]}"{did_you_mean(cell, known)}'
            raise _WrongHeading(told)
        if named.count(name) > 1:
            raise _WrongHeading(f'the column "{name}" stands here twice')
    for name in _NEEDED:
        if name not in named:
            raise _WrongHeading(f'the column "{name}" is missing; write {_FORM_OF[known]}')
    # Without a version in its usual place it says nothing against one in some of the lines.
    return cells, COLUMNS if tuple(named) == _NEEDED else named


def _named(cell: str, known: tuple[str, ...]) -> str:
    plain = cell.lower().translate(_SEPARATORS)
    return next((one for one in known if one.translate(_SEPARATORS) == plain), "")


# --- devices ------------------------------------------------------------------------------------


def _credential(
    cells: list[str], columns: Sequence[str], families: Families | None, *, may_activate: bool
) -> Credential:
    """Read a device; columns left out at the end may be any but those that are needed."""
    said = dict(zip(columns, cells, strict=False))
    if len(cells) > len(columns) or not said.keys() >= set(_NEEDED):
        raise _Unfit(_count(cells, columns))
    device = DeviceId(said["product_key"], said["device_key"])
    unfit = _unfit_key("product key", device.product_key)
    unfit = unfit or _unfit_key("device key", device.device_key)
    secret, version = said["device_secret"], said.get("firmware", "")
    gateway = said.get("gateway", "")
    is_brought = bool(gateway) and families is Families.TRUSTED
    if not unfit and gateway and families is Families.NONE:
        unfit = f"{_NO_GATEWAYS}; leave out that of {device}"
    elif not unfit and not secret and not is_brought and not may_activate:
        hint = f"write it, or set {PRODUCT_SECRET_VARIABLE} so that it activates"
        unfit = f"the device {device} has no secret; {hint}"
    elif not unfit and not secret.isprintable():
        unfit = "the device secret holds a character that cannot be printed"
    elif not unfit and version and not _is_version(version):
        unfit = "the firmware is no version; write up to 64 characters without spaces"
    if unfit:
        raise _Unfit(unfit)
    over = _gateway(gateway) if gateway else None
    return Credential(device, secret, version, over, is_free=said.get("gateway") == "")


def _gateway(text: str) -> DeviceId:
    try:
        return DeviceId.parse(text)
    except ValueError as error:
        raise _Unfit("the gateway is no device; write product_key/device_key") from error


def _orphans(found: Mapping[DeviceId, Credential]) -> Iterator[tuple[DeviceId, str]]:
    """Say of which children the gateway is none; not who that is, which may be a secret."""
    for child, one in found.items():
        if one.gateway is None:
            continue
        gateway = found.get(one.gateway)
        if gateway is None:
            yield child, f"the gateway of {child} is in no line; give it one of its own"
        elif gateway.gateway is not None:
            yield child, f"the gateway of {child} has a gateway itself; name one that connects"


def _count(cells: Sequence[str], columns: Sequence[str]) -> str:
    """Say that a line has too few or too many columns."""
    told = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
    meant = _FORM_OF.get(tuple(columns)) or ",".join(columns)
    other = next((mark for mark in ";\t|" if len(cells) == 1 and mark in cells[0]), "")
    instead = f", with commas, not {_MARKS[other]}, in between" if other else ""
    return f"{told}; write {meant}{instead}"


_FORM_OF = {COLUMNS: FORM, COLUMNS_OF_FAMILIES: FORM_OF_FAMILIES}
_NO_GATEWAYS = "the platform of this dialect knows no gateways"
_MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def _unfit_key(name: str, key: str) -> str:
    """Say why a key cannot be a level of an MQTT topic, without it: it may be a secret."""
    if not key:
        return f"the {name} is empty"
    if len(key) > KEY_MAX:
        return f"the {name} has {len(key):,} characters; there may be {KEY_MAX:,}"
    if _IN_NO_LEVEL.search(key) or not key.isprintable():
        what = "leave out /, +, # and what cannot be printed"
        return f"the {name} cannot be part of an MQTT topic; {what}"
    return ""


def _is_version(text: str) -> bool:
    try:
        read_version(text)
    except PydanticCustomError:
        return False
    return True


def _at(file: str, line: int, text: str) -> Mistake:
    """Point at a line without showing it: a device's secret stands in it."""
    return Mistake(file, line, 1, "", text, is_secret=True)
