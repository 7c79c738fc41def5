"""Targets that cannot work: one sentence on stderr, exit code 3, nothing on stdout."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from fleet_sim.cli.main import outcome
from tests.runtime.certificates import Certificates, issue
from tests.runtime.mosquitto import free_port, mosquitto, password_lines, tls_lines
from tests.topologies.commands import Ran, device_file, environment, run, standing

HOST = "127.0.0.1"
FEW = ("happy-path", "--devices", "20")
OPEN = "allow_anonymous true"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return one set for all: making them takes a while."""
    return issue(tmp_path_factory.mktemp("certificates"))


def refused(ran: Ran) -> str:
    """Return the sentence of a run that could not begin."""
    assert (ran.code, ran.shown) == (3, ""), ran
    assert "Traceback" not in ran.said
    return ran.sentence


class AtBroker:
    """Runs fleet and reference backend on a broker, in this process."""

    def __init__(
        self, folder: Path, streams: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self._words = ("run", *FEW, "--ui", "json", "--runs", str(folder / "runs"))
        self._streams = streams
        self._patch = patch

    def __call__(self, url: str, *words: str, **variables: str) -> str:
        """Return why they cannot; the environment has these variables and no others of ours."""
        with self._patch.context() as patch:
            for name in os.environ.keys() - environment().keys():
                patch.delenv(name)
            for name, text in variables.items():
                patch.setenv(name, text)
            code = outcome([*self._words, "--broker", url, *words])
        said = self._streams.readouterr()
        return refused(Ran(code, said.out, said.err))


@pytest.fixture
def at_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AtBroker:
    """Return a way to run at a broker that cannot work."""
    return AtBroker(tmp_path, capsys, monkeypatch)


async def at_both(folder: Path, broker: str, backend: str, *words: str, **variables: str) -> str:
    """Run a fleet of a file against a broker and a backend, and return why it cannot."""
    devices = device_file(folder / "devices.csv", 20, mark="wrong")
    where = ("--broker", broker, "--backend", backend, "--device-file", str(devices))
    return refused(await run(folder, *FEW, *where, *words, variables=variables))


def keys(ready: Mapping[str, Any]) -> dict[str, str]:
    """Return what the environment says of the operator."""
    return {"FLEET_SIM_APP_KEY": ready["app_key"], "FLEET_SIM_APP_SECRET": ready["app_secret"]}


@contextlib.asynccontextmanager
async def pages(tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve a page in HTML at every address, and yield the URL."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(status=404, text="<html>Nothing here</html>", content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port := free_port(), ssl_context=tls)
    await site.start()
    try:
        yield f"{'http' if tls is None else 'https'}://{HOST}:{port}"
    finally:
        await runner.cleanup()


# --- who is not there ---------------------------------------------------------------------------


def test_an_unreachable_port(at_broker: AtBroker) -> None:
    """Nobody listens."""
    port = unused_port()

    said = at_broker(f"mqtt://{HOST}:{port}")

    assert said == f"the broker at {HOST}:{port} cannot be reached: connection refused"


def test_a_name_that_nobody_has(at_broker: AtBroker) -> None:
    """A top-level domain that is reserved for that."""
    said = at_broker("mqtt://broker.invalid")

    assert said == "the broker at broker.invalid:1883 cannot be reached: its name is not known"


# --- TLS ----------------------------------------------------------------------------------------


def test_a_wrong_authority(tmp_path: Path, certificates: Certificates, at_broker: AtBroker) -> None:
    """The broker's certificate is signed by another one."""
    with mosquitto(tmp_path, *tls_lines(certificates)) as port:
        url = f"mqtts://{HOST}:{port}"
        wrong = at_broker(url, "--ca", str(certificates.strange_ca))
        none = at_broker(url)

    for said in (wrong, none):
        assert said.startswith(f"the certificate of the broker at {HOST}:{port} was not accepted")
        assert "--ca names the authority" in said


def test_a_wrong_host(tmp_path: Path, certificates: Certificates, at_broker: AtBroker) -> None:
    """The certificate is that of 127.0.0.1, and the broker is asked for elsewhere."""
    lines, other = tls_lines(certificates), free_port()
    with mosquitto(tmp_path, *lines, f"listener {other} 127.0.0.2", *lines):
        said = at_broker(f"mqtts://127.0.0.2:{other}", "--ca", str(certificates.ca))

    assert "certificate is not valid for '127.0.0.2'" in said


def test_a_client_certificate_that_is_missing_or_a_strangers(
    tmp_path: Path, certificates: Certificates, at_broker: AtBroker
) -> None:
    """TLS 1.3 tells only after the handshake; the broker may cut before it has told."""
    stranger = issue(tmp_path)
    with mosquitto(tmp_path, *tls_lines(certificates, wants_client=True)) as port:
        url, ca = f"mqtts://{HOST}:{port}", ("--ca", str(certificates.ca))
        missing = at_broker(url, *ca)
        wrong = at_broker(
            url, *ca, "--cert", str(stranger.device), "--key", str(stranger.device_key)
        )

    assert "certificate of ours" in missing
    assert f"the broker at {HOST}:{port}" in wrong
    assert str(stranger.device) in wrong or "another certificate of ours" in wrong


def test_plain_on_a_tls_port_and_tls_on_a_plain_one(
    tmp_path: Path, certificates: Certificates, at_broker: AtBroker
) -> None:
    """Each sentence says what to write instead."""
    with mosquitto(tmp_path, *tls_lines(certificates)) as port:
        plain = at_broker(f"mqtt://{HOST}:{port}")
    with mosquitto(tmp_path, OPEN) as port_of_plain:
        tls = at_broker(f"mqtts://{HOST}:{port_of_plain}", "--ca", str(certificates.ca))

    assert plain.endswith(f"if it wants TLS, write mqtts://{HOST}:{port}")
    assert tls.endswith("if its port is a plain one, write mqtt://")


# --- who may come in ----------------------------------------------------------------------------


def test_a_wrong_password_and_none(tmp_path: Path, at_broker: AtBroker) -> None:
    """Of the backend already; no secret is repeated."""
    with mosquitto(tmp_path, *password_lines(tmp_path, "ada", "lovelace")) as port:
        url = f"mqtt://{HOST}:{port}"
        wrong = at_broker(url, FLEET_SIM_MQTT_USERNAME="ada", FLEET_SIM_MQTT_PASSWORD="hunter2")
        none = at_broker(url)

    assert "(CONNACK code 5); check FLEET_SIM_MQTT_USERNAME" in wrong
    assert "hunter2" not in wrong
    assert "FLEET_SIM_MQTT_PASSWORD say who we are" in none


def test_a_password_without_a_user(at_broker: AtBroker) -> None:
    """Told before anybody is asked."""
    said = at_broker(f"mqtt://{HOST}:1", FLEET_SIM_MQTT_PASSWORD="hunter2")

    assert said.startswith("FLEET_SIM_MQTT_PASSWORD is set without FLEET_SIM_MQTT_USERNAME")


async def test_secrets_of_devices_that_the_platform_does_not_know(tmp_path: Path) -> None:
    """A handful of refused devices ends the run; their secrets are not repeated."""
    known = device_file(tmp_path / "known.csv", 20)
    async with standing(str(known)) as ready:
        said = await at_both(
            tmp_path, ready["mqtt"], ready["http"], "--org", ready["org"], **keys(ready)
        )

    assert "refuses user name or password (CONNACK code 4) to what the devices sign" in said
    assert "each of the first 1" in said
    assert "wrong d" not in said


async def test_devices_of_which_no_one_gets_in(tmp_path: Path, certificates: Certificates) -> None:
    """The backend is fine; the broker wants a certificate, or a password."""
    async with standing() as ready:
        rest = ("--org", ready["org"])
        with mosquitto(tmp_path, *tls_lines(certificates, wants_client=True)) as port:
            bare = await at_both(
                tmp_path, f"mqtts://{HOST}:{port}", ready["http"], "--ca", str(certificates.ca),
                *rest, **keys(ready),
            )  # fmt: skip
        with mosquitto(tmp_path, *password_lines(tmp_path, "ada", "lovelace")) as port:
            wrong = await at_both(
                tmp_path, f"mqtt://{HOST}:{port}", ready["http"], *rest, **keys(ready),
                FLEET_SIM_MQTT_USERNAME="ada", FLEET_SIM_MQTT_PASSWORD="hunter2",
            )  # fmt: skip

    assert "certificate of ours" in bare
    assert "none was let in" in bare
    assert "(CONNACK code 5); check FLEET_SIM_MQTT_USERNAME" in wrong


# --- backends -----------------------------------------------------------------------------------


async def test_a_backend_whose_certificate_is_not_trusted(
    tmp_path: Path, certificates: Certificates
) -> None:
    """The broker is fine."""
    with mosquitto(tmp_path, OPEN) as port:
        async with pages(certificates.for_server()) as url:
            said = await at_both(
                tmp_path, f"mqtt://{HOST}:{port}", url, "--ca", str(certificates.strange_ca)
            )

    assert said.startswith(f"the certificate of the backend at {url.removeprefix('https://')} was")


@pytest.mark.parametrize("key", ["", "key"])
async def test_a_backend_that_is_no_northbound(tmp_path: Path, key: str) -> None:
    """A page in HTML, with an operator's key or without."""
    with mosquitto(tmp_path, OPEN) as port:
        async with pages() as url:
            said = await at_both(tmp_path, f"mqtt://{HOST}:{port}", url, FLEET_SIM_APP_KEY=key)

    assert said.startswith(f"the backend at {url} gives no answer that can be used: HTTP 404")


async def test_a_broker_that_is_a_web_server(tmp_path: Path) -> None:
    """It hangs up on what is no HTTP, or answers in it."""
    async with pages() as url:
        said = refused(await run(tmp_path, *FEW, "--broker", url.replace("http", "mqtt")))

    assert said.startswith("the broker at ")
    assert "before it answers CONNECT" in said
