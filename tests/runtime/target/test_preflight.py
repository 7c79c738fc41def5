import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from fleet_sim.dialects import registry
from fleet_sim.dialects.interface import Operator
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.http_client import HttpCarrier
from fleet_sim.runtime.mqtt_client import client_tls
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.real_time import RealClock, epoch_ms
from fleet_sim.runtime.target import preflight
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin
from fleet_sim.runtime.target.preflight import knock, look_in, reach
from tests.runtime.both_loops import on_both_loops
from tests.runtime.certificates import Certificates, issue
from tests.runtime.lone_world import ENOS
from tests.runtime.mosquitto import free_port, mosquitto, password_lines, tls_lines, until_logged
from tests.runtime.platforms import WAIT_S, running

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return one set for all: making them takes a while."""
    return issue(tmp_path_factory.mktemp("certificates"))


async def told(doing: Coroutine[None, None, None]) -> str:
    """Return the sentence that this ends with; "" if it comes off."""
    try:
        async with asyncio.timeout(WAIT_S):
            await doing
    except TargetError as error:
        return str(error)
    return ""


def reaching(
    port: int, tls: ssl.SSLContext | None, host: str = HOST
) -> Coroutine[None, None, None]:
    """Reach for a broker."""
    return reach(f"the broker at {host}:{port}", host, port, tls=tls, plain="mqtt://")


@contextlib.asynccontextmanager
async def listening(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]],
) -> AsyncIterator[int]:
    """Listen on a port, and yield it; nobody is left talking."""
    async with asyncio.TaskGroup() as talks:

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await answer(reader, writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talks.create_task(talk(reader, writer))

        server = await asyncio.start_server(accept, HOST, 0)
        async with server:
            yield int(server.sockets[0].getsockname()[1])


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing until the peer leaves."""
    del writer
    with contextlib.suppress(ConnectionError):
        await reader.read(-1)


# --- reach --------------------------------------------------------------------------------------


@on_both_loops
async def test_who_is_there_is_reached() -> None:
    """Nothing is said to him, and nothing stays open."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            heard.set_result(await reader.read(-1))

    async with listening(answer) as port:
        assert await told(reaching(port, None)) == ""
        assert await asyncio.wait_for(heard, WAIT_S) == b""


@on_both_loops
async def test_who_is_not_there_is_told_by_name() -> None:
    """A closed port, and a name that nobody has (RFC 2606)."""
    port = unused_port()

    assert await told(reaching(port, None)) == (
        f"the broker at {HOST}:{port} cannot be reached: connection refused"
    )
    assert await told(reaching(1883, None, "broker.invalid")) == (
        "the broker at broker.invalid:1883 cannot be reached: its name is not known"
    )


async def test_an_agreement_on_tls_is_enough(certificates: Certificates, tmp_path: Path) -> None:
    """By address and by name, both of which the certificate holds."""
    with mosquitto(tmp_path, *tls_lines(certificates)) as port:
        for host in (HOST, "localhost"):
            context = client_tls(certificates.ca, None, None)
            assert await told(reaching(port, context, host)) == ""


async def test_a_wrong_authority_is_told(certificates: Certificates, tmp_path: Path) -> None:
    """With the option that names another."""
    with mosquitto(tmp_path, *tls_lines(certificates)) as port:
        said = await told(reaching(port, client_tls(certificates.strange_ca, None, None)))

    assert said.startswith(f"the certificate of the broker at {HOST}:{port} was not accepted: ")
    assert said.endswith("--ca names the authority that vouches for it")


async def test_a_wrong_host_is_told(certificates: Certificates, tmp_path: Path) -> None:
    """The certificate is good, for another address."""
    lines, port = tls_lines(certificates), free_port()
    with mosquitto(tmp_path, *lines, f"listener {port} 127.0.0.2", *lines):
        context = client_tls(certificates.ca, None, None)
        said = await told(reaching(port, context, "127.0.0.2"))

    assert "certificate is not valid for '127.0.0.2'" in said


async def test_tls_on_a_plain_port_is_told(certificates: Certificates, tmp_path: Path) -> None:
    """A broker cuts what is no MQTT; the sentence says what to write instead."""
    with mosquitto(tmp_path, "allow_anonymous true") as port:
        said = await told(reaching(port, client_tls(certificates.ca, None, None)))

    assert said.startswith(f"the broker at {HOST}:{port} does not agree to TLS")
    assert said.endswith("if its port is a plain one, write mqtt://")


async def test_a_port_that_never_answers_in_tls_is_told(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits longer than it is sensible."""
    monkeypatch.setattr(preflight, "REACH_S", 0.2)
    async with listening(hold) as port:
        said = await told(reaching(port, client_tls(certificates.ca, None, None)))

    assert "does not answer in TLS within" in said


async def test_tls_1_2_tells_of_a_missing_certificate_at_once(
    certificates: Certificates, tmp_path: Path
) -> None:
    """In the handshake already, unlike 1.3."""
    context = client_tls(certificates.ca, None, None)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with mosquitto(tmp_path, *tls_lines(certificates, wants_client=True)) as port:
        said = await told(reaching(port, context))

    assert "wants a certificate of ours" in said


# --- knock --------------------------------------------------------------------------------------


@on_both_loops
async def test_a_broker_that_lets_the_backend_in_hears_it_leave(tmp_path: Path) -> None:
    """With a word, so that no will or takeover is left behind."""
    log = tmp_path / "log"
    with mosquitto(
        tmp_path, "allow_anonymous true", f"log_dest file {log}", "log_type all"
    ) as port:
        said = await told(knock(BrokerAccess(host=HOST, port=port)))

        await until_logged(log, "Received DISCONNECT from fleet-sim-")

    assert said == ""


async def test_a_broker_with_a_password_file(tmp_path: Path) -> None:
    """Nobody, a wrong password, the right one."""
    with mosquitto(tmp_path, *password_lines(tmp_path, "ada", "right")) as port:
        access = BrokerAccess(host=HOST, port=port)
        said = [await told(knock(replace(access, login=login))) for login in (
            None, MqttLogin(username="ada", password="wrong"),
            MqttLogin(username="ada", password="right"))]  # fmt: skip

    where = f"the broker at {HOST}:{port} denies access (CONNACK code 5)"
    assert said[0].startswith(f"{where}; FLEET_SIM_MQTT_USERNAME and")
    assert said[1].startswith(f"{where}; check FLEET_SIM_MQTT_USERNAME")
    assert said[2] == ""


@on_both_loops
async def test_tls_1_3_tells_of_a_missing_certificate_afterwards(
    certificates: Certificates, tmp_path: Path
) -> None:
    """At the first read; a certificate that a stranger signed is not taken either."""
    stranger = issue(tmp_path)
    with mosquitto(tmp_path, *tls_lines(certificates, wants_client=True)) as port:
        access = BrokerAccess(host=HOST, port=port, is_tls=True, ca=str(certificates.ca))
        none = await told(knock(access))
        wrong = await told(
            knock(replace(access, cert=str(stranger.device), key=str(stranger.device_key)))
        )
        right = await told(
            knock(replace(access, cert=str(certificates.device), key=str(certificates.device_key)))
        )

    assert "certificate of ours" in none
    assert "certificate" in wrong
    assert str(stranger.device) in wrong or "another certificate" in wrong
    assert right == ""


async def test_a_plain_client_on_a_tls_port_is_told(
    certificates: Certificates, tmp_path: Path
) -> None:
    """The broker cuts it off; the sentence says what to write instead."""
    with mosquitto(tmp_path, *tls_lines(certificates)) as port:
        said = await told(knock(BrokerAccess(host=HOST, port=port)))

    assert said.startswith(f"the broker at {HOST}:{port} ends connections before it answers")
    assert said.endswith(f"if it wants TLS, write mqtts://{HOST}:{port}")


async def test_an_answer_may_come_in_pieces() -> None:
    """TCP is a stream, and a broker's first byte alone tells that it is one."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for byte in b"\x20\x02\x00\x00":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)
        await hold(reader, writer)

    async with listening(drip) as port:
        await knock(BrokerAccess(host=HOST, port=port))


async def test_a_port_that_is_no_brokers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says nothing, one that says something else, and one that is closed."""
    monkeypatch.setattr(preflight, "KNOCK_S", 0.2)

    async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await hold(reader, writer)

    async with listening(hold) as silent, listening(chat) as talking:
        said = [await told(knock(BrokerAccess(host=HOST, port=port)))
                for port in (silent, talking, unused_port())]  # fmt: skip

    assert "is it an MQTT broker?" in said[0]
    assert "what it says is not MQTT" in said[1]
    assert "cannot be reached" in said[2]


# --- look in ------------------------------------------------------------------------------------


async def looked_in(url: str, operator: Operator, product: str = "") -> str:
    """Return what looking into a backend ends with."""
    clock = RealClock()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        carrier = HttpCarrier(session, url, tasks, tls=None)
        northbound = Northbound(operator, carrier, clock, epoch_ms=epoch_ms())
        said = await told(look_in(northbound, url, product))
    clock.close()
    return said


@pytest.mark.parametrize("product", ["", "pk"])
async def test_a_backend_that_answers_is_left_alone(product: str) -> None:
    """With a token, or without where none is asked for."""
    async with running() as ready:
        keys = ready["org"], ready["app_key"], ready["app_secret"]
        signed = await looked_in(ready["http"], ENOS.operator(*keys), product)
        bare = await looked_in(ready["http"], ENOS.operator(ready["org"], "", ""), product)

    assert (signed, bare) == ("", "")


@pytest.mark.parametrize("dialect", ["tuya", "alibaba", "huawei"])
@pytest.mark.parametrize("product", ["", "pk"])
async def test_a_vendor_without_a_list_of_versions_is_asked_for_firmware(
    dialect: str, product: str
) -> None:
    """Of the product, where one is meant; a wrong secret is noticed as well."""
    vendor = registry.get(dialect)
    async with running(signed_only=True, dialect=dialect) as ready:
        org, key, secret = (ready[name] for name in ("org", "app_key", "app_secret"))
        right = await looked_in(ready["http"], vendor.operator(org, key, secret), product)
        wrong = await looked_in(ready["http"], vendor.operator(org, key, "hunter2"), product)

    assert right == ""
    assert wrong.startswith(f"the backend at {ready['http']} ")


async def test_a_backend_that_refuses_us_is_told() -> None:
    """A wrong secret, and another organization."""
    async with running(signed_only=True) as ready:
        key, secret = ready["app_key"], ready["app_secret"]
        wrong = await looked_in(ready["http"], ENOS.operator(ready["org"], key, "hunter2"))
        other = await looked_in(ready["http"], ENOS.operator("o99", key, secret))
        unsigned = await looked_in(ready["http"], ENOS.operator(ready["org"], "", ""))

    assert "does not let us in: no token: 1003" in wrong
    assert "hunter2" not in wrong
    assert "denies access: 99403" in other
    assert "--org" in other
    assert "denies access: 99403" in unsigned


@pytest.mark.parametrize("key", ["", "key"])
@pytest.mark.parametrize("status", [200, 404, 502])
async def test_a_server_that_is_no_northbound_is_told(status: int, key: str) -> None:
    """Some page in HTML, whatever its status; with a login or without."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Welcome</html>", content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", page)
    async with TestServer(application) as server:
        url = f"http://{HOST}:{server.port}"
        said = await looked_in(url, ENOS.operator("o1", key, "secret"))

    assert said.startswith(f"the backend at {url} gives no answer that can be used: HTTP {status}")
    assert said.endswith("is this the address of its northbound API?")


async def test_a_server_that_hangs_up_is_told() -> None:
    """As one that speaks TLS does with plain HTTP."""

    async def cut(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with listening(cut) as port:
        said = await looked_in(f"http://{HOST}:{port}", ENOS.operator("o1", "", ""))

    assert "gives no answer that can be used" in said
