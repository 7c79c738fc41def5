import pytest
from pydantic_core import PydanticCustomError, ValidationError

from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.kinds import (
    detail,
    mistake,
    one_of,
    raise_all,
    read_count,
    read_dialect,
    read_plain_texts,
    read_text,
    read_version,
    shown,
)
from fleet_sim.scenario.yaml_text import scalar


def yaml(text: str) -> object:
    """Return a plain scalar as YAML reads it."""
    return scalar(text, is_quoted=False)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "empty"),
        (True, "true"),
        (yaml("1.10"), "1.10"),
        (yaml("0x1F"), "0x1F"),
        ("a", '"a"'),
        ({}, "a mapping"),
        ([], "a list"),
        (1.5, "1.5"),
    ],
)
def test_values_are_shown_as_they_were_written(value: object, said: str) -> None:
    """Numbers by their text, texts in quotes, shapes by their name."""
    assert shown(value) == said


@pytest.mark.parametrize("text", ["1.10", "2", "1e3", "0x10"])
def test_unquoted_versions_are_told_how_to_be_written(text: str) -> None:
    """The text in the message is the text in the file."""
    with pytest.raises(PydanticCustomError, match=f'quote it: "{text}"'):
        read_version(yaml(text))


@pytest.mark.parametrize("version", ["1.2.0", "v2", "2024.01-rc1+x", "x" * 64])
def test_any_printable_word_is_a_version(version: str) -> None:
    """Vendors do not agree on more."""
    assert read_version(version) == version


@pytest.mark.parametrize("version", ["", "a b", "x" * 65, "é", None, True, []])
def test_what_no_vendor_takes_is_no_version(version: object) -> None:
    """Spaces, other scripts and endless ones are refused."""
    with pytest.raises(PydanticCustomError):
        read_version(version)


def test_texts_of_numbers_must_be_quoted() -> None:
    """Nobody then wonders whether 1.10 stays 1.10."""
    with pytest.raises(PydanticCustomError, match='quote it: "007"'):
        read_text(yaml("007"))


def test_attributes_may_be_numbers_and_keep_their_spelling() -> None:
    """A revision 1.10 is the text 1.10; pairs are sorted by name."""
    raw = {"rev": yaml("1.10"), "model": "m", "spare": True}

    assert read_plain_texts(raw) == (("model", "m"), ("rev", "1.10"), ("spare", "true"))


def test_counts_are_whole_and_in_range() -> None:
    """Both ends belong to the range; true is no number."""
    assert [read_count(value, lowest=1, highest=3) for value in (1, 3)] == [1, 3]
    for value in (0, 4, True, 1.0, "2", None):
        with pytest.raises(PydanticCustomError):
            read_count(value, lowest=1, highest=3)


def test_names_are_matched_exactly() -> None:
    """Another case is near, and not the same."""
    assert one_of("enos", ["enos"]) == "enos"
    with pytest.raises(PydanticCustomError, match='is "ENOS"; did you mean "enos"'):
        one_of("ENOS", ["enos"])


def test_a_dialect_has_to_be_known_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that another package offers may be neither."""
    assert read_dialect("enos") == "enos"
    with pytest.raises(PydanticCustomError, match='is "enoss"; did you mean "enos"'):
        read_dialect("enoss")

    monkeypatch.setattr(vocabulary, "dialect_fault", lambda name: f"{name} is broken")
    with pytest.raises(PydanticCustomError, match='is "enos"; enos is broken'):
        read_dialect("enos")


def test_braces_in_a_mistake_are_text() -> None:
    """Pydantic fills templates; a sentence must come through as it is."""
    with pytest.raises(ValidationError) as caught:
        raise_all([detail(mistake("has {braces} and {}"), "a", 0)])

    [error] = caught.value.errors()
    assert (error["loc"], error["msg"]) == (("a", 0), "has {braces} and {}")


def test_no_mistakes_raise_nothing() -> None:
    """An empty list is good news."""
    raise_all([])
