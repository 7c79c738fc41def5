"""A mapping with known keys: the base of every model of a scenario.

Unknown keys are refused with the nearest known one, and pydantic's few own complaints become
sentences that go on after a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.kinds import detail, mistake, raise_all, shown


class Keys(BaseModel):
    """A mapping with known keys, all of whose mistakes are told together."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    missing_because: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _tell_all(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - YAML
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
