"""How to get into a broker that is not ours: where it is, what TLS needs, who we are there.

Plain values, so that they can be handed to another process. The files of TLS are named, not read.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.mqtt_client import client_tls
from fleet_sim.scenario.plan import TargetPlan

MQTT_PORT = 1883
MQTTS_PORT = 8883


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttLogin:
    """A user of a broker, in place of what a device signs; never printed, logged or recorded."""

    username: str = field(repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """See the module.

    Attributes:
        host: Name or address.
        port: Its port.
        is_tls: Whether it is spoken to in TLS.
        ca: File of the authority that vouches for it; None trusts what the system trusts.
        cert: File of our own certificate; None for none.
        key: File of its key.
        login: Who we are there; None leaves it to the devices' own signatures, and the backend
            connects without a name.
    """

    host: str
    port: int
    is_tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    login: MqttLogin | None = None

    @property
    def where(self) -> str:
        """The broker, for people."""
        return f"the broker at {self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Its URL, which holds no secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{host}:{self.port}"

    def tls(self) -> ssl.SSLContext | None:
        """Return what TLS needs; None for plain TCP.

        Raises:
            TargetError: A file cannot be used.
        """
        if not self.is_tls:
            return None
        files = (None if name is None else Path(name) for name in (self.ca, self.cert, self.key))
        return client_tls(*files)


def access_to(target: TargetPlan, login: MqttLogin | None) -> BrokerAccess:
    """Return how to get into the broker that a target names by its URL."""
    assert target.broker is not None
    broker = urlsplit(target.broker)
    assert broker.hostname, "the scenario has seen to that"
    is_tls = broker.scheme == "mqtts"
    return BrokerAccess(
        host=broker.hostname,
        port=broker.port or (MQTTS_PORT if is_tls else MQTT_PORT),
        is_tls=is_tls,
        ca=target.ca,
        cert=target.cert,
        key=target.key,
        login=login,
    )


def login_from(username: str | None, password: str | None) -> MqttLogin | None:
    """Return who we are at a broker, from what the environment says.

    Raises:
        TargetError: A password without a user, which MQTT has no form for.
    """
    if username:
        return MqttLogin(username=username, password=password or "")
    if password:
        raise TargetError(
            "FLEET_SIM_MQTT_PASSWORD is set without FLEET_SIM_MQTT_USERNAME; set both, or neither"
        )
    return None
