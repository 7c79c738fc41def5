"""Where a run in real time goes: the embedded platform, or somebody's broker and backend by URL."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fleet_sim.runtime.child import PlatformChild
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.mqtt_client import client_tls
from fleet_sim.scenario.plan import TargetPlan

REACH_S = 10.0  # A target that takes longer to accept a connection is not there.


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKeys:
    """What the environment says of the operator; never printed, logged or recorded."""

    app_key: str = ""
    app_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the devices and the operator go.

    Attributes:
        host: The broker's.
        port: The broker's.
        tls: For the broker; None for plain TCP.
        backend: The base URL of the northbound API.
        http_tls: For the backend and its files; None for plain HTTP.
        org: The organisation that the backend knows us as.
        keys: The operator's.
        subscribes: Whether devices subscribe for themselves, as on a stock broker.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    backend: str
    http_tls: ssl.SSLContext | None = None
    org: str
    keys: OperatorKeys
    subscribes: bool = False


def embedded(child: PlatformChild) -> Target:
    """Return the platform that a child has just announced."""
    ready = child.ready
    broker = urlsplit(ready["mqtt"])
    assert broker.hostname is not None
    assert broker.port is not None
    return Target(
        host=broker.hostname,
        port=broker.port,
        backend=ready["http"],
        org=ready["org"],
        keys=OperatorKeys(app_key=ready["app_key"], app_secret=ready["app_secret"]),
    )


async def by_url(target: TargetPlan, keys: OperatorKeys) -> Target:
    """Return a target by URL, once both of its ends have accepted a connection.

    Raises:
        TargetError: One of them does not, or a file for TLS cannot be used.
    """
    assert target.broker is not None
    assert target.backend is not None
    broker, backend = urlsplit(target.broker), urlsplit(target.backend)
    assert broker.hostname, "the scenario has seen to that"
    assert backend.hostname, "the same"
    is_mqtts, is_https = broker.scheme == "mqtts", backend.scheme == "https"
    files = [None if name is None else Path(name) for name in (target.ca, target.cert, target.key)]
    tls = client_tls(*files) if is_mqtts or is_https else None
    port = broker.port or (8883 if is_mqtts else 1883)
    await _reach(broker.hostname, port, "the broker")
    await _reach(backend.hostname, backend.port or (443 if is_https else 80), "the backend")
    return Target(
        host=broker.hostname,
        port=port,
        tls=tls if is_mqtts else None,
        backend=target.backend,
        http_tls=tls if is_https else None,
        org=target.org or "",
        keys=keys,
        subscribes=True,
    )


async def _reach(host: str, port: int, what: str) -> None:
    """Find out now, in one sentence, what ten thousand devices would find out one by one."""
    try:
        async with asyncio.timeout(REACH_S):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        why = getattr(error, "strerror", None) or "no answer"
        raise TargetError(f"{what} at {host}:{port} cannot be reached: {why}") from error
