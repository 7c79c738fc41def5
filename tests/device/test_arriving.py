"""The check at the end of a download: digests, plain and keyed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet_sim.device.events import DownloadAdvanced, DropDownload, Note, Publish
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import FailureReport
from tests.device.world import FINISHED, IMAGE, drive, online, push

SIGNED = replace(IMAGE, hmac="AABB")


@pytest.mark.parametrize(
    ("hmac", "state"),
    [("aabb", UpgradeState.INSTALLING), ("AABB", UpgradeState.INSTALLING), ("", UpgradeState.IDLE),
     ("aabbcc", UpgradeState.IDLE)],
)  # fmt: skip
def test_a_keyed_digest_is_checked_where_there_is_a_way(hmac: str, state: UpgradeState) -> None:
    """Made from the SHA-256 of what was held, compared whatever the case."""
    asked: list[str] = []

    def hmac_of(sha256: str) -> str:
        asked.append(sha256)
        return hmac

    agent = online()
    agent.check_with(hmac_of)

    drive(agent, push(1, SIGNED), FINISHED)

    assert asked == [FINISHED.sha256]
    assert agent.state is state


def test_a_wrong_keyed_digest_is_a_verify_failure() -> None:
    """The report says what was expected."""
    agent = online()
    agent.check_with(lambda _: "ff")

    effects = drive(agent, push(1, SIGNED), FINISHED)

    desc = "hmac is ff, not AABB"
    assert effects[-1] == Publish(FailureReport("3", FailureCause.VERIFY, desc), "r-1")


def test_what_is_not_named_or_has_no_key_is_not_checked() -> None:
    """An image without a keyed digest, a device without a way to make one, no digest at all."""
    keyed, keyless, bare = online(), online(), online()
    keyed.check_with(lambda _: "ff")

    drive(keyed, push(1, IMAGE), FINISHED)
    drive(keyless, push(1, SIGNED), FINISHED)
    drive(bare, push(1, replace(IMAGE, digest="")), FINISHED)

    assert {one.state for one in (keyed, keyless, bare)} == {UpgradeState.INSTALLING}


def test_a_wrong_digest_is_told_before_a_wrong_keyed_one() -> None:
    """One failure, with one reason."""
    agent = online()
    agent.check_with(lambda _: "ff")

    effects = drive(agent, push(1, SIGNED), replace(FINISHED, digest="00"))

    desc = "md5 is 00, not aa"
    assert effects[-1] == Publish(FailureReport("3", FailureCause.VERIFY, desc), "r-1")


def test_fewer_bytes_than_are_held_take_nothing_back() -> None:
    """News that overtook one another report each step once."""
    agent = online()
    drive(agent, push(1), DownloadAdvanced(1, 500))

    assert drive(agent, DownloadAdvanced(1, 250)) == ()


def test_a_stuck_device_drops_its_transfer() -> None:
    """Nobody goes on to read what nobody wants."""
    agent = online("stuck_at_n")
    drive(agent, push(1))

    effects = drive(agent, DownloadAdvanced(1, 500))

    assert effects[1:] == (
        DropDownload(1),
        Note("silent", {"request": "r-1", "why": "stuck at 50 %"}),
    )
