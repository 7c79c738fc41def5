"""A persona's name and knobs, each knob's complaint at the knob.

The device room binds knobs too and raises at the first that is wrong; here all of them are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from pydantic_core import InitErrorDetails, PydanticCustomError

from fleet_sim.device.conduct import Persona
from fleet_sim.device.personas import ATTEMPTS_MAX, Knob, PersonaKind, bind
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.kinds import detail, mistake, one_of, raise_all, shown


def read_persona(name: object, knobs: Mapping[str, Any]) -> Persona:
    """Return the persona with its knobs bound.

    Raises:
        PydanticCustomError: No such persona.
        ValidationError: Knobs that it does not have, or values they do not take.
    """
    kind = vocabulary.personas()[one_of(name, vocabulary.personas())]
    known = {knob.name: knob for knob in kind.knobs}
    found: list[InitErrorDetails] = []
    values: dict[str, object] = {}
    for knob_name, raw in knobs.items():
        if knob_name not in known:
            found.append(detail(_unknown_knob(knob_name, kind), knob_name))
            continue
        try:
            values[knob_name] = _read_knob(known[knob_name], raw)
        except PydanticCustomError as error:
            found.append(detail(error, knob_name))
    raise_all(found)
    return bind(kind.name, values)


def _unknown_knob(name: str, kind: PersonaKind) -> PydanticCustomError:
    hint = did_you_mean(name, ["share", *(knob.name for knob in kind.knobs)])
    return mistake(f"is no knob of {kind.name}{hint}", at_key=True)


def _read_knob(knob: Knob, raw: object) -> object:
    if knob.type == "attempts":
        return _read_attempts(raw)
    law = f"it goes from {knob.minimum:g} to {knob.maximum:g}{f' {knob.unit}' if knob.unit else ''}"
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise mistake(f"is {shown(raw)}; write a plain number, {law}")
    is_within = isfinite(raw) and (knob.minimum or 0) <= raw <= (knob.maximum or 0)
    if not is_within:
        raise mistake(f"is {shown(raw)}; {law}")
    if knob.type == "integer":
        if raw != int(raw):
            raise mistake(f"is {shown(raw)}; write a whole number, {law}")
        return int(raw)
    return float(raw)


def _read_attempts(raw: object) -> object:
    """Return `all`, the first n, or a list of attempts."""
    if raw == "all":
        return "all"
    entries: list[Any] = raw if isinstance(raw, list) else [raw]
    is_legal = bool(entries) and all(_is_attempt(entry) for entry in entries)
    if not is_legal:
        law = f"1 to {ATTEMPTS_MAX}"
        text = f"write the first n ({law}), a list of attempts like [1, 3], or all"
        raise mistake(f"is {shown(raw)}; {text}")
    return [int(entry) for entry in entries] if isinstance(raw, list) else int(entries[0])


def _is_attempt(raw: object) -> bool:
    if isinstance(raw, bool) or not isinstance(raw, int):
        return False
    return 1 <= raw <= ATTEMPTS_MAX
