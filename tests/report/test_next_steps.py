import gzip
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fleet_sim.model.record import from_line, to_line
from fleet_sim.oracle.judge import PromiseVerdict, Verdict
from fleet_sim.oracle.outcome import Standing, Witness
from fleet_sim.report.next_steps import Step, next_steps
from fleet_sim.report.run import FILES, RUN_LOG
from tests.report.judgements import (
    FAILED,
    INVALID,
    PASSED,
    SILENCE,
    WITNESS,
    held,
    judgement,
    mixed,
    push,
    run,
    violated,
)


def test_a_passed_run_leads_to_its_folder_and_its_repetition() -> None:
    """Nothing to look into; where it is, and how to have it again."""
    steps = next_steps(run(), judgement({"V01": held(9)}), PASSED)

    assert [step.command for step in steps] == [
        "",
        "fleet-sim judge runs/20260101T000000Z-happy-path",
        "fleet-sim run happy-path --devices 100 --seed 42 --virtual",
    ]
    assert "runs/20260101T000000Z-happy-path" in steps[0].text


def test_a_broken_promise_comes_first_with_its_devices() -> None:
    """The log lines of the devices that the witness names."""
    steps = next_steps(run(), mixed(), FAILED)

    assert steps[0] == Step(
        "All records of the devices that show the break of V01:",
        "zgrep -hF -e prodmtrs/meters-00001 -e prodmtrs/meters-00002 -e prodmtrs/meters-00003 "
        "runs/20260101T000000Z-happy-path/events-*.jsonl.gz",
    )
    assert "V12" in steps[1].text
    assert "meters-00004" in steps[1].command


def test_a_witness_of_many_devices_names_three() -> None:
    """A command stays a line."""
    many = Witness("", tuple(push(place, f"d-{place % 9:03}") for place in range(300)))
    steps = next_steps(run(), judgement({"V01": violated(many)}), FAILED)

    assert steps[0].command.count(" -e ") == 3


def test_many_broken_promises_lead_to_three_commands() -> None:
    """A server with everything wrong does not fill the screen; the broken come first."""
    open_one = PromiseVerdict(Standing.INCONCLUSIVE, 0, WITNESS, doubts_count=1)
    everything = {name: violated() for name in ("V02", "V11", "V20", "V24")} | {"V01": open_one}

    steps = next_steps(run(), judgement(everything), FAILED)

    greps = [step.text for step in steps if step.command.startswith("zgrep")]
    assert [text.split()[-1] for text in greps] == ["V02:", "V11:", "V20:"]


def test_the_command_finds_the_records(tmp_path: Path) -> None:
    """Typed into a shell, it prints the lines of these devices, whatever the folder is called."""
    folder = tmp_path / "my runs"
    folder.mkdir()
    wanted, other = push(1, "meters-00001"), push(2, "meters-00009")
    for part, record in enumerate((wanted, other)):
        (folder / f"events-{part:03}.jsonl.gz").write_bytes(
            gzip.compress((to_line(record) + "\n").encode())
        )
    sample = judgement({"V01": violated(Witness("", (wanted,)))})

    command = next_steps(run(folder=str(folder)), sample, FAILED)[0].command
    printed = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)  # noqa: S602

    assert [from_line(line) for line in printed.stdout.splitlines()] == [wanted]


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        (("run.json",), "junit.xml and the run log"),
        (("run.json", "junit.xml"), "the run log"),
        ((RUN_LOG,), "run.json and junit.xml"),
        (FILES, "the scenario"),
    ],
)
def test_a_folder_that_lacks_something_is_not_said_to_hold_it(
    lacks: tuple[str, ...], said: str
) -> None:
    """Nor does a command read a log that was not written."""
    steps = next_steps(replace(run(), lacks=lacks), mixed(), FAILED)

    texts = [step.text for step in steps]
    assert f"What was kept is in runs/20260101T000000Z-happy-path: {said}." in texts
    reads = [step for step in steps if "zgrep" in step.command or " judge " in step.command]
    assert bool(reads) == (RUN_LOG not in lacks)


def test_a_run_without_a_folder_is_only_repeated() -> None:
    """What was not kept is not pointed at."""
    steps = next_steps(run(folder=""), mixed(), FAILED)

    assert [step.command for step in steps] == [
        "fleet-sim run happy-path --devices 100 --seed 42 --virtual"
    ]


def test_somebody_elses_server_is_not_repeated_in_virtual_time() -> None:
    """A broker by URL exists in real time only."""
    steps = next_steps(run(can_go_virtual=False), judgement(), PASSED)

    assert steps[-1] == Step(
        "The same seed again:", "fleet-sim run happy-path --devices 100 --seed 42"
    )


def test_a_virtual_run_is_repeated_as_it_was() -> None:
    """The same command again."""
    steps = next_steps(run(virtual=True), judgement(), PASSED)

    assert steps[-1].command.endswith("--seed 42 --virtual")


@pytest.mark.parametrize("verdict", [PASSED, Verdict("aborted", 130)])
def test_a_run_that_was_held_is_repeated_without_holding(verdict: Verdict) -> None:
    """Virtual time refuses `--hold`; a server of somebody else's is held again."""
    held_run = replace(run(), arguments=("four-clouds", "--hold"))

    steps = next_steps(held_run, judgement(), verdict)
    by_url = next_steps(replace(held_run, can_go_virtual=False), judgement(), verdict)

    assert steps[-1] == Step(
        "The same seed in virtual time, where every repetition is the same:",
        "fleet-sim run four-clouds --seed 42 --virtual",
    )
    assert by_url[-1].command == "fleet-sim run four-clouds --hold --seed 42"


@pytest.mark.parametrize(
    ("typed", "again", "by_url"),
    [
        ("--seed 7 x --virtual", "x --seed 42 --virtual", "x --seed 42"),
        ("x --seed=7 --devices 9", "x --devices 9 --seed 42 --virtual", "x --devices 9 --seed 42"),
        ("--hold x", "x --seed 42 --virtual", "--hold x --seed 42"),
        ("x --ui json --runs=r --junit j.xml", "x --seed 42 --virtual", "x --seed 42"),
        ("x --set seed=3", "x --set seed=3 --seed 42 --virtual", "x --set seed=3 --seed 42"),
        ("x --ui", "x --seed 42 --virtual", "x --seed 42"),
    ],
)
def test_what_concerns_one_run_alone_is_not_repeated(typed: str, again: str, by_url: str) -> None:
    """Its seed and its world are told anew; the rest is how it looked, and where its report is."""
    told = replace(run(), arguments=tuple(typed.split()))

    commands = [
        next_steps(one, judgement(), PASSED)[-1].command
        for one in (told, replace(told, can_go_virtual=False))
    ]

    assert commands == [f"fleet-sim run {again}", f"fleet-sim run {by_url}"]


def test_a_virtual_run_that_was_interrupted_is_repeated_to_its_end() -> None:
    """A whole run has other bytes than the beginning of one."""
    steps = next_steps(run(virtual=True), judgement(), Verdict("aborted", 130))

    assert steps[-1] == Step(
        "The same again, to its end:", "fleet-sim run happy-path --devices 100 --seed 42 --virtual"
    )


def test_an_invalid_run_warns_first() -> None:
    """Before anybody reads a number that means nothing."""
    steps = next_steps(run(invalid_reason="too slow"), judgement(findings=(SILENCE,)), INVALID)

    assert "trust no number" in steps[0].text
