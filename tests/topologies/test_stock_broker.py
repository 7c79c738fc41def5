"""Fleet and reference backend on Mosquitto: the verdict of each promise is the embedded one's."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.runtime.certificates import issue
from tests.runtime.mosquitto import mosquitto, password_lines, tls_lines, until_logged
from tests.topologies.commands import device_file, embedded, ended, run, started, verdicts

HOST = "127.0.0.1"
OPEN = "allow_anonymous true"
FEW = ("--devices", "100")
# A busy machine may lose the first words of a TLS handshake, which are repeated seven seconds late;
# a device that then has reported no version is not in the job.
LATER = ("--set", "jobs.0.at=16s")


async def test_happy_path(tmp_path: Path) -> None:
    """A thousand devices, plain; nothing that any device said is missing at the backend."""
    with mosquitto(tmp_path, OPEN) as port:
        ran = await run(tmp_path, "happy-path", "--broker", f"mqtt://{HOST}:{port}")

    assert (ran.code, ran.said) == (0, "")
    assert ran.document["totals"]["updated"] == 1000
    assert ran.document["totals"]["lost_reports"] == 0
    assert verdicts(ran.document) == embedded(tmp_path, "happy-path")


async def test_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    """Devices and backend trust it alone; the host is called by its name."""
    certificates = issue(tmp_path)
    with mosquitto(tmp_path, *tls_lines(certificates)) as port:
        ran = await run(
            tmp_path, "happy-path", *FEW,
            "--broker", f"mqtts://localhost:{port}", "--ca", str(certificates.ca),
        )  # fmt: skip

    assert (ran.code, ran.said) == (0, "")
    assert verdicts(ran.document) == embedded(tmp_path, "happy-path", *FEW)


async def test_client_certificates_and_devices_of_a_file(tmp_path: Path) -> None:
    """Five hundred, each under its own keys, all with one certificate, as the backend has."""
    certificates = issue(tmp_path)
    devices = device_file(tmp_path / "devices.csv", 500)
    with mosquitto(tmp_path, *tls_lines(certificates, wants_client=True)) as port:
        ran = await run(
            tmp_path, "happy-path", "--devices", "500", *LATER, "--device-file", str(devices),
            "--broker", f"mqtts://{HOST}:{port}", "--ca", str(certificates.ca),
            "--cert", str(certificates.device), "--key", str(certificates.device_key),
        )  # fmt: skip

    assert (ran.code, ran.said) == (0, "")
    assert ran.document["totals"]["updated"] == 500
    assert verdicts(ran.document) == embedded(tmp_path, "happy-path", "--devices", "500")


async def test_a_password_file(tmp_path: Path) -> None:
    """The user of the environment stands in every CONNECT, and nowhere in what the run leaves."""
    log = tmp_path / "mosquitto.log"
    lines = (*password_lines(tmp_path, "ada", "lovelace"), f"log_dest file {log}")
    with mosquitto(tmp_path, *lines) as port:
        ran = await run(
            tmp_path, "happy-path", *FEW, "--broker", f"mqtt://{HOST}:{port}",
            variables={"FLEET_SIM_MQTT_USERNAME": "ada", "FLEET_SIM_MQTT_PASSWORD": "lovelace"},
        )  # fmt: skip
        users = await until_logged(log, "New client connected .* u'ada'", count=100)

    assert (ran.code, ran.said) == (0, "")
    assert len(users) == len(await until_logged(log, "New client connected"))
    assert verdicts(ran.document) == embedded(tmp_path, "happy-path", *FEW)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file())
    assert b"lovelace" not in kept + ran.shown.encode()


async def test_a_broker_that_restarts_in_the_midst_of_a_run(tmp_path: Path) -> None:
    """All connections are lost with it, and all it kept; the run goes on, and no promise breaks."""
    words = ("run", "happy-path", *FEW, "--set", "fleets.meters.network=regular_3g",
             "--set", "jobs.0.image.size=512KiB", "--set", "duration=60s",
             "--ui", "json", "--runs", str(tmp_path / "runs"))  # fmt: skip
    log = tmp_path / "mosquitto.log"
    lines = (OPEN, f"log_dest file {log}", "log_type all")
    with contextlib.ExitStack() as first:
        port = first.enter_context(mosquitto(tmp_path, *lines))
        async with started((*words, "--broker", f"mqtt://{HOST}:{port}")) as process:
            await until_logged(log, "Sending PUBLISH to .*/ota/device/upgrade'", count=50)
            first.close()
            with mosquitto(tmp_path, *lines, port=port):
                ran = await ended(process)

    assert ran.document["verdict"] in {"passed", "failed"}
    assert "violated" not in verdicts(ran.document).values()
    assert ran.document["totals"]["updated"] > 50
    said = [line for line in ran.said.splitlines() if "the backend" in line]
    assert [f"the backend lost the broker at {HOST}:{port}" in said[0],
            said[1].endswith(f"the backend has the broker at {HOST}:{port} again"),
            len(said)] == [True, True, 2]  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(2_100)
async def test_flaky_field(tmp_path: Path) -> None:
    """Two thousand devices of all kinds on bad links: eight minutes, the same verdicts."""
    with mosquitto(tmp_path, OPEN) as port:
        ran = await run(tmp_path, "flaky-field", "--broker", f"mqtt://{HOST}:{port}", wait_s=1_000)

    assert ran.code == 0, ran.document["findings"]
    assert verdicts(ran.document) == embedded(tmp_path, "flaky-field")
