"""A scenario's values as a tree in which everything knows where it stands.

Pydantic sees plain values (`plain`); its complaints are placed by walking the tree (`find`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fleet_sim.scenario.errors import Mistake

SOURCE_SHOWN_MAX = 60  # Of a value or a key in a message: most of a line beside the place.


class SourceInt(int):
    """A whole number that remembers how it was written."""

    source: str


class SourceFloat(float):
    """A number with a fraction that remembers how it was written."""

    source: str


class SourceKey(str):
    """A key as it was written; `is_text` is false for `1.10:`, which YAML reads as a number."""

    __slots__ = ("is_text",)
    is_text: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file (or flag), line and column from 1; a flag has line 0."""

    file: str
    line: int = 0
    column: int = 0

    def mistake(self, path: str, text: str) -> Mistake:
        """Return a mistake made here."""
        return Mistake(self.file, self.line, self.column, path, text)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, boolean or nothing."""

    place: Place
    value: Any


@dataclass(slots=True)
class Branch:
    """A mapping: keys to nodes, and where each key stands. The first of equal keys is kept."""

    place: Place
    nodes: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """A list of nodes."""

    place: Place
    nodes: list[Node] = field(default_factory=list)


Node: TypeAlias = "Scalar | Branch | Row"


def plain(node: Node) -> Any:  # noqa: ANN401 - JSON-like values
    """Return the tree as dictionaries, lists and scalars, in the order written."""
    match node:
        case Scalar(value=value):
            return value
        case Branch(nodes=nodes):
            return {key: plain(child) for key, child in nodes.items()}
        case Row(nodes=items):
            return [plain(child) for child in items]


def find(root: Node, path: tuple[str | int, ...]) -> tuple[Node, Place, tuple[str | int, ...]]:
    """Walk as far along a path as the tree goes.

    Returns:
        The last node reached, where its key (or list entry) stands, and the path walked.
    """
    node: Node = root
    place = root.place
    for depth, step in enumerate(path):
        if isinstance(node, Branch) and isinstance(step, str) and step in node.nodes:
            place = node.keys[step]
            node = node.nodes[step]
        elif isinstance(node, Row) and isinstance(step, int) and step < len(node.nodes):
            node = node.nodes[step]
            place = node.place
        else:
            return node, place, path[:depth]
    return node, place, path


def dotted(path: tuple[str | int, ...]) -> str:
    """Return a path as messages and `--set` write it: `jobs.0.image.size`."""
    return ".".join(_step(str(step)) for step in path)


def clipped(text: str) -> str:
    """Return one printable line of a text, cut where it grows long."""
    line = "".join(char if char.isprintable() else "·" for char in text)
    return line if len(line) <= SOURCE_SHOWN_MAX else f"{line[:SOURCE_SHOWN_MAX]}…"


def _step(step: str) -> str:
    line = clipped(step)
    return f'"{line}"' if "." in line or not line else line
