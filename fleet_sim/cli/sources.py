"""What the user names: scenarios, by path or as one that ships with fleet_sim, and device files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from fleet_sim.scenario.credentials import (
    PRODUCT_SECRET_VARIABLE,
    Credential,
    Families,
    read_credentials,
)
from fleet_sim.scenario.errors import Mistake, ScenarioError, did_you_mean
from fleet_sim.scenario.load import decode

_ENDINGS = (".yaml", ".yml")
BYTES_MAX = 64 * 1024 * 1024  # A million devices in a file; a disk given by mistake is not read in.


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario's text, and the name by which messages call its file."""

    text: str
    file: str


def bundled() -> Mapping[str, Path]:
    """Return the scenarios that ship with fleet_sim: name to file, sorted by name.

    They lie in the package when it was installed, and beside it in a checkout.
    """
    package = Path(str(files("fleet_sim")))
    for folder in (package / "bundled", package.parent / "scenarios"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def read_source(scenario: str) -> Source:
    """Read a scenario by path, or by the name of a bundled one; a file that exists wins.

    Raises:
        ScenarioError: There is none, or it cannot be read as text; never an `OSError`.
    """
    names = bundled()
    if scenario in names and not _is_file(scenario):
        label = _label(names[scenario])
        return Source(decode(read_file(label), label), label)
    is_path = scenario.endswith(_ENDINGS) or "/" in scenario
    hint = "" if is_path else did_you_mean(scenario, names)
    return Source(decode(read_file(scenario, hint=hint), scenario), scenario)


def read_file(name: str, *, hint: str = "") -> bytes:
    """Read a file that the user named.

    Args:
        name: Its path.
        hint: What to add to the sentence if there is no such file.

    Raises:
        ScenarioError: It cannot be read; never an `OSError`.
    """
    try:
        with Path(name).open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise _mistaken(name, f"there is no such file{hint}") from error
    except IsADirectoryError as error:
        raise _mistaken(name, "this is a folder; name a file in it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _mistaken(name, f"it cannot be read: {reason.lower()}") from error
    if len(content) > BYTES_MAX:
        raise _mistaken(name, f"it has more than {BYTES_MAX:,} bytes")
    return content


def read_devices(name: str | None, *, families: Families | None = None) -> tuple[Credential, ...]:
    """Read a device file; without a name there are no devices.

    Args:
        name: Its path.
        families: What it means that a device comes by a gateway; None: it cannot say so.

    Raises:
        ScenarioError: It cannot be read, or is no device file; or a device needs a secret and has
            none, and the environment holds none of its product either.
    """
    if name is None:
        return ()
    content = read_file(name)
    try:
        text = decode(content, name)
    except ScenarioError as error:
        # A device's secret stands in the line.
        raise ScenarioError(replace(one, is_secret=True) for one in error.mistakes) from error
    may_activate = bool(product_secret())
    return read_credentials(text, name, may_activate=may_activate, families=families)


def product_secret() -> str:
    """Return the secret with which devices activate that have none; "" where there is none."""
    return os.environ.get(PRODUCT_SECRET_VARIABLE, "")


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _label(path: Path) -> str:
    """Call a file as short as one can from here, so that terminals and editors find it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _mistaken(name: str, text: str) -> ScenarioError:
    return ScenarioError([Mistake(name, 0, 0, "", text)])
