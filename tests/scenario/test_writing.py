from tests.scenario.writing import FULL, broken, loaded, told


def test_the_full_scenario_is_good() -> None:
    """What the broken ones are made from has no mistake of its own."""
    assert told(FULL) == []


def test_a_caret_becomes_a_place() -> None:
    """Lines and columns count from 1, and the caret is gone from the text."""
    text, place = broken("seed: 42", "seed: ‸x")

    assert place == "4:7"
    assert text == FULL.replace("seed: 42", "seed: x")


def test_a_good_scenario_is_handed_on() -> None:
    """The helper returns what `load` does."""
    assert loaded().seed == 42
