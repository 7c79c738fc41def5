import os
import socket
from pathlib import Path

import pytest

from tests.runtime import mosquitto as helper
from tests.runtime.certificates import issue
from tests.runtime.mosquitto import (
    free_port,
    mosquitto,
    mosquitto_or_skip,
    password_lines,
    tls_lines,
    until_logged,
)


def test_mosquitto_runs_and_is_stopped(tmp_path: Path) -> None:
    """While it is used its port answers, afterwards it does not."""
    with mosquitto(tmp_path, "allow_anonymous true") as port:
        socket.create_connection(("127.0.0.1", port)).close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_mosquitto_comes_back_on_the_port_it_had(tmp_path: Path) -> None:
    """As after a crash."""
    with mosquitto(tmp_path, "allow_anonymous true") as port:
        pass

    with mosquitto(tmp_path, "allow_anonymous true", port=port) as again:
        socket.create_connection(("127.0.0.1", port)).close()

    assert again == port


def test_the_lines_for_tls_and_for_passwords_are_understood(tmp_path: Path) -> None:
    """By the real one, which says so by running; the password stands in no file as it is."""
    certificates = issue(tmp_path)
    passwords = password_lines(tmp_path, "ada", "lovelace")

    for lines in (tls_lines(certificates), tls_lines(certificates, wants_client=True), passwords):
        with mosquitto(tmp_path, *lines) as port:
            socket.create_connection(("127.0.0.1", port)).close()

    assert "lovelace" not in (tmp_path / "passwords").read_text()


async def test_its_log_can_be_waited_for(tmp_path: Path) -> None:
    """For a line that comes later."""
    log = tmp_path / "log"
    with mosquitto(tmp_path, "allow_anonymous true", f"log_dest file {log}") as port:
        socket.create_connection(("127.0.0.1", port)).close()

        (line,) = await until_logged(log, "New connection from")

    assert "127.0.0.1" in line


def test_a_mosquitto_with_much_to_say_goes_on(tmp_path: Path) -> None:
    """Nobody reads what it writes to its terminal, and a full pipe must not stop it."""
    with mosquitto(tmp_path, "allow_anonymous true", "log_type all") as port:
        for _ in range(1200):  # two lines each, of more than 40 bytes: beyond a pipe's 64 KiB
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")
            answer = sock.recv(4)

    assert answer == b"\x20\x02\x00\x00"


def test_a_mosquitto_that_cannot_start_says_why(tmp_path: Path) -> None:
    """Its own words are in the error."""
    with pytest.raises(RuntimeError, match="did not start"), mosquitto(tmp_path, "nonsense 1"):
        pass


def test_a_free_port_can_be_bound() -> None:
    """Right away, by whoever asked."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", free_port()))


@pytest.mark.parametrize(
    ("in_ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_mosquitto_skips_but_fails_in_ci(
    in_ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where it is promised, its absence is no excuse."""
    monkeypatch.setattr(helper, "_PLACES", os.fspath(tmp_path))
    monkeypatch.setenv("CI", in_ci)

    with pytest.raises(outcome, match="Mosquitto is not installed"):
        mosquitto_or_skip()
