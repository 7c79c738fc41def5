"""What a device holds: bytes counted and digested."""

from __future__ import annotations

import hashlib

import pytest

from fleet_sim.device.holding import Holding


@pytest.mark.parametrize("method", ["md5", "sha256", ""])
def test_both_digests_are_of_all_that_came(method: str) -> None:
    """By the vendor's method and by SHA-256; a method that is not named is that one."""
    holding = Holding(method)
    for chunk in (b"firm", memoryview(b"ware")):
        holding.take(chunk)

    assert holding.size_bytes == 8
    assert holding.digest == hashlib.new(method or "sha256", b"firmware").hexdigest()
    assert holding.sha256 == hashlib.sha256(b"firmware").hexdigest()


def test_bits_flip_in_the_first_chunk_alone() -> None:
    """From its first bit on, and no more than it has."""
    holding, short = Holding("md5", flip_bits=9), Holding("md5", flip_bits=9)
    for chunk in (b"\0\0\0", b"\0"):
        holding.take(chunk)
    for chunk in (b"\0", b"\0\0"):
        short.take(chunk)

    assert holding.sha256 == hashlib.sha256(b"\xff\x01\0\0").hexdigest()
    assert short.sha256 == hashlib.sha256(b"\xff\0\0").hexdigest()
