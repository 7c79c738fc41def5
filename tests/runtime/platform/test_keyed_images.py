from __future__ import annotations

from dataclasses import replace

import pytest

from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import ServerMessage, UpgradeRequest, VersionAsked, VersionOffer
from fleet_sim.runtime.platform.keyed_images import keyed
from fleet_sim.runtime.virtual_run import run_virtually
from tests.runtime.plans import FLEET, planned

IMAGE = FirmwareImage("2.0", "http://h/f", 4, "ab", "sha256")
KEYED = replace(IMAGE, hmac="s/ab")
BY_MD5 = replace(IMAGE, digest_method="md5")
BY_BOTH = replace(BY_MD5, other_digest="cd")


def _hmac(secret: str, *, method: str, digest: str) -> str:
    return f"{secret}/{digest}" if method == "sha256" else ""


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (UpgradeRequest("1", IMAGE), UpgradeRequest("1", KEYED)),
        (VersionOffer("1", (IMAGE, BY_MD5)), VersionOffer("1", (KEYED, BY_MD5))),
        (UpgradeRequest("1", BY_MD5), UpgradeRequest("1", BY_MD5)),
        (UpgradeRequest("1", BY_BOTH), UpgradeRequest("1", replace(BY_BOTH, hmac="s/cd"))),
        (VersionAsked("1"), VersionAsked("1")),
    ],
)
def test_images_of_a_known_sha256_are_keyed(message: ServerMessage, told: ServerMessage) -> None:
    """Pushed or offered, by whichever method it was uploaded; of an MD5 this vendor makes none."""
    assert keyed(message, "s", _hmac) == told


def test_without_a_key_or_a_vendor_that_wants_one_nothing_changes() -> None:
    """A device that has yet to get its secret has no key."""
    message = UpgradeRequest("1", IMAGE)

    assert keyed(message, None, _hmac) is message
    assert keyed(message, "", _hmac) is message
    assert keyed(message, "s", None) is message


def test_a_vendors_devices_check_their_images_by_it() -> None:
    """TuyaLink keys that of each image, and its devices would not flash another."""
    fleet = {"meters": FLEET | {"dialect": "tuyalink", "devices": 2}}

    run = run_virtually(planned(fleets=fleet))

    kinds = [one.kind for one in run.records]
    assert kinds.count("flash") == 2
    assert "refused" not in kinds
