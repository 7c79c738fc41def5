"""`fleet-sim run`: carry out a scenario and say what its backend's promises are worth."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from fleet_sim import __version__
from fleet_sim.cli.live import Live, Snapshot, Terminal, UiMode, choose_mode
from fleet_sim.cli.sources import Source, product_secret, read_devices, read_source
from fleet_sim.cli.stopping import stop_by_signal, told_to_stop
from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import Judgement, Verdict, decide, judge
from fleet_sim.oracle.tolerance import REAL_TIME, VIRTUAL_TIME, Tolerance
from fleet_sim.report.console import print_summary
from fleet_sim.report.junit import junit
from fleet_sim.report.run import FILES, RUN_LOG, Generator, NorthboundFigures, Run, Timing
from fleet_sim.report.run_json import render, run_json
from fleet_sim.report.warnings import warnings
from fleet_sim.runtime import conductor
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.real_run import RealOptions, run_really
from fleet_sim.runtime.real_time import epoch_ms
from fleet_sim.runtime.run_folder import make_run_folder, write_file
from fleet_sim.runtime.run_log import write_part
from fleet_sim.runtime.target.broker_access import login_from
from fleet_sim.runtime.target.target import OperatorKeys
from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import Plan, plan
from fleet_sim.scenario.plants import barren

_JUNIT_WAY_OUT = "--junit names another file"
STRANGERS_MAX = 100  # So many devices may knock at a target that is not on this machine unasked.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What a run came to, whichever world it was in."""

    records: list[Record]
    tolerance: Tolerance
    generator: Generator
    northbound: NorthboundFigures = field(default_factory=NorthboundFigures)
    why: str = ""
    refusals: tuple[str, ...] = ()


def run(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario's name, or a file.")],
    *,
    devices: Annotated[int | None, typer.Option(min=1, help="Scale the fleets to so many.")] = None,
    broker: Annotated[str | None, typer.Option(help="mqtt:// or mqtts:// URL.")] = None,
    backend: Annotated[str | None, typer.Option(help="http:// or https:// URL.")] = None,
    org: Annotated[str | None, typer.Option(help="The organization at the backend.")] = None,
    device_file: Annotated[
        str | None, typer.Option(help="CSV: product_key,device_key,device_secret[,firmware].")
    ] = None,
    ca: Annotated[str | None, typer.Option(help="The authority that vouches for both.")] = None,
    cert: Annotated[str | None, typer.Option(help="Our own certificate.")] = None,
    key: Annotated[str | None, typer.Option(help="Its key.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the scenario's.")] = None,
    dialect: Annotated[str | None, typer.Option(help="Instead of every fleet's own.")] = None,
    virtual: Annotated[bool, typer.Option("--virtual", help="In virtual time.")] = False,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value.")
    ] = None,
    plant: Annotated[
        list[str] | None, typer.Option(help="Switch on a bug in the reference backend.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where run folders are kept.")] = Path("runs"),
    junit_file: Annotated[
        Path | None, typer.Option("--junit", help="Write the JUnit report here as well.")
    ] = None,
    ui: Annotated[UiMode | None, typer.Option(help="How to show the run.")] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Go on after everything has settled.")
    ] = False,
    yes_i_own_this_target: Annotated[
        bool, typer.Option("--yes-i-own-this-target", help="More than 100 devices at a stranger.")
    ] = False,
) -> int:
    """Carry out a scenario and judge what the backend promised."""
    source = read_source(scenario)
    flags = {
        "broker": broker, "backend": backend, "org": org, "devices": device_file,
        "ca": ca, "cert": cert, "key": key, "plant": plant,
    }  # fmt: skip
    loaded = load(source.text, source.file, sets=sets or (), flags=flags, dialect=dialect)
    planned = plan(
        loaded,
        seed=seed,
        devices=devices,
        dialect=dialect,
        registered=read_devices(loaded.target.devices),
    )
    _check_target(planned, virtual=virtual, holds=hold, is_owner=yes_i_own_this_target)
    session = _Session(source, planned, ui, runs, junit_file, is_virtual=virtual, holds=hold)
    return session.run()


class _Session:
    """One run from its plan to its report."""

    def __init__(
        self,
        source: Source,
        planned: Plan,
        ui: UiMode | None,
        runs: Path,
        junit_file: Path | None,
        *,
        is_virtual: bool,
        holds: bool,
    ) -> None:
        self._plan = planned
        self._terminal = Terminal(stderr=True)
        self._mode = choose_mode(ui, self._terminal)
        self._junit_file = junit_file
        self._is_virtual = is_virtual
        self._holds = holds
        self._started_epoch_ms = epoch_ms()
        self._folder = make_run_folder(runs, planned.name, self._started_epoch_ms)
        write_file(self._folder / "scenario.yaml", source.text)
        self._left: list[str] = []
        self._unwritten: dict[str, TargetError] = {}  # what could not be written, to why
        self._last_records = 0
        self._last_ms = 0

    def run(self) -> int:
        """Carry the plan out, judge it, and tell what it came to; return the exit code."""
        try:
            return self._run()
        except KeyboardInterrupt:
            _say(f"ended at once, and not judged{self._later}")
            raise
        finally:
            for line in self._left:
                _say(line)

    @property
    def _later(self) -> str:
        """How to judge a run that ended before its report; "" where it kept no log."""
        has_log = any(self._folder.glob("events-*"))
        return f"; {_program()} judge {self._folder} judges what there is" if has_log else ""

    def _run(self) -> int:
        with Live(title=self._plan.name, mode=self._mode, console=self._terminal) as live:
            at_the_end = barren(self._plan)  # a warning of the verdict
            for note in self._plan.notes:
                if note not in at_the_end:
                    live.say(note)
            outcome = self._carry_out(live)
            for refusal in outcome.refusals:
                live.say(refusal)
            judgement = judge(
                outcome.records,
                self._plan.contracts,
                expectations=self._plan.expectations,
                tolerance=outcome.tolerance,
            )
        verdict = decide(
            judgement,
            interrupted=outcome.why == "interrupted",
            aborted=outcome.why == "aborted",
            invalid_reason=outcome.generator.invalid_reason,
        )
        self._tell(outcome, judgement, verdict)
        return verdict.exit_code

    # --- two worlds ------------------------------------------------------------------------

    def _carry_out(self, live: Live) -> _Outcome:
        if self._is_virtual:
            return self._virtually(live)
        import uvloop  # noqa: PLC0415 - a run in virtual time needs no loop

        try:
            return uvloop.run(self._really(live))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    def _virtually(self, live: Live) -> _Outcome:
        # A run in real time keeps no store: that is its platform's, a process of its own.
        from fleet_sim.runtime.virtual_run import run_virtually  # noqa: PLC0415

        with told_to_stop() as should_stop:
            ran = run_virtually(
                self._plan,
                lambda seen: live.feed(self._seen(seen, wall_ms=self._wall_ms)),
                should_stop,
            )
        self._keep(RUN_LOG, partial(write_part, self._folder, 0, ran.records))
        return _Outcome(
            records=ran.records,
            tolerance=VIRTUAL_TIME,
            generator=Generator(version=__version__),
            why=ran.why,
            refusals=ran.refusals,
        )

    async def _really(self, live: Live) -> _Outcome:
        options = RealOptions(
            folder=self._folder,
            keys=OperatorKeys(
                app_key=os.environ.get("FLEET_SIM_APP_KEY", ""),
                app_secret=os.environ.get("FLEET_SIM_APP_SECRET", ""),
            ),
            login=login_from(
                os.environ.get("FLEET_SIM_MQTT_USERNAME"),
                os.environ.get("FLEET_SIM_MQTT_PASSWORD"),
            ),
            product_secret=product_secret(),
            holds=self._holds,
            on_snapshot=lambda seen: live.feed(self._seen(seen)),
            on_wait=live.say,
            on_left=self._left.append,
        )
        stop_by_signal(options.stop, live.say)
        ran = await run_really(self._plan, options)
        return _Outcome(
            records=ran.records,
            tolerance=REAL_TIME.widened(ran.lag_ms),
            generator=Generator(
                version=__version__, invalid_reason=ran.invalid_reason, **ran.generator
            ),
            northbound=ran.northbound,
            why=ran.why,
            refusals=ran.refusals,
        )

    @property
    def _wall_ms(self) -> int:
        return epoch_ms() - self._started_epoch_ms

    def _seen(self, seen: conductor.Snapshot, wall_ms: int | None = None) -> Snapshot:
        """Say in a person's words what the conductor sees."""
        devices = len(self._plan.devices)
        by_state = _by_state(seen) if self._plan.jobs else _by_own_state(seen)
        by_state["waiting"] = max(0, devices - sum(by_state.values()))
        span_ms = max(1, seen.elapsed_ms - self._last_ms)
        rate = 1000 * (seen.records - self._last_records) / span_ms
        self._last_records, self._last_ms = seen.records, seen.elapsed_ms
        return Snapshot(
            elapsed_ms=seen.elapsed_ms,
            duration_ms=self._plan.duration_ms,
            devices=devices,
            online=seen.online,
            by_state=by_state,
            records_per_s=rate,
            lag_ms=seen.lag_ms,
            wall_ms=wall_ms,
            note="nothing moves any more; held until Ctrl-C" if seen.is_held else "",
        )

    # --- the report ------------------------------------------------------------------------

    def _tell(self, outcome: _Outcome, judgement: Judgement, verdict: Verdict) -> None:
        """Write the report and show it; what cannot be written hides neither verdict nor files.

        Raises:
            TargetError: A file cannot be written; this is the first that could not.
        """
        told = self._told(outcome)
        document = render(run_json(told, judgement, verdict))
        xml = junit(told, judgement, verdict)
        for name, text in (("run.json", document), ("junit.xml", xml)):
            self._keep(name, partial(write_file, self._folder / name, text))
        if self._junit_file is not None:
            self._keep("--junit", partial(write_file, self._junit_file, xml, _JUNIT_WAY_OUT))
        if self._mode is UiMode.JSON:
            typer.echo(document)
        elif self._mode is not UiMode.NONE:
            lacks = tuple(name for name in FILES if name in self._unwritten)
            print_summary(self._terminal, replace(told, lacks=lacks), judgement, verdict)
        for error in self._unwritten.values():
            raise error

    def _keep(self, name: str, write: Callable[[], None]) -> None:
        """Write something; if that cannot be, remember why until the verdict is shown."""
        try:
            write()
        except TargetError as error:
            self._unwritten[name] = error

    def _told(self, outcome: _Outcome) -> Run:
        started = datetime.fromtimestamp(self._started_epoch_ms / 1000, UTC)
        return Run(
            scenario=self._plan.name,
            seed=self._plan.seed,
            timing=Timing(
                world="virtual" if self._is_virtual else "real",
                started_at=started.isoformat(timespec="seconds"),
                run_ms=_end_ms(outcome.records),
                wall_ms=self._wall_ms,
            ),
            generator=outcome.generator,
            northbound=outcome.northbound,
            warnings=warnings(outcome.records),
            overrides=self._plan.overrides,
            folder=str(self._folder),
            program=_program(),
            arguments=tuple(sys.argv[2:]),
            can_go_virtual=self._plan.target.broker is None,
        )


def _end_ms(records: list[Record]) -> int:
    """Return when the run ended; what is taken back at a backend after that is no part of it."""
    ends = (one.t for one in reversed(records) if one.kind == "end")
    return next(ends, records[-1].t if records else 0)


def _by_state(seen: conductor.Snapshot) -> dict[str, int]:
    """Count devices by their tasks, as the backend shows them."""
    tasks = seen.by_status
    return {
        "pushed": tasks.get("pushed", 0),
        "under way": tasks.get("under_way", 0),
        "updated": tasks.get("succeeded", 0),
        "failed": tasks.get("failed", 0) + tasks.get("cancelled", 0),
    }


def _by_own_state(seen: conductor.Snapshot) -> dict[str, int]:
    """Count devices by what they know themselves, where no job of ours shows any."""
    under_way = sum(seen.by_state.get(state.value, 0) for state in conductor.UPGRADING)
    return {"pushed": 0, "under way": under_way, "updated": seen.updated, "failed": 0}


def _program() -> str:
    """Return the command as the person typed it."""
    return os.environ.get("FLEET_SIM_PROGRAM", "fleet-sim")


def _say(line: str) -> None:
    typer.echo(f"fleet-sim: {line}", err=True)


def _check_target(planned: Plan, *, virtual: bool, holds: bool, is_owner: bool) -> None:
    """Refuse flags and targets that make no sense together, or are somebody else's."""
    target = planned.target
    place, wrong = "target", ""
    if virtual and holds:
        place, wrong = "--hold", "nobody can watch a run in virtual time; leave out --virtual"
    elif virtual and (target.broker or target.backend):
        wrong = "--virtual has no sockets; leave out --broker and --backend"
    elif target.backend is not None and target.devices is None:
        wrong = "a backend by URL needs devices that it knows; name them with --device-file"
    if wrong:
        raise ScenarioError([Mistake(place, 0, 0, "", wrong)])
    strangers = [url for url in (target.broker, target.backend) if url and not _is_ours(url)]
    if strangers and len(planned.devices) > STRANGERS_MAX and not is_owner:
        text = (
            f"{len(planned.devices)} devices at {strangers[0]}, which is not this machine; if it "
            "is yours, say --yes-i-own-this-target"
        )
        raise ScenarioError([Mistake("target", 0, 0, "", text)])


def _is_ours(url: str) -> bool:
    """Tell whether a target is this machine: a stranger's name may begin as ours do."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
