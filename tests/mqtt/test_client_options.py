from typing import Any

import pytest

from fleet_sim.mqtt.client_options import ClientOptions
from fleet_sim.mqtt.packets import Will


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"client_id": "d1", "password": "p"}, "needs a user name"),
        ({"client_id": "d1", "keep_alive_s": 65_536}, "keep alive of 65536 s"),
        ({"client_id": "d1", "keep_alive_s": -1}, "keep alive of -1 s"),
        ({"client_id": "", "clean_session": False}, "needs a client identifier"),
        ({"client_id": "d1", "inflight_max": 0}, "at least one message"),
        ({"client_id": "d1", "will": Will("a/+", b"")}, "no topic for a will"),
    ],
)
def test_options_that_no_broker_could_take_are_refused(options: dict[str, Any], why: str) -> None:
    """At the door, where the mistake is made."""
    with pytest.raises(ValueError, match=why):
        ClientOptions(**options)


def test_a_password_is_not_shown() -> None:
    """Options end up in logs."""
    assert "secret" not in repr(ClientOptions("d1", "u", "secret"))
