"""YAML text → tree.

Built from ruamel's parse events rather than from its loaded objects, because a scenario's author
is owed four things a loader does not give together: the place of every key and every value, both
places of a key that stands twice, the text of a number as it was written (`1.10` is no `1.1`), and
a bound on depth and size that aliases cannot get round.

Scalars follow the core schema of YAML 1.2: `no`, `on` and `12:30` are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.tree import (
    Branch,
    Node,
    Place,
    Row,
    Scalar,
    SourceFloat,
    SourceInt,
    SourceKey,
    dotted,
)

TEXT_CHARS_MAX = 256 * 1024  # A thousand times a usual scenario, and seconds of parsing.
DEPTH_MAX = 20  # A scenario needs six.
VALUES_MAX = 50_000  # After aliases: a bomb of ten lines makes billions.

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,30}")
_BASED = re.compile(r"0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ODD_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAGS = {"tag:yaml.org,2002:" + name: name for name in ("str", "int", "float", "bool", "null")}
_SHAPES = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"})
_TAB = "found character '\\t' that cannot start any token"


def read(text: str, file: str) -> tuple[Node, list[Mistake]]:
    """Read the YAML text of a file.

    Args:
        text: One YAML document.
        file: Its name for messages.

    Returns:
        The root, and the mistakes that leave the rest readable: keys that stand twice, tags.

    Raises:
        ScenarioError: It cannot be read at all: no YAML, empty, too large or too deep.
    """
    root, mistakes = read_value(text, file)
    if root is None:
        raise ScenarioError([Place(file, 1, 1).mistake("", "the file is empty; it needs fleets")])
    return root, mistakes


def read_value(text: str, file: str) -> tuple[Node | None, list[Mistake]]:
    """Read any YAML text as `read` does; None where it holds nothing, or null."""
    if len(text) > TEXT_CHARS_MAX:
        size = f"{len(text):,} characters long; a scenario has at most {TEXT_CHARS_MAX:,}"
        raise ScenarioError([Place(file).mistake("", f"the file is {size}")])
    builder = _Builder(file)
    try:
        root = builder.document(iter(YAML(typ="safe", pure=True).parse(text)))
    except MarkedYAMLError as error:
        raise ScenarioError([*builder.mistakes, _unreadable(error, file)]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError([*builder.mistakes, _unprintable(error, text, file)]) from error
    return root, builder.mistakes


def scalar(text: str, *, is_quoted: bool, tag: str = "") -> Any:  # noqa: ANN401 - any scalar
    """Return the value of a scalar by YAML 1.2's core schema, or by its tag's short name."""
    if tag == "str" or (is_quoted and not tag):
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return bool(_TRUE.fullmatch(text))
    return _number(text)


def _number(text: str) -> Any:  # noqa: ANN401 - text or number
    if _INT.fullmatch(text) or _BASED.fullmatch(text):
        whole = SourceInt(text, 0 if _BASED.fullmatch(text) else 10)
        whole.source = text
        return whole
    if _FLOAT.fullmatch(text) or _ODD_FLOAT.fullmatch(text):
        broken = SourceFloat(re.sub(r"\.(inf|nan)", r"\1", text.lower()))
        broken.source = text
        return broken
    return text


class _Builder:
    """Builds one tree from parse events; owns the anchors and the count of values."""

    def __init__(self, file: str) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._sizes: dict[int, int] = {}
        self._values = 0

    def document(self, events: Iterator[Event]) -> Node | None:
        """Build the first document; a second one is a mistake."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._tell(event, (), "a second document starts here; a scenario is one")
                    break
                root = self._node(next(events), events, ())
        if isinstance(root, Scalar) and root.value is None:
            return None
        return root

    def _node(self, event: Event, events: Iterator[Event], path: tuple[str | int, ...]) -> Node:
        place = self._place(event)
        if len(path) > DEPTH_MAX:
            text = f"is nested more than {DEPTH_MAX} levels deep"
            raise ScenarioError([*self.mistakes, place.mistake(dotted(path[:3]) + "…", text)])
        self._count(1, place)
        match event:
            case AliasEvent():
                return self._alias(event, place, path)
            case ScalarEvent():
                built: Node = self._scalar(event, place, path)
            case SequenceStartEvent():
                built = self._row(events, place, path)
            case _:
                built = self._branch(events, place, path)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._check_tag(event, path)
        anchor: str | None = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = built
        return built

    def _alias(self, event: AliasEvent, place: Place, path: tuple[str | int, ...]) -> Node:
        if event.anchor not in self._anchors:
            text = f"refers to *{event.anchor}, but no &{event.anchor} stands before it"
            raise ScenarioError([*self.mistakes, place.mistake(dotted(path), text)])
        node = self._anchors[event.anchor]
        self._count(self._size(node), place)
        return node

    def _scalar(self, event: ScalarEvent, place: Place, path: tuple[str | int, ...]) -> Scalar:
        tag = _TAGS.get(str(event.tag or ""), "")
        if not tag:
            self._check_tag(event, path)
        return Scalar(place, scalar(event.value, is_quoted=event.style is not None, tag=tag))

    def _row(self, events: Iterator[Event], place: Place, path: tuple[str | int, ...]) -> Row:
        row = Row(place)
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            row.nodes.append(self._node(event, events, (*path, len(row.nodes))))
        return row

    def _branch(self, events: Iterator[Event], place: Place, path: tuple[str | int, ...]) -> Branch:
        branch = Branch(place)
        merged: list[Node] = []
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            self._entry(event, events, branch, merged, path)
        for node in merged:
            self._merge(branch, node, path)
        return branch

    def _entry(
        self,
        event: Event,
        events: Iterator[Event],
        branch: Branch,
        merged: list[Node],
        path: tuple[str | int, ...],
    ) -> None:
        """Take one key with its value; the first of equal keys is the one that counts."""
        key_node = self._node(event, events, path)
        if not isinstance(key_node, Scalar):
            self._tell(event, path, "has a key that is no text")
            self._node(next(events), events, (*path, "?"))
            return
        plain_text = key_node.value if isinstance(key_node.value, str) else None
        key = SourceKey(event.value if isinstance(event, ScalarEvent) else str(key_node.value))
        key.is_text = plain_text is not None
        child = self._node(next(events), events, (*path, key))
        if key == "<<" and getattr(event, "style", None) is None:
            merged.append(child)
        elif key in branch.nodes:
            first = branch.keys[key].line
            text = f"stands twice, first on line {first}; remove one of them"
            self.mistakes.append(self._place(event).mistake(dotted((*path, key)), text))
        else:
            branch.nodes[key], branch.keys[key] = child, self._place(event)

    def _merge(self, branch: Branch, node: Node, path: tuple[str | int, ...]) -> None:
        """Take over what `<<: *name` brings; keys written out win."""
        if isinstance(node, Row) and all(isinstance(child, Branch) for child in node.nodes):
            for child in node.nodes:
                self._merge(branch, child, path)
        elif isinstance(node, Branch):
            for key, child in node.nodes.items():
                branch.nodes.setdefault(key, child)
                branch.keys.setdefault(key, node.keys[key])
        else:
            text = "needs a mapping to merge, like <<: *name"
            self.mistakes.append(node.place.mistake(dotted((*path, "<<")), text))

    def _check_tag(self, event: Event, path: tuple[str | int, ...]) -> None:
        tag = str(getattr(event, "tag", None) or "")
        if tag and tag not in _SHAPES:
            self._tell(event, path, f"has the tag {tag}; a scenario uses none")

    def _size(self, node: Node) -> int:
        """Count the values below a node, each aliased part as often as it stands there."""
        if isinstance(node, Scalar):
            return 1
        if id(node) not in self._sizes:
            children = node.nodes.values() if isinstance(node, Branch) else node.nodes
            self._sizes[id(node)] = 1 + sum(self._size(child) for child in children)
        return self._sizes[id(node)]

    def _count(self, values: int, place: Place) -> None:
        self._values += values
        if self._values > VALUES_MAX:
            text = f"more than {VALUES_MAX:,} values, counting what aliases repeat"
            raise ScenarioError([*self.mistakes, place.mistake("", text)])

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _tell(self, event: Event, path: tuple[str | int, ...], text: str) -> None:
        self.mistakes.append(self._place(event).mistake(dotted(path), text))


def _unreadable(error: MarkedYAMLError, file: str) -> Mistake:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if isinstance(mark, StringMark) else None
    problem = str(error.problem or error.context or "it cannot be parsed")
    if _TAB in problem:
        problem = "a tab indents this line; YAML wants spaces"
    text = f"not YAML: {' '.join(problem.split())}"
    return (place or Place(file)).mistake("", text)


def _unprintable(error: Exception, text: str, file: str) -> Mistake:
    """Name the character that YAML forbids; ruamel gives its offset and no line."""
    if isinstance(error, RecursionError):
        return Place(file).mistake("", "the file is nested too deeply")
    position = getattr(error, "position", None)
    if not isinstance(position, int) or not 0 <= position < len(text):
        return Place(file).mistake("", f"not YAML: {' '.join(str(error).split())}")
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    code = f"U+{ord(text[position]):04X}"
    return Place(file, line, column).mistake("", f"not YAML: it may not hold the character {code}")
