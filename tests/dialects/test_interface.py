from __future__ import annotations

import inspect

import pytest

from fleet_sim.dialects import interface, registry
from fleet_sim.dialects.interface import Credentials, Dialect

_PARTS = (
    ("devices", interface.DeviceCodec),
    ("server", interface.ServerCodec),
    ("operator", interface.Operator),
    ("gate", interface.Gate),
)


@pytest.mark.parametrize("dialect", [registry.get(name) for name in registry.names()])
@pytest.mark.parametrize(("part", "protocol"), _PARTS)
def test_every_dialect_offers_the_whole_interface(
    dialect: Dialect, part: str, protocol: type
) -> None:
    """A method that a protocol names takes the same parameters in every vendor's folder."""
    made = getattr(dialect, part)

    for name, wanted in vars(protocol).items():
        if name.startswith("_") or not inspect.isfunction(wanted):
            continue
        found = inspect.signature(getattr(made, name))
        names = [each for each in found.parameters if each != "self"]
        assert names == [each for each in inspect.signature(wanted).parameters if each != "self"]


def test_a_password_is_not_printed() -> None:
    """Credentials may stand in a failing test's output."""
    assert "hunter2" not in repr(Credentials("c", "u", "hunter2"))
