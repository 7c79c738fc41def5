"""`fleet-sim serve`: the reference platform alone, for anybody's devices and operators."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from fleet_sim.backend.planted import PLANTED
from fleet_sim.cli.sources import product_secret, read_devices
from fleet_sim.dialects.interface import GatewayCodec
from fleet_sim.dialects.registry import get
from fleet_sim.model.identity import Registration
from fleet_sim.runtime.errors import TargetError, ungrouped
from fleet_sim.runtime.file_handles import raise_limit
from fleet_sim.runtime.platform.process import serve as serve_platform
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.scenario.credentials import Families
from fleet_sim.scenario.errors import Mistake, ScenarioError, did_you_mean
from fleet_sim.scenario.plants import barren_with
from fleet_sim.scenario.vocabulary import DEFAULT_DIALECT, dialect_fault


class Auth(StrEnum):
    """Which northbound calls are let in."""

    SIGNED = "signed"


def serve(
    *,
    mqtt_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    store: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or postgresql://…; a temporary file if none.")
    ] = None,
    devices: Annotated[
        str | None,
        typer.Option(help="CSV: product_key,device_key,device_secret[,firmware[,gateway]]."),
    ] = None,
    plant: Annotated[list[str] | None, typer.Option(help="Switch on a planted bug.")] = None,
    auth: Annotated[
        Auth | None, typer.Option(help="signed: refuse calls without a signature.")
    ] = None,
    dialect: Annotated[
        str, typer.Option(help="Whose platform it is; see: fleet-sim list dialects.")
    ] = DEFAULT_DIALECT,
) -> int:
    """Run the platform until it is told to stop; prints one JSON line once it is ready."""
    _check_dialect(dialect)
    known = _registrations(devices, get(dialect).gateways)
    settings = PlatformSettings(
        mqtt_port=mqtt_port,
        http_port=http_port,
        store=store,
        devices=known,
        products=_activating(known),
        plant=_known(plant or []),
        signed_only=auth is Auth.SIGNED,
        dialect=dialect,
    )
    for sentence in barren_with(settings.plant, {dialect: get(dialect).contract}):
        typer.echo(f"fleet-sim: {sentence}", err=True)
    import uvloop  # noqa: PLC0415 - not needed to be told of a mistake

    raise_limit()
    uvloop.run(_serve(settings))
    return 0


async def _serve(settings: PlatformSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # A terminal that is closed says SIGHUP: the store's folder is to go then, too.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop.set)
    with ungrouped(TargetError, BrokenPipeError):
        await serve_platform(settings, _announce_once(), stop)


def _announce_once() -> Callable[[Mapping[str, Any]], None]:
    """Print the ready line and nothing after it: stdout is one JSON line."""
    has_spoken = False

    def announce(line: Mapping[str, Any]) -> None:
        nonlocal has_spoken
        if has_spoken:
            return
        try:
            typer.echo(json.dumps(line))
        except BrokenPipeError:
            raise  # who reads no further is met in silence
        except OSError as error:
            raise TargetError(
                f"the ready line cannot be written to the standard output: {error.strerror}; "
                "send that somewhere else"
            ) from error
        has_spoken = True

    return announce


def _registrations(name: str | None, gateways: GatewayCodec | None) -> tuple[Registration, ...]:
    return tuple(
        Registration(one.device, one.secret, gateway=one.gateway, is_free=one.is_free)
        for one in read_devices(name, families=_families(gateways))
    )


def _families(gateways: GatewayCodec | None) -> Families:
    if gateways is None:
        return Families.NONE
    return Families.SIGNED if gateways.signs_for_children else Families.TRUSTED


def _activating(known: Sequence[Registration]) -> dict[str, str]:
    """Return the secret of each product of which a device may activate, where there is one."""
    secret = product_secret()
    return {one.device.product_key: secret for one in known if secret and not one.secret}


def _check_dialect(dialect: str) -> None:
    fault = dialect_fault(dialect)
    if fault:
        raise ScenarioError([Mistake(f"--dialect {dialect}", 0, 0, "", fault)])


def _known(plant: list[str]) -> tuple[str, ...]:
    wrong = [
        Mistake(f"--plant {bug}", 0, 0, "", f"there is no such bug{did_you_mean(bug, PLANTED)}")
        for bug in plant
        if bug not in PLANTED
    ]
    if wrong:
        raise ScenarioError(wrong)
    return tuple(plant)
