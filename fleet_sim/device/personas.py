"""The failure modes that a scenario may give to devices, by name.

`PERSONAS` is what `fleet-sim list personas` shows and what scenarios are checked against; `bind`
turns a name and its knobs into the `Persona` that an agent carries.

Source: failure-modes file, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fleet_sim.device.conduct import HEALTHY, Conduct, Persona

# A day and a half: longer than the longest run anybody asked for (24 h in virtual time).
_SPAN_MAX_S: Final = 129_600.0
# No vendor retries more than 5 times; a hundred also covers servers that never stop.
ATTEMPTS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One parameter of a failure mode.

    Attributes:
        name: As in scenarios.
        about: One sentence.
        type: `number`, `integer`, or `attempts` (a number of first ones, a list, or `all`).
        default: Its value when the scenario says nothing.
        minimum: The least it may be; None for `attempts`.
        maximum: The most.
        unit: `s`, `percent`, `bits`, `characters`, or "" for a bare number.
    """

    name: str
    about: str
    type: Literal["number", "integer", "attempts"]
    default: float | str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


_PROBABILITY = Knob(
    name="probability",
    about="How likely an attempt that may be hit is hit.",
    type="number",
    default=1.0,
    minimum=0.0,
    maximum=1.0,
)
_ATTEMPTS = Knob(
    name="attempts",
    about="Which attempts may be hit: the first n, a list of numbers from 1, or all.",
    type="attempts",
    default="all",
)
COMMON_KNOBS: Final = (_PROBABILITY, _ATTEMPTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaKind:
    """A failure mode before its knobs are bound.

    Attributes:
        id: Its number in the list of failure modes; "" for the healthy device.
        name: As in scenarios.
        about: One sentence: what the device does.
        falls_silent: Whether nothing that it says ends an attempt that is hit, so that only a
            timeout or another push does.
        fault: Its own knobs' values, by name, to the conduct of an attempt that is hit.
        own_knobs: Those beside the common ones.
    """

    id: str
    name: str
    about: str
    falls_silent: bool
    fault: Callable[[Mapping[str, float]], Conduct]
    own_knobs: tuple[Knob, ...] = ()

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """Every knob a scenario may set, own ones first; a healthy device has none."""
        return (*self.own_knobs, *COMMON_KNOBS) if self.id else ()


def _span(name: str, default: float, about: str, *, minimum: float = 0.1) -> Knob:
    return Knob(
        name=name,
        about=about,
        type="number",
        default=default,
        minimum=minimum,
        maximum=_SPAN_MAX_S,
        unit="s",
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


_KINDS: Final = (
    PersonaKind(
        id="",
        name="healthy",
        about="Upgrades when asked and reports everything.",
        falls_silent=False,
        fault=lambda _: HEALTHY,
    ),
    PersonaKind(
        id="F05",
        name="brick",
        about="Reports 100 %, goes off line to reboot, and never returns.",
        falls_silent=True,
        fault=lambda _: Conduct(returns=False),
    ),
    PersonaKind(
        id="F15",
        name="bad_digest",
        about="Receives other bytes than were sent, so the digest is wrong and it reports so.",
        falls_silent=False,
        fault=lambda knobs: Conduct(
            flip_bits=int(knobs["flip_bits"]), desc_chars=int(knobs["desc_chars"])
        ),
        own_knobs=(
            Knob(
                name="flip_bits",
                about="How many bits of the download are flipped.",
                type="integer",
                default=1,
                minimum=1,
                maximum=1024,
                unit="bits",
            ),
            Knob(
                name="desc_chars",
                about="How long the text of its failure is at least, filled from the device's log.",
                type="integer",
                default=0,
                minimum=0,
                maximum=65_536,
                unit="characters",
            ),
        ),
    ),
    PersonaKind(
        id="F23",
        name="stuck_at_n",
        about="Its progress stops at n and nothing more is heard until the next push.",
        falls_silent=True,
        fault=lambda knobs: Conduct(stop_percent=int(knobs["n"])),
        own_knobs=(
            Knob(
                name="n",
                about="The last percentage it reports.",
                type="integer",
                default=50,
                minimum=0,
                maximum=99,
                unit="percent",
            ),
        ),
    ),
    PersonaKind(
        id="F27",
        name="progress_dup",
        about="Sends its last report again, unaltered, as if no acknowledgement had come.",
        falls_silent=False,
        fault=lambda knobs: Conduct(
            copies=int(knobs["copies"]), copy_after_ms=_ms(knobs["after_s"])
        ),
        own_knobs=(
            Knob(
                name="copies",
                about="How often a report is sent again.",
                type="integer",
                default=1,
                minimum=1,
                maximum=10,
            ),
            # Within the wait for an acknowledgement, after which servers may take it for a new one.
            _span("after_s", 3.0, "How long after the one before."),
        ),
    ),
    PersonaKind(
        id="F33",
        name="silent_success",
        about="Upgrades and reports 100 %, but does not report the new version.",
        falls_silent=True,
        fault=lambda _: Conduct(reports_version=False),
    ),
    PersonaKind(
        id="F45",
        name="offline_at_push",
        about="Connects and reports once, then is away while the job starts.",
        falls_silent=False,
        fault=lambda knobs: Conduct(away_until_ms=_ms(knobs["until_s"])),
        own_knobs=(_span("until_s", 120.0, "When it returns, counted from the start of the run."),),
    ),
    PersonaKind(
        id="F46",
        name="no_ack",
        about="Receives the push and never answers it.",
        falls_silent=True,
        fault=lambda _: Conduct(answers_push=False),
    ),
    PersonaKind(
        id="F47",
        name="ack_then_silent",
        about="Answers the push, then nothing more is heard until the next.",
        falls_silent=True,
        fault=lambda _: Conduct(silent_after_reply=True),
    ),
    PersonaKind(
        id="F48",
        name="flap",
        about="Is healthy but goes off line and returns every few seconds.",
        falls_silent=False,
        fault=lambda knobs: Conduct(up_ms=_ms(knobs["up_s"]), down_ms=_ms(knobs["down_s"])),
        own_knobs=(
            _span("up_s", 20.0, "How long each connection lasts."),
            _span("down_s", 5.0, "How long it stays away between two."),
        ),
    ),
)
PERSONAS: Final[Mapping[str, PersonaKind]] = MappingProxyType({kind.name: kind for kind in _KINDS})


def bind(name: str, knobs: Mapping[str, object] | None = None) -> Persona:
    """Turn a persona's name and its knobs into what an agent carries.

    Args:
        name: A key of `PERSONAS`.
        knobs: Knob name to value; what is missing takes its default.

    Raises:
        ValueError: No such persona, no such knob, or a value of another type or out of range.
    """
    kind = PERSONAS.get(name)
    if kind is None:
        raise ValueError(f'"{name}" is no persona; there are {", ".join(PERSONAS)}')
    given = dict(knobs or {})
    known = {knob.name: knob for knob in kind.knobs}
    for unknown in sorted(given.keys() - known.keys()):
        listed = ", ".join(known) or "none at all"
        raise ValueError(f'{name} has no knob "{unknown}"; it has {listed}')
    values = {knob.name: _number(name, knob, given) for knob in kind.own_knobs}
    return Persona(
        name=name,
        fault=kind.fault(values),
        probability=_number(name, _PROBABILITY, given),
        attempts=_attempts(name, given.get("attempts", "all")),
    )


def _number(name: str, knob: Knob, given: Mapping[str, object]) -> float:
    value = given.get(knob.name, knob.default)
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_within(value, knob):
        return value
    wanted = "a whole number" if knob.type == "integer" else "a number"
    unit = f" {knob.unit}" if knob.unit else ""
    raise ValueError(
        f"{name}.{knob.name} is {value!r};"
        f" it must be {wanted} from {knob.minimum:g} to {knob.maximum:g}{unit}"
    )


def _is_within(value: float, knob: Knob) -> bool:
    assert knob.minimum is not None
    assert knob.maximum is not None
    if not knob.minimum <= value <= knob.maximum:  # false for not-a-number, too
        return False
    return knob.type != "integer" or value == int(value)


def _attempts(name: str, value: object) -> int | tuple[int, ...] | None:
    if value == "all":
        return None
    if isinstance(value, int) and _is_attempt(value):
        return value
    if isinstance(value, list | tuple) and value and all(map(_is_attempt, value)):
        return tuple(sorted(set(value)))
    raise ValueError(
        f"{name}.attempts is {value!r}; it must be a whole number from 1 to {ATTEMPTS_MAX}"
        ' (the first n), a list of such numbers, or "all"'
    )


def _is_attempt(value: object) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return 1 <= value <= ATTEMPTS_MAX
