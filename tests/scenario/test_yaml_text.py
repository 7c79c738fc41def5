import json
from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.scenario.errors import ScenarioError
from fleet_sim.scenario.tree import SourceFloat, SourceInt, plain
from fleet_sim.scenario.yaml_text import DEPTH_MAX, TEXT_CHARS_MAX, read, scalar


def refused(text: str) -> str:
    """Return the one sentence for a text that cannot be read."""
    with pytest.raises(ScenarioError) as caught:
        read(text, "a.yaml")
    [mistake] = caught.value.mistakes
    return str(mistake)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".inf", inf),
        ("-.INF", -inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("1.2.0", "1.2.0"),
        ("5%", "5%"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    """Neither `no` nor a time of day turns into something else."""
    found = scalar(text, is_quoted=False)

    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_not_a_number_is_a_number_to_yaml() -> None:
    """It is refused later, where a range is known."""
    assert isnan(scalar(".nan", is_quoted=False))


def test_quotes_make_text() -> None:
    """A quoted version stays as it was written, and a tag wins over quotes."""
    assert scalar("1.10", is_quoted=True) == "1.10"
    assert scalar("1.10", is_quoted=False, tag="str") == "1.10"


def test_numbers_remember_how_they_were_written() -> None:
    """A message can say 1.10 where YAML says 1.1."""
    broken, whole = scalar("1.10", is_quoted=False), scalar("007", is_quoted=False)

    assert isinstance(broken, SourceFloat)
    assert broken.source == "1.10"
    assert isinstance(whole, SourceInt)
    assert whole.source == "007"


def test_aliases_and_merges_are_followed() -> None:
    """Fleets that differ little may share what they share; keys written out win."""
    root, mistakes = read("a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, b: 3}\nf: {<<: [*x]}", "a.yaml")

    assert mistakes == []
    both = {"b": 1, "c": 2}
    assert plain(root) == {"a": both, "d": both, "e": {"b": 3, "c": 2}, "f": both}


def test_a_merge_of_no_mapping_is_a_mistake() -> None:
    """There is nothing to take over from a number."""
    _, [mistake] = read("a: {<<: 5}", "a.yaml")

    assert str(mistake) == "a.yaml:1:9: a.<< needs a mapping to merge, like <<: *name"


def test_keys_that_stand_twice_keep_the_first() -> None:
    """The rest of the file is read on."""
    root, [mistake] = read("a: 1\nb: 2\na: 3\n", "a.yaml")

    assert plain(root) == {"a": 1, "b": 2}
    assert str(mistake) == "a.yaml:3:1: a stands twice, first on line 1; remove one of them"


def test_tags_are_mistakes_and_run_nothing() -> None:
    """A scenario is data; a tag of another program is named and passed over."""
    _, mistakes = read("a: !!python/object:os.system ls\nb: !x {c: 1}\nd: !!str 5", "a.yaml")

    assert [(one.line, one.path) for one in mistakes] == [(1, "a"), (2, "b")]


def test_a_second_document_is_a_mistake() -> None:
    """A scenario is one document."""
    _, [mistake] = read("a: 1\n---\nb: 2\n", "a.yaml")

    assert str(mistake) == "a.yaml:2:1: a second document starts here; a scenario is one"


def test_a_key_that_is_no_text_is_a_mistake() -> None:
    """A list cannot name anything."""
    _, [mistake] = read("? [a]\n: b\nc: d", "a.yaml")

    assert mistake.text == "has a key that is no text"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: *b", "a.yaml:1:4: a refers to *b, but no &b stands before it"),
        ("a: &b [*b]", "a.yaml:1:8: a.0 refers to *b, but no &b stands before it"),
        ("a: 'x", "a.yaml:1:6: not YAML: found unexpected end of stream"),
        ("a:\n\tb: 1", "a.yaml:2:1: not YAML: a tab indents this line; YAML wants spaces"),
        ("a: x\nb: \x07", "a.yaml:2:4: not YAML: it may not hold the character U+0007"),
    ],
)
def test_what_is_no_yaml_is_told_in_one_sentence(text: str, sentence: str) -> None:
    """Where it goes wrong, and in words that do not need a parser's manual."""
    assert refused(text) == sentence


def test_deep_nesting_is_refused_before_it_hurts() -> None:
    """A hundred thousand brackets cost nothing and bring no RecursionError."""
    assert f"nested more than {DEPTH_MAX} levels deep" in refused("[" * 100_000)
    assert f"nested more than {DEPTH_MAX} levels deep" in refused("- " * 50_000)


def test_an_alias_bomb_is_counted_not_exploded() -> None:
    """Ten lines that mean ten thousand million values are refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    assert "more than 50,000 values" in refused("\n".join(lines))


def test_a_merge_bomb_is_counted_too() -> None:
    """Merges repeat as aliases do."""
    lines = ["a0: &a0 {x: [1, 2, 3, 4, 5, 6, 7, 8, 9]}"]
    lines += [f"a{n}: &a{n} {{b: *a{n - 1}, c: *a{n - 1}, <<: *a{n - 1}}}" for n in range(1, 19)]

    assert "more than 50,000 values" in refused("\n".join(lines))


def test_a_very_long_text_is_not_parsed() -> None:
    """A log file given by mistake is refused at once."""
    assert "a scenario has at most" in refused("a: b\n" * (TEXT_CHARS_MAX // 4))


@given(
    st.recursive(
        st.integers() | st.booleans() | st.none(),
        lambda kids: st.lists(kids) | st.dictionaries(st.sampled_from("abcd"), kids),
        max_leaves=12,
    )
)
def test_flow_yaml_of_plain_values_comes_back(value: object) -> None:
    """JSON is YAML: what it says is what is read."""
    text = json.dumps({"root": value})

    assert plain(read(text, "a.yaml")[0]) == {"root": value}
