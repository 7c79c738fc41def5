from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from fleet_sim.cli import run as run_verb
from fleet_sim.cli.live import Live
from fleet_sim.cli.main import outcome
from fleet_sim.model.record import Record, Source
from fleet_sim.runtime import virtual_run
from fleet_sim.runtime.run_folder import make_run_folder
from tests.dialects.third_party.installing import with_path

SMALL = """
name: small
duration: 3m
fleets:
  meters: {devices: 12, firmware: "1.2.0", network: ethernet_lab, connect: {over: 1s}}
jobs:
  - {at: 2s, upgrade: meters, to: "1.3.0", image: {size: 16KiB}, concurrency: 6}
expect:
  - updated == 100%
  - promises hold
"""

# The second order is refused: an open list for its firmware and source version is under way.
_LIST = '{at: 2s, upgrade: meters, to: "1.3.0", from: "1.2.0", incremental: true}'
RIVALS = ("--set", f"jobs=[{_LIST}, {_LIST}]", "--set", "contract.open_lists=newest_wins")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a scenario of twelve devices that all end well."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def run_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, *words: str
) -> tuple[int, dict[str, Any]]:
    """Run with `--ui json`; return the exit code and the one document on stdout."""
    code = outcome(["run", *words, "--ui", "json", "--runs", str(tmp_path / "runs")])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def test_a_run_that_passes_exits_with_0(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run.json` is all that stands on stdout; the same document stands in the run folder."""
    code, document = run_json(capsys, tmp_path, str(small), "--virtual")

    assert code == 0
    assert document["verdict"] == "passed"
    assert document["totals"]["updated"] == 12
    assert document == json.loads((tmp_path / "runs/latest/run.json").read_text())


def test_a_broken_promise_exits_with_1(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A planted bug is convicted, and the witness stands in the document."""
    code, document = run_json(capsys, tmp_path, str(small), "--virtual", "--plant", "B01")

    assert code == 1
    assert document["promises"]["V01"]["verdict"] == "violated"
    assert "7 devices under way; its cap is 6" in document["promises"]["V01"]["witness"]["text"]


def test_a_bug_that_the_vendor_has_no_room_for_is_told(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run passes, and `warnings` say that nothing was planted."""
    words = (str(small), "--virtual", "--plant", "B53", "--plant", "B62")

    _, document = run_json(capsys, tmp_path, *words)

    assert document["warnings"] == ["B53 plants nothing with enos, which has no rate of pushes."]


def test_a_bug_that_plants_nothing_is_told_once_and_not_forgotten(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the verdict, and whenever the run is judged again, even if it was killed."""
    runs = tmp_path / "r"
    words = ["--virtual", "--plant", "B53", "--ui", "plain", "--runs", str(runs)]
    outcome(["run", str(small), *words])
    first = capsys.readouterr().err
    (runs / "latest/run.json").unlink()

    outcome(["judge", str(runs / "latest"), "--ui", "plain"])

    said = "B53 plants nothing with enos, which has no rate of pushes."
    assert (first.count(said), capsys.readouterr().err.count(said)) == (1, 1)


def test_a_run_in_real_time_comes_to_the_same_verdict(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over sockets, with the platform as a child process, no promise stands worse than in memory.

    Which situations a poll happens to see differs; what it says of those it saw does not.
    """
    _, real = run_json(capsys, tmp_path, str(small))
    _, virtual = run_json(capsys, tmp_path, str(small), "--virtual")

    assert real["verdict"] == virtual["verdict"] == "passed"
    assert real["totals"] == virtual["totals"]
    for document in (real, virtual):
        standings = {name: one["verdict"] for name, one in document["promises"].items()}
        assert standings.pop("V49") == "not_promised"  # EnOS knows no rate
        assert set(standings.values()) == {"held", "not_exercised"}


def test_devices_that_were_never_switched_on_count_as_waiting(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The job is over before most of the fleet is there: that is not 100 % of it."""
    code, document = run_json(
        capsys, tmp_path, str(small), "--virtual", "--set", "fleets.meters.connect.over=1m"
    )

    totals = document["totals"]
    assert code == 1
    assert totals["devices"] == totals["fleets"]["meters"]["devices"] == 12
    assert totals["updated"] + totals["waiting"] == 12
    assert totals["waiting"] > 0
    assert [one["held"] for one in document["expectations"]] == [False, True]


KEPT = """
name: kept
duration: 5h
contract: {timeout_s_min: 10}
fleets:
  meters: {devices: 6, firmware: "1.2.0", personas: no_ack, connect: {over: 1s}}
jobs:
  - {at: 2s, upgrade: meters, to: "1.3.0", image: {size: 16KiB}, timeout: 10s}
  - {at: 4s, upgrade: meters, to: "1.4.0", image: {size: 16KiB}, timeout: 10s}
"""


@pytest.mark.parametrize("more", [(), ("--set", "jobs.1.ask=true")])
def test_a_run_ends_when_its_tasks_wait_for_what_never_comes(
    more: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A silent device keeps itself from the next job; a simulated device never asks."""
    path = tmp_path / "kept.yaml"
    path.write_text(KEPT)

    _, document = run_json(capsys, tmp_path, str(path), "--virtual", *more)

    assert document["totals"]["waiting"] == 6
    assert document["timing"]["run_ms"] < 120_000


def test_a_junit_path_that_cannot_be_written_hides_no_verdict(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document is on stdout by then; the exit code says that something else is wrong."""
    words = ["--virtual", "--ui", "json", "--junit", str(tmp_path)]
    code = outcome(["run", str(small), *words, "--runs", str(tmp_path / "r")])

    printed = capsys.readouterr()
    assert code == 3
    assert json.loads(printed.out)["verdict"] == "passed"
    assert printed.err == (
        f"fleet-sim: {tmp_path} cannot be written: is a directory; --junit names another file\n"
    )


def test_the_run_folder_holds_what_the_contract_names(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run.json`, the scenario, the log and the JUnit report; `latest` points there."""
    junit = tmp_path / "deep" / "junit.xml"

    run_json(capsys, tmp_path, str(small), "--virtual", "--junit", str(junit))

    folder = tmp_path / "runs" / "latest"
    assert sorted(path.name for path in folder.iterdir()) == [
        "events-000.jsonl.gz",
        "junit.xml",
        "run.json",
        "scenario.yaml",
    ]
    assert (folder / "scenario.yaml").read_text() == SMALL
    assert JUnitXml.fromfile(str(junit)).failures == 0


def test_the_same_seed_leaves_the_same_log(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In virtual time, byte for byte; another seed leaves another."""
    logs = []
    for seed in ("3", "3", "4"):
        run_json(capsys, tmp_path, str(small), "--virtual", "--seed", seed)
        logs.append((tmp_path / "runs/latest/events-000.jsonl.gz").read_bytes())

    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


def test_an_interrupted_run_in_virtual_time_leaves_its_report(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends it in good order: judged as far as it came, and exit code 130."""
    monkeypatch.setattr(Live, "feed", lambda *_: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(virtual_run, "STEPS_A_LOOK", 100)
    before = signal.getsignal(signal.SIGINT)

    code, document = run_json(capsys, tmp_path, str(small), "--virtual")

    assert (code, document["verdict"], document["exit_code"]) == (130, "aborted", 130)
    assert document["totals"]["updated"] < 12
    assert (tmp_path / "runs/latest/junit.xml").exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_what_is_taken_back_after_a_run_is_no_part_of_its_time() -> None:
    """A run of five seconds took five, however long its backend kept an image."""
    log = [Record(at_ms, 0, Source.CONTROL, kind) for at_ms, kind in (
        (0, "contract"), (5_000, "end"), (19_000, "cleaned"))]  # fmt: skip

    assert [run_verb._end_ms(log[:count]) for count in range(4)] == [0, 0, 5_000, 5_000]


def test_a_second_interrupt_ends_a_run_at_once(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a report, and with a word to that."""

    def interrupt_twice(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Live, "feed", interrupt_twice)

    code = outcome(["run", str(small), "--virtual", "--ui", "none", "--runs", str(tmp_path / "r")])

    assert code == 130
    assert "fleet-sim: ended at once, and not judged\n" in capsys.readouterr().err
    assert not (tmp_path / "r/latest/run.json").exists()


@pytest.fixture
def full(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the disk be full for these files of the run folder; return their names."""
    names: list[str] = request.param

    def cramped(runs: Path, name: str, at_ms: int) -> Path:
        folder = make_run_folder(runs, name, at_ms)
        for one in names:
            (folder / one).symlink_to("/dev/full")
        return folder

    monkeypatch.setattr(run_verb, "make_run_folder", cramped)
    return names


LOG = "events-000.jsonl.gz"


@pytest.mark.parametrize(
    "full",
    [["run.json"], ["junit.xml"], [LOG], [LOG, "run.json", "junit.xml"]],
    indirect=True,
)
def test_what_cannot_be_written_hides_neither_verdict_nor_other_files(
    full: list[str], small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is judged, written where it can be, and shown; then a sentence and exit code 3."""
    elsewhere = tmp_path / "elsewhere.xml"
    words = ["--virtual", "--ui", "plain", "--junit", str(elsewhere)]

    code = outcome(["run", str(small), *words, "--runs", str(tmp_path / "r")])

    said = capsys.readouterr().err
    folder = tmp_path / "r" / "latest"
    assert code == 3
    assert "PASSED  small" in said
    assert "All of it is in" not in said
    assert ("Judge the same log again" in said) == (LOG not in full)
    assert said.count("cannot be written: no space left on device; --runs names another") == 1
    assert f"{full[0]} cannot be written" in said
    assert JUnitXml.fromfile(str(elsewhere)).failures == 0
    for name in {"run.json", "junit.xml", LOG} - set(full):
        assert (folder / name).stat().st_size > 0


def test_what_the_backend_would_not_do_is_said(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence of its own, before the report."""
    words = ["--virtual", *RIVALS, "--ui", "plain"]
    code = outcome(["run", str(small), *words, "--runs", str(tmp_path / "r")])

    assert code == 1
    assert "the backend refused create_job with 99400: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no-such"], "there is no such file"),
        (["happy-path", "--devices", "0"], "--devices"),
        (["happy-path", "--plant", "B99"], "B99"),
        (["happy-path", "--dialect", "enoss"], "enos"),
        (["happy-path", "--backend", "http://127.0.0.1:1"], "target.broker"),
        (
            ["happy-path", "--broker", "mqtt://127.0.0.1:1", "--backend", "http://127.0.0.1:1"],
            "--device-file",
        ),
        (["happy-path", "--virtual", "--broker", "mqtt://127.0.0.1:1"], "no sockets"),
        (["happy-path", "--virtual", "--hold"], "leave out --virtual"),
        (["happy-path", "--ca", "ca.pem"], "target.broker"),
        (["happy-path", "--virtual", "--cert", "c.pem", "--key", "k.pem"], "target.broker"),
        (["happy-path", "--set", "fleets.meters.devices=x"], "--set"),
        (["happy-path", "--device-file", "/nonexistent.csv"], "/nonexistent.csv"),
    ],
)
def test_bad_usage_exits_with_2(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear sentence, no traceback, and no run folder is left behind."""
    code = outcome(["run", *words, "--runs", str(tmp_path / "runs")])

    said = capsys.readouterr().err
    assert code == 2
    assert sentence in said
    assert "Traceback" not in said
    assert not (tmp_path / "runs").exists()


def test_an_unreachable_target_exits_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told at once and in one sentence, before a thousand devices find out one by one."""
    devices = tmp_path / "devices.csv"
    devices.write_text("pk,dk,secret\n")
    code = outcome(
        ["run", "happy-path", "--devices", "1", "--broker", "mqtt://127.0.0.1:1",
         "--backend", "http://127.0.0.1:1", "--device-file", str(devices),
         "--runs", str(tmp_path / "runs"), "--ui", "none"]
    )  # fmt: skip

    assert code == 3
    assert "127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["ota.example", "localhost.example", "127.0.0.1.example"])
def test_many_devices_at_a_stranger_need_a_word(
    host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """More than a hundred devices knock at nobody's door but one's own, whatever it is called."""
    devices = tmp_path / "devices.csv"
    devices.write_text("".join(f"pk,dk{number},secret\n" for number in range(101)))
    code = outcome(
        ["run", "happy-path", "--devices", "101", "--broker", f"mqtt://{host}",
         "--backend", f"http://{host}", "--device-file", str(devices),
         "--runs", str(tmp_path / "runs")]
    )  # fmt: skip

    assert code == 2
    assert "--yes-i-own-this-target" in capsys.readouterr().err


def test_a_job_that_the_backend_refuses_fails_the_run(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document, the exit code and a later `judge` agree on it."""
    words = ("--virtual", *RIVALS)
    code, document = run_json(capsys, tmp_path, str(small), *words)
    again = outcome(["judge", str(tmp_path / "runs/latest"), "--ui", "none"])

    assert (code, document["exit_code"], again) == (1, 1, 1)
    assert document["expectations"][0]["text"] == "the backend takes the job 1.3.0 for meters"
    assert "99400" in document["expectations"][0]["value"]


def test_a_backend_that_shows_nothing_fails_the_run(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run ends at once, rather than wait for its bound and call nothing broken."""
    words = ("--virtual", "--set", "contract.page_base=0")
    code, document = run_json(capsys, tmp_path, str(small), *words)

    assert code == 1
    assert document["expectations"][0]["text"] == "the backend shows the tasks of its jobs"
    assert document["timing"]["run_ms"] < 60_000


def test_an_event_at_a_jobs_own_instant_waits_for_the_job(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator cancels once the backend has answered the order."""
    small.write_text(SMALL + "events: [{at: 2s, cancel: meters, share: 50%}]\n")
    code, document = run_json(capsys, tmp_path, str(small), "--virtual", "--set", "expect=[]")

    assert code == 0
    assert document["totals"]["devices"] == 12


TWO = """
name: two-vendors
duration: 3m
seed: 7
fleets:
  meters: {devices: 8, dialect: enos, firmware: "1.2.0", connect: {over: 500ms}, reboot: 200ms}
  gauges: {devices: 6, dialect: acme, firmware: "1.2.0", connect: {over: 500ms}, reboot: 200ms}
jobs:
  - {at: 2s, upgrade: meters, to: "1.3.0", image: {size: 16KiB}, concurrency: 4}
  - {at: 2s, upgrade: gauges, to: "1.3.0", image: {size: 16KiB}, concurrency: 3}
expect:
  - updated == 100%
  - promises hold
"""


def started(site: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run as a person does who has the package with `acme`; return exit code and document."""
    done = subprocess.run(
        [sys.executable, "-m", "fleet_sim", "run", *words, "--ui", "json"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=with_path(site),
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_another_packages_dialect_runs_like_our_own(acme_site: Path, tmp_path: Path) -> None:
    """A bundled scenario, in virtual time, with nothing but the flag changed."""
    flags = ("--virtual", "--devices", "40", "--runs", str(tmp_path))

    code, document = started(acme_site, "happy-path", "--dialect", "acme", *flags)

    assert (code, document["verdict"]) == (0, "passed")
    assert document["totals"]["updated"] == 40
    assert document["promises"]["V35"]["by_dialect"] == {"acme": "held"}


@pytest.mark.parametrize("world", [["--virtual"], []])
def test_two_vendors_get_one_verdict(acme_site: Path, tmp_path: Path, world: list[str]) -> None:
    """With the promises told by dialect, in either world."""
    path = tmp_path / "two.yaml"
    path.write_text(TWO)

    code, document = started(acme_site, str(path), *world, "--runs", str(tmp_path / "runs"))

    assert (code, document["verdict"]) == (0, "passed")
    assert document["totals"]["updated"] == 14
    for promise in ("V01", "V20", "V34", "V35"):
        assert document["promises"][promise]["by_dialect"] == {"enos": "held", "acme": "held"}
    parts = sorted(path.name for path in (tmp_path / "runs" / "latest").glob("events-*"))
    assert len(parts) == (1 if world else 3)


@pytest.mark.usefixtures("acme")
def test_two_vendors_do_not_fit_one_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and exit code 2, before anything is knocked at."""
    path = tmp_path / "two.yaml"
    path.write_text(TWO)

    code = outcome(["run", str(path), "--broker", "mqtt://127.0.0.1:1", "--runs", str(tmp_path)])

    assert code == 2
    said = capsys.readouterr().err
    assert "a target by URL speaks one dialect, but the fleets speak enos, acme" in said
