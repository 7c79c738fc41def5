import pytest

from fleet_sim.scenario.overrides import apply_flags, apply_sets
from fleet_sim.scenario.tree import Branch, plain
from fleet_sim.scenario.yaml_text import read
from tests.scenario.writing import FULL, loaded, told


def tree(text: str) -> Branch:
    """Read a mapping."""
    root, _ = read(text, "a.yaml")
    assert isinstance(root, Branch)
    return root


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=2", {"a": {"b": 2}, "c": [1]}),
        ("a=text", {"a": "text", "c": [1]}),
        ("a.b=", {"a": {"b": None}, "c": [1]}),
        ("a.b=null", {"a": {"b": None}, "c": [1]}),
        ("a.b=~", {"a": {"b": None}, "c": [1]}),
        ("a.b=null # none", {"a": {"b": None}, "c": [1]}),
        ("a.b=!!null", {"a": {"b": None}, "c": [1]}),
        ("a.b='null'", {"a": {"b": "null"}, "c": [1]}),
        ("a=null", {"a": None, "c": [1]}),
        ("c=[null]", {"a": {"b": 1}, "c": [None]}),
        ("d.e.f=5s", {"a": {"b": 1}, "c": [1], "d": {"e": {"f": "5s"}}}),
        ('a."1.2"={x: [y]}', {"a": {"b": 1, "1.2": {"x": ["y"]}}, "c": [1]}),
        ("c.0=2", {"a": {"b": 1}, "c": [2]}),
        ("a=x=y", {"a": "x=y", "c": [1]}),
    ],
)
def test_a_value_is_put_where_the_path_says(text: str, value: object) -> None:
    """Keys, positions, quoted keys; the value is YAML; mappings on the way are made."""
    root = tree("{a: {b: 1}, c: [1]}")

    assert apply_sets(root, [text]) == []
    assert plain(root) == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a", "write path=value, like --set fleets.meters.devices=10"),
        ("=1", "write path=value, like --set fleets.meters.devices=10"),
        ("a..b=1", "write path=value, like --set fleets.meters.devices=10"),
        ("a.b.c=1", "a.b is a lone value; nothing can be set below it"),
        ("c.1=2", "c has 1 entries, numbered from 0; there is no 1"),
        ("c.x=2", "c has 1 entries, numbered from 0; there is no x"),
        ("a={", "not YAML: expected the node content, but found '<stream end>'"),
        ("a={b: 1, b: 2}", "b stands twice, first on line 1; remove one of them"),
    ],
)
def test_wrong_paths_and_values_name_the_flag(text: str, sentence: str) -> None:
    """There is no line to point at."""
    [mistake] = apply_sets(tree("{a: {b: 1}, c: [1]}"), [text])

    assert str(mistake) == f"--set {text}: {sentence}"


@pytest.mark.parametrize("null", ["null", "", "~", "null # none", "!!null", "---"])
def test_null_where_there_is_a_default_takes_the_default(null: str) -> None:
    """So a scenario's own value can be taken away again."""
    sets = ["jobs.0.concurrency=7"]
    assert loaded(FULL, sets=sets).jobs[0].concurrency == 7

    assert loaded(FULL, sets=[*sets, f"jobs.0.concurrency={null}"]).jobs[0].concurrency is None


@pytest.mark.parametrize("null", ["null", "", "~", "null # none", "!!null", "---"])
@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("jobs.0.to", "jobs.0.to is empty; write a version in quotes"),
        ("seed", "seed is empty; write a whole number from 0 to"),
        ("expect", "expect is empty; write a list"),
        ("jobs.0", "jobs.0 is empty; write a mapping"),
    ],
)
def test_null_where_a_value_is_needed_names_the_key(path: str, sentence: str, null: str) -> None:
    """And says what would be right; the file itself is not empty."""
    (mistake,) = told(FULL, sets=[f"{path}={null}"])

    assert mistake.startswith(f"--set {path}={null}: {sentence}")


def test_later_sets_win() -> None:
    """As with any flag that is given twice."""
    assert loaded(FULL, sets=["seed=1", "seed=2"]).seed == 2


def test_set_values_obey_the_files_rules() -> None:
    """A wrong value names the flag and the path."""
    [said] = told(FULL, sets=["fleets.meters.devices=x"])

    flag, path = "--set fleets.meters.devices=x", "fleets.meters.devices"
    assert said == f'{flag}: {path} is "x"; write a whole number from 1 to 1,000,000'


def test_a_set_can_add_what_the_file_lacks() -> None:
    """An alias's other users are not changed by it."""
    text = 'fleets: {a: &a {devices: 1, firmware: "1"}, b: *a}'

    fleets = loaded(text, sets=["fleets.a.devices=5"]).fleets

    assert (fleets["a"].devices, fleets["b"].devices) == (5, 1)


def test_flags_win_over_the_file() -> None:
    """Flags that were not given leave it as it is."""
    target = loaded(
        FULL, flags={"plant": ["B02", "B03"], "org": "o1", "broker": None, "ca": None}
    ).target

    assert (target.plant, target.org) == (("B02", "B03"), "o1")


def test_no_flags_make_no_target() -> None:
    """The tree stays as it was."""
    root = tree("{a: 1}")
    apply_flags(root, {"broker": None, "plant": []})

    assert plain(root) == {"a": 1}


def test_the_device_file_is_called_as_its_flag() -> None:
    """`devices` is taken for a number of devices on the command line."""
    [said] = told('fleets: {a: {devices: 1, firmware: "1"}}', flags={"devices": "d.csv"})

    assert said.startswith("--device-file d.csv: target.devices needs target.broker")
