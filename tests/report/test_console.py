import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import PromiseVerdict, Verdict
from fleet_sim.oracle.outcome import Finding, Standing, Witness
from fleet_sim.oracle.thresholds import ExpectationResult
from fleet_sim.report.console import print_summary, render_summary
from fleet_sim.report.run import NorthboundFigures
from tests.report.judgements import (
    ABORTED,
    FAILED,
    INVALID,
    PASSED,
    SILENCE,
    WITNESS,
    held,
    judgement,
    mixed,
    run,
    violated,
)


def one_line(text: str) -> str:
    """Return a text without its line breaks and indents, to look for sentences in it."""
    return " ".join(text.split())


def section(text: str, title: str) -> list[str]:
    """Return the lines under a title, up to the next empty line."""
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(title)) + 1
    end = next((place for place in range(start, len(lines)) if not lines[place]), len(lines))
    return lines[start:end]


@pytest.mark.parametrize("verdict", [PASSED, FAILED, ABORTED, INVALID])
def test_the_verdict_stands_on_the_first_line(verdict: Verdict) -> None:
    """With the scenario, the seed, the devices and how long it took."""
    first = render_summary(run(), judgement(), verdict).splitlines()[0]

    assert first == f"{verdict.name.upper()}  happy-path  (seed 42, 100 devices, 1m24s)"


def test_virtual_time_tells_both_clocks() -> None:
    """How long it would have taken, and how long it took."""
    first = render_summary(run(virtual=True), judgement(), PASSED).splitlines()[0]

    assert first.endswith("1m24s of virtual time in 3.1s)")


def test_a_broken_promise_is_told_with_its_witness() -> None:
    """What the server promises, what happened, and how many more there are."""
    text = one_line(render_summary(run(), mixed(), FAILED))

    assert f"✗ V01 cap: {PROMISES['V01'].statement} {WITNESS.text}" in text
    assert "The first of 3 violations is shown." in text


def test_expectations_are_marked_and_tell_what_was_found() -> None:
    """One that failed leads to its line in the scenario."""
    lines = section(render_summary(run(), mixed(), FAILED), "Expectations")

    assert lines == [
        "  ✓  updated[meters] == 100%           found 100%",
        "  ✗  time_to_update[meters].p95 < 60s  found 1m12s  (happy.yaml:21)",
    ]


def test_totals_are_told_by_fleet() -> None:
    """A row a fleet and their sum, columns under their names."""
    lines = section(render_summary(run(), mixed(), FAILED), "Devices")

    assert lines == [
        "          devices  updated  failed  waiting  stuck",
        "  meters       60       55       3        2      0",
        "  field        40       30       2        6      2",
        "  all         100       85       5        8      2",
        "  7 retries, 101 downloads, 0 lost reports",
    ]


def test_exercised_promises_are_told_in_full_and_others_counted() -> None:
    """A line each for those the run says something about."""
    lines = section(render_summary(run(), mixed(), FAILED, width=100), "Promises")

    assert lines[:4] == [
        "  ✗  V01 cap            violated      n = 41: 3 breaks",
        "  ✓  V11 timeout_fires  held          n = 1,200: breaks in < 0.25% (at 95%)",
        "  ✓  V12 no_endless     held          n = 85: breaks in < 3.5% (at 95%)",
        "  ?  V15 retry_gap      inconclusive  n = 4: 2 occurrences can be read both ways",
    ]
    assert lines[4].startswith("  · 21 not exercised, so nothing is known of them: V02, V03,")
    assert lines[-1] == "  · 1 not promised by this vendor: V28"


def test_a_finding_is_told_in_whole_sentences() -> None:
    """Readable without knowing what V12 is."""
    text = one_line(render_summary(run(), mixed(), FAILED))

    assert f"! V12 no_endless: {SILENCE.text}" in text


def test_findings_left_out_are_counted() -> None:
    """Ten are shown, thirty there were."""
    findings = tuple(Finding("V12", f"finding {place}", Witness("")) for place in range(10))
    one = PromiseVerdict(Standing.HELD, 30, findings_count=30)

    text = render_summary(run(), judgement({"V12": one}, findings=findings), PASSED)

    assert "… and 20 more" in text


def test_a_clean_run_has_no_empty_sections() -> None:
    """No title without something under it."""
    text = render_summary(run(), judgement({"V01": held(9)}, expectations=()), PASSED)

    for title in ("Broken promises", "Expectations", "Findings", "Changed for this run"):
        assert title not in text


def test_every_override_is_named() -> None:
    """A verdict under changed rules says which."""
    text = render_summary(run(overrides=("enos: timeout_s_min is 10",)), judgement(), PASSED)

    assert section(text, "Changed for this run") == ["  · enos: timeout_s_min is 10"]


def test_commands_stay_whole_and_all_else_keeps_to_80_columns() -> None:
    """A command that was broken over lines cannot be copied."""
    lines = render_summary(run(), mixed(), FAILED).splitlines()

    commands = [line for line in lines if line.startswith(("      zgrep", "      fleet-sim"))]
    assert [line for line in lines if len(line) > 80 and line not in commands] == []
    assert commands[0].endswith("runs/20260101T000000Z-happy-path/events-*.jsonl.gz")
    assert "      fleet-sim run happy-path --devices 100 --seed 42 --virtual" in commands


def printed(*, encoding: str = "utf-8", terminal: bool = False) -> str:
    """Print a failed run on a console of this kind and return what it wrote."""
    raw = io.BytesIO()
    console = Console(
        file=io.TextIOWrapper(raw, encoding=encoding, write_through=True),
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        width=80,
    )
    print_summary(console, run(), mixed(), FAILED)
    return raw.getvalue().decode(encoding)


def test_a_pipe_gets_plain_text() -> None:
    """Not one escape sequence."""
    assert "\x1b" not in printed()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red for what is broken."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert "\x1b[1;31mFAILED" in printed(terminal=True)


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves weight but no colour, and every mark has its word."""
    monkeypatch.setenv("NO_COLOR", "1")

    text = printed(terminal=True)

    assert "\x1b[1mFAILED" in text
    assert not any(f"\x1b[{colour}m" in text for colour in (31, 32, 33))


def test_a_terminal_without_unicode_gets_ascii() -> None:
    """The marks have a plain form that tells them apart."""
    text = printed(encoding="ascii")

    assert text.isascii()
    assert "  +  updated[meters] == 100%" in text
    assert "  x  time_to_update[meters].p95 < 60s" in text


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=30))
def test_text_of_devices_cannot_act_on_the_terminal(text: str) -> None:
    """Whatever a device put into its desc, no escape sequence and no markup takes effect."""
    sample = judgement(
        {"V01": violated(Witness(text))},
        expectations=(ExpectationResult(text, text, 1, held=False, value=text),),
        findings=(Finding("V12", text + "[/bold][red]", Witness(text)),),
    )

    summary = render_summary(run(overrides=(text,)), sample, FAILED, width=60)

    assert "\x1b" not in summary
    assert "[/bold][red]" in "".join(summary.split())


@given(st.integers(12, 200))
def test_any_width_will_do(width: int) -> None:
    """A terminal split in four still gets the verdict."""
    assert render_summary(run(), mixed(), FAILED, width=width).startswith("FAILED")


def test_a_backend_that_keeps_up_is_not_talked_about() -> None:
    """Requests that were answered in time are no news."""
    assert "northbound" not in render_summary(run(), judgement(), PASSED)


def test_a_backend_that_puts_off_or_says_nothing_is_told() -> None:
    """In one line, with how many requests there were."""
    both = render_summary(
        run(northbound=NorthboundFigures(requests=1_200, throttled=30, failed=2)),
        judgement(),
        PASSED,
    )
    one = render_summary(
        run(northbound=NorthboundFigures(requests=9, failed=1)), judgement(), PASSED
    )

    said = "of 1,200 northbound requests the backend put off 30 and left 2 calls without an answer"
    assert said in one_line(both)
    assert "of 9 northbound requests the backend left 1 call without" in one_line(one)
