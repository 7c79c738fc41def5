from __future__ import annotations

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import Block

_DEVICE = DeviceId("p1", "dev1")
_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
_MD5 = "5d41402abc4b2a76b9719d911017c592"

_ALL = [pytest.param(registry.get(name), id=name) for name in registry.names()]


def _has_words_for_blocks(dialect: Dialect) -> bool:
    try:
        return dialect.server.encode(_DEVICE, Block("1", 0, b"abc", 3)) is not None
    except DialectError:
        return False


@pytest.mark.parametrize("dialect", _ALL)
def test_who_has_words_for_a_block_says_which_are_served(dialect: Dialect) -> None:
    """And nobody else does; a request would be left without an answer."""
    rules = dialect.block_rules

    assert (rules is not None) is _has_words_for_blocks(dialect)
    if rules is not None:
        assert 1 <= rules.size_bytes_min <= rules.size_bytes_max
        assert rules.not_served != 200


@pytest.mark.parametrize("dialect", _ALL)
def test_a_keyed_digest_is_made_of_one_method_at_least(dialect: Dialect) -> None:
    """Of another it is empty, and it differs by the device's secret; hex may be in either case."""
    make = dialect.firmware_hmac
    if make is None:
        return

    digests = {"sha256": _SHA256, "md5": _MD5}
    made = {name: make("s", method=name, digest=digest) for name, digest in digests.items()}
    known = {name: digests[name] for name, told in made.items() if told}
    assert known
    for method, digest in known.items():
        assert made[method] == made[method].lower()
        assert make("s", method=method, digest=digest.upper()) == made[method]
        assert make("t", method=method, digest=digest) != made[method]
