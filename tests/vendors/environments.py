"""Virtual environments of the vendors' own software, made once and kept in `.venv-vendors/`.

Nothing of it is a dependency of ours: it runs in processes of its own. Each environment is named
by what decides its content, so a changed pin makes a new one and an old one never misleads:

    .venv-vendors/<name>-<hash of pins, Python and place>/      made   the file `made` stands last

Several test processes may want one at a time: whoever holds the lock makes it, the others wait.
`python -m tests.vendors.environments` makes them all, so that no test has to.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_HOME = _ROOT / ".venv-vendors"
_PINS = Path(__file__).parent

# What builds the source archives among them. Pinned too, and not fetched anew by each build.
BUILD = ("setuptools==80.9.0",)

INSTALL_S = 240  # A slow index gets this long; its tests have a longer time limit.
# An index that cannot be reached is found out in seconds: its tests are then skipped.
_PIP = ("--no-input", "--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "15")


class VendorError(Exception):
    """An environment cannot be made; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One of them.

    Attributes:
        name: What it is called.
        pins: A requirements file: every package with its exact version, dependencies too.
    """

    name: str
    pins: Path


DEVICE_SDK = Environment("enos-device-sdk", _PINS / "enos" / "pins" / "device-sdk.txt")
POSEIDON = Environment("enos-poseidon", _PINS / "enos" / "pins" / "poseidon.txt")
LINK_KIT = Environment("alibaba-link-kit", _PINS / "alibaba" / "pins" / "link-kit.txt")
CLASSIC_SDK = Environment("alibaba-classic-sdk", _PINS / "alibaba" / "pins" / "classic-sdk.txt")
NEWER_SDK = Environment("alibaba-newer-sdk", _PINS / "alibaba" / "pins" / "newer-sdk.txt")
IOTDA = Environment("huawei-iotda", _PINS / "huawei" / "pins" / "iotda.txt")
ALL = (DEVICE_SDK, POSEIDON, LINK_KIT, CLASSIC_SDK, NEWER_SDK, IOTDA)


def pinned(environment: Environment) -> tuple[str, ...]:
    """Return what it holds: `name==version` each.

    Raises:
        VendorError: A line of its file leaves the version open.
    """
    lines = environment.pins.read_text(encoding="utf-8").splitlines()
    wanted = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    for line in wanted:
        name, _, version = line.partition("==")
        if not name or not version or "*" in version:
            raise VendorError(f"{environment.pins}: {line!r} is no exact pin; write name==version")
    return wanted


def place_of(environment: Environment, home: Path = _HOME) -> Path:
    """Return where it stands, or will stand; the place is part of the hash: it cannot be moved."""
    key = "\n".join((*pinned(environment), *BUILD, sys.version, sys.base_prefix, str(home)))
    return home / f"{environment.name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def ready(environment: Environment, home: Path = _HOME) -> Path:
    """Return its Python; make it first if it is not there yet.

    Raises:
        VendorError: It cannot be made.
    """
    place = place_of(environment, home)
    if not _is_made(place):
        home.mkdir(exist_ok=True)
        with (home / f"{environment.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_made(place):  # whoever held the lock before us may have made it
                _make(environment, place)
    return _python(place)


def ready_or_skip(environment: Environment, home: Path = _HOME) -> Path:
    """Return its Python; without one, skip, or fail where CI promises it."""
    try:
        return ready(environment, home)
    except VendorError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))  # A contributor may be off line; CI makes it and never skips.


def clean_surroundings() -> dict[str, str]:
    """Return the environment variables for vendor programs: without proxies, and without ours.

    They speak to loopback only, which a proxy of the machine would keep them from.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and not name.startswith(("PYTHON", "FLEET_SIM_", "VIRTUAL_ENV"))
    }


def _is_made(place: Path) -> bool:
    return (place / "made").exists() and _python(place).exists()


def _python(place: Path) -> Path:
    return place / "bin" / "python"


def _make(environment: Environment, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    pins = pinned(environment)
    _run(environment, sys.executable, "-m", "venv", str(place))
    install = (str(_python(place)), "-m", "pip", "install", *_PIP)
    _run(environment, *install, *BUILD)
    _run(environment, *install, "--no-build-isolation", "--no-deps", *pins)
    _run(environment, str(_python(place)), "-m", "pip", "check", *_PIP[:2])
    (place / "made").touch()


def _run(environment: Environment, *command: str) -> None:
    """Run one step.

    Raises:
        VendorError: It failed, or took too long.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise VendorError(f"{environment.name}: still not made after {INSTALL_S} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise VendorError(f"{environment.name} cannot be made: {said[-1]}")


def main() -> int:
    """Make all of them; return an exit code."""
    for environment in ALL:
        try:
            sys.stdout.write(f"{ready(environment)}\n")
        except VendorError as error:
            sys.stderr.write(f"{error}\n")
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
