import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from fleet_sim import __version__
from fleet_sim.cli import check as check_module
from fleet_sim.cli.main import VERBS, outcome, run, spread_plants
from fleet_sim.runtime.errors import BrokerError, TargetError
from fleet_sim.scenario.errors import Mistake, ScenarioError


def failing(error: BaseException) -> Callable[[list[str]], None]:
    """Return a command that only raises."""

    def check(words: list[str]) -> None:
        raise error

    return check


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    """Return a way to run a command that raises, and to get the exit code."""

    def broken(error: BaseException) -> int:
        monkeypatch.setattr(check_module, "check", failing(error))
        return outcome(["check", "x"])

    return broken


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (TargetError("the port is taken"), 3, "fleet-sim: the port is taken"),
        (BrokerError("nobody answers"), 3, "fleet-sim: nobody answers"),
        (ScenarioError([Mistake("a", 1, 2, "b", "is c")]), 2, "a:1:2: b is c"),
        (FileNotFoundError(2, "No such file", "a.pem"), 3, "fleet-sim: a.pem: no such file"),
        (OSError(24, "Too many open files"), 3, "fleet-sim: too many open files"),
        (MemoryError(), 3, "fleet-sim: the memory is used up; try fewer --devices"),
        (
            KeyError("x\ny"),
            5,
            "fleet-sim: fleet-sim broke (KeyError: 'x\\ny'); FLEET_SIM_TRACEBACK=1 shows where",
        ),
    ],
)
def test_whatever_is_raised_becomes_a_sentence_and_its_code(
    breaks: Callable[[BaseException], int],
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    sentence: str,
) -> None:
    """The documented exit codes, and never a traceback."""
    assert breaks(error) == code

    said = capsys.readouterr()
    assert said.err.strip() == sentence
    assert said.out == ""


def test_an_interrupt_is_130(breaks: Callable[[BaseException], int]) -> None:
    """As shells have it."""
    assert breaks(KeyboardInterrupt()) == 130


@pytest.mark.parametrize("words", [["list", "promises"], ["--help"], ["list", "links"]])
def test_a_reader_that_has_gone_is_met_in_silence(words: list[str]) -> None:
    """`| head -1` brings no traceback; but a verdict that nobody could read is not green."""
    code = f"from fleet_sim.cli.main import run; run({words!r})"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()

    assert (process.returncode, said) == (3, b"")


def test_a_traceback_can_be_asked_for(
    breaks: Callable[[BaseException], int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For whoever mends us; the sentence follows all the same."""
    monkeypatch.setenv("FLEET_SIM_TRACEBACK", "1")

    assert breaks(ValueError("x")) == 5

    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "fleet-sim broke (ValueError: x)" in said


@pytest.mark.parametrize(
    "words", [["chek"], ["--nope"], ["check"], ["check", "--nope"], ["check", "x", "--ui", "pink"]]
)
def test_bad_usage_is_a_sentence_and_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the way to learn more."""
    assert outcome(words) == 2

    said = capsys.readouterr().err
    assert said.startswith("fleet-sim: ")
    assert said.endswith("; see fleet-sim --help\n")


def test_without_a_verb_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, for nothing was asked for; and it is bad usage."""
    assert outcome([]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "Commands:" in said.err


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """With what it does in a line."""
    assert outcome(["--help"]) == 0

    said = capsys.readouterr().out
    assert all(verb.about in said for verb in VERBS.values())


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_its_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each module is there and its options can be read."""
    assert outcome([verb, "--help"]) == 0
    assert f"Usage: fleet-sim {verb}" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """For bug reports."""
    assert outcome(["--version"]) == 0
    assert capsys.readouterr().out == f"fleet-sim {__version__}\n"


def test_help_imports_no_room() -> None:
    """That is what keeps it quick: pydantic, asyncio and aiohttp alone would take half a second."""
    code = (
        "import sys; from fleet_sim.cli.main import outcome; outcome(['--help']);"
        "sys.exit(sum(name in sys.modules for name in "
        "('pydantic', 'aiohttp', 'sqlalchemy', 'rich.console', 'fleet_sim.scenario.load')))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert found.returncode == 0, found.stderr


def test_a_run_in_real_time_imports_no_database() -> None:
    """Its platform, which keeps one, is a process of its own; that saves a fifth of its start."""
    code = "import sys; import fleet_sim.cli.run; sys.exit('sqlalchemy' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert found.returncode == 0, found.stderr


def test_the_module_is_the_command() -> None:
    """`python -m fleet_sim` does what the script does."""
    found = subprocess.run(
        [sys.executable, "-m", "fleet_sim", "--version"], capture_output=True, check=False
    )

    assert (found.returncode, found.stdout) == (0, f"fleet-sim {__version__}\n".encode())


def test_run_exits_with_the_code() -> None:
    """The console script ends as the outcome says."""
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as caught:
            run(["chek"])
    finally:
        signal.signal(signal.SIGINT, before)

    assert caught.value.code == 2


INTERRUPTED_TWICE = """
import os, signal, sys
from fleet_sim.cli import main

def verb(_):
    try:
        exec("os.kill(os.getpid(), signal.SIGINT)")
    finally:
        os.kill(os.getpid(), signal.SIGINT)

main.app = lambda *_, **__: verb(_)
main.run([])
"""


def test_two_interrupts_are_130_wherever_they_come() -> None:
    """Not a death by the signal, which Python makes of those that pass through code from text."""
    found = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_TWICE], capture_output=True, check=False
    )

    assert (found.returncode, found.stderr) == (130, b"")


@pytest.mark.parametrize(
    "begin",
    [
        "import runpy; runpy.run_module('fleet_sim', run_name='__main__')",
        (
            "import importlib.metadata as it; it.distribution('fleet_sim').entry_points"
            ".select(group='console_scripts', name='fleet-sim')['fleet-sim'].load()()"
        ),
    ],
    ids=["module", "script"],
)
def test_an_interrupt_before_the_command_is_there_is_130(begin: str) -> None:
    """Nothing has begun, so it ends there and then, without a traceback."""
    code = (
        "import signal, sys, os\n"
        "class Late:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'fleet_sim.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Late())\n"
        f"{begin}"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert (found.returncode, found.stderr) == (130, b"")


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ("run x --plant B01", "run x --plant B01"),
        ("run x --plant B01 B06", "run x --plant B01 --plant B06"),
        ("run --plant B01 B06 x", "run --plant B01 --plant B06 x"),
        ("run --plant B01,B02 B03 x", "run --plant B01 --plant B02 --plant B03 x"),
        ("run --plant B01 --plant B02", "run --plant B01 --plant B02"),
        ("run --plant x B01", "run --plant x B01"),
        ("run B01 --seed 1", "run B01 --seed 1"),
    ],
)
def test_several_bugs_may_follow_one_flag(words: str, spread: str) -> None:
    """People type `--plant B01 B06`; the parser wants a flag for each."""
    assert spread_plants(words.split()) == spread.split()


def test_verbs_are_modules_of_their_own() -> None:
    """One verb a file."""
    assert isinstance(check_module, ModuleType)
    assert len({verb.module for verb in VERBS.values()}) == len(VERBS)


BRISK = """
name: brisk
duration: 1m
fleets:
  meters: {devices: 3, firmware: "1.2.0", network: ethernet_lab, connect: {over: 200ms},
           install: 100ms, reboot: 100ms}
jobs:
  - {at: 3s, upgrade: meters, to: "1.3.0", image: {size: 16KiB}}
expect:
  - updated == 100%
"""


@pytest.fixture
def brisk(tmp_path: Path) -> Path:
    """Return a scenario that takes a few seconds."""
    path = tmp_path / "brisk.yaml"
    path.write_text(BRISK)
    return path


@pytest.mark.parametrize("closed", ["0<&-", ">&-", "2>&-", "0<&- >&- 2>&-"])
def test_closed_streams_are_as_good_as_none(brisk: Path, tmp_path: Path, closed: str) -> None:
    """A daemon may start children so; a run opens sockets, none of which may be taken for them."""
    words = f"run {brisk} --runs {tmp_path} {closed}"
    done = subprocess.run(["/bin/sh", "-c", f"{sys.executable} -m fleet_sim {words}"], check=False)

    assert done.returncode == 0
    assert (tmp_path / "latest" / "run.json").exists()


def test_few_file_handles_are_told_before_the_start(brisk: Path, tmp_path: Path) -> None:
    """The soft limit is raised as far as it goes; what is then too little ends with a sentence."""
    run_it = f"{sys.executable} -m fleet_sim run {brisk} --runs {tmp_path} --ui none --devices"
    line = f"ulimit -Sn 64; {run_it} 60 && ulimit -Hn 100 && {run_it} 60"
    done = subprocess.run(["/bin/sh", "-c", line], check=False, capture_output=True, text=True)

    assert done.returncode == 3
    assert "60 devices with up to 60 downloads at a time need 184 open files" in done.stderr
