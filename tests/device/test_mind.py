"""The mind: moves by the table alone, and the words that end an attempt."""

from __future__ import annotations

import pytest

from fleet_sim.device.attempt import Attempt
from fleet_sim.device.events import Note, Publish, Timer
from fleet_sim.device.mind import Mind
from fleet_sim.device.personas import bind
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import FailureReport
from tests.device.world import IMAGE


def mind(persona: str = "healthy") -> Mind:
    """Return the mind of a device that downloads IMAGE on a connection that stands."""
    made = Mind(
        device=DeviceId("pk", "dk"),
        version="1.0",
        persona=bind(persona),
        timings=Timings(),
        seed=42,
    )
    made.post.is_online = True
    made.attempt = Attempt(number=1, tries=1, request="r-1", image=IMAGE)
    made.move(UpgradeState.IDLE)
    made.move(UpgradeState.DOWNLOADING)
    return made


def test_a_move_that_is_not_in_the_table_is_our_mistake() -> None:
    """Nothing reboots in the midst of a download."""
    with pytest.raises(AssertionError, match="pk/dk: no move downloading → rebooting"):
        mind().move(UpgradeState.REBOOTING)


def test_an_attempt_is_there_when_the_state_says_so() -> None:
    """Else it is our mistake, told with the device's name."""
    made = mind()
    made.attempt = None

    with pytest.raises(AssertionError, match="pk/dk: downloading without an attempt"):
        _ = made.under_way


def test_a_failure_is_noted_and_reported() -> None:
    """The device is free for the next push."""
    made = mind()

    effects = tuple(made.fail(FailureCause.DOWNLOAD, "no bytes"))

    noted = {"request": "r-1", "cause": "download", "desc": "no bytes"}
    report = FailureReport("1", FailureCause.DOWNLOAD, "no bytes")
    assert effects == (Note("upgrade_failed", noted), Publish(report, "r-1"))
    assert made.state is UpgradeState.IDLE


def test_a_silence_is_noted_with_its_reason() -> None:
    """The server hears nothing of it."""
    made = mind()

    assert tuple(made.fall_silent("why not")) == (
        Note("silent", {"request": "r-1", "why": "why not"}),
    )
    assert made.state is UpgradeState.QUIET


def test_waits_are_spread_and_yet_the_same_each_time() -> None:
    """Each setting of a timer draws anew, from the seed alone."""
    first, again = mind(), mind()

    waits, same = (
        [one.set_later(Timer.RECONNECT, 0, 0).at_ms for _ in range(3)] for one in (first, again)
    )

    assert waits == same
    assert len(set(waits)) == 3
