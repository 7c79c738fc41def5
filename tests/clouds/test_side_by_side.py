from __future__ import annotations

from pathlib import Path

import pytest

from fleet_sim.dialects import registry
from tests.clouds.side_by_side import NOT_PROMISED, OURS, SOON, head, ran, row, table, verdicts_by

_DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "dialects.md"

# What a machine that is busy cannot make doubtful.
HELD_EVERYWHERE = {"V03", "V04", "V20", "V21", "V35"}


def test_every_dialect_of_ours_is_here() -> None:
    """A new one needs its row above, and one in the document."""
    assert set(OURS) == set(NOT_PROMISED) == set(registry.names())


@pytest.mark.parametrize("dialect", OURS)
def test_the_flaky_field_passes(
    dialect: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One scenario, and the dialect is all that a user changes."""
    words = ("flaky-field", "--virtual", "--devices", "100", "--dialect", dialect)
    code, document = ran(capsys, tmp_path, *words)

    standings = verdicts_by(document)
    assert (code, document["verdict"]) == (0, "passed")
    assert set(standings["not_promised"]) == NOT_PROMISED[dialect]
    assert {"V03", "V04", "V12", "V13", "V16", "V20", "V21", "V25", "V35"} <= set(standings["held"])
    assert document["totals"]["stuck"] == 0
    assert {*document["promises"]["V03"]["by_dialect"]} == {dialect}


@pytest.mark.parametrize("dialect", OURS)
def test_the_happy_path_passes_in_real_time(
    dialect: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over sockets, from the vendor's own platform in a process of its own."""
    words = ("happy-path", "--devices", "12", *SOON, "--dialect", dialect)
    code, document = ran(capsys, tmp_path, *words)

    assert (code, document["totals"]["updated"]) == (0, 12)
    standings = verdicts_by(document)
    assert set(standings["not_promised"]) == NOT_PROMISED[dialect]
    assert "violated" not in standings
    assert set(standings["held"]) >= HELD_EVERYWHERE


def test_a_row_counts_what_held_and_names_the_rest() -> None:
    """In the order of the table's head."""
    document = {
        "verdict": "passed",
        "totals": {"devices": 2_000, "updated": 1_949, "failed": 10, "waiting": 41, "stuck": 0},
        "promises": {
            "V01": {"verdict": "not_promised"},
            "V03": {"verdict": "held"},
            "V04": {"verdict": "held"},
            "V37": {"verdict": "not_promised"},
            "V49": {"verdict": "not_exercised"},
        },
        "timing": {"run_ms": 445_784},
    }

    found = row("tuya", document, "run_ms")

    assert found == (
        "| `tuya` | passed | 2,000 | 1,949 | 10 | 41 | 2 | none | V01 V37 | V49 | 446 s |"
    )
    assert {line.count("|") for line in (found, *head().splitlines())} == {12}


def test_the_document_has_a_row_a_dialect_in_both_worlds() -> None:
    """None that failed, and none that was left out."""
    lines = _DOCUMENT.read_text(encoding="utf-8").splitlines()

    for dialect in OURS:
        assert sum(line.startswith(f"| `{dialect}` | passed | ") for line in lines) == 2, dialect


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_document_shows_what_the_runs_come_to(tmp_path: Path) -> None:
    """In virtual time, to the second; `python -m tests.clouds.side_by_side` writes it anew."""
    found = await table(("flaky-field", "--virtual"), tmp_path)

    assert found in _DOCUMENT.read_text(encoding="utf-8")
