"""The scenario's six nouns and what stands beside them, as pydantic models.

Every model refuses unknown keys with the nearest known one. Complaints are the rest of a sentence
after the path; `load` gives them their line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from fleet_sim.model.contract import ContractProfile
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.oracle.thresholds import Expectation
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.contracts import crossed_bounds, replaced
from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.expect import read_expectation
from fleet_sim.scenario.kinds import (
    About,
    Concurrency,
    Devices,
    DialectName,
    Flag,
    FleetName,
    Instant,
    NewName,
    PlainTexts,
    Retries,
    ScenarioName,
    Seed,
    Share,
    Size,
    Span,
    Text,
    Version,
    detail,
    glance,
    mistake,
    one_of,
    raise_all,
    read_version,
    shown,
    span,
)
from fleet_sim.scenario.mixes import ALL, LinkMix, PersonaMix, VersionMix, read_mix
from fleet_sim.scenario.persona_knobs import read_persona
from fleet_sim.scenario.targets import BackendUrl, BrokerUrl, PlantedBugs
from fleet_sim.scenario.typed import read_knobs

DURATION_DEFAULT_MS = 600_000  # Ten minutes: longer than the vendors' shortest timeout of five.
CONNECT_OVER_DEFAULT_MS = 5000
IMAGE_DEFAULT_BYTES = 256 * 1024
HANDLING_DEFAULT_MS = 1000  # A healthy device installs, and reboots, in a second.


class _Keys(BaseModel):
    """A mapping with known keys, all of whose mistakes are told together."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    missing_because: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _tell_all(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401
        """Check the known keys as if the unknown ones were not there, then tell of both."""
        names = [field.alias or name for name, field in cls.model_fields.items()]
        if not isinstance(value, dict):
            raise mistake(f"is {shown(value)}; write a mapping with keys ({', '.join(names)})")
        unknown = [key for key in value if key not in names]
        found = [detail(_unknown(key, names), key) for key in unknown]
        try:
            model = handler({key: child for key, child in value.items() if key not in unknown})
        except ValidationError as error:
            raise_all(found + [cls._translated(one) for one in error.errors(include_url=False)])
            raise
        raise_all(found)
        return model

    @classmethod
    def _translated(cls, error: Any) -> InitErrorDetails:  # noqa: ANN401 - pydantic's dictionary
        """Keep our own sentences; turn pydantic's few into ours."""
        if error["type"] in {"mistake", "key"}:
            return detail(mistake(error["msg"], at_key=error["type"] == "key"), *error["loc"])
        if error["type"] == "missing":
            *above, key = error["loc"]
            why = cls.missing_because.get(str(key), "it is needed")
            return detail(mistake(f'has no "{key}"; {why}', at_key=True), *above)
        wanted = {"dict_type": "a mapping", "tuple_type": "a list"}.get(error["type"], "")
        text = f"write {wanted}" if wanted else error["msg"]
        return detail(mistake(f"is {shown(error['input'])}; {text}"), *error["loc"])


def _unknown(key: str, names: list[str]) -> PydanticCustomError:
    return mistake(f"is no key here{did_you_mean(key, names)}", at_key=True)


class Connect(_Keys):
    """Over which span from the start a fleet's devices are switched on."""

    over_ms: Annotated[int, span(0, 24 * 3600 * 1000)] = Field(
        default=CONNECT_OVER_DEFAULT_MS, alias="over"
    )


class Fleet(_Keys):
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


class Image(_Keys):
    """A job's firmware: ours of a size, or one that the backend already has."""

    size_bytes: Size | None = Field(default=None, alias="size")
    firmware_id: Text | None = None

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if self.size_bytes is not None and self.firmware_id is not None:
            raise mistake("has a size and a firmware_id; write one of them")
        if self.firmware_id is not None and "backend" not in glance(info).target:
            text = "names a firmware of the backend, but target.backend is not set"
            raise_all([detail(mistake(text), "firmware_id")])
        return self


class Window(_Keys):
    """When pushes are allowed, from the run's start."""

    missing_because: ClassVar[Mapping[str, str]] = {
        "start": "write when pushes may begin, like start: 1m",
        "end": "write when pushes end, like end: 45m",
    }

    start_ms: Span = Field(alias="start")
    end_ms: Span = Field(alias="end")

    @model_validator(mode="after")
    def _is_open(self) -> Self:
        if self.start_ms >= self.end_ms:
            raise mistake("ends before it starts", at_key=True)
        return self


def _read_sources(value: object) -> tuple[str, ...]:
    """Return the source versions: one, or a list of them."""
    entries = value if isinstance(value, list) else [value]
    found: list[InitErrorDetails] = []
    versions: list[str] = []
    for index, entry in enumerate(entries):
        try:
            versions.append(read_version(entry))
        except PydanticCustomError as error:
            found.append(detail(error, *((index,) if isinstance(value, list) else ())))
    raise_all(found)
    if not versions:
        raise mistake("is an empty list; write versions, or leave it out for any")
    return tuple(dict.fromkeys(versions))


class Job(_Keys):
    """What the backend is asked."""

    missing_because: ClassVar[Mapping[str, str]] = {
        "at": "write when it is ordered, like at: 30s",
        "upgrade": "write the name of a fleet",
        "to": 'write the target version, like to: "1.3.0"',
    }

    at_ms: Instant = Field(alias="at")
    upgrade: FleetName
    to: Version
    image: Image = Image()
    concurrency: Concurrency | None = None
    timeout_ms: Annotated[int, span(1000)] | None = Field(default=None, alias="timeout")
    retries: Retries = 0
    retry_interval_ms: Span | None = Field(default=None, alias="retry_interval")
    sources: Annotated[tuple[str, ...], PlainValidator(_read_sources)] = Field(
        default=(), alias="from"
    )
    ask: Flag = False
    window: Window | None = None

    @model_validator(mode="after")
    def _has_retries(self) -> Self:
        if self.retry_interval_ms is not None and self.retries == 0:
            text = "has no effect without retries; write how many, like retries: 2"
            raise_all([detail(mistake(text, at_key=True), "retry_interval")])
        return self


Verb: TypeAlias = Literal["disconnect", "cancel", "stop", "retry"]


class Happening(_Keys):
    """What happens meanwhile: one of the four verbs, to a share of a fleet."""

    verbs: ClassVar[tuple[Verb, ...]] = ("disconnect", "cancel", "stop", "retry")
    missing_because: ClassVar[Mapping[str, str]] = {"at": "write when, like at: 1m"}

    at_ms: Instant = Field(alias="at")
    disconnect: FleetName | None = None
    cancel: FleetName | None = None
    stop: FleetName | None = None
    retry: FleetName | None = None
    share: Share = ALL
    for_ms: Annotated[int, span(1)] | None = Field(default=None, alias="for")

    @property
    def verb(self) -> Verb:
        """The one verb that is set."""
        return next(verb for verb in self.verbs if getattr(self, verb) is not None)

    @property
    def fleet(self) -> str:
        """Whose devices."""
        return str(getattr(self, self.verb))

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        said = [verb for verb in self.verbs if getattr(self, verb) is not None]
        if len(said) != 1:
            text = f"write one of {', '.join(self.verbs)}, each with the name of a fleet"
            raise mistake(f"says {' and '.join(said) or 'not what happens'}; {text}")
        self._check_keys()
        first_ms = glance(info).first_job_ms.get(self.fleet)
        if self.verb != "disconnect" and (first_ms is None or first_ms > self.at_ms):
            text = f"is {shown(self.fleet)}, but no job for it has started by then"
            raise_all([detail(mistake(text), self.verb)])
        return self

    def _check_keys(self) -> None:
        if self.verb == "disconnect" and self.for_ms is None:
            raise mistake('has no "for"; write how long they stay away, like for: 20s', at_key=True)
        if self.verb != "disconnect" and self.for_ms is not None:
            text = f"has no meaning with {self.verb}; only disconnect lasts"
            raise_all([detail(mistake(text, at_key=True), "for")])
        if self.verb == "stop" and self.share != ALL:
            text = "has no meaning with stop, which stops a whole job"
            raise_all([detail(mistake(text, at_key=True), "share")])
        if self.share == 0:
            raise_all([detail(mistake("is 0%, so nothing would happen"), "share")])


class Observe(_Keys):
    """How often open jobs are polled."""

    every_ms: Annotated[int, span(100, 3_600_000)] = Field(default=1000, alias="every")


class Target(_Keys):
    """Where the devices go; nothing set means the embedded platform."""

    broker: BrokerUrl | None = None
    backend: BackendUrl | None = None
    ca: Text | None = None
    cert: Text | None = None
    key: Text | None = None
    org: Text | None = None
    devices: Text | None = None
    plant: PlantedBugs = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = []
        if self.backend and not self.broker:
            text = "needs target.broker too: devices speak MQTT, and a backend takes HTTP"
            found.append(detail(mistake(text), "backend"))
        if self.devices and not self.broker:
            text = "needs target.broker: the embedded platform registers its own devices"
            found.append(detail(mistake(text), "devices"))
        if self.plant and self.backend:
            text = "needs the reference backend, but target.backend names another"
            found.append(detail(mistake(text), "plant"))
        for one, other in (("cert", "key"), ("key", "cert")):
            if getattr(self, one) and not getattr(self, other):
                found.append(detail(mistake(f"needs target.{other} beside it"), one))
        raise_all(found)
        return self


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
    return read_knobs(value, ContractProfile)


Network = Annotated[LinkProfile, PlainValidator(_read_network)]


class Scenario(_Keys):
    """A checked scenario file."""

    missing_because: ClassVar[Mapping[str, str]] = {
        "fleets": 'write at least one, like fleets: {meters: {devices: 100, firmware: "1.0.0"}}'
    }

    name: ScenarioName = "scenario"
    about: About = ""
    duration_ms: Annotated[int, span(1000)] = Field(default=DURATION_DEFAULT_MS, alias="duration")
    seed: Seed = 1
    networks: dict[NewName, Network] = {}
    fleets: dict[NewName, Fleet]
    jobs: tuple[Job, ...] = ()
    events: tuple[Happening, ...] = ()
    expect: tuple[Annotated[Expectation, PlainValidator(read_expectation)], ...] = ()
    target: Target = Target()
    contract: Annotated[Mapping[str, Any], PlainValidator(_read_contract)] = Field(default={})
    observe: Observe = Observe()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.fleets:
            raise_all([detail(mistake("is empty; a run needs at least one fleet"), "fleets")])
        found = [
            detail(
                mistake("is the name of a built-in link; take another", at_key=True), "networks", n
            )
            for n in self.networks
            if n in vocabulary.links()
        ]
        for dialect in sorted({fleet.dialect for fleet in self.fleets.values()}):
            profile = replaced(vocabulary.contract(dialect), self.contract)
            found.extend(
                detail(mistake(text), "contract", knob)
                for knob, text in crossed_bounds(profile, self.contract)
            )
        raise_all(found)
        return self
