import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.vendors.environments import (
    ALL,
    DEVICE_SDK,
    Environment,
    VendorError,
    clean_surroundings,
    pinned,
    place_of,
    ready,
    ready_or_skip,
)

pytestmark = pytest.mark.timeout(600)  # Making one may take its time.


@pytest.fixture
def bare(tmp_path: Path) -> Environment:
    """Return an environment that holds nothing beside what builds."""
    pins = tmp_path / "bare.txt"
    pins.write_text("# nothing\n", encoding="utf-8")
    return Environment("bare", pins)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Replace the programs that make an environment; return the list of what was run."""
    seen: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        if command[2] == "venv":
            python = Path(command[3]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return seen


@pytest.mark.parametrize("environment", ALL, ids=lambda one: one.name)
def test_every_version_is_pinned(environment: Environment) -> None:
    """The same versions on every machine, those of dependencies too."""
    assert len(pinned(environment)) >= 3


@pytest.mark.parametrize("line", ["paho-mqtt", "paho-mqtt>=2", "paho-mqtt==2.*", "==1"])
def test_a_version_left_open_is_refused(line: str, tmp_path: Path) -> None:
    """One sentence with the file, the line, and what would be right."""
    pins = tmp_path / "open.txt"
    pins.write_text(f"certifi==1\n{line}\n", encoding="utf-8")

    with pytest.raises(VendorError, match=r"open\.txt.*write name==version"):
        pinned(Environment("open", pins))


def test_another_pin_is_another_place(tmp_path: Path) -> None:
    """So an old environment is never taken for the new one."""
    pins = tmp_path / "pins.txt"
    pins.write_text("certifi==1\n", encoding="utf-8")
    before = place_of(Environment("x", pins), tmp_path)
    pins.write_text("certifi==2\n", encoding="utf-8")

    assert place_of(Environment("x", pins), tmp_path) != before


def test_it_is_made_once(bare: Environment, tmp_path: Path, steps: list[tuple[str, ...]]) -> None:
    """The second time nothing is run at all."""
    first = ready(bare, tmp_path)
    once = len(steps)
    second = ready(bare, tmp_path)

    assert first == second
    assert once > 0
    assert len(steps) == once


def test_who_comes_together_makes_it_once(
    bare: Environment, tmp_path: Path, steps: list[tuple[str, ...]]
) -> None:
    """The test processes of one machine wait for each other."""
    with ThreadPoolExecutor(4) as pool:
        places = set(pool.map(lambda _: ready(bare, tmp_path), range(4)))

    assert len(places) == 1
    assert sum(command[2] == "venv" for command in steps) == 1


def test_one_that_was_cut_short_is_made_again(
    bare: Environment, tmp_path: Path, steps: list[tuple[str, ...]]
) -> None:
    """Only what was finished counts; half an environment is thrown away."""
    half = place_of(bare, tmp_path)
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").touch()
    (half / "rest").touch()

    ready(bare, tmp_path)

    assert steps[0] == (sys.executable, "-m", "venv", str(half))
    assert not (half / "rest").exists()
    assert (half / "made").exists()


def test_what_pip_says_is_told(
    bare: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an index there is no SDK: one sentence says so, and nothing is taken for made."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    with pytest.raises(VendorError, match=r"^bare cannot be made: .*setuptools"):
        ready(bare, tmp_path)

    assert not (place_of(bare, tmp_path) / "made").exists()


@pytest.mark.parametrize(
    ("in_ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_one_that_cannot_be_made_skips_but_fails_in_ci(
    in_ci: str, outcome: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is promised, its absence is no excuse."""
    pins = tmp_path / "open.txt"
    pins.write_text("certifi\n", encoding="utf-8")
    monkeypatch.setenv("CI", in_ci)

    with pytest.raises(outcome, match="no exact pin"):
        ready_or_skip(Environment("open", pins), tmp_path)


def test_the_sdk_is_there_and_not_with_us() -> None:
    """Its own Python has it; ours does not, and must not."""
    python = ready_or_skip(DEVICE_SDK)
    look = "import importlib.util as u; print(u.find_spec('enos') is not None)"

    said = [
        subprocess.run(
            [one, "-c", look], capture_output=True, text=True, check=True, env=clean_surroundings()
        ).stdout.strip()
        for one in (str(python), sys.executable)
    ]

    assert said == ["True", "False"]


def test_vendor_programs_see_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is all they speak to; nor do they get our secrets or our Python's settings."""
    for name in ("http_proxy", "HTTPS_PROXY", "PYTHONWARNINGS", "FLEET_SIM_APP_KEY", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("HOME", "/home/x")

    seen = clean_surroundings()

    assert "HOME" in seen
    assert [name for name in seen if seen[name] == "x"] == []
