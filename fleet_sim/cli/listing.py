"""`fleet-sim list`: the names a scenario may use, and what each means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer

Rows: TypeAlias = "list[dict[str, Any]]"


class Noun(StrEnum):
    """What can be listed."""

    PERSONAS = "personas"
    LINKS = "links"
    EVENTS = "events"
    DIALECTS = "dialects"
    PROMISES = "promises"
    METRICS = "metrics"
    BUGS = "bugs"
    SCENARIOS = "scenarios"


class ListUi(StrEnum):
    """How `list` answers."""

    RICH = "rich"
    JSON = "json"


def show_names(
    noun: Annotated[Noun, typer.Argument(help="What to list.")],
    ui: Annotated[ListUi, typer.Option(help="A table, or a json array.")] = ListUi.RICH,
) -> None:
    """List the names a scenario may use."""
    rows = ROWS[noun]()
    if ui is ListUi.JSON:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _show(noun, rows)


def personas() -> Rows:
    """Return the device failure modes with their knobs."""
    from fleet_sim.scenario import vocabulary  # noqa: PLC0415 - --help stays quick

    return [
        {
            "id": kind.id,
            "name": kind.name,
            "about": kind.about,
            "knobs": [asdict(knob) for knob in kind.knobs],
        }
        for kind in vocabulary.personas().values()
    ]


def links() -> Rows:
    """Return the link profiles with all their numbers."""
    from fleet_sim.scenario import vocabulary  # noqa: PLC0415 - the same

    return [asdict(link) for link in vocabulary.links().values()]


def events() -> Rows:
    """Return what can happen meanwhile."""
    from fleet_sim.scenario.vocabulary import EVENTS  # noqa: PLC0415 - the same

    return [{"name": name, "about": about} for name, about in EVENTS.items()]


def dialects() -> Rows:
    """Return the vendors and what is here of each; of one that cannot be used, why."""
    from fleet_sim.dialects import registry  # noqa: PLC0415 - the same

    return [_dialect(name) for name in registry.names()]


def _dialect(name: str) -> dict[str, Any]:
    from fleet_sim.dialects import registry  # noqa: PLC0415 - the same
    from fleet_sim.dialects.wire import DialectError  # noqa: PLC0415 - the same

    nothing = {"mqtt": False, "northbound": False, "gateways": False, "http_channel": False}
    try:
        found = registry.get(name)
    except DialectError as error:
        return {"name": name, "about": str(error), **nothing, "covers": {}}
    return {
        "name": name,
        "about": found.about,
        "mqtt": True,  # Both are what makes a dialect.
        "northbound": True,
        "gateways": found.gateways is not None,
        "http_channel": found.http is not None,
        "covers": dict(found.covers),
    }


def promises() -> Rows:
    """Return the promises that have an oracle."""
    from fleet_sim.oracle.catalogue import PROMISES  # noqa: PLC0415 - the same

    return [
        {"id": promise.id, "name": promise.name, "about": promise.statement}
        for promise in PROMISES.values()
    ]


def metrics() -> Rows:
    """Return what `expect` can compare."""
    from fleet_sim.oracle.metrics import METRICS  # noqa: PLC0415 - the same

    return [
        {
            "name": metric.name,
            "about": metric.about,
            "units": list(metric.units),
            "stats": list(metric.stats),
        }
        for metric in METRICS.values()
    ]


def bugs() -> Rows:
    """Return the bugs that can be planted in the reference backend."""
    from fleet_sim.scenario import vocabulary  # noqa: PLC0415 - the same

    return [{"id": bug, "about": about} for bug, about in vocabulary.planted().items()]


def scenarios() -> Rows:
    """Return the bundled scenarios."""
    from fleet_sim.cli.sources import bundled, read_source  # noqa: PLC0415 - the same
    from fleet_sim.scenario.load import load  # noqa: PLC0415 - the same

    sources = [(name, read_source(str(path))) for name, path in bundled().items()]
    return [
        {"name": name, "about": load(source.text, source.file).about} for name, source in sources
    ]


ROWS: Mapping[Noun, Callable[[], Rows]] = {
    Noun.PERSONAS: personas,
    Noun.LINKS: links,
    Noun.EVENTS: events,
    Noun.DIALECTS: dialects,
    Noun.PROMISES: promises,
    Noun.METRICS: metrics,
    Noun.BUGS: bugs,
    Noun.SCENARIOS: scenarios,
}


# Seven or eleven columns fit eighty cells only under short heads; `--ui json` has the full names.
SHORT_HEADS: Mapping[Noun, Mapping[str, str]] = {
    Noun.LINKS: {
        "name": "name",
        "rtt_ms": "rtt ms",
        "jitter_ms": "jit ms",
        "is_tail": "tail",
        "down_kbps": "down kb/s",
        "up_kbps": "up kb/s",
        "loss_percent": "loss %",
        "burst": "burst",
        "up_mean_s": "up",
        "outage_mean_s": "out",
        "outage_kind": "kind",
    },
    Noun.DIALECTS: {
        "name": "name",
        "about": "about",
        "mqtt": "mqtt",
        "northbound": "north",
        "gateways": "gates",
        "http_channel": "http",
        "covers": "covers",
    },
}


def _show(noun: Noun, rows: Rows) -> None:
    from rich.console import Console  # noqa: PLC0415 - the same
    from rich.table import Table  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for column in SHORT_HEADS.get(noun, {}) or (rows[0] if rows else ()):
        table.add_column(
            SHORT_HEADS.get(noun, {}).get(column, column),
            overflow="fold",
            no_wrap=column in {"id", "name"},
        )
    for row in rows:
        table.add_row(*(_cell(_readable(name, value)) for name, value in row.items()))
    Console(highlight=False, markup=False).print(table)


def _readable(name: str, value: object) -> object:
    """Write a number of seconds as people do: 12h, not 43200."""
    from fleet_sim.scenario.units import say_duration  # noqa: PLC0415 - the same

    if name.endswith("_s") and isinstance(value, int | float):
        return say_duration(round(1000 * value))
    return value


def _cell(value: object) -> str:
    """Write one value for a table; a knob as `name=default unit`."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_cell(one) for one in value)
        case {"name": name, "default": default, "unit": unit}:
            return f"{name}={default}{f' {unit}' if unit else ''}"
        case dict():
            return "\n".join(f"{area}: {line}" for area, line in value.items()) or "-"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
