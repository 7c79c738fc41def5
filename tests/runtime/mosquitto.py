"""A real Mosquitto, in a folder of its own on a free port, stopped whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.certificates import Certificates

LOG_WAIT_S = 30.0  # Only a test that fails waits so long.
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


def tls_lines(certificates: Certificates, *, wants_client: bool = False) -> tuple[str, ...]:
    """Return the lines that make it speak TLS, and let in whoever has a certificate if it wants."""
    return (
        f"cafile {certificates.ca}",
        f"certfile {certificates.broker}",
        f"keyfile {certificates.broker_key}",
        "allow_anonymous true",
        f"require_certificate {'true' if wants_client else 'false'}",
    )


def password_lines(folder: Path, username: str, password: str) -> tuple[str, ...]:
    """Return the lines that let in one user only, and write the password file they name."""
    mosquitto_or_skip()  # its package brings the tool for passwords
    file = folder / "passwords"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(file), username, password],  # noqa: S607 - Debian's
        check=True,
        capture_output=True,
    )
    return ("allow_anonymous false", f"password_file {file}")


async def until_logged(file: Path, pattern: str, count: int = 1) -> list[str]:
    """Wait until so many lines of its log match, and return those that do."""
    async with asyncio.timeout(LOG_WAIT_S):
        while True:
            found = _matching(file, pattern)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.01)  # A file tells nobody that it has grown.


def _matching(file: Path, pattern: str) -> list[str]:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [line for line in text.splitlines() if re.search(pattern, line)]


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def mosquitto(folder: Path, *settings: str, port: int = 0) -> Iterator[int]:
    """Run Mosquitto and yield its port; it is killed with the context, and forgets all.

    Args:
        folder: For its configuration.
        settings: Further lines of it; they follow the listener, so they may be the listener's.
        port: Where to listen; 0 takes one that is free.
    """
    program = mosquitto_or_skip()
    port = port or free_port()
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
    # It stops dead once the pipe is full, which a thousand connections see to.
    reading = threading.Thread(target=_read_on, args=(process,))
    try:
        _wait_until_running(process)
        reading.start()
        yield port
    finally:
        # Not terminated in good order: 2.0.11 often overlooks SIGTERM when a client has just left,
        # and it keeps nothing that could be lost.
        process.kill()
        process.wait()
        if reading.ident is not None:
            reading.join()
        assert process.stderr is not None
        process.stderr.close()


def _read_on(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for _ in process.stderr:
        pass


def _wait_until_running(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        if line.rstrip().endswith("running"):
            return
        said.append(line)
    raise RuntimeError(f"Mosquitto did not start: {''.join(said)}")
