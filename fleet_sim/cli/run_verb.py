"""The flags of `fleet-sim run`; what it does stands in `cli/run.py`, which takes long to import."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_BUG = re.compile(r"B\d\d")


class RunUi(StrEnum):
    """How a run shows itself."""

    RICH = "rich"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


def run(
    scenario: Annotated[
        list[str], typer.Argument(metavar="SCENARIO", help="A path, or a bundled scenario's name.")
    ],
    *,
    devices: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="So many devices in all.")
    ] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="URL", help="mqtt:// or mqtts://; default: our own.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(metavar="URL", help="http:// or https://; default: our own.")
    ] = None,
    org: Annotated[
        str | None, typer.Option(metavar="ID", help="The organization at the backend.")
    ] = None,
    device_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="CSV: product_key,device_key,device_secret[,firmware]."),
    ] = None,
    ca: Annotated[
        str | None, typer.Option(metavar="FILE", help="The authority that the target trusts.")
    ] = None,
    cert: Annotated[str | None, typer.Option(metavar="FILE", help="Our own certificate.")] = None,
    key: Annotated[str | None, typer.Option(metavar="FILE", help="Its key.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, metavar="N", help="Instead of the file's.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option(metavar="D", help="The vendor, for every fleet.")
    ] = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="In memory and in virtual time.")
    ] = False,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Another value for a key; repeatable."),
    ] = None,
    plant: Annotated[
        list[str] | None,
        typer.Option(metavar="B01 ...", help="Switch on bugs of the reference backend."),
    ] = None,
    runs: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the run's folder is made.")
    ] = Path("runs"),
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the JUnit report here too.")
    ] = None,
    ui: Annotated[RunUi | None, typer.Option(help="Default: rich on a terminal.")] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Keep the platform up after the run, until Ctrl-C.")
    ] = False,
    owns_target: Annotated[
        bool,
        typer.Option("--yes-i-own-this-target", help="Allow more than 100 devices elsewhere."),
    ] = False,
) -> int:
    """Carry out a scenario, and judge what the backend promised."""
    name, bugs = split_words(scenario, plant or [])
    from fleet_sim.cli import run as verb  # noqa: PLC0415 - --help stays quick

    target = {
        "broker": broker,
        "backend": backend,
        "org": org,
        "devices": device_file,
        "ca": ca,
        "cert": cert,
        "key": key,
        "plant": bugs,
    }
    return verb.run(
        verb.Arguments(
            scenario=name,
            devices=devices,
            seed=seed,
            dialect=dialect,
            is_virtual=virtual,
            sets=tuple(sets or ()),
            target={flag: value for flag, value in target.items() if value},
            runs=runs,
            junit=junit,
            ui=None if ui is None else ui.value,
            holds=hold,
            owns_target=owns_target,
        )
    )


def split_words(words: list[str], plant: list[str]) -> tuple[str, list[str]]:
    """Part the scenario from bugs that follow `--plant` as further words.

    `--plant B01 B06` and `--plant B01,B06` are what people type; the parser gives a flag one word.

    Args:
        words: The words that belong to no flag.
        plant: What followed each `--plant`.

    Raises:
        typer.BadParameter: Not exactly one scenario is left.
    """
    bugs = [bug for value in plant for bug in value.split(",") if bug]
    more = [word for word in words if plant and _BUG.fullmatch(word)]
    names = [word for word in words if word not in more]
    if len(names) != 1:
        said = f"{' and '.join(names)} are {len(names)} scenarios" if names else "no scenario"
        raise typer.BadParameter(f"{said}; a run takes one", param_hint="SCENARIO")
    return names[0], [*bugs, *more]
