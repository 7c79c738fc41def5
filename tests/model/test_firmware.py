from __future__ import annotations

from dataclasses import replace

from fleet_sim.model.firmware import FirmwareImage

_IMAGE = FirmwareImage("2.0", "http://h/f", 4, "ab", "md5")


def test_a_digest_is_found_by_its_method() -> None:
    """The other one where it is known, whichever of the two that is."""
    both = replace(_IMAGE, other_digest="cd")
    turned = replace(both, digest_method="sha256")

    assert (_IMAGE.digest_by("md5"), _IMAGE.digest_by("sha256")) == ("ab", "")
    assert (both.digest_by("md5"), both.digest_by("sha256")) == ("ab", "cd")
    assert (turned.digest_by("md5"), turned.digest_by("sha256")) == ("cd", "ab")
