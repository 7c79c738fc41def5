"""What happens meanwhile: devices lose their connection, operators change their minds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationInfo, model_validator

from fleet_sim.scenario.keys import Keys
from fleet_sim.scenario.kinds import (
    FleetName,
    Instant,
    Share,
    detail,
    glance,
    mistake,
    raise_all,
    shown,
    span,
)
from fleet_sim.scenario.mixes import ALL
from fleet_sim.scenario.planned import EventKind


class Happening(Keys):
    """What happens meanwhile: one of the four verbs, to a share of a fleet."""

    verbs: ClassVar[tuple[EventKind, ...]] = ("disconnect", "cancel", "stop", "retry")
    missing_because: ClassVar[Mapping[str, str]] = {"at": "write when, like at: 1m"}

    at_ms: Instant = Field(alias="at")
    disconnect: FleetName | None = None
    cancel: FleetName | None = None
    stop: FleetName | None = None
    retry: FleetName | None = None
    share: Share = ALL
    for_ms: Annotated[int, span(1)] | None = Field(default=None, alias="for")

    @property
    def verb(self) -> EventKind:
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
