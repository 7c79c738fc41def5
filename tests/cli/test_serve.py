from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet_sim.cli.main import outcome
from fleet_sim.dialects.registry import get
from fleet_sim.model.identity import DeviceId
from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.kinds import Connect
from tests.dialects.third_party.installing import with_path

TIMEOUT_S = 60


@contextmanager
def serving(
    *flags: str, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run `serve` as a process of its own; yield it and its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet_sim", "serve", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()  # nothing happens to one that has ended


def test_the_ready_line_says_how_to_come_in() -> None:
    """One JSON line with the contract's fields; Ctrl-C ends it in good order."""
    with serving() as (process, ready):
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=TIMEOUT_S)

    assert list(ready) == [
        "mqtt",
        "http",
        "org",
        "product_key",
        "product_secret",
        "app_key",
        "app_secret",
        "device",
    ]
    assert list(ready["device"]) == ["device_key", "device_secret"]
    assert (rest, errors, process.returncode) == ("", "", 0)


def test_a_restart_on_its_store_keeps_who_it_is(tmp_path: Path) -> None:
    """Killed and started again, org, product, keys and devices are the same."""
    store = f"sqlite:///{tmp_path / 'platform.sqlite'}"
    with serving("--store", store) as (process, first):
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=TIMEOUT_S)
    with serving("--store", store) as (_, second):
        pass

    assert {**second, "mqtt": "", "http": ""} == {**first, "mqtt": "", "http": ""}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_no_end_in_good_order_leaves_a_folder(tmp_path: Path, name: str) -> None:
    """Ctrl-C, a service manager's stop, and a terminal that is closed."""
    with serving(env={**os.environ, "TMPDIR": str(tmp_path)}) as (process, _):
        assert list(tmp_path.iterdir())
        process.send_signal(signal.Signals[name])
        process.wait(timeout=TIMEOUT_S)

    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_platform_with_a_store_makes_no_other_folder(tmp_path: Path) -> None:
    """So that one which is killed leaves nothing but its store."""
    store, folder = tmp_path / "store", tmp_path / "temporary"
    store.mkdir()
    folder.mkdir()
    flags = ("--store", f"sqlite:///{store / 'platform.sqlite'}")
    with serving(*flags, env={**os.environ, "TMPDIR": str(folder)}) as (process, _):
        process.kill()
        process.wait(timeout=TIMEOUT_S)

    assert list(store.iterdir())
    assert list(folder.iterdir()) == []


def test_a_busy_port_is_told() -> None:
    """One sentence with the port, exit code 3."""
    with serving() as (_, ready):
        port = ready["http"].rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "fleet_sim", "serve", "--http-port", port],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    assert done.returncode == 3
    assert port in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "code", "sentence"),
    [
        (["--plant", "B99"], 2, "B99"),
        (["--devices", "/nonexistent.csv"], 2, "/nonexistent.csv"),
        (["--mqtt-port", "99999"], 2, "--mqtt-port"),
        (["--auth", "none"], 2, "--auth"),
        (["--dialect", "enoss"], 2, 'no such dialect; did you mean "enos"?'),
        (["--store", "mysql://x/y"], 3, "mysql"),
        (["--store", "sqlite:////nonexistent/folder/x"], 3, "/nonexistent/folder/x"),
    ],
)
def test_bad_flags_are_told(
    flags: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence each, and nothing is started."""
    assert outcome(["serve", *flags]) == code

    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_a_bug_that_the_vendor_has_no_room_for_is_told() -> None:
    """Beside the ready line, which stays the one line on stdout."""
    with serving("--plant", "B53", "--plant", "B62") as (process, _):
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=TIMEOUT_S)

    assert rest == ""
    assert errors == "fleet-sim: B53 plants nothing with enos, which has no rate of pushes.\n"


def test_a_device_without_a_secret_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By file and line, where nothing says what its product's secret is."""
    monkeypatch.delenv("FLEET_SIM_PRODUCT_SECRET", raising=False)
    path = tmp_path / "devices.csv"
    path.write_text("# ours\nproduct,newcomer,\n")

    assert outcome(["serve", "--devices", str(path)]) == 2

    assert f"{path}:2:1: the device product/newcomer has no secret" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("dialect", "told"),
    [
        (
            "enos",
            "{}:2:1: the device P/d1 has no secret; write it, or set FLEET_SIM_PRODUCT_SECRET",
        ),
        ("tuya", "{}:2:1: the platform of this dialect knows no gateways; leave out that of P/d1"),
        ("alibaba", "{}:2:1: the platform of this dialect knows no gateways"),
        ("tuyalink", "{}:2:1: the platform of this dialect knows no gateways"),
        ("huawei", "sqlite:"),
    ],
)
def test_a_child_that_nobody_could_bring_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    dialect: str,
    told: str,
) -> None:
    """By file and line; where the file is all it takes, only the address of the store is wrong."""
    monkeypatch.delenv("FLEET_SIM_PRODUCT_SECRET", raising=False)
    path = tmp_path / "devices.csv"
    path.write_text("G,g1,s\nP,d1,,,G/g1\n")
    flags = ["--devices", str(path), "--dialect", dialect, "--store", "mysql://x/y"]

    outcome(["serve", *flags])

    said = capsys.readouterr().err
    assert told.format(path) in said
    assert (str(path) in said) == (dialect != "huawei")


def test_a_device_without_a_secret_may_activate(tmp_path: Path) -> None:
    """With the secret of its product that the environment holds, and with no other."""
    path = tmp_path / "devices.csv"
    path.write_text("product,newcomer,\n")
    environment = {**os.environ, "FLEET_SIM_PRODUCT_SECRET": "of product"}

    with serving("--devices", str(path), env=environment) as (_, ready):
        codes = [
            connack(ready["mqtt"], DeviceId("product", "newcomer"), secret)
            for secret in ("of another", "of product")
        ]

    assert codes == [4, 0]


def test_an_empty_gateway_sets_a_child_free(tmp_path: Path) -> None:
    """On the same store; a file that says nothing of gateways changes nothing."""
    path, store = tmp_path / "devices.csv", f"sqlite:///{tmp_path / 'platform.sqlite'}"
    codes = []
    for line in ("P,d1,s,,G/g1", "P,d1,s", "P,d1,s,,"):
        path.write_text(f"G,g1,s\n{line}\n")
        with serving("--devices", str(path), "--store", store) as (_, ready):
            codes.append(connack(ready["mqtt"], DeviceId("P", "d1"), "s", activates=False))

    assert codes == [5, 5, 0]


def connack(url: str, device: DeviceId, secret: str, *, activates: bool = True) -> int:
    """Connect with a product's secret, or the device's, and return the answer's code."""
    mine = get("enos").devices.credentials(device, secret, epoch_ms=0, activates=activates)
    hello = encode(Connect(mine.client_id, mine.username, mine.password.encode()))
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=TIMEOUT_S) as line:
        line.sendall(hello)
        return line.recv(4)[3]


def test_a_store_serves_one_platform_at_a_time(tmp_path: Path) -> None:
    """A second one is told so; the lock goes with the process, also when it is killed."""
    store = f"sqlite:///{tmp_path / 'platform.sqlite'}"
    with serving("--store", store):
        done = subprocess.run(
            [sys.executable, "-m", "fleet_sim", "serve", "--store", store],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    assert done.returncode == 3
    assert "in use by another platform" in done.stderr


def test_what_is_no_http_leaves_no_traceback() -> None:
    """Strangers cannot fill the terminal of whoever runs the platform."""
    with serving() as (process, ready):
        port = int(ready["http"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as stranger:
            stranger.sendall(b"\x00\xff nonsense\r\n\r\n")
            answer = stranger.recv(1024)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_S)

    assert b" 400 " in answer
    assert errors == ""


def test_another_dialects_platform_remembers_whose_it_is(acme_site: Path, tmp_path: Path) -> None:
    """Started again as another's on the same store, it is refused in one sentence."""
    flags = ("--store", f"sqlite:///{tmp_path / 'platform.sqlite'}")
    env = with_path(acme_site)
    with serving("--dialect", "acme", *flags, env=env) as (process, first):
        process.send_signal(signal.SIGINT)
        process.wait(timeout=TIMEOUT_S)
    done = subprocess.run(
        [sys.executable, "-m", "fleet_sim", "serve", *flags],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env=env,
    )
    with serving("--dialect", "acme", *flags, env=env) as (_, second):
        pass

    assert done.returncode == 3
    assert done.stderr == (
        "fleet-sim: the store is that of a platform of acme, not of enos; serve it with --dialect "
        "acme, or name another --store\n"
    )
    assert second["org"] == first["org"]


def test_an_output_that_takes_nothing_is_told() -> None:
    """One sentence, exit code 3; nobody would ever learn how to come in."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fleet_sim", "serve"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )

    assert done.returncode == 3
    assert done.stderr == (
        "fleet-sim: the ready line cannot be written to the standard output: No space left on "
        "device; send that somewhere else\n"
    )
