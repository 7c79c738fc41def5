"""House rules that no linter knows: mirrored tests, docstrings, lengths, commands that exist."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

from fleet_sim.cli.main import app

_ROOT = Path(__file__).parent.parent
_SOURCE = _ROOT / "fleet_sim"
_TESTS = _ROOT / "tests"
_FILE_LINES_MAX = 500
_FUNCTION_LINES_MAX = 70

# Source files without a test file of their own, and why.
_UNMIRRORED_SOURCE = {
    "__main__.py": "A few lines; every test that starts the command runs it.",
}
# Test files without a source file, or whole folders of them, and why.
_UNMIRRORED_TESTS = {
    "clouds": "The vendors side by side: what is shown is all parts together.",
    "conformance": "Its sources are the specification of MQTT and clients nobody here wrote.",
    "test_docs.py": "Its sources are the documents.",
    "test_house.py": "Looks at all files.",
    "planted": "Its sources are the planted bugs and the clean backend, under all oracles.",
    "test_launchers.py": "Its sources are the sh launchers.",
    "topologies": "Runs as a person starts them: what is shown is all parts together.",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(folder: Path) -> list[Path]:
    """Return every Python file in a folder and below, sorted."""
    return sorted(folder.rglob("*.py"))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def mirror_of(source: Path) -> Path:
    """Return where the tests of a source file stand."""
    inside = source.relative_to(_SOURCE)
    return _TESTS / inside.parent / f"test_{inside.name}"


def lines_of(function: Function) -> int:
    """Count the lines of a function's body.

    Its docstring may be as long as it needs to be, and the options of a command are a table.
    """
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def told_commands(text: str) -> list[list[str]]:
    """Return the words of every `fleet-sim …` that a document tells the reader to type."""
    whole = text.replace("\\\n", " ")
    quoted = re.findall(
        r"^\s*(?:\$ )?((?:\./)?fleet-sim [^\n]*)$|`((?:\./)?fleet-sim [^`\n]+)`",
        whole,
        re.MULTILINE,
    )
    return [shlex.split(block or inline, comments=True)[1:] for block, inline in quoted]


def unknown_words(words: list[str]) -> list[str]:
    """Return what of a command line does not exist: its verb, or options of it."""
    verb, *rest = words
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    command = None if verb.startswith("-") else group.get_command(Context(group), verb)
    if verb.startswith("-"):
        command, rest = group, words
    if command is None:
        return [verb]
    options = {"--help"} | {name for option in command.params for name in option.opts}
    return [word for word in rest if word.startswith("--") and word.split("=")[0] not in options]


def test_every_source_file_with_code_has_its_tests() -> None:
    """fleet_sim/x/y.py is tested in tests/x/test_y.py; values without a function need no test."""
    missing = [
        str(mirror_of(source).relative_to(_ROOT))
        for source in python_files(_SOURCE)
        if source.name != "__init__.py"
        and str(source.relative_to(_SOURCE)) not in _UNMIRRORED_SOURCE
        and any(functions(parsed(source)))
        and not mirror_of(source).exists()
    ]

    assert missing == []


def test_every_test_file_has_its_source() -> None:
    """A test file whose source was renamed is renamed with it; helpers of tests are sources too."""
    mirrors = {mirror_of(source) for source in python_files(_SOURCE)}
    mirrors |= {helper.parent / f"test_{helper.name}" for helper in python_files(_TESTS)}

    strays = [
        str(test.relative_to(_TESTS))
        for test in sorted(_TESTS.rglob("test_*.py"))
        if test not in mirrors
        and not any(test.is_relative_to(_TESTS / exception) for exception in _UNMIRRORED_TESTS)
    ]

    assert strays == []


def test_the_lists_of_exceptions_are_no_longer_than_needed() -> None:
    """An exception whose file is gone goes too."""
    assert [name for name in _UNMIRRORED_SOURCE if not (_SOURCE / name).exists()] == []
    assert [name for name in _UNMIRRORED_TESTS if not (_TESTS / name).exists()] == []


def test_every_folder_of_tests_is_a_package() -> None:
    """Two test files of one name in two rooms do not clash."""
    bare = [
        str(folder.relative_to(_ROOT))
        for folder in sorted({path.parent for path in python_files(_TESTS)})
        if not (folder / "__init__.py").exists()
    ]

    assert bare == []


def test_every_test_has_a_docstring() -> None:
    """The name is the claim, the docstring the fact."""
    silent = [
        f"{path.relative_to(_ROOT)}:{function.lineno} {function.name}"
        for path in sorted(_TESTS.rglob("test_*.py"))
        for function in functions(parsed(path))
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert silent == []


def test_no_file_is_too_long() -> None:
    """A file past five hundred lines is two files."""
    long = [
        f"{path.relative_to(_ROOT)}: {count} lines"
        for path in (*python_files(_SOURCE), *python_files(_TESTS))
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > _FILE_LINES_MAX
    ]

    assert long == []


def test_no_function_is_too_long() -> None:
    """A function past seventy lines, its docstring apart, is refused."""
    long = [
        f"{path.relative_to(_ROOT)}:{function.lineno} {function.name}: {lines_of(function)} lines"
        for path in (*python_files(_SOURCE), *python_files(_TESTS))
        for function in functions(parsed(path))
        if lines_of(function) > _FUNCTION_LINES_MAX
    ]

    assert long == []


def test_commands_are_found_in_documents() -> None:
    """In blocks, in sentences, over two lines; comments and other programs are left alone."""
    text = (
        "```\n./fleet-sim run x \\\n    --seed 3   # why\n./test\n```\nsee `fleet-sim list links`."
    )

    assert told_commands(text) == [["run", "x", "--seed", "3"], ["list", "links"]]


def test_a_command_that_does_not_exist_is_noticed() -> None:
    """Neither a verb nor an option slips through."""
    assert unknown_words(["fly"]) == ["fly"]
    assert unknown_words(["list", "links", "--ui", "json"]) == []
    assert unknown_words(["list", "--colour=red"]) == ["--colour=red"]
    assert unknown_words(["--version"]) == []


def test_every_room_opens_with_what_it_is() -> None:
    """A package's docstring says more than its name."""
    mute = [
        str(package.relative_to(_ROOT))
        for package in sorted(_SOURCE.rglob("__init__.py"))
        if len(ast.get_docstring(parsed(package)) or "") < 60
    ]

    assert mute == []


def documents() -> list[Path]:
    """Return everything written for a reader outside the code."""
    return [_ROOT / "README.md", _ROOT / "CHANGELOG.md", *sorted((_ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_a_command_in_a_document_exists(document: Path) -> None:
    """Whatever a reader is told to type is a verb with those options."""
    commands = told_commands(document.read_text(encoding="utf-8"))

    unknown = [" ".join(words) for words in commands if unknown_words(words)]

    assert unknown == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_a_link_in_a_document_leads_somewhere(document: Path) -> None:
    """Relative links name files of this checkout."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_compose_file_offers_the_platform_and_mosquitto() -> None:
    """The platform alone by default, Mosquitto behind a profile, commands that exist."""
    compose = YAML(typ="safe").load((_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    platform, mosquitto = compose["services"]["platform"], compose["services"]["mosquitto"]
    assert list(compose["services"]) == ["platform", "mosquitto"]
    assert "profiles" not in platform
    assert mosquitto["profiles"] == ["mosquitto"]
    assert unknown_words(platform["command"]) == []
    for service in (platform, mosquitto):
        for mounted in service.get("volumes", ()):
            source = mounted.split(":")[0]
            assert source in compose.get("volumes", {}) or (_ROOT / source).exists(), mounted
