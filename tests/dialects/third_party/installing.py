"""Installs packages with dialects as a user would, into folders of their own, off line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
INSTALL_S = 60
_PIP = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-index", "--no-deps")


def installed(folder: Path) -> Path:
    """Install the package beside this file below a folder, and return what belongs on the path.

    It is built from a copy: a build leaves its traces where the source stands.
    """
    source, target = folder / "source", folder / "site"
    shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "install", *_PIP, "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--target", str(target), str(source)],
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return target


def offering(
    folder: Path,
    package: str,
    name: str,
    module: str,
    *,
    version: str = "1.0",
    points: str | None = None,
) -> Path:
    """Lay out a package that offers one dialect, as an installer leaves it.

    Args:
        folder: Goes on the path.
        package: Its name.
        name: The entry point's.
        module: What stands in its only module, which offers `FOUND`.
        version: Of the package.
        points: What stands in its list of entry points instead.
    """
    stem = package.replace("-", "_")
    folder.mkdir(exist_ok=True)
    (folder / f"{stem}.py").write_text(module, encoding="utf-8")
    record = folder / f"{stem}-{version}.dist-info"
    record.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    (record / "METADATA").write_text(metadata, encoding="utf-8")
    own = f"[fleet_sim.dialects]\n{name} = {stem}:FOUND\n"
    (record / "entry_points.txt").write_text(own if points is None else points, encoding="utf-8")
    return folder


def with_path(site: Path) -> dict[str, str]:
    """Return this process' environment with a folder on the path of the processes it starts."""
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
