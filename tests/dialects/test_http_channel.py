from __future__ import annotations

import inspect

import pytest

from fleet_sim.dialects import http_channel, registry
from fleet_sim.dialects.http_channel import LoggedIn
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.identity import DeviceId


@pytest.mark.parametrize("dialect", [registry.get(name) for name in registry.names()])
def test_both_ends_offer_the_whole_interface(dialect: Dialect) -> None:
    """In every vendor's folder that has such a channel; None is a vendor without one."""
    if dialect.http is None:
        return
    made = dialect.http.platform(seed=1, epoch_ms=0)

    for end, protocol in (
        (dialect.http.devices, http_channel.DeviceChannel),
        (made, http_channel.PlatformChannel),
    ):
        for name, wanted in vars(protocol).items():
            if inspect.isfunction(wanted) and not name.startswith("_"):
                found = inspect.signature(getattr(end, name)).parameters
                assert list(found) == list(inspect.signature(wanted).parameters)[1:]


def test_a_session_is_not_printed() -> None:
    """Who has it is the device."""
    assert "hunter2" not in repr(LoggedIn(DeviceId("pk", "dk"), "hunter2"))
