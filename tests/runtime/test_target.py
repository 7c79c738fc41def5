from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from aiohttp.test_utils import unused_port

from fleet_sim.runtime.child import platform_child
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform_settings import PlatformSettings
from fleet_sim.runtime.target import OperatorKeys, by_url, embedded
from fleet_sim.scenario.plan import TargetPlan
from tests.runtime.platforms import running

HOST = "127.0.0.1"
KEYS = OperatorKeys(app_key="key", app_secret="secret")


async def test_the_embedded_platform_is_where_it_says() -> None:
    """Plain sockets on this machine, the operator it named, devices that subscribe to nothing."""
    async with platform_child() as child:
        await child.start(PlatformSettings(app_key="key", app_secret="secret"))
        ready = child.ready

        target = embedded(child)

    assert f"mqtt://{target.host}:{target.port}" == ready["mqtt"]
    assert (target.backend, target.org) == (ready["http"], ready["org"])
    assert (target.tls, target.http_tls, target.subscribes) == (None, None, False)
    assert target.keys == KEYS


async def test_a_target_that_is_not_there_is_told() -> None:
    """In one sentence that names the end and its address."""
    port = unused_port()
    nowhere = TargetPlan(broker=f"mqtt://{HOST}:{port}", backend=f"http://{HOST}:{port}")

    with pytest.raises(TargetError, match=rf"the broker at {HOST}:{port} cannot be reached"):
        await by_url(nowhere, KEYS)


def test_keys_are_never_shown() -> None:
    """Not even where somebody prints them by mistake."""
    assert "secret" not in repr(KEYS).replace("app_secret", "")


@pytest.mark.parametrize(
    ("broker", "backend"),
    [("mqtt", "http"), ("mqtts", "http"), ("mqtt", "https"), ("mqtts", "https")],
)
async def test_each_end_gets_tls_by_its_own_scheme(
    tmp_path: Path, broker: str, backend: str
) -> None:
    """Both trust the given authority alone."""
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    async with running() as ready:
        urls: dict[str, Any] = {
            "broker": f"{broker}://{urlsplit(ready['mqtt']).netloc}",
            "backend": f"{backend}://{urlsplit(ready['http']).netloc}",
        }

        target = await by_url(TargetPlan(ca=str(authority), **urls), KEYS)

    assert (target.tls is not None) is (broker == "mqtts")
    assert (target.http_tls is not None) is (backend == "https")
    trusted = [context.cert_store_stats()["x509_ca"] for context in (target.tls, target.http_tls)
               if context is not None]  # fmt: skip
    assert set(trusted) <= {1}
