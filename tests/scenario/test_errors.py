import pytest

from fleet_sim.scenario.errors import Mistake, ScenarioError, did_you_mean


def test_a_mistake_reads_as_compilers_write_theirs() -> None:
    """File, line and column lead, so that editors jump there."""
    mistake = Mistake("a.yaml", 7, 31, "fleets.meters.dialect", 'is "enoss"')

    assert str(mistake) == 'a.yaml:7:31: fleets.meters.dialect is "enoss"'


def test_a_mistake_without_a_line_names_its_file_or_flag() -> None:
    """A flag has no line, and a file as a whole has no path."""
    assert str(Mistake("--set a=1", 0, 0, "a", "is 1")) == "--set a=1: a is 1"
    assert str(Mistake("a.yaml", 0, 0, "", "is a folder")) == "a.yaml: is a folder"


def test_an_error_tells_all_its_mistakes() -> None:
    """Its text is one mistake a line, for whoever only prints it."""
    first, second = Mistake("a", 1, 1, "", "x"), Mistake("a", 2, 1, "", "y")

    assert str(ScenarioError([first, second])) == "a:1:1: x\na:2:1: y"


def test_an_error_without_mistakes_is_our_own_slip() -> None:
    """Nobody can be told what is wrong when nothing is."""
    with pytest.raises(AssertionError):
        ScenarioError([])


def test_the_nearest_name_is_offered_with_all_of_them() -> None:
    """House style section 7 has this very sentence; case does not matter."""
    assert did_you_mean("ENOSS", ["tuya", "enos"]) == '; did you mean "enos"? (enos, tuya)'


def test_a_word_near_to_nothing_gets_the_list() -> None:
    """A wild guess would be worse than none."""
    assert did_you_mean("zzz", ["tuya", "enos", "enos"]) == "; known are: enos, tuya"


def test_many_names_do_not_bury_the_nearest() -> None:
    """With dozens of choices only the near one is told."""
    assert did_you_mean("x1", [f"x{n}" for n in range(40)]) == '; did you mean "x1"?'


def test_without_names_there_is_nothing_to_offer() -> None:
    """An empty list makes no sentence."""
    assert did_you_mean("x", []) == ""
