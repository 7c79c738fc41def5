"""The scenario's six nouns and what stands beside them, as pydantic models.

Every model refuses unknown keys with the nearest known one. Complaints are the rest of a sentence
after the path; `load` gives them their line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from fleet_sim.model.contract import ContractProfile
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.contracts import LOWEST, misfits, replaced
from fleet_sim.scenario.expect import Entry
from fleet_sim.scenario.happenings import Happening
from fleet_sim.scenario.jobs import Job
from fleet_sim.scenario.keys import Keys
from fleet_sim.scenario.kinds import (
    About,
    Devices,
    DialectName,
    NewName,
    PlainTexts,
    ScenarioName,
    Seed,
    Span,
    detail,
    glance,
    mistake,
    one_of,
    raise_all,
    shown,
    span,
)
from fleet_sim.scenario.mixes import ALL, LinkMix, PersonaMix, VersionMix, read_mix
from fleet_sim.scenario.persona_knobs import read_persona
from fleet_sim.scenario.targets import Target
from fleet_sim.scenario.typed import read_knobs

DURATION_DEFAULT_MS = 600_000  # Ten minutes: longer than the vendors' shortest timeout of five.
DURATION_MIN_MS = 1000
CONNECT_OVER_DEFAULT_MS = 5000
HANDLING_DEFAULT_MS = 1000  # A healthy device installs, and reboots, in a second.


class Connect(Keys):
    """Over which span from the start a fleet's devices are switched on."""

    over_ms: Annotated[int, span(0, 24 * 3600 * 1000)] = Field(
        default=CONNECT_OVER_DEFAULT_MS, alias="over"
    )


class Fleet(Keys):
    """Devices of one product."""

    missing_because: ClassVar[Mapping[str, str]] = {
        "devices": "write how many, like devices: 1000",
        "firmware": 'write the version that its devices run, like firmware: "1.2.0"',
    }

    devices: Devices
    firmware: VersionMix
    dialect: DialectName = vocabulary.DEFAULT_DIALECT
    network: LinkMix = ((vocabulary.DEFAULT_LINK, ALL),)
    personas: PersonaMix = Field(
        default_factory=lambda: read_mix(vocabulary.DEFAULT_PERSONA, read_persona)
    )
    attributes: PlainTexts = ()
    tags: PlainTexts = ()
    connect: Connect = Connect()
    install_ms: Span = Field(default=HANDLING_DEFAULT_MS, alias="install")
    reboot_ms: Span = Field(default=HANDLING_DEFAULT_MS, alias="reboot")

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions its devices run, in the order written."""
        return tuple(version for version, _ in self.firmware)


class Observe(Keys):
    """How often open jobs are polled."""

    every_ms: Annotated[int, span(100, 3_600_000)] = Field(default=1000, alias="every")


def _read_network(value: object) -> LinkProfile:
    """Return a link of the file's own: a built-in one with some knobs turned."""
    if not isinstance(value, dict):
        raise mistake(f"is {shown(value)}; write a mapping like {{like: wifi_good, rtt_ms: 80}}")
    found: list[InitErrorDetails] = []
    like = vocabulary.DEFAULT_LINK
    try:
        like = one_of(value.get("like", like), vocabulary.links())
    except PydanticCustomError as error:
        found.append(detail(error, "like"))
    rest = {name: knob for name, knob in value.items() if name != "like"}
    knobs: dict[str, Any] = {}
    try:
        knobs = read_knobs(rest, LinkProfile, without=frozenset({"name"}), beside=("like",))
    except ValidationError as error:
        found.extend(
            detail(mistake(one["msg"], at_key=one["type"] == "key"), *one["loc"])
            for one in error.errors(include_url=False)
        )
    raise_all(found)
    return _turned(vocabulary.links()[like], knobs)


def _turned(link: LinkProfile, knobs: dict[str, Any]) -> LinkProfile:
    """Turn a link's knobs; each that the network room refuses is told in that room's words."""
    found: list[InitErrorDetails] = []
    while True:
        try:
            turned = replaced(link, knobs)
        except ValueError as error:
            said = str(error).removeprefix(f"{link.name}: ")
            blamed = next((knob for knob in knobs if said.startswith(f"{knob} ")), None)
            if blamed is None:
                found.append(detail(mistake(f"does not fit together: {said}", at_key=True)))
                break
            found.append(detail(mistake(said.removeprefix(f"{blamed} ")), blamed))
            knobs = {name: knob for name, knob in knobs.items() if name != blamed}
        else:
            break
    raise_all(found)
    return turned


def _read_contract(value: object) -> Mapping[str, Any]:
    return read_knobs(value, ContractProfile, lowest=LOWEST)


Network = Annotated[LinkProfile, PlainValidator(_read_network)]


class Scenario(Keys):
    """A checked scenario file."""

    missing_because: ClassVar[Mapping[str, str]] = {
        "fleets": 'write at least one, like fleets: {meters: {devices: 100, firmware: "1.0.0"}}'
    }

    name: ScenarioName = "scenario"
    about: About = ""
    duration_ms: Annotated[int, span(DURATION_MIN_MS)] = Field(
        default=DURATION_DEFAULT_MS, alias="duration"
    )
    seed: Seed = 1
    networks: dict[NewName, Network] = Field(default_factory=dict)
    fleets: dict[NewName, Fleet]
    jobs: tuple[Job, ...] = ()
    events: tuple[Happening, ...] = ()
    expect: tuple[Entry, ...] = ()
    target: Target = Target()
    contract: Annotated[Mapping[str, Any], PlainValidator(_read_contract)] = Field(
        default_factory=dict
    )
    observe: Observe = Observe()

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        if not self.fleets:
            raise_all([detail(mistake("is empty; a run needs at least one fleet"), "fleets")])
        found = [
            detail(
                mistake("is the name of a built-in link; take another", at_key=True), "networks", n
            )
            for n in self.networks
            if n in vocabulary.links()
        ]
        own = set() if glance(info).has_dialect else {one.dialect for one in self.fleets.values()}
        for dialect in sorted(own):
            found.extend(
                detail(mistake(text), "contract", knob)
                for knob, text in misfits(
                    dialect, vocabulary.contract(dialect), self.contract, vocabulary.speech(dialect)
                )
            )
        raise_all(found)
        return self
