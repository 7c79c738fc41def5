"""Text → scenario, or every mistake in it with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from fleet_sim.oracle.thresholds import Expectation
from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.kinds import DURATION_MAX_MS, Glance, shown
from fleet_sim.scenario.models import DURATION_DEFAULT_MS, DURATION_MIN_MS, Scenario
from fleet_sim.scenario.overrides import apply_flags, apply_sets
from fleet_sim.scenario.tree import Branch, Node, Place, Row, Scalar, dotted, find, plain
from fleet_sim.scenario.units import duration_ms
from fleet_sim.scenario.yaml_text import read

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def decode(content: bytes, file: str) -> str:
    """Return a file's bytes as text.

    Raises:
        ScenarioError: Not UTF-8; the place of the first wrong byte is told.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        text = f"not UTF-8: byte 0x{content[error.start]:02X} cannot stand here; save it as UTF-8"
        raise ScenarioError([Mistake(file, line, column, "", text)]) from error


def load(
    text: str,
    file: str,
    *,
    sets: Iterable[str] = (),
    flags: Mapping[str, object] | None = None,
    dialect: str | None = None,
) -> Scenario:
    """Check a scenario.

    Args:
        text: The file's text.
        file: Its name as the user gave it; messages and the scenario's default name use it.
        sets: What followed each `--set`: `path=value`, the value in YAML.
        flags: Keys of `target` to the values that flags of the same name brought; `plant` is a
            list. They win over the file, and mistakes in them name the flag.
        dialect: Instead of every fleet's own: `plan` says whether the contract fits that vendor,
            and whether there is such a one.

    Returns:
        The scenario, with the file and line of each expectation.

    Raises:
        ScenarioError: Every mistake, in the order of the file; those of flags come last.
    """
    root, mistakes = read(text, file)
    if not isinstance(root, Branch):
        is_list = "a list" if isinstance(root, Row) else "a lone value"
        told = f"the file is {is_list}; a scenario is a mapping with keys like fleets and jobs"
        raise ScenarioError([Place(file, 1, 1).mistake("", told)])
    mistakes += apply_sets(root, sets)
    apply_flags(root, flags or {})
    seen = replace(glance_at(root), has_dialect=dialect is not None)
    try:
        scenario = Scenario.model_validate(plain(root), context=seen)
    except ValidationError as error:
        mistakes += [_placed(root, one) for one in error.errors(include_url=False)]
        raise ScenarioError(_in_order(mistakes)) from error
    if mistakes:
        raise ScenarioError(_in_order(mistakes))
    name = scenario.name if "name" in root.nodes else _name_of(file)
    expectations = _with_places(scenario.expect, root)
    return scenario.model_copy(update={"name": name, "expect": expectations})


def glance_at(root: Branch) -> Glance:
    """Return what the checks of one part must know of the others, whatever else is wrong."""
    target = root.nodes.get("target")
    set_keys = target.nodes if isinstance(target, Branch) else {}
    fleets = _keys_of(root, "fleets")
    bound_ms = _duration_ms(root)
    return Glance(
        fleets=fleets,
        networks=_keys_of(root, "networks"),
        duration_ms=bound_ms,
        first_job_ms=_first_jobs(root.nodes.get("jobs"), fleets, bound_ms),
        target=frozenset(set_keys),
    )


def _keys_of(root: Branch, noun: str) -> tuple[str, ...]:
    node = root.nodes.get(noun)
    return tuple(map(str, node.nodes)) if isinstance(node, Branch) else ()


def _duration_ms(root: Branch) -> int | None:
    """Return the run's bound; None where it is wrong, so that nothing is blamed for passing it."""
    if "duration" not in root.nodes:
        return DURATION_DEFAULT_MS
    ms = _ms(root.nodes["duration"])
    return ms if ms is not None and DURATION_MIN_MS <= ms <= DURATION_MAX_MS else None


def _ms(node: Node | None) -> int | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    try:
        return duration_ms(node.value)
    except ValueError:
        return None


def _first_jobs(jobs: Node | None, fleets: tuple[str, ...], bound_ms: int | None) -> dict[str, int]:
    """Return each fleet's first job.

    A job whose fleet or instant is wrong may be anyone's, any time: it is a mistake already, and
    events must not be blamed for it.
    """
    first: dict[str, int] = {}
    for job in jobs.nodes if isinstance(jobs, Row) else ():
        fleet = job.nodes.get("upgrade") if isinstance(job, Branch) else None
        name = fleet.value if isinstance(fleet, Scalar) else None
        at_ms = _ms(job.nodes.get("at")) if isinstance(job, Branch) else None
        if name not in fleets or at_ms is None or (bound_ms is not None and at_ms > bound_ms):
            return dict.fromkeys(fleets, 0)
        first[name] = min(at_ms, first.get(name, at_ms))
    return first


def _placed(root: Branch, error: Any) -> Mistake:  # noqa: ANN401 - pydantic's dictionary
    """Turn one of pydantic's errors into a mistake, with the nearest place there is."""
    loc = tuple(step for step in error["loc"] if step != "[key]")
    node, key_place, walked = find(root, loc)
    # An empty value stands nowhere; YAML places it after the line's end.
    is_empty = isinstance(node, Scalar) and node.value is None
    is_at_key = error["type"] == "key" or is_empty
    place = key_place if is_at_key else node.place
    text = error["msg"]
    if error["type"] not in {"mistake", "key"}:
        text = f"is {shown(error['input'])}; {text}"
    if not walked:
        return place.mistake("", f"the scenario {text}")
    return place.mistake(dotted(walked), text)


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Sort by place, flags last, each mistake once (an alias repeats them)."""
    once = dict.fromkeys(mistakes)
    return sorted(once, key=lambda one: (one.line == 0, one.line, one.column))


def _with_places(expectations: tuple[Expectation, ...], root: Branch) -> tuple[Expectation, ...]:
    node = root.nodes.get("expect")
    entries = node.nodes if isinstance(node, Row) else []
    return tuple(
        replace(one, file=entry.place.file, line=entry.place.line)
        for one, entry in zip(expectations, entries, strict=True)
    )


def _name_of(file: str) -> str:
    """Return the file's name without its ending, as far as a run's folder can be called so."""
    stem = PurePath(file).stem
    return _NOT_IN_A_NAME.sub("-", stem).strip("-._")[:64] or "scenario"
