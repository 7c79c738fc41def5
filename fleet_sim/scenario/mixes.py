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
    shares: list[Fraction] = []
    for name, said in value.items():
        inside = said if isinstance(said, dict) else {"share": said}
        one = _read_named(name, inside, read_one, found)
        share = _read_said_share(name, inside, found)
        shares += [] if share is None else [share]
        parts += [] if one is None or share is None else [(one, share)]
    total = sum(shares, Fraction(0))
    if total != ALL and len(shares) == len(value):
        text = f"adds up to {say_percent(total)}; shares add up to 100%"
        found.append(detail(mistake(text, at_key=True)))
    raise_all(found)
    return tuple(parts)


def _read_named(
    name: str,
    inside: dict[str, Any],
    read_one: Callable[[object, dict[str, Any]], T],
    found: list[InitErrorDetails],
) -> T | None:
    """Read a part's name and knobs, or put what is wrong with them on the list."""
    knobs = {key: knob for key, knob in inside.items() if key != "share"}
    try:
        return read_one(name, knobs)
    except ValidationError as error:
        found.extend(_below(name, error))
    except PydanticCustomError as error:
        found.append(detail(mistake(_about_key(error), at_key=True), name))
    return None


def _read_said_share(
    name: str, inside: dict[str, Any], found: list[InitErrorDetails]
) -> Fraction | None:
    """Read a part's share, or put what is wrong with it on the list."""
    if "share" not in inside:
        text = "has no share; write one beside its knobs, like share: 5%"
        found.append(detail(mistake(text, at_key=True), name))
        return None
    try:
        return read_share(inside["share"])
    except PydanticCustomError as error:
        found.append(detail(error, name, "share"))
        return None


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
