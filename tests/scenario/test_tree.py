from fleet_sim.scenario.tree import (
    Branch,
    Place,
    Row,
    Scalar,
    SourceKey,
    clipped,
    dotted,
    find,
    plain,
)
from fleet_sim.scenario.yaml_text import read

ROOT, _ = read("fleets:\n  meters: {devices: [1, 2]}\n", "a.yaml")


def test_a_path_is_walked_to_its_end() -> None:
    """The node, where its key stands, and the whole path."""
    node, place, walked = find(ROOT, ("fleets", "meters", "devices"))

    assert isinstance(node, Row)
    assert place == Place("a.yaml", 2, 12)
    assert walked == ("fleets", "meters", "devices")


def test_a_path_that_leaves_the_tree_ends_at_its_last_node() -> None:
    """A missing key is told at the mapping that lacks it."""
    node, place, walked = find(ROOT, ("fleets", "meters", "firmware", "x"))

    assert isinstance(node, Branch)
    assert place == Place("a.yaml", 2, 3)
    assert walked == ("fleets", "meters")


def test_list_entries_stand_where_they_begin() -> None:
    """An entry has no key, so its own place is taken; past the end there is none."""
    assert find(ROOT, ("fleets", "meters", "devices", 1))[1] == Place("a.yaml", 2, 25)
    assert find(ROOT, ("fleets", "meters", "devices", 2))[2] == ("fleets", "meters", "devices")


def test_a_tree_becomes_plain_values() -> None:
    """What pydantic sees is dictionaries, lists and scalars."""
    assert plain(ROOT) == {"fleets": {"meters": {"devices": [1, 2]}}}


def test_paths_quote_what_would_be_misread() -> None:
    """A version as a key has dots of its own; nothing unprintable reaches a terminal."""
    assert dotted(("a", "1.2", 3, "")) == 'a."1.2".3.""'
    assert dotted(("\x1b[31m",)) == "·[31m"
    assert len(dotted(("x" * 999,))) < 80


def test_a_place_makes_mistakes() -> None:
    """The mistake stands where the place is."""
    mistake = Place("a.yaml", 3, 4).mistake("seed", "is x")

    assert str(mistake) == "a.yaml:3:4: seed is x"


def test_keys_remember_whether_they_were_text() -> None:
    """`1.10:` is a number to YAML, and as a version it must be quoted."""
    root, _ = read('{1.10: a, "1.20": b, c: d}', "a.yaml")
    assert isinstance(root, Branch)

    keys = [key for key in root.nodes if isinstance(key, SourceKey)]

    assert [(str(key), key.is_text) for key in keys] == [
        ("1.10", False),
        ("1.20", True),
        ("c", True),
    ]


def test_scalars_carry_their_value() -> None:
    """The smallest tree there is."""
    assert plain(Scalar(Place("a"), 5)) == 5


def test_what_is_shown_fits_a_line_and_a_terminal() -> None:
    """A key of a thousand characters or with escape sequences does no harm."""
    assert len(clipped("x" * 1000)) == 61
    assert clipped("a\x1b[31m\nb") == "a·[31m·b"
