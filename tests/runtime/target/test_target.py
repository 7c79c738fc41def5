import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.child import platform_child
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin
from fleet_sim.runtime.target.target import (
    OperatorKeys,
    by_url,
    embedded,
    on_stock_broker,
    stock_broker,
)
from fleet_sim.scenario.plan import TargetPlan
from tests.runtime.certificates import Certificates, issue
from tests.runtime.mosquitto import mosquitto, tls_lines

HOST = "127.0.0.1"
KEYS = OperatorKeys(app_key="key", app_secret="secret")
LOGIN = MqttLogin(username="ada", password="lovelace")


async def test_the_embedded_platform_is_where_it_says() -> None:
    """Plain sockets on this machine, the operator it named, devices that subscribe to nothing."""
    async with platform_child() as child:
        await child.start(PlatformSettings(app_key="key", app_secret="secret"))
        ready = child.ready

        target = embedded(child.ready)

    assert target.broker.url == ready["mqtt"]
    assert (target.backend, target.org) == (ready["http"], ready["org"])
    assert (target.tls, target.http_tls, target.subscribes) == (None, None, False)
    assert target.keys == KEYS


async def test_a_target_that_is_not_there_is_told() -> None:
    """In one sentence that names the end and its address."""
    port = unused_port()
    nowhere = TargetPlan(broker=f"mqtt://{HOST}:{port}", backend=f"http://{HOST}:{port}")

    with pytest.raises(TargetError, match=rf"the broker at {HOST}:{port} cannot be reached"):
        await by_url(nowhere, KEYS, None)


def test_keys_are_never_shown() -> None:
    """Not even where somebody prints them by mistake."""
    assert "secret" not in repr(KEYS).replace("app_secret", "")


@pytest.mark.parametrize("is_https", [False, True])
@pytest.mark.parametrize("is_mqtts", [False, True])
async def test_each_end_gets_tls_by_its_own_scheme(
    tmp_path: Path, *, is_mqtts: bool, is_https: bool
) -> None:
    """Both trust the given authority alone, and both are reached in the way they speak."""
    certificates = issue(tmp_path)
    with both_ends(tmp_path, certificates, is_mqtts, is_https) as (broker, backend):
        aim = TargetPlan(
            broker=f"{'mqtts' if is_mqtts else 'mqtt'}://{HOST}:{broker}",
            backend=f"{'https' if is_https else 'http'}://{HOST}:{backend}",
            ca=str(certificates.ca),
        )

        target = await by_url(aim, KEYS, LOGIN)

    assert (target.tls is not None, target.http_tls is not None) == (is_mqtts, is_https)
    trusted = [context.cert_store_stats()["x509_ca"] for context in (target.tls, target.http_tls)
               if context is not None]  # fmt: skip
    assert set(trusted) <= {1}
    assert (target.broker.login, target.subscribes) == (LOGIN, True)


async def test_a_backend_whose_certificate_is_not_trusted_is_told(tmp_path: Path) -> None:
    """By the name of the end, so that nobody looks at the other."""
    certificates = issue(tmp_path)
    with both_ends(tmp_path, certificates, False, True) as (broker, backend):  # noqa: FBT003
        aim = TargetPlan(
            broker=f"mqtt://{HOST}:{broker}",
            backend=f"https://{HOST}:{backend}",
            ca=str(certificates.strange_ca),
        )

        with pytest.raises(TargetError, match=r"certificate of the backend at .* not accepted"):
            await by_url(aim, KEYS, None)


@contextlib.contextmanager
def both_ends(folder: Path, certificates: Certificates, *are_tls: bool) -> Iterator[list[int]]:
    """Listen on two ports, each in TLS or not; a Mosquitto does for either, as far as TLS goes."""
    with contextlib.ExitStack() as stack:
        ports = []
        for number, is_tls in enumerate(are_tls):
            own = folder / str(number)
            own.mkdir()
            lines = tls_lines(certificates) if is_tls else ("allow_anonymous true",)
            ports.append(stack.enter_context(mosquitto(own, *lines)))
        yield ports


async def test_the_reference_backend_shares_a_broker_with_its_devices(tmp_path: Path) -> None:
    """They go to the broker, the operator to the backend that the child has announced."""
    with mosquitto(tmp_path, "allow_anonymous true") as port:
        access = await stock_broker(TargetPlan(broker=f"mqtt://{HOST}:{port}"), None)
        async with platform_child() as child:
            await child.start(PlatformSettings(broker=access))
            ready = child.ready

            target = on_stock_broker(child.ready, access)

    assert ready["mqtt"] == f"mqtt://{HOST}:{port}"
    assert target.broker == BrokerAccess(host=HOST, port=port)
    assert (target.backend, target.org) == (ready["http"], ready["org"])
    assert target.keys.app_secret == ready["app_secret"]
    assert target.subscribes


async def test_a_broker_that_does_not_let_the_backend_in_is_told(tmp_path: Path) -> None:
    """Before anything is started."""
    with (
        mosquitto(tmp_path, "allow_anonymous false") as port,
        pytest.raises(TargetError, match="denies access"),
    ):
        await stock_broker(TargetPlan(broker=f"mqtt://{HOST}:{port}"), LOGIN)
