import json
from pathlib import Path

import pytest

from fleet_sim.cli.main import outcome

GOOD = 'fleets: {a: {devices: 1, firmware: "1"}}\n'
BAD = "fleets:\n  a: {devices: many, firmware: 1.10}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with one good and one bad scenario."""
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_file_is_told_and_ends_in_0(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr, nothing on stdout."""
    code = outcome(["check", "good.yaml"])

    said = capsys.readouterr()
    assert code == 0
    assert said.out == ""
    assert said.err.startswith("good.yaml: good: 1 devices (a 1), jobs: 0")


def test_every_mistake_is_shown_with_its_line_and_a_caret(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole output for two mistakes, and exit code 2."""
    code = outcome(["check", "bad.yaml"])

    assert code == 2
    assert capsys.readouterr().err.splitlines() == [
        'bad.yaml:2:16: fleets.a.devices is "many"; write a whole number from 1 to 1,000,000',
        "  |   a: {devices: many, firmware: 1.10}",
        "  |                ^",
        'bad.yaml:2:32: fleets.a.firmware is 1.10, a number to YAML; quote it: "1.10"',
        "  |   a: {devices: many, firmware: 1.10}",
        "  |                                ^",
    ]


def test_several_files_are_all_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in one does not keep the next from being read."""
    code = outcome(["check", "bad.yaml", "missing.yaml", "good.yaml"])

    said = capsys.readouterr().err
    assert code == 2
    assert "missing.yaml: there is no such file" in said
    assert "good.yaml: good:" in said


def test_json_is_one_document_on_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For machines: an object a file, and not a word on stderr."""
    code = outcome(["check", "bad.yaml", "good.yaml", "--ui", "json"])

    said = capsys.readouterr()
    bad, good = json.loads(said.out)
    assert (code, said.err) == (2, "")
    assert bad["file"] == "bad.yaml"
    assert bad["mistakes"][0] == {
        "file": "bad.yaml",
        "line": 2,
        "column": 16,
        "path": "fleets.a.devices",
        "text": 'is "many"; write a whole number from 1 to 1,000,000',
    }
    assert good["mistakes"] == []
    assert good["summary"].startswith("1 devices")


def test_notes_and_overrides_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are no mistakes: the exit code stays 0."""
    job = 'jobs: [{at: 1s, upgrade: a, to: "2", timeout: 2m}]\n'
    (folder / "good.yaml").write_text(GOOD.replace("1,", "9,") + job, encoding="utf-8")

    code = outcome(["check", "good.yaml"])

    said = capsys.readouterr().err
    assert code == 0
    assert "  override: job for a: timeout 120s becomes 300s." in said
    assert "  note: the job for a at 1s starts before its fleet is connected" in said


def test_a_set_is_checked_with_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in it names the flag."""
    assert outcome(["check", "good.yaml", "--set", "fleets.a.devices=7"]) == 0
    assert outcome(["check", "good.yaml", "--set", "fleets.a.devices=x"]) == 2
    assert "--set fleets.a.devices=x: fleets.a.devices is" in capsys.readouterr().err


def test_bundled_scenarios_are_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By name, from any folder."""
    names = ["happy-path", "flaky-field", "overbooked", "silent-devices"]

    assert outcome(["check", *names]) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "1:1: the file is empty; it needs fleets"),
        (b"\xff\xfe", "1:1: not UTF-8: byte 0xFF cannot stand here; save it as UTF-8"),
        (b"a: \x00", "1:4: not YAML: it may not hold the character U+0000"),
        (b"- a", "1:1: the file is a list; a scenario is a mapping"),
        (b"\ta: 1", "1:1: not YAML: a tab indents this line; YAML wants spaces"),
        (b"[" * 5000, "is nested more than 20 levels deep"),
        (b"a: 1\r\nb: \x1b[31m", "2:4: not YAML: it may not hold the character U+001B"),
    ],
)
def test_files_that_are_no_scenario_bring_no_traceback(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, sentence: str
) -> None:
    """Whatever the file holds, the answer is a sentence and exit code 2."""
    (folder / "odd.yaml").write_bytes(content)

    code = outcome(["check", "odd.yaml"])

    said = capsys.readouterr().err
    assert code == 2
    assert sentence in said
    assert "Traceback" not in said


def test_a_device_file_is_checked_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By line, and not a line of it is shown; enough devices are in it, or too few."""
    (folder / "d.csv").write_text("P,d1,hush\nP,d1,hush\n", encoding="utf-8")
    words = ["check", "good.yaml", "--set", "target.broker=mqtt://here", "--set"]
    wrong = outcome([*words, "target.devices=d.csv"])
    said = capsys.readouterr().err

    (folder / "few.csv").write_text("P,d1,s1\n", encoding="utf-8")
    few = outcome([*words, "target.devices=few.csv", "--set", "fleets.a.devices=2"])

    assert (wrong, said) == (2, "d.csv:2:1: the device P/d1 stands in line 1 already\n")
    assert few == 2
    assert capsys.readouterr().err == (
        "few.csv: has 1 device, but the fleets need 2; --devices 1 scales them down\n"
    )
    assert outcome([*words, "target.devices=few.csv"]) == 0


@pytest.mark.usefixtures("acme")
def test_several_vendors_at_one_target_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a target the same fleets are good: each vendor gets a platform."""
    fleets = (
        'fleets: {a: {devices: 1, firmware: "1"}, b: {devices: 1, firmware: "1", dialect: acme}}\n'
    )
    (folder / "own.yaml").write_text(fleets)
    (folder / "url.yaml").write_text(fleets + "target: {broker: 'mqtt://host'}\n")

    assert outcome(["check", "own.yaml"]) == 0
    assert outcome(["check", "url.yaml"]) == 2
    assert "a target by URL speaks one dialect" in capsys.readouterr().err


def test_another_dialect_is_checked_as_it_would_be_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What its jobs have no word for is told; a vendor that nobody knows is a mistake."""
    told = outcome(["check", "happy-path", "--dialect", "tuya"])
    said = capsys.readouterr().err
    unknown = outcome(["check", "happy-path", "--dialect", "tuja"])

    assert (told, unknown) == (0, 2)
    assert "override: job for meters: concurrency is left out, as the vendor has none." in said
    assert 'did you mean "tuya"?' in capsys.readouterr().err


def test_the_contract_is_checked_against_the_dialect_of_the_command_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A timeout that only Tuya allows is good there and nowhere else, in the file or by --set."""
    (folder / "short.yaml").write_text(f"{GOOD}contract: {{timeout_s: 120}}\n", encoding="utf-8")
    by_set = ["good.yaml", "--set", "contract.timeout_s=120"]

    own = outcome(["check", "short.yaml"])
    tuya = [outcome(["check", *words, "--dialect", "tuya"]) for words in (["short.yaml"], by_set)]
    capsys.readouterr()
    enos = outcome(["check", "short.yaml", "--dialect", "enos"])

    assert (own, tuya, enos) == (2, [0, 0], 2)
    assert capsys.readouterr().err == (
        "--dialect enos: contract.timeout_s is 120, below timeout_s_min (300)\n"
    )
