"""What the backend is asked: jobs with their images and windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, PlainValidator, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from fleet_sim.scenario.keys import Keys
from fleet_sim.scenario.kinds import (
    Concurrency,
    Flag,
    FleetName,
    Instant,
    Retries,
    Size,
    Span,
    Text,
    Version,
    detail,
    glance,
    mistake,
    raise_all,
    read_version,
    span,
)

IMAGE_DEFAULT_BYTES = 256 * 1024


class Image(Keys):
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


class Window(Keys):
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


class Job(Keys):
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
    incremental: Flag = False
    rate: Concurrency | None = None
    window: Window | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.to in self.sources:
            text = f'names "{self.to}", which the job upgrades to; leave it out'
            raise_all([detail(mistake(text), "from")])
        return self

    @model_validator(mode="after")
    def _has_retries(self) -> Self:
        if self.retry_interval_ms is not None and self.retries == 0:
            text = "has no effect without retries; write how many, like retries: 2"
            raise_all([detail(mistake(text, at_key=True), "retry_interval")])
        return self
