from __future__ import annotations

import inspect

import pytest

from fleet_sim.dialects import http_channel, interface, registry
from fleet_sim.dialects.interface import Dialect

_PARTS = (
    ("devices", interface.DeviceCodec),
    ("server", interface.ServerCodec),
    ("operator", interface.Operator),
    ("gate", interface.Gate),
    ("gateways", interface.GatewayCodec),
    ("http.devices", http_channel.DeviceChannel),
    ("http.platform", http_channel.PlatformChannel),
)


def _part(dialect: Dialect, path: str) -> object:
    """Return what a path of attributes leads to, or makes; None where a vendor leaves it out."""
    found: object = dialect
    for name in path.split("."):
        found = None if found is None else getattr(found, name)
    if path == "operator":
        return dialect.operator("o", "", "")
    if path == "gate":
        return dialect.gate("o", {}, signed_only=False, contract=dialect.contract)
    return found


_OFFERED = [
    pytest.param(_part(dialect, part), protocol, id=f"{dialect.name}-{part}")
    for dialect in map(registry.get, registry.names())
    for part, protocol in _PARTS
    if _part(dialect, part) is not None
]


@pytest.mark.parametrize(("made", "protocol"), _OFFERED)
def test_every_dialect_offers_the_whole_interface(made: object, protocol: type) -> None:
    """What a protocol names is there, a method with the same parameters, for each vendor."""
    for name, wanted in vars(protocol).items():
        if name.startswith("_"):
            continue
        if isinstance(wanted, property):
            assert hasattr(made, name)
            continue
        found = inspect.signature(getattr(made, name))
        names = [each for each in found.parameters if each != "self"]
        assert names == [each for each in inspect.signature(wanted).parameters if each != "self"]
