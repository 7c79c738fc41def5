from pathlib import Path

import pytest

from fleet_sim.cli.mistakes import tell, told
from fleet_sim.scenario.errors import MISTAKES_SHOWN_MAX, Mistake


def test_a_caret_stands_under_the_place() -> None:
    """Three lines: the sentence, the source, the caret."""
    mistake = Mistake("a.yaml", 1, 7, "seed", "is x")

    assert list(told(mistake, "seed: x")) == [
        "a.yaml:1:7: seed is x",
        "  | seed: x",
        "  |       ^",
    ]


def test_long_lines_are_cut_with_the_place_in_view() -> None:
    """A scenario on one line of thousands of characters still shows where."""
    source = "a" * 500 + "!" + "b" * 500

    _, shown, caret = told(Mistake("a", 1, 501, "", "x"), source)

    assert len(shown) < 110
    assert shown[caret.index("^")] == "!"


def test_tabs_and_control_characters_take_one_cell() -> None:
    """Else the caret would stand elsewhere, and a terminal could be told things."""
    _, shown, caret = told(Mistake("a", 1, 4, "", "x"), "\t\x1b[!\r")

    assert shown == "  |   [!"
    assert caret == "  |    ^"


def test_a_mistake_without_a_line_is_a_sentence() -> None:
    """There is nothing to show of a flag."""
    assert list(told(Mistake("--seed x", 0, 0, "", "is x"), None)) == ["--seed x: is x"]


def test_lines_are_looked_up_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is now; a file that has gone costs the caret and nothing else."""
    path = tmp_path / "a.yaml"
    path.write_text("one\ntwo\n", encoding="utf-8")

    tell([Mistake(str(path), 2, 1, "", "x"), Mistake(str(path) + "?", 2, 1, "", "y")])

    assert capsys.readouterr().err.splitlines() == [
        f"{path}:2:1: x",
        "  | two",
        "  | ^",
        f"{path}?:2:1: y",
    ]


def test_a_line_with_a_secret_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it is has to do: a terminal's text ends in a CI log."""
    path = tmp_path / "devices.csv"
    path.write_text("pk,dk,hush\n", encoding="utf-8")

    tell([Mistake(str(path), 1, 1, "", "x", is_secret=True)])

    assert capsys.readouterr().err == f"{path}:1:1: x\n"


def test_very_many_mistakes_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A screen or two is enough to see the one cause."""
    tell([Mistake("a", 0, 0, "", str(n)) for n in range(MISTAKES_SHOWN_MAX + 7)])

    assert capsys.readouterr().err.splitlines()[-1] == "… and 7 more."
