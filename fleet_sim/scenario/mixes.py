"""Shares of a fleet: which versions, links and personas its devices have, in exact percent.

A mix is a mapping of names to shares that add up to 100 %, or one name for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import PlainValidator, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from fleet_sim.device.conduct import Persona
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.kinds import (
    detail,
    glance,
    mistake,
    one_of,
    raise_all,
    read_share,
    read_version,
)
from fleet_sim.scenario.persona_knobs import read_persona
from fleet_sim.scenario.units import say_percent

ALL = Fraction(100)

T = TypeVar("T")
Mix: TypeAlias = tuple[tuple[T, Fraction], ...]


def read_mix(value: object, read_one: Callable[[object, dict[str, Any]], T]) -> Mix[T]:
    """Return what a mix says, in the order written.

    Args:
        value: A name, or a mapping of names to a share or to `{share: …, knob: …}`.
        read_one: Makes the part from its name and its knobs; raises `PydanticCustomError` about
            the name, or `ValidationError` with mistakes at single knobs.
    """
    if not isinstance(value, dict):
        return ((read_one(value, {}), ALL),)
    found: list[InitErrorDetails] = []
    parts: list[tuple[T, Fraction]] = []
    for name, said in value.items():
        _read_part(name, said, read_one, parts, found)
    raise_all(found)
    total = sum((share for _, share in parts), Fraction(0))
    if total != ALL:
        raise mistake(f"adds up to {say_percent(total)}; shares add up to 100%", at_key=True)
    return tuple(parts)


def _read_part(
    name: str,
    said: object,
    read_one: Callable[[object, dict[str, Any]], T],
    parts: list[tuple[T, Fraction]],
    found: list[InitErrorDetails],
) -> None:
    """Read one part of a mix to `parts`, or put what is wrong with its name, knobs and share."""
    inside = said if isinstance(said, dict) else {"share": said}
    knobs = {key: knob for key, knob in inside.items() if key != "share"}
    before = len(found)
    try:
        one = read_one(name, knobs)
    except ValidationError as error:
        found.extend(_below(name, error))
    except PydanticCustomError as error:
        found.append(detail(mistake(_about_key(error), at_key=True), name))
    try:
        share = _read_said_share(inside)
    except PydanticCustomError as error:
        found.append(detail(error, name, "share"))
    if len(found) == before:
        parts.append((one, share))


def _read_said_share(inside: dict[str, Any]) -> Fraction:
    if "share" not in inside:
        raise mistake("has no share; write one beside its knobs, like share: 5%", at_key=True)
    return read_share(inside["share"])


def _about_key(error: PydanticCustomError) -> str:
    """Turn `is "brik"; …` about a value into a sentence about the key of the path itself."""
    text = error.message()
    return f"is unknown{text[text.index(';') :]}" if text.startswith('is "') else text


def _below(name: str, error: ValidationError) -> list[InitErrorDetails]:
    """Move mistakes about knobs below the name they belong to."""
    return [
        detail(mistake(one["msg"], at_key=one["type"] == "key"), name, *one["loc"])
        for one in error.errors(include_url=False)
    ]


def _bare(name: str, knobs: dict[str, Any]) -> str:
    """Return the name of a part that takes no knobs."""
    extra = [
        detail(mistake("is no key here; a share is all there is", at_key=True), k) for k in knobs
    ]
    raise_all(extra)
    return name


def _read_versions(value: object) -> Mix[str]:
    return read_mix(value, lambda name, knobs: _bare(read_version(name), knobs))


def _read_links(value: object, info: ValidationInfo) -> Mix[str]:
    known = (*vocabulary.links(), *glance(info).networks)
    return read_mix(value, lambda name, knobs: _bare(one_of(name, known), knobs))


def _read_personas(value: object) -> Mix[Persona]:
    return read_mix(value, read_persona)


VersionMix: TypeAlias = Annotated[Mix[str], PlainValidator(_read_versions)]
LinkMix: TypeAlias = Annotated[Mix[str], PlainValidator(_read_links)]
PersonaMix: TypeAlias = Annotated[Mix[Persona], PlainValidator(_read_personas)]
