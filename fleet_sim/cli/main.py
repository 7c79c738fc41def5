"""The `fleet-sim` command: finds the verb, runs it, and turns what went wrong into one sentence.

Verbs live one a file and are imported only when they are called, so `--help` stays quick. A verb
returns its exit code (None is 0) or raises; nobody but this module decides what a person sees of
an exception.

    0 all held · 1 an expectation or a promise failed · 2 bad usage or scenario · 3 environment
    4 aborted by an expectation · 5 the simulator was the bottleneck or broke · 130 interrupted
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

_PLANT = re.compile(r"B\d\d")


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb's command is, and what it does in a line; asking for help imports nothing."""

    module: str
    function: str
    about: str


VERBS: Mapping[str, Verb] = {
    "run": Verb("fleet_sim.cli.run", "run", "Carry out a scenario, and judge the backend by it."),
    "serve": Verb("fleet_sim.cli.serve", "serve", "Keep the reference platform up."),
    "check": Verb("fleet_sim.cli.check", "check", "Tell every mistake in scenario files."),
    "judge": Verb("fleet_sim.cli.judge", "judge", "Judge a recorded run again."),
    "list": Verb("fleet_sim.cli.listing", "show_names", "List the names a scenario may use."),
}
TRACEBACK_VARIABLE = "FLEET_SIM_TRACEBACK"

USAGE = 2
ENVIRONMENT = 3
BROKEN = 5
INTERRUPTED = 130


class _Verbs(TyperGroup):
    """The verbs by name, each made from its own module when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own type is private
        """Return the verbs, in the order people meet them."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as above
        """Return a verb's command, or None where there is none of this name."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        one.command(cmd_name)(getattr(import_module(verb.module), verb.function))
        command = typer.main.get_command(one)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write what each verb does, without importing any."""
        rows = [(name, VERBS[name].about) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


app = typer.Typer(
    cls=_Verbs,
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from fleet_sim import __version__  # noqa: PLC0415 - nothing else needs it

        typer.echo(f"fleet-sim {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _fleet_sim(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Thousands of virtual devices take a firmware upgrade, and the run ends in a verdict.

    Start with: fleet-sim run happy-path
    """
    del version
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(USAGE)


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; the console entry."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = outcome(arguments)
    except KeyboardInterrupt:  # A second one, while the first was being told.
        code = INTERRUPTED
    # What is left is the interpreter's own end, and a signal must not change the code by now. A
    # handler of ours would be taken away in its midst, and the next Ctrl-C kill the process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code == INTERRUPTED:
        # An interrupt that has passed through code made from text (a dataclass in the making) lets
        # the interpreter kill itself at its end by the signal, though it was caught long ago.
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def outcome(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; no exception leaves it.

    Args:
        arguments: Without the program's name; None: those of this process.
    """
    open_streams()
    try:
        words = spread_plants(sys.argv[1:] if arguments is None else arguments)
        code = app(words, prog_name="fleet-sim", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:
        # Typer's own end for a reader that has gone; it has made the streams safe already.
        return ENVIRONMENT
    except Exception as error:  # noqa: BLE001 - the last door: a person stands behind it
        return _told(error)
    return code if isinstance(code, int) else 0


def open_streams() -> None:
    """Put nothing in the place of standard streams that whoever started us has closed.

    Else the next file or socket takes their number, and what is printed goes into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one; children get it, too.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - its only form
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False, encoding="utf-8"))


def spread_plants(words: Sequence[str]) -> list[str]:
    """Give each of several bugs its own flag: `--plant B01 B06` is what people type.

    `--plant B01,B06` is taken too. The parser would take the second for a scenario.
    """
    spread: list[str] = []
    is_planting = False
    for word in words:
        bugs = [bug for bug in word.split(",") if bug]
        if is_planting and bugs and all(_PLANT.fullmatch(bug) for bug in bugs):
            last = spread[-1] == "--plant"
            spread += [part for bug in bugs for part in ("--plant", bug)][1 if last else 0 :]
            continue
        is_planting = word == "--plant"
        spread.append(word)
    return spread


def _told(error: Exception) -> int:
    """Say in one sentence what went wrong, and return the exit code it means."""
    if os.environ.get(TRACEBACK_VARIABLE, "") not in {"", "0"}:
        traceback.print_exception(error)
    if isinstance(error, BrokenPipeError):
        # The reader has gone; what is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ENVIRONMENT
    if isinstance(error, typer.TyperException):
        _say(f"{error.format_message().rstrip('.')}; see fleet-sim --help")
        return USAGE
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if hasattr(error, "mistakes"):
        from fleet_sim.cli.mistakes import tell  # noqa: PLC0415 - heavy, and rarely needed

        tell(error.mistakes)
        return USAGE
    if _is_of_the_target(error):
        _say(str(error))
        return ENVIRONMENT
    if isinstance(error, OSError | MemoryError):
        _say(_of_the_world(error))
        return ENVIRONMENT
    _say(
        f"fleet-sim broke ({type(error).__name__}: {_one_line(error)}); "
        f"{TRACEBACK_VARIABLE}=1 shows where"
    )
    return BROKEN


def _is_of_the_target(error: Exception) -> bool:
    from fleet_sim.runtime.errors import BrokerError, TargetError  # noqa: PLC0415 - rarely needed

    return isinstance(error, TargetError | BrokerError)


def _of_the_world(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "the memory is used up; try fewer --devices"
    reason = (error.strerror or _one_line(error)).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _say(sentence: str) -> None:
    typer.echo(f"fleet-sim: {sentence}", err=True)
