"""`fleet-sim judge`: judge a run again from its folder, with this version's oracles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from fleet_sim.cli.live import Terminal, UiMode, choose_mode
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import decide
from fleet_sim.oracle.judge import judge as judge_log
from fleet_sim.oracle.thresholds import Expectation
from fleet_sim.oracle.tolerance import REAL_TIME, VIRTUAL_TIME, Tolerance
from fleet_sim.report.console import print_summary
from fleet_sim.report.run import Generator, Run, Timing
from fleet_sim.report.run_json import render, run_json
from fleet_sim.report.warnings import warnings
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.run_log import read_run
from fleet_sim.scenario.load import decode, load


def judge(
    run: Annotated[Path, typer.Argument(help="A run's folder, such as runs/latest.")],
    ui: Annotated[UiMode | None, typer.Option(help="How to show the verdict.")] = None,
) -> int:
    """Judge a run again from what it left; nothing in its folder changes."""
    records = _records(run)
    kept = _kept(run)
    told = _told(run, kept, records)
    judgement = judge_log(
        records,
        contracts_of(records),
        expectations=_expectations(run),
        tolerance=_tolerance(told),
    )
    why = next((one["why"] for one in records if one.kind == "end"), "")
    verdict = decide(
        judgement,
        interrupted=why == "interrupted",
        aborted=why == "aborted",
        invalid_reason=told.generator.invalid_reason,
    )
    terminal = Terminal(stderr=True)
    mode = choose_mode(ui, terminal)
    if mode is UiMode.JSON:
        typer.echo(render(run_json(told, judgement, verdict)))
    elif mode is not UiMode.NONE:
        print_summary(terminal, told, judgement, verdict)
    return verdict.exit_code


def contracts_of(records: Sequence[Record]) -> Mapping[str, ContractProfile]:
    """Read from a log what each vendor promised in that run: dialect to profile."""
    names = {one.name for one in fields(ContractProfile)}
    found: dict[str, ContractProfile] = {}
    for record in records:
        if record.kind == "contract":
            parameters: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in record.fields.items()
                if name in names
            }
            found[record["dialect"]] = ContractProfile(**parameters)
    return found


def _records(run: Path) -> list[Record]:
    try:
        return read_run(run)
    except (OSError, ValueError) as error:
        raise TargetError(str(error)) from error


def _kept(run: Path) -> Mapping[str, Any]:
    """Read the run's own report; a run that was killed has none."""
    try:
        found = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(run: Path, kept: Mapping[str, Any], records: Sequence[Record]) -> Run:
    return Run(
        scenario=str(kept.get("scenario", run.name)),
        seed=int(kept.get("seed", 0)),
        timing=Timing(**kept.get("timing", {"world": "real"})),
        generator=Generator(**kept.get("generator", {})),
        warnings=warnings(records),
        overrides=tuple(kept.get("overrides", ())),
        folder=str(run),
        can_go_virtual=False,
    )


def _expectations(run: Path) -> tuple[Expectation, ...]:
    path = run / "scenario.yaml"
    try:
        content = path.read_bytes()
    except OSError:
        return ()
    return load(decode(content, str(path)), str(path)).expect


def _tolerance(told: Run) -> Tolerance:
    if told.timing.world == "virtual":
        return VIRTUAL_TIME
    late_ms = max(told.generator.slip_max_ms, told.generator.platform_slip_max_ms)
    return REAL_TIME.widened(round(late_ms))
