"""A real Mosquitto, in a folder of its own on a free port, stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

# Debian installs daemons where a user's path does not look.
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def mosquitto_or_skip() -> str:
    """Return where Mosquitto is; without one, skip, or fail where CI promises it."""
    found = shutil.which("mosquitto", path=_PLACES)
    if found is None:
        missing = "Mosquitto is not installed (Debian: apt install mosquitto)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)  # A contributor's machine may lack it; CI installs it and never skips.
    return found


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def mosquitto(folder: Path, *settings: str) -> Iterator[int]:
    """Run Mosquitto and yield its port.

    Args:
        folder: For its configuration.
        settings: Further lines of it; they follow the listener, so they may be the listener's.
    """
    program = mosquitto_or_skip()
    port = free_port()
    configuration = folder / "mosquitto.conf"
    lines = (
        "user root",  # Else it gives up the right to read the keys in our folder.
        "persistence false",
        "log_dest stderr",
        f"listener {port} 127.0.0.1",
        *settings,
    )
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    process = subprocess.Popen(
        [program, "-c", str(configuration)], stderr=subprocess.PIPE, text=True
    )
    try:
        _wait_until_running(process)
        yield port
    finally:
        # Not terminated in good order: 2.0.11 often overlooks SIGTERM when a client has just left,
        # and it keeps nothing that could be lost.
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _wait_until_running(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        if line.rstrip().endswith("running"):
            return
        said.append(line)
    raise RuntimeError(f"Mosquitto did not start: {''.join(said)}")
