"""What a platform's process is told: how to run, as one line of JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin
from fleet_sim.scenario.vocabulary import DEFAULT_DIALECT


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """How to run a platform.

    Attributes:
        broker: A stock broker to be a client of; None for a broker of its own.
        mqtt_port: Its own broker's; 0 lets the system pick one.
        http_port: Likewise.
        store: `sqlite:///FILE`, `postgresql://…`, or None for a temporary file.
        devices: Known beforehand, besides what the store knows.
        products: Product key to secret, of products whose devices may activate with it; the
            account's own product is always one of them.
        vendor_files: Name files in pushes by the vendor's own addresses, which take a login over
            its HTTP channel; else by an http address that any device can fetch from, as the devices
            of the vendors' SDKs do that take what stands there. Both kinds lead to the same files.
        plant: Planted bugs.
        signed_only: Refuse northbound calls without a signature.
        dialect: Whose platform it is.
        contract: Overridden parameters of the contract profile.
        log: Where this process writes its part of the run log; None keeps none.
        part: The part's number.
        is_of_run: Whether it serves the fleet of a run: it needs no sample device then, and its
            part of the log counts from when the run is said to begin.
        seed: What ids are drawn from; None lets each store have its own.
        org: The organisation; None takes the store's own.
        app_key: The operator's key, likewise.
        app_secret: The operator's secret, likewise.
    """

    broker: BrokerAccess | None = None
    mqtt_port: int = 0
    http_port: int = 0
    store: str | None = None
    devices: Sequence[Registration] = ()
    products: Mapping[str, str] = field(default_factory=dict, repr=False)
    vendor_files: bool = False
    plant: tuple[str, ...] = ()
    signed_only: bool = False
    dialect: str = DEFAULT_DIALECT
    contract: Mapping[str, Any] = field(default_factory=dict)
    log: Path | None = None
    part: int = 1
    is_of_run: bool = False
    seed: int | None = None
    org: str | None = None
    app_key: str | None = None
    app_secret: str | None = None


def to_line(settings: PlatformSettings) -> str:
    """Render settings as the one line a child reads."""
    fields = dataclasses.asdict(settings)
    fields["log"] = None if settings.log is None else str(settings.log)
    return json.dumps(fields)


def from_line(line: str) -> PlatformSettings:
    """Read what `to_line` rendered."""
    fields = json.loads(line)
    fields["log"] = None if fields["log"] is None else Path(fields["log"])
    fields["broker"] = None if fields["broker"] is None else _access(fields["broker"])
    fields["plant"] = tuple(fields["plant"])
    fields["contract"] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields["contract"].items()
    }
    fields["devices"] = [_registration(one) for one in fields["devices"]]
    return PlatformSettings(**fields)


def _access(fields: dict[str, Any]) -> BrokerAccess:
    login = fields.pop("login")
    return BrokerAccess(login=None if login is None else MqttLogin(**login), **fields)


def _registration(fields: dict[str, Any]) -> Registration:
    device = DeviceId(**fields["device"])
    gateway = fields.pop("gateway")
    rest: dict[str, Any] = {
        name: _tuples(value) if isinstance(value, list) else value
        for name, value in fields.items()
        if name != "device"
    }
    over = None if gateway is None else DeviceId(**gateway)
    return Registration(device=device, gateway=over, **rest)


def _tuples(value: list[Any]) -> tuple[Any, ...]:
    return tuple(_tuples(one) if isinstance(one, list) else one for one in value)
