"""The sh launchers, in a checkout of their own, with stand-ins for Python that write down calls."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
_TOOLS = ("sh", "cat", "cksum", "cut", "dirname", "flock", "ln", "mkdir", "readlink", "rm")

# A Python good enough for the launchers: it has a version and modules, makes a venv that holds a
# copy of itself, waits at a gate (where there is one) while it installs, and otherwise tells how it
# was called.
_STAND_IN = """#!/bin/sh
case "$*" in
*version_info*) exit {too_old} ;;
*platform*) echo {version} ;;
"-c import "*) [ "$2" != "import {lacks}" ] ;;
"-m venv "*) mkdir -p "$3/bin" && cat "$0" >"$3/bin/python" && chmod +x "$3/bin/python" ;;
"-m pip install "*) echo "$*" >>"$CALLS"; [ ! -p "$GATE" ] || cat "$GATE"; exit {pip_exit} ;;
*)
    echo "started: $* FOO=$FOO${{PYTHONDONTWRITEBYTECODE+, no byte code}}"
    echo "$FLEET_SIM_PROGRAM" >"$TYPED" ;;
esac
"""


class Checkout:
    """A copy of the launchers in a folder with a space in its name, and a path with few tools."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.path = folder / "bin"
        self.calls = folder / "calls"
        self.gate = folder / "gate"
        self.typed = folder / "typed"
        self.variables = {"FOO": "bar"}
        (self.root / ".ci").mkdir(parents=True)
        self.path.mkdir()
        for name in ("fleet-sim", "test", ".ci/venv.sh", "pyproject.toml"):
            shutil.copy(_ROOT / name, self.root / name)
        for name in (*_TOOLS, "chmod"):
            found = shutil.which(name)
            if found is not None:
                (self.path / name).symlink_to(found)

    def put_python(
        self,
        name: str = "python3",
        *,
        version: str = "3.11.2",
        lacks: str = "nothing",
        pip_exit: int = 0,
    ) -> None:
        """Put a stand-in for Python on the path."""
        too_old = int(tuple(map(int, version.split("."))) < (3, 11))
        text = _STAND_IN.format(version=version, too_old=too_old, lacks=lacks, pip_exit=pip_exit)
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def start(self, *words: str, program: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a launcher to its end, from a folder that is not the checkout."""
        return subprocess.run(
            self._command(words, program),
            check=False,
            env=self._env(),
            cwd="/",
            text=True,
            capture_output=True,
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a launcher and do not wait."""
        return subprocess.Popen(
            self._command(words, None),
            env=self._env(),
            cwd="/",
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def installs(self) -> list[str]:
        """Return the arguments of every installation so far."""
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def _command(self, words: tuple[str, ...], program: Path | None) -> list[str]:
        return [str(program or self.root / "fleet-sim"), *words]

    def _env(self) -> dict[str, str]:
        return {
            "PATH": str(self.path),
            **self.variables,
            "CALLS": str(self.calls),
            "GATE": str(self.gate),
            "TYPED": str(self.typed),
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Make a checkout that was never started."""
    return Checkout(tmp_path)


def test_the_first_start_installs_and_runs(checkout: Checkout) -> None:
    """One installation of the core; arguments and environment pass through; stdout stays ours."""
    checkout.put_python()

    ended = checkout.start("run", "happy path")

    assert ended.stdout == "started: -P -m fleet_sim run happy path FOO=bar\n"
    assert ended.returncode == 0
    assert len(checkout.installs()) == 1
    assert checkout.installs()[0].endswith("--editable .")
    assert len(ended.stderr.splitlines()) == 1


def test_the_second_start_installs_nothing(checkout: Checkout) -> None:
    """A stamp answers, so neither pip nor the network is asked."""
    checkout.put_python()
    checkout.start()

    ended = checkout.start("check")

    assert ended.stdout == "started: -P -m fleet_sim check FOO=bar\n"
    assert ended.stderr == ""
    assert len(checkout.installs()) == 1


def test_a_changed_pyproject_installs_again(checkout: Checkout) -> None:
    """The stamp is keyed on the checksum of pyproject.toml."""
    checkout.put_python()
    checkout.start()
    with (checkout.root / "pyproject.toml").open("a") as project:
        project.write("# changed\n")

    checkout.start()

    assert len(checkout.installs()) == 2


def test_the_tests_bring_their_tools(checkout: Checkout) -> None:
    """./test installs the extra after the core, once, and both launchers are content with it."""
    checkout.put_python()
    checkout.start()

    ended = checkout.start("-k", "cap", program=checkout.root / "test")
    checkout.start(program=checkout.root / "test")
    checkout.start()

    assert ended.stdout == "started: -m pytest -n auto --dist worksteal -k cap FOO=bar\n"
    assert [call.rsplit(" ", 1)[1] for call in checkout.installs()] == [".", ".[test]"]


def test_the_tests_keep_byte_code(checkout: Checkout) -> None:
    """Even where the surroundings say not to; the program itself is started as they say."""
    checkout.put_python()
    checkout.variables["PYTHONDONTWRITEBYTECODE"] = "1"

    tests = checkout.start(program=checkout.root / "test")
    program = checkout.start()

    assert tests.stdout == "started: -m pytest -n auto --dist worksteal FOO=bar\n"
    assert program.stdout == "started: -P -m fleet_sim FOO=bar, no byte code\n"


def test_two_starts_at_once_install_once(checkout: Checkout) -> None:
    """The second waits for the first and then finds the work done."""
    checkout.put_python()
    os.mkfifo(checkout.gate)

    both = [checkout.begin("one"), checkout.begin("two")]
    checkout.gate.write_text("")  # returns once an installation waits at the gate, and frees it
    outputs = [start.communicate()[0] for start in both]

    assert [start.returncode for start in both] == [0, 0]
    assert outputs == [f"started: -P -m fleet_sim {word} FOO=bar\n" for word in ("one", "two")]
    assert len(checkout.installs()) == 1


def test_a_symlink_to_a_launcher_works(checkout: Checkout, tmp_path: Path) -> None:
    """What the launcher needs is found beside the file, through a chain of relative links."""
    checkout.put_python()
    (tmp_path / "near").symlink_to(Path("a checkout") / "fleet-sim")
    (tmp_path / "links").mkdir()
    far = tmp_path / "links" / "far"
    far.symlink_to(Path("..") / "near")

    ended = checkout.start("list", program=far)

    assert ended.stdout == "started: -P -m fleet_sim list FOO=bar\n"
    assert checkout.typed.read_text() == f"{far}\n"


def test_an_environment_that_lost_its_python_is_made_anew(checkout: Checkout) -> None:
    """A .venv whose Python is gone is no reason to fail."""
    checkout.put_python()
    checkout.start()
    (checkout.root / ".venv" / "bin" / "python").unlink()

    ended = checkout.start("run")

    assert ended.returncode == 0
    assert len(checkout.installs()) == 2


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        (
            {"lacks": "ensurepip"},
            "cannot make a virtual environment; run: apt-get install python3-",
        ),
        ({"version": "3.9.18"}, "python3 is 3.9.18; Python 3.11 or newer is needed"),
        (None, "there is no python3; run: apt-get install python3 python3-venv"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    checkout: Checkout, python: dict[str, str] | None, sentence: str
) -> None:
    """A missing system package ends in one line that names it, with the exit code for that."""
    if python is not None:
        checkout.put_python(**python)  # type: ignore[arg-type]

    ended = checkout.start("run")

    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr.count("\n") <= 2
    assert sentence in ended.stderr.splitlines()[-1]
    assert not (checkout.root / ".venv").exists()


def test_a_newer_python_beside_an_old_one_is_used(checkout: Checkout) -> None:
    """An old python3 does not matter where python3.12 is on the path."""
    checkout.put_python(version="3.9.18")
    checkout.put_python("python3.12", version="3.12.1")

    ended = checkout.start("run")

    assert ended.returncode == 0


def test_a_failed_installation_is_not_taken_for_done(checkout: Checkout) -> None:
    """It ends with the exit code for the environment, and the next start tries again."""
    checkout.put_python(pip_exit=1)

    codes = [checkout.start("run").returncode for _ in range(2)]

    assert codes == [3, 3]
    assert len(checkout.installs()) == 2


def test_every_launcher_can_be_started() -> None:
    """The files in the checkout are executable."""
    for name in ("fleet-sim", "test", ".ci/run"):
        assert os.access(_ROOT / name, os.X_OK), name
