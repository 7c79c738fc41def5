"""The device file: who the devices are at a target that already knows them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.errors import Mistake, ScenarioError

COLUMNS = ("product_key", "device_key", "device_secret", "firmware")
PRODUCT_SECRET_VARIABLE = "FLEET_SIM_PRODUCT_SECRET"  # noqa: S105 - where it stands, not what
_NEEDED = 3
_KEYS = 2
_MISTAKES_MAX = 50


@dataclass(frozen=True, slots=True)
class Credential:
    """A device's identity, its secret, and the version it runs ("" where the fleet decides).

    Without a secret ("") the device has yet to activate with its product's.
    """

    device: DeviceId
    secret: str = field(repr=False)
    version: str = ""


def read_credentials(text: str, file: str, *, may_activate: bool = False) -> tuple[Credential, ...]:
    """Read `product_key,device_key,device_secret[,firmware]`, a device a line.

    A first line with these names, empty lines and lines that start with # are passed over. Secrets
    never stand in a message.

    Args:
        text: What stands in the file.
        file: Its name.
        may_activate: Whether the product's secret is at hand: then a device may be without one.

    Raises:
        ScenarioError: Every line that is no device or one that stood before; or there is none.
    """
    mistakes: list[Mistake] = []
    found: dict[DeviceId, Credential] = {}
    for line, cells in _rows(text, file):
        if not any(cells) or cells[0].startswith("#") or (line == 1 and cells[0] == COLUMNS[0]):
            continue
        if not _NEEDED <= len(cells) <= len(COLUMNS) or not all(cells[:_KEYS]):
            told = f"{len(cells)} columns; write {','.join(COLUMNS[:_NEEDED])}[,{COLUMNS[-1]}]"
            mistakes.append(_at(file, line, told))
            continue
        unfit = _unfit(cells[0], cells[1])
        if unfit:
            mistakes.append(_at(file, line, unfit))
            continue
        device = DeviceId(cells[0], cells[1])
        if not cells[_KEYS] and not may_activate:
            told = (
                f"the device {device} has no secret; write it, or set {PRODUCT_SECRET_VARIABLE} "
                "so that it activates"
            )
            mistakes.append(_at(file, line, told))
        if device in found:
            mistakes.append(_at(file, line, f"the device {device} stands here again"))
        found.setdefault(device, Credential(device, cells[2], "".join(cells[_NEEDED:])))
    if not found and not mistakes:
        mistakes.append(Mistake(file, 0, 0, "", "no devices are in this file"))
    if mistakes:
        raise ScenarioError(mistakes[:_MISTAKES_MAX])
    return tuple(found.values())


def _at(file: str, line: int, text: str) -> Mistake:
    """Point at a line without showing it: a device's secret stands in it."""
    return Mistake(file, line, 1, "", text, is_secret=True)


def _unfit(product_key: str, device_key: str) -> str:
    """Say why a device cannot have these keys: both are levels of its MQTT topics."""
    for name, key in (("product key", product_key), ("device key", device_key)):
        if any(one in "/+#" or not one.isprintable() for one in key):
            return f"the {name} {key!r} cannot be part of an MQTT topic; leave out /, + and #"
    return ""


def _rows(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), skipinitialspace=True)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        told = f"not CSV: {error}"
        raise ScenarioError([_at(file, reader.line_num, told)]) from error
