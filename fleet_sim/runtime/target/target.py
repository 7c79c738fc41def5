"""Where a run in real time goes: the embedded platform, or somebody's broker and backend by URL."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fleet_sim.runtime.mqtt_client import client_tls
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin, access_to
from fleet_sim.runtime.target.preflight import knock, reach
from fleet_sim.scenario.plan import TargetPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKeys:
    """What the environment says of the operator; never printed, logged or recorded."""

    app_key: str = ""
    app_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the devices and the operator go.

    Attributes:
        broker: How devices get into the broker.
        tls: For it; None for plain TCP.
        backend: The base URL of the northbound API.
        http_tls: For the backend and its files; None for plain HTTP.
        org: The organisation that the backend knows us as.
        keys: The operator's.
        subscribes: Whether devices subscribe for themselves, as on a stock broker.
    """

    broker: BrokerAccess
    tls: ssl.SSLContext | None = None
    backend: str
    http_tls: ssl.SSLContext | None = None
    org: str
    keys: OperatorKeys
    subscribes: bool = False


def embedded(ready: Mapping[str, Any]) -> Target:
    """Return the platform whose ready line this is."""
    broker = urlsplit(ready["mqtt"])
    assert broker.hostname is not None
    assert broker.port is not None
    return Target(
        broker=BrokerAccess(host=broker.hostname, port=broker.port),
        backend=ready["http"],
        org=ready["org"],
        keys=OperatorKeys(app_key=ready["app_key"], app_secret=ready["app_secret"]),
    )


async def stock_broker(target: TargetPlan, login: MqttLogin | None) -> BrokerAccess:
    """Return how to get into the broker that the reference backend shall share with its devices.

    Raises:
        TargetError: It cannot be reached, or does not let the backend in.
    """
    access = access_to(target, login)
    await _reach_broker(access, access.tls())
    await knock(access)
    return access


def on_stock_broker(ready: Mapping[str, Any], access: BrokerAccess) -> Target:
    """Return the reference backend whose ready line this is, on somebody's broker."""
    return Target(
        broker=access,
        tls=access.tls(),
        backend=ready["http"],
        org=ready["org"],
        keys=OperatorKeys(app_key=ready["app_key"], app_secret=ready["app_secret"]),
        subscribes=True,
    )


async def by_url(target: TargetPlan, keys: OperatorKeys, login: MqttLogin | None) -> Target:
    """Return a target by URL, once both of its ends have accepted a connection.

    Raises:
        TargetError: One of them does not, or a file for TLS cannot be used.
    """
    assert target.backend is not None
    access = access_to(target, login)
    tls = access.tls()
    backend = urlsplit(target.backend)
    assert backend.hostname, "the scenario has seen to that"
    is_https = backend.scheme == "https"
    http_tls = _http_tls(target) if is_https else None
    await _reach_broker(access, tls)
    port = backend.port or (443 if is_https else 80)
    await reach(
        f"the backend at {backend.hostname}:{port}",
        backend.hostname,
        port,
        tls=http_tls,
        cert=target.cert,
        plain="http://",
    )
    return Target(
        broker=access,
        tls=tls,
        backend=target.backend,
        http_tls=http_tls,
        org=target.org or "",
        keys=keys,
        subscribes=True,
    )


def _http_tls(target: TargetPlan) -> ssl.SSLContext:
    files = (None if name is None else Path(name) for name in (target.ca, target.cert, target.key))
    return client_tls(*files)


async def _reach_broker(access: BrokerAccess, tls: ssl.SSLContext | None) -> None:
    await reach(access.where, access.host, access.port, tls=tls, cert=access.cert, plain="mqtt://")
