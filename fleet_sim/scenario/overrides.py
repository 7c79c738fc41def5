"""Values that come from the command line: `--set path=value`, and flags such as `--broker`.

They are put into the tree before it is checked, so they obey the same rules as the file. A mistake
in one of them names the flag, since the file shows nothing to point at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.tree import Branch, Node, Place, Row, Scalar, dotted
from fleet_sim.scenario.yaml_text import read_value

_STEP = re.compile(r'"([^"]+)"|([^."]+)')


def apply_sets(root: Branch, sets: Iterable[str]) -> list[Mistake]:
    """Put the values of `--set path=value` into the tree, in order; later ones win.

    A path is keys and list positions (from 0) joined by dots; a key with a dot in it is quoted:
    `fleets.field.firmware."1.2.0"=100%`. The value is YAML. Missing mappings on the way are made.

    Returns:
        The mistakes in paths and values.
    """
    return [mistake for text in sets for mistake in _apply(root, text)]


def apply_flags(root: Branch, flags: Mapping[str, object]) -> None:
    """Put flags' values under `target`, each placed at its flag.

    Args:
        root: The scenario.
        flags: Key of `target` to a text, or to a list of texts; None and empty lists are passed by.
    """
    given = {key: value for key, value in flags.items() if value not in (None, [], ())}
    if not given:
        return
    target = root.nodes.get("target")
    if not isinstance(target, Branch):
        target = Branch(Place("the flags"))
        root.nodes["target"] = target
        root.keys["target"] = target.place
    for key, value in given.items():
        name = "device-file" if key == "devices" else key
        texts = list(map(str, value)) if isinstance(value, list | tuple) else [str(value)]
        place = Place(f"--{name} {' '.join(texts)}")
        nodes: list[Node] = [Scalar(place, text) for text in texts]
        target.nodes[key] = Row(place, nodes) if isinstance(value, list | tuple) else nodes[0]
        target.keys[key] = place


def _apply(root: Branch, text: str) -> list[Mistake]:
    place = Place(f"--set {text}")
    path_text, equals, value_text = text.partition("=")
    path = tuple(quoted or bare for quoted, bare in _STEP.findall(path_text))
    if not equals or not path or not _is_path(path_text):
        return [place.mistake("", "write path=value, like --set fleets.meters.devices=10")]
    try:
        node, mistakes = _value(value_text, place)
    except ScenarioError as error:
        return [place.mistake("", one.text) for one in error.mistakes]
    return [*mistakes, *_put(root, path, node, place)]


def _is_path(text: str) -> bool:
    step = r'("[^"]+"|[^."]+)'
    return re.fullmatch(rf"{step}(\.{step})*", text) is not None


def _value(text: str, place: Place) -> tuple[Node, list[Mistake]]:
    """Read a value as YAML; nothing at all is an empty value, and so is null."""
    node, mistakes = read_value(text, place.file)
    told = [place.mistake(one.path, one.text) for one in mistakes]
    return Scalar(place, None) if node is None else _moved(node, place), told


def _moved(node: Node, place: Place) -> Node:
    """Place a whole tree at the flag: lines of a command line mean nothing."""
    match node:
        case Scalar(value=value):
            return Scalar(place, value)
        case Row(nodes=nodes):
            return Row(place, [_moved(child, place) for child in nodes])
        case Branch(nodes=branches):
            moved = {key: _moved(child, place) for key, child in branches.items()}
            return Branch(place, moved, dict.fromkeys(moved, place))


def _put(root: Branch, path: tuple[str, ...], value: Node, place: Place) -> list[Mistake]:
    """Walk to the last step, making mappings where there is nothing, and set it."""
    node: Node = root
    for depth, step in enumerate(path):
        is_last = depth == len(path) - 1
        child = value if is_last else Branch(place)
        if isinstance(node, Branch):
            if is_last or step not in node.nodes:
                node.nodes[step], node.keys[step] = child, place
            node.nodes[step] = _own(node.nodes[step])
            node = node.nodes[step]
        elif isinstance(node, Row):
            if not step.isdecimal() or int(step) >= len(node.nodes):
                text = f"has {len(node.nodes)} entries, numbered from 0; there is no {step}"
                return [place.mistake(dotted(path[:depth]), text)]
            node.nodes[int(step)] = value if is_last else _own(node.nodes[int(step)])
            node = node.nodes[int(step)]
        else:
            text = "is a lone value; nothing can be set below it"
            return [place.mistake(dotted(path[:depth]), text)]
    return []


def _own(node: Node) -> Node:
    """Copy a node that aliases may share, so that what is set below it is set here only."""
    match node:
        case Branch(place=place, nodes=nodes, keys=keys):
            return Branch(place, dict(nodes), dict(keys))
        case Row(place=place, nodes=items):
            return Row(place, list(items))
        case _:
            return node
