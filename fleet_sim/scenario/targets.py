"""Where the devices go: URLs of a broker and a backend, and bugs to plant in our own."""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import PlainValidator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.errors import did_you_mean
from fleet_sim.scenario.keys import Keys
from fleet_sim.scenario.kinds import Text, detail, mistake, raise_all, shown

_LIKE = {
    ("mqtt", "mqtts"): "mqtt://host:1883 or mqtts://host:8883",
    ("http", "https"): "http://host:8080 or https://host",
}


def _read_url(value: object, schemes: tuple[str, str]) -> str:
    """Return a URL with one of the schemes and a host.

    A user or a password inside is refused and not repeated: a message may end in a CI log.
    """
    like = f"write {_LIKE[schemes]}"
    if not isinstance(value, str):
        raise mistake(f"is {shown(value)}; {like}")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise mistake(f"is no URL; {like}") from error
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise mistake("holds a user or a password; secrets come from the environment only")
    if parts.scheme not in schemes or not parts.hostname or port == 0 or not value.isprintable():
        raise mistake(f"is {shown(value)}; {like}")
    if parts.query or parts.fragment or (parts.path not in {"", "/"} and "mqtt" in schemes):
        raise mistake(f"is {shown(value)}; {like}, and nothing after it")
    return str(value).rstrip("/")


def _read_plant(value: object) -> tuple[str, ...]:
    """Return the bugs to switch on: one id, or a list of them."""
    entries = value if isinstance(value, list) else [value]
    found: list[InitErrorDetails] = []
    bugs: list[str] = []
    for index, entry in enumerate(entries):
        if isinstance(entry, str) and entry in vocabulary.planted():
            bugs.append(str(entry))
            continue
        loc = (index,) if isinstance(value, list) else ()
        found.append(detail(_no_bug(entry), *loc))
    raise_all(found)
    return tuple(sorted(set(bugs)))


def _no_bug(entry: object) -> PydanticCustomError:
    word = entry if isinstance(entry, str) else ""
    return mistake(f"is {shown(entry)}{did_you_mean(word, vocabulary.planted())}")


BrokerUrl: TypeAlias = Annotated[
    str, PlainValidator(lambda value: _read_url(value, ("mqtt", "mqtts")))
]
BackendUrl: TypeAlias = Annotated[
    str, PlainValidator(lambda value: _read_url(value, ("http", "https")))
]
PlantedBugs: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_read_plant)]


class Target(Keys):
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
        for one in ("ca", "cert", "key"):
            if getattr(self, one) and not self.broker:
                text = "needs target.broker: the embedded platform speaks no TLS"
                found.append(detail(mistake(text), one))
        for one, other in (("cert", "key"), ("key", "cert")):
            if getattr(self, one) and not getattr(self, other):
                found.append(detail(mistake(f"needs target.{other} beside it"), one))
        raise_all(found)
        return self
