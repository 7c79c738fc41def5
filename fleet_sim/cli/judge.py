"""`fleet-sim judge`: judge a run again from its folder, with this version's oracles."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from fleet_sim.cli.live import Terminal, UiMode, choose_mode
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.judge import decide
from fleet_sim.oracle.judge import judge as judge_log
from fleet_sim.oracle.record_shapes import misfit
from fleet_sim.oracle.thresholds import Expectation
from fleet_sim.oracle.tolerance import REAL_TIME, VIRTUAL_TIME, Tolerance
from fleet_sim.report.console import print_summary
from fleet_sim.report.run import FILES, RUN_LOG, Generator, NorthboundFigures, Run, Timing
from fleet_sim.report.run_json import render, run_json
from fleet_sim.report.warnings import warnings
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.log_reader import ReadLog, read_log
from fleet_sim.runtime.run_log import part_path
from fleet_sim.scenario.expect import read_told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What is read from a run's own report."""

    scenario: str = ""
    seed: int = 0
    timing: Timing = field(default_factory=lambda: Timing(world="real"))
    generator: Generator = field(default_factory=Generator)
    northbound: NorthboundFigures = field(default_factory=NorthboundFigures)
    overrides: tuple[str, ...] = ()


_SLIP_MS_MAX = 86_400_000  # A day: no run was ever that late.
_EXPECT = (Source.CONTROL, "expect")
_KEPT = TypeAdapter(_Kept)
_PROFILE = TypeAdapter(ContractProfile)


def judge(
    run: Annotated[Path, typer.Argument(help="A run's folder, such as runs/latest.")],
    ui: Annotated[UiMode | None, typer.Option(help="How to show the verdict.")] = None,
) -> int:
    """Judge a run again from what it left; nothing in its folder changes."""
    log = _log(run)
    contracts = contracts_of(log.records)
    expectations = _expectations(run, log.records)
    records = _whole(log)
    told = _told(run, _kept(run), log)
    judgement = judge_log(
        records,
        contracts,
        expectations=expectations,
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
    """Read from a log what each vendor promised in that run: dialect to profile.

    Raises:
        TargetError: There is none, one of a device's dialect is missing, or one is no profile.
    """
    names = {one.name for one in fields(ContractProfile)}
    found: dict[str, ContractProfile] = {}
    for record in records:
        if record.kind == "contract" and record.src is Source.CONTROL:
            parameters = {name: value for name, value in record.fields.items() if name in names}
            found[str(record["dialect"])] = _profile(record, parameters)
    speakers = (one for one in records if one.kind in {"boot", "fleet"})
    spoken = {str(one["dialect"]) for one in speakers if "dialect" in one.fields}
    missing = sorted(spoken - set(found))
    if missing or not found:
        what = (
            f"the contract of {', '.join(one or repr(one) for one in missing)}"
            if missing
            else "a contract"
        )
        raise TargetError(
            f"the log lacks {what}: no such record is there to judge by; the log of a run begins "
            "with one for each dialect"
        )
    return found


def _profile(record: Record, parameters: Mapping[str, Any]) -> ContractProfile:
    try:
        return _PROFILE.validate_json(json.dumps(parameters), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise TargetError(
            f"{place_of(record)}: {name} of the contract does not fit: {first['msg']}"
        ) from error


def place_of(record: Record) -> str:
    """Return where a record stands, as somebody can find it."""
    return f"{part_path(Path(), record.part).name}, line {record.seq + 1}"


def _log(run: Path) -> ReadLog:
    try:
        log = read_log(run)
    except OSError as error:
        if error.errno is None:
            raise TargetError(str(error)) from error
        raise _unreadable(Path(error.filename or run), error) from error
    except ValueError as error:
        raise TargetError(str(error)) from error
    if not log.records:
        raise TargetError(f"{run} holds no record, so there is nothing to judge")
    for record in log.records:
        if wrong := misfit(record):
            raise TargetError(f"{place_of(record)}: {wrong}")
    return log


def _unreadable(path: Path, error: OSError) -> TargetError:
    return TargetError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}")


def _whole(log: ReadLog) -> Sequence[Record]:
    """Leave out what stands beyond the end of a part that lacks its own.

    Each part holds one end of the wire: beside what one of them lacks, the other would tell of
    things that came from nowhere, or came to nothing.
    """
    whole_ms = log.whole_ms
    if whole_ms is None:
        return log.records
    records = [one for one in log.records if one.t < whole_ms]
    if not records:
        raise TargetError(
            "the log ends before anything happened in each of its parts, so there is nothing to "
            "judge"
        )
    return records


def _kept(run: Path) -> _Kept:
    """Read the run's own report; a run that was killed has none."""
    path = run / "run.json"
    if not os.path.lexists(path):
        return _Kept()
    if not path.is_file():
        raise TargetError(f"{path} is no file; remove it, and the log is judged without it")
    try:
        kept = _KEPT.validate_json(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the document"
        raise TargetError(
            f"{path}: {where} does not fit; remove the file, and the log is judged without it"
        ) from error
    for name in ("slip_max_ms", "platform_slip_max_ms"):
        if not 0 <= getattr(kept.generator, name) <= _SLIP_MS_MAX:
            raise TargetError(
                f"{path}: generator.{name} does not fit; remove the file, and the log is judged "
                "without it"
            )
    return kept


def _told(run: Path, kept: _Kept, log: ReadLog) -> Run:
    return Run(
        scenario=kept.scenario or run.name,
        seed=kept.seed,
        timing=kept.timing,
        generator=kept.generator,
        northbound=kept.northbound,
        warnings=(*_missing_end(log), *warnings(log.records)),
        overrides=kept.overrides,
        folder=str(run),
        lacks=tuple(name for name in FILES if name != RUN_LOG and not (run / name).exists()),
        can_go_virtual=False,
    )


def _missing_end(log: ReadLog) -> Iterator[str]:
    """Say that what is judged is not the whole run: it was killed, or its log was cut."""
    torn = f" (torn: {', '.join(log.torn)})" if log.torn else ""
    if not any(one.kind == "end" for one in log.records):
        yield (
            f"the log stops at {_end_s(log):.1f} s, before the run's own end{torn}: "
            "the run was killed, or its log cut; what came later is not judged"
        )
    elif torn:
        yield (
            f"the last records of a part are missing{torn}: what came after {_end_s(log):.1f} s is "
            "not judged"
        )


def _end_s(log: ReadLog) -> float:
    """Return up to where nothing is missing, in s."""
    return (log.records[-1].t if log.whole_ms is None else log.whole_ms) / 1000


def _expectations(run: Path, records: Sequence[Record]) -> tuple[Expectation, ...]:
    """Read what was expected, flags of the run and all.

    Raises:
        TargetError: The log does not say it, or says what is no expectation.
    """
    said = next((one for one in records if (one.src, one.kind) == _EXPECT), None)
    if said is None:
        raise TargetError(
            "the log lacks what was expected: no record of the kind expect is there; the log of a "
            "run has one at its start, after the contracts"
        )
    file = str(run / "scenario.yaml")
    fleets = [str(one["fleet"]) for one in records if one.kind == "fleet" and "fleet" in one.fields]
    try:
        return tuple(read_told(one, file=file, fleets=fleets) for one in said["expectations"])
    except ValueError as error:
        raise TargetError(f"{place_of(said)}: an expectation {error}") from error


def _tolerance(told: Run) -> Tolerance:
    if told.timing.world == "virtual":
        return VIRTUAL_TIME
    late_ms = max(told.generator.slip_max_ms, told.generator.platform_slip_max_ms)
    return REAL_TIME.widened(round(late_ms))
