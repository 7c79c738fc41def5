import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fleet_sim.cli.sources import read_devices
from fleet_sim.oracle.catalogue import PROMISES
from tests.topologies.commands import (
    Ran,
    device_file,
    embedded,
    environment,
    run,
    serving,
    standing,
    started,
    verdicts,
)


async def test_a_command_leaves_its_code_and_its_words(tmp_path: Path) -> None:
    """One that is misused says one sentence, and shows nothing."""
    ran = await run(tmp_path, "happy-path", "--plant", "B99")

    assert (ran.code, ran.shown) == (2, "")
    assert "B99" in ran.sentence


async def test_a_command_that_is_left_is_ended() -> None:
    """In good order."""
    async with started(("serve",)) as process:
        assert process.stdout is not None
        await process.stdout.readline()

    assert process.returncode == 0


async def test_a_platform_is_up_within_its_context(tmp_path: Path) -> None:
    """With the devices of a file, in a process of its own or in this one."""
    devices = str(device_file(tmp_path / "d.csv", 3))
    async with serving("--devices", devices) as ready, standing(devices) as here:
        assert urlsplit(ready["mqtt"]).port
        assert urlsplit(here["mqtt"]).port
        assert ready.keys() == here.keys()


def test_what_is_no_document_is_told_with_what_was_said() -> None:
    """A test that fails for that reason should show the reason."""
    with pytest.raises(AssertionError, match="exit code 3: no broker"):
        _ = Ran(3, "", "no broker").document
    with pytest.raises(AssertionError):
        _ = Ran(3, "", "two\nlines").sentence


def test_the_environment_of_the_tests_does_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer may have a key of his own set."""
    monkeypatch.setenv("FLEET_SIM_APP_KEY", "mine")

    found = environment(FLEET_SIM_MQTT_USERNAME="ada")

    assert "FLEET_SIM_APP_KEY" not in found
    assert found["FLEET_SIM_MQTT_USERNAME"] == "ada"
    assert found["PATH"] == os.environ["PATH"]


def test_a_device_file_can_be_read(tmp_path: Path) -> None:
    """Each device has a secret of its own."""
    found = read_devices(str(device_file(tmp_path / "d.csv", 2)))

    assert [(str(one.device), one.secret) for one in found] == [
        ("pk/d0", "secret d0"), ("pk/d1", "secret d1")]  # fmt: skip


def test_what_the_embedded_platform_comes_to_is_known(tmp_path: Path) -> None:
    """Every promise has its verdict, also where one broke."""
    words = ("happy-path", "--devices", "5", "--set", "jobs.0.concurrency=2")

    clean, broken = embedded(tmp_path, *words), embedded(tmp_path, *words, "--plant", "B01")

    assert clean.keys() == broken.keys() == PROMISES.keys()
    assert (clean["V01"], broken["V01"]) == ("held", "violated")


def test_verdicts_are_those_of_the_document() -> None:
    """By the name of the promise."""
    assert verdicts({"promises": {"V01": {"verdict": "held", "n": 3}}}) == {"V01": "held"}
