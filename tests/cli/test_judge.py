from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.cli.main import outcome
from tests.cli.test_run import SMALL


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """Return the folder of a finished run with a planted bug and a contract override."""
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL + "contract: {timeout_s_min: 20}\n")
    runs = str(tmp_path / "runs")
    words = ["run", str(scenario), "--virtual", "--plant", "B01", "--ui", "none", "--runs", runs]
    assert outcome(words) == 1
    return tmp_path / "runs" / "latest"


def test_a_run_is_judged_again_from_its_folder(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is the same, promise by promise, and nothing in the folder changes."""
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    capsys.readouterr()

    code = outcome(["judge", str(finished), "--ui", "json"])

    again = json.loads(capsys.readouterr().out)
    first = json.loads(before["run.json"])
    assert code == 1
    assert again["promises"] == first["promises"]
    assert again["expectations"] == [
        {**one, "file": str(finished / "scenario.yaml")} for one in first["expectations"]
    ]
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


# Each changes what is expected, or whether the file can be read at all.
SETS = (
    ("expect.0=updated == 50%",),
    (
        'expect=["updated[late] == 100%", promises hold]',
        'fleets.late={devices: 2, firmware: "1.0"}',
    ),
    ("duration=20m", "expect.1=updated == 100% by 15m"),
    ('expect.1="time_to_update.p95 < 1ms"', "name=other"),
    ("expect=[]", 'fleets.meters.firmware="1.3.0"'),
    ("expect.0={that: updated >= 1%, abort: true, after: 10s}",),
)


@pytest.mark.parametrize("sets", SETS, ids=lambda sets: sets[0])
def test_a_run_whose_scenario_flags_changed_is_judged_as_it_was(
    sets: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was expected is what `--set` made of it, and its place is that flag."""
    scenario, runs = tmp_path / "small.yaml", tmp_path / "runs"
    scenario.write_text(SMALL)
    flags = [word for one in sets for word in ("--set", one)]
    more = ["--devices", "6", "--seed", "7", "--dialect", "alibaba", "--virtual"]
    ran = outcome(["run", str(scenario), *flags, *more, "--ui", "json", "--runs", str(runs)])
    first = json.loads(capsys.readouterr().out)

    judged = outcome(["judge", str(runs / "latest"), "--ui", "json"])

    again = json.loads(capsys.readouterr().out)
    places = {str(scenario): str(runs / "latest" / "scenario.yaml")}
    assert judged == ran
    assert again["expectations"] == [
        {**one, "file": places.get(one["file"], one["file"])} for one in first["expectations"]
    ]
    rest = first.keys() - {"expectations"}
    assert {key: again[key] for key in rest} == {key: first[key] for key in rest}


def test_what_was_expected_does_not_hang_on_the_file(finished: Path) -> None:
    """The log says it; somebody may have edited the scenario, or removed it."""
    before = outcome(["judge", str(finished), "--ui", "none"])
    (finished / "scenario.yaml").unlink()

    assert outcome(["judge", str(finished), "--ui", "none"]) == before == 1


# Every key that a job can have and each kind of event; not every vendor takes all of them.
WHOLE = """
name: whole
duration: 20m
fleets:
  field: {devices: 6, firmware: {"1.0": 50%, "1.1": 50%}, personas: {bad_digest: 50%, healthy: 50%}}
jobs:
  - {at: 30s, upgrade: field, to: "2.0", image: {size: 16KiB}, concurrency: 2, timeout: 1m,
     retries: 1, retry_interval: 10s, from: ["1.0", "1.1"], window: {start: 30s, end: 9m}}
  - {at: 40s, upgrade: field, to: "3.0", image: {size: 16KiB}, ask: true, rate: 10,
     incremental: true}
events:
  - {at: 45s, disconnect: field, share: 50%, for: 5s}
  - {at: 3m, cancel: field, share: 50%}
  - {at: 4m, retry: field, share: 50%}
  - {at: 5m, stop: field}
"""


@pytest.mark.parametrize("dialect", ["enos", "tuya", "alibaba", "tuyalink", "huawei"])
def test_whatever_a_run_writes_can_be_judged_again(
    dialect: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No record of ours is taken for a damaged one, and the exit code is the same."""
    scenario, runs = tmp_path / "whole.yaml", tmp_path / "runs"
    scenario.write_text(WHOLE)
    ran = outcome(["run", str(scenario), "--virtual", "--dialect", dialect, "--runs", str(runs)])
    capsys.readouterr()

    judged = outcome(["judge", str(runs / "latest"), "--ui", "json"])

    assert (ran, judged) == (0, 0)
    again = json.loads(capsys.readouterr().out)
    assert again["promises"] == json.loads((runs / "latest/run.json").read_text())["promises"]


def test_a_torn_log_is_judged_as_far_as_it_goes(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a killed run left is enough for what it shows."""
    part = finished / "events-000.jsonl.gz"
    part.write_bytes(part.read_bytes()[:-20])
    capsys.readouterr()

    code = outcome(["judge", str(finished), "--ui", "json"])

    document = json.loads(capsys.readouterr().out)
    assert code in {0, 1}
    assert document["verdict"] in {"passed", "failed"}
    assert "before the run's own end (torn: events-000.jsonl.gz)" in document["warnings"][0]
    assert "what came later is not judged" in document["warnings"][0]


def test_what_one_end_of_the_wire_lacks_convicts_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The platform's part was cut: what devices received came from nowhere, as far as it shows."""
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL)
    assert (
        outcome(["run", str(scenario), "--virtual", "--runs", str(tmp_path), "--ui", "none"]) == 0
    )
    run = tmp_path / "latest"
    records = lines_of(run / "events-000.jsonl.gz")
    ends = [
        [one for one in records if (one.get("side") == "server" or one["src"] == "S") is is_server]
        for is_server in (False, True)
    ]
    for part, of_one in enumerate(ends):
        kept = of_one if part == 0 else of_one[: len(of_one) // 2]
        numbered = [one | {"seq": number} for number, one in enumerate(kept)]
        lines = "".join(f"{json.dumps(one)}\n" for one in numbered)
        content = gzip.compress(lines.encode())
        (run / f"events-00{part}.jsonl.gz").write_bytes(content if part == 0 else content[:-4])
    capsys.readouterr()

    code = outcome(["judge", str(run), "--ui", "json"])

    document = json.loads(capsys.readouterr().out)
    verdicts = {one["verdict"] for one in document["promises"].values()}
    assert code in {0, 1}  # what was expected by the end may not have been reached
    assert "violated" not in verdicts
    assert "(torn: events-001.jsonl.gz): what came after" in document["warnings"][0]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ((), "All of it is in {}: run.json, junit.xml and the run log."),
        (("run.json", "junit.xml"), "What was kept is in {}: the run log."),
    ],
)
def test_what_a_killed_run_did_not_write_is_not_pointed_at(
    gone: tuple[str, ...], said: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its folder holds the log alone; a long line may be broken anywhere."""
    for name in gone:
        (finished / name).unlink()
    capsys.readouterr()

    outcome(["judge", str(finished), "--ui", "plain"])

    shown = "".join(capsys.readouterr().err.split())
    assert "".join(said.format(finished).split()) in shown


def test_a_folder_without_a_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 3."""
    code = outcome(["judge", str(tmp_path)])

    assert code == 3
    assert "holds no run" in capsys.readouterr().err


def test_a_log_that_stops_between_members_is_told_too(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kill leaves whole members as a rule; that the run's end is missing shows all the same."""
    rewrite(finished, lambda records: records[:-40])
    capsys.readouterr()

    code = outcome(["judge", str(finished), "--ui", "plain"])

    said = " ".join(capsys.readouterr().err.split())
    assert code in {0, 1}
    assert "before the run's own end: the run was killed, or its log cut" in said


def lines_of(part: Path) -> list[Any]:
    """Return the records of a part, as JSON."""
    return [json.loads(line) for line in gzip.decompress(part.read_bytes()).splitlines()]


def rewrite(run: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    """Write a run's first part anew, its records changed."""
    part = run / "events-000.jsonl.gz"
    lines = "".join(f"{json.dumps(one)}\n" for one in change(lines_of(part)))
    part.write_bytes(gzip.compress(lines.encode()))


def flipped(content: bytes) -> bytes:
    """Return the bytes with one of the middle turned over."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("damaged", "sentence"),
    [
        (flipped, "events-000.jsonl.gz is damaged: what begins at byte 0 cannot be unpacked"),
        (lambda _: b"", "holds no record, so there is nothing to judge"),
        (lambda _: b"hello\n", "events-000.jsonl.gz is no gzip file"),
        (lambda _: gzip.compress(b"hello\n"), "line 1: 'hello' is no JSON object"),
        (lambda _: gzip.compress(b"\xff\xfe\n"), "line 1: this is no UTF-8 text"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_one_sentence(
    finished: Path,
    capsys: pytest.CaptureFixture[str],
    damaged: Callable[[bytes], bytes],
    sentence: str,
) -> None:
    """What cannot be trusted is not judged in part, in silence, but refused: exit code 3."""
    part = finished / "events-000.jsonl.gz"
    part.write_bytes(damaged(part.read_bytes()))
    capsys.readouterr()

    code = outcome(["judge", str(finished)])

    said = capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (3, "", 1)
    assert sentence in said.err


def changed(kind: str, **values: object) -> Callable[[list[Any]], list[Any]]:
    """Return a change of the first record of a kind; `...` takes a field away."""

    def change(records: list[Any]) -> list[Any]:
        first = next(one for one in records if one["kind"] == kind)
        first.update(values)
        for name in [name for name, value in values.items() if value is ...]:
            del first[name]
        return records

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (changed("boot", t="soon"), "t is 'soon'; a whole number would be right"),
        (changed("boot", t=True), "t is True; a whole number would be right"),
        (changed("boot", src="Q"), "src is 'Q'; D, W, C, N or S would be right"),
        (changed("boot", dialect="klingon"), "the log lacks the contract of klingon"),
        (changed("fleet", dialect="dothraki"), "the log lacks the contract of dothraki"),
        (changed("fleet", dialect=""), "the log lacks the contract of ''"),
        (changed("boot", version=["1"]), "version is ['1']; a text would be right"),
        (changed("rows", rows="none"), "rows is 'none'; a list of rows would be right"),
        (changed("rows", where=["maybe"]), "where is ['maybe']; a filter as nested lists"),
        (changed("rows", call="search"), "call is 'search'; search_devices or search_tasks"),
        (changed("rows", pages=[[1, 2]]), "a list of [number, size, rows, total] would be right"),
        (changed("api_invoke", no=...), "the kind api_invoke needs no, which is missing"),
        (changed("end", why=...), "a record of the kind end needs why"),
        (changed("contract", page_size_max="many"), "page_size_max of the contract does not fit"),
        (changed("contract", busy_device=...), "busy_device of the contract does not fit"),
        (changed("contract", src="S"), "the log lacks the contract of enos"),
        (changed("expect", expectations="all"), "a list of text, line and flag would be right"),
        (changed("expect", expectations=[{"text": "a", "line": 1, "flag": ""}]),
         'line 4: an expectation is "a"; write "metric'),
        (changed("expect", expectations=[{"text": "updated[x] == 1", "line": 1, "flag": ""}]),
         'an expectation names the fleet "x"; known are: meters'),
        (changed("expect", src="S"), "the log lacks what was expected"),
        (changed("fleet", devices=["a"]), "devices is ['a']; a whole number would be right"),
        (lambda found: found[:5] + found[6:], "line 6: seq is 6, and 5 would be next"),
        (lambda found: found[:5] + found[4:], "line 6: seq is 4, and 5 would be next"),
    ],
)  # fmt: skip
def test_a_record_that_does_not_fit_is_told_with_its_place(
    finished: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[list[Any]], list[Any]],
    sentence: str,
) -> None:
    """One sentence: where it stands, what is wrong, what would be right."""
    rewrite(finished, change)
    capsys.readouterr()

    code = outcome(["judge", str(finished)])

    said = capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (3, "", 1)
    assert sentence in said.err


def test_a_last_look_that_showed_nothing_is_judged_with_the_rest(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no search, and names no call."""

    def failed(records: list[Any]) -> list[Any]:
        last = records[-1]
        look = {"t": last["t"], "seq": last["seq"] + 1, "src": "N", "kind": "unread", "job": "j"}
        return [*records, look | {"why": "502"}]

    before = outcome(["judge", str(finished), "--ui", "none"])
    rewrite(finished, failed)
    capsys.readouterr()

    after = outcome(["judge", str(finished), "--ui", "none"])

    assert (after, capsys.readouterr().err) == (before, "")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "the document"),
        ("[]", "the document"),
        ('{"timing": {"world": "dream"}}', "timing.world"),
        ('{"generator": {"slip_max_ms": 1e400}}', "generator.slip_max_ms"),
        ('{"generator": {"platform_slip_max_ms": -1}}', "generator.platform_slip_max_ms"),
    ],
)
def test_a_damaged_report_is_told(
    finished: Path, capsys: pytest.CaptureFixture[str], text: str, where: str
) -> None:
    """`run.json` says how exact the evidence is; a guess would make another verdict."""
    (finished / "run.json").write_text(text)
    capsys.readouterr()

    assert outcome(["judge", str(finished)]) == 3
    assert f"run.json: {where} does not fit; remove the file" in capsys.readouterr().err


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("made", [Path.mkdir, os.mkfifo, _loop])
@pytest.mark.parametrize("name", ["run.json", "events-000.jsonl.gz"])
def test_what_is_no_file_is_told(
    finished: Path, capsys: pytest.CaptureFixture[str], name: str, made: Callable[[Path], None]
) -> None:
    """Nobody waits for a pipe that nobody fills."""
    (finished / name).unlink()
    made(finished / name)
    capsys.readouterr()

    assert outcome(["judge", str(finished)]) == 3
    said = capsys.readouterr()
    assert f"{name} is no file" in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_a_run_of_another_dialect_is_judged_again(tmp_path: Path) -> None:
    """Its contract fits the vendor of the command line, and need not fit the file's own."""
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL + "contract: {timeout_s: 120}\n")
    runs = str(tmp_path / "runs")
    words = ["run", str(scenario), "--virtual", "--dialect", "tuya", "--ui", "none", "--runs", runs]

    codes = outcome(words), outcome(["judge", str(tmp_path / "runs" / "latest"), "--ui", "none"])

    assert codes == (0, 0)
