"""`mosquitto_pub` and `mosquitto_sub`, as a person at a shell would use them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Container, Iterator

import pytest

PATIENCE_S = 20
_PACKAGES = {
    "mosquitto_pub": "mosquitto-clients",
    "mosquitto_sub": "mosquitto-clients",
    "mosquitto_passwd": "mosquitto",
    "stdbuf": "coreutils",
}


def program_or_skip(name: str) -> str:
    """Return where one of `_PACKAGES` is; without it, skip, or fail where CI promises it."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is not installed (Debian: apt install {_PACKAGES[name]})"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)  # A contributor's machine may lack it; CI installs it and never skips.
    return found


def _command(program: str, port: int, *arguments: str) -> list[str]:
    where = ("-h", "127.0.0.1", "-p", str(port), "-V", "mqttv311")
    # Only the subscriber could wait for ever; it can be told not to.
    patience = ("-W", str(PATIENCE_S)) if program == "mosquitto_sub" else ()
    return [program_or_skip(program), *where, *patience, *arguments]


def publish_with(
    port: int, *arguments: str, given: bytes = b"", codes: Container[int] = (0,)
) -> subprocess.CompletedProcess[bytes]:
    """Run `mosquitto_pub` to its end.

    Args:
        port: Of the broker, on the loopback address.
        arguments: Further ones.
        given: Its standard input.
        codes: The exit codes it may have.
    """
    command = _command("mosquitto_pub", port, *arguments)
    done = subprocess.run(
        command, input=given, capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode in codes, done.stderr.decode()
    return done


def subscribe_with(port: int, *arguments: str, code: int = 0) -> bytes:
    """Run a `mosquitto_sub` that ends by itself, and return what it printed."""
    command = _command("mosquitto_sub", port, *arguments)
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


class Subscriber:
    """A `mosquitto_sub` that runs while others publish.

    Args:
        process: Started with `-d`, so that it tells what it does.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def await_line(self, beginning: bytes) -> None:
        """Read its output up to a line."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.startswith(beginning):
                return
        raise AssertionError(f"{beginning!r} never came: {b''.join(said)!r}")

    def rest(self) -> bytes:
        """Wait for its end and return what it printed since, without what `-d` adds."""
        # Not `communicate`: that would overlook what has been read ahead of the last line.
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        lines = self.process.stdout.readlines()
        errors = self.process.stderr.read()
        assert self.process.wait(PATIENCE_S) == 0, errors.decode()
        return b"".join(line for line in lines if not line.startswith((b"Client ", b"Subscribed")))


@contextlib.contextmanager
def subscriber(port: int, *arguments: str) -> Iterator[Subscriber]:
    """Run `mosquitto_sub` and yield it when it has subscribed."""
    # Into a pipe it would write by the block, and its first line would come with its last.
    by_line = (program_or_skip("stdbuf"), "-oL")
    command = [*by_line, *_command("mosquitto_sub", port, "-d", *arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        made = Subscriber(process)
        made.await_line(b"Subscribed ")
        yield made
    finally:
        with process:
            process.kill()
