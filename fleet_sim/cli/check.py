"""`fleet-sim check`: every mistake of scenario files, with line and caret, and notes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fleet_sim.scenario.errors import Mistake

MISTAKEN = 2


class CheckUi(StrEnum):
    """How `check` answers."""

    PLAIN = "plain"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found in one file.

    Attributes:
        file: As messages call it.
        mistakes: Each with `file`, `line`, `column`, `path`, `text`; empty: it can be run.
        notes: Sentences on what a run may do otherwise than meant.
        overrides: Sentences on values that are not the vendor's or not the file's.
        summary: What a run would be, or "".
    """

    file: str
    mistakes: tuple[dict[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    summary: str = ""


def check(
    scenarios: Annotated[
        list[str],
        typer.Argument(metavar="FILE ...", help="Scenario files, or names of bundled ones."),
    ],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Check with this value instead."),
    ] = None,
    dialect: Annotated[str | None, typer.Option(help="Instead of every fleet's own.")] = None,
    ui: Annotated[CheckUi, typer.Option(help="plain, or json on stdout.")] = CheckUi.PLAIN,
) -> int:
    """Tell every mistake in scenario files, and what a run of them would do."""
    is_quiet = ui is CheckUi.JSON
    found = [_checked(one, sets or [], dialect=dialect, is_quiet=is_quiet) for one in scenarios]
    if ui is CheckUi.JSON:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    return MISTAKEN if any(one.mistakes for one in found) else 0


def _checked(scenario: str, sets: list[str], *, dialect: str | None, is_quiet: bool) -> Checked:
    """Check one file, and tell unless quiet."""
    from fleet_sim.cli.mistakes import tell  # noqa: PLC0415 - --help stays quick
    from fleet_sim.scenario.errors import ScenarioError  # noqa: PLC0415 - the same

    try:
        found = _planned(scenario, sets, dialect)
    except ScenarioError as error:
        if not is_quiet:
            tell(error.mistakes)
        return Checked(scenario, tuple(_fields(one) for one in error.mistakes))
    if not is_quiet:
        _tell(found)
    return found


def _planned(scenario: str, sets: list[str], dialect: str | None) -> Checked:
    from fleet_sim.cli.sources import read_devices, read_source  # noqa: PLC0415 - --help stays quick
    from fleet_sim.scenario.load import load  # noqa: PLC0415 - the same
    from fleet_sim.scenario.plan import plan  # noqa: PLC0415 - the same

    source = read_source(scenario)
    loaded = load(source.text, source.file, sets=sets, dialect=dialect)
    made = plan(loaded, dialect=dialect, registered=read_devices(loaded.target.devices))
    fleets = ", ".join(f"{fleet.name} {fleet.devices:,}" for fleet in made.fleets)
    summary = (
        f"{len(made.devices):,} devices ({fleets}), jobs: {len(made.jobs)}, "
        f"events: {len(made.events)}, expectations: {len(made.expectations)}"
    )
    return Checked(source.file, (), made.notes, made.overrides, summary)


def _tell(found: Checked) -> None:
    typer.echo(f"{found.file}: good: {found.summary}", err=True)
    for sentence in found.overrides:
        typer.echo(f"  override: {sentence}", err=True)
    for sentence in found.notes:
        typer.echo(f"  note: {sentence}", err=True)


def _fields(mistake: Mistake) -> dict[str, object]:
    """Return what a machine is told of a mistake: where, and the sentence."""
    fields = asdict(mistake)
    del fields["is_secret"]
    return fields
