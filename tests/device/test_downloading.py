"""Downloads: progress on the way, and how they end."""

from __future__ import annotations

from fleet_sim.device.events import (
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    Event,
    Publish,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
)
from tests.device.world import FINISHED, World, device, drive, online, push


def test_progress_comes_in_steps_and_ends_at_100() -> None:
    """What the server hears, in order, with the default step."""
    world = World(device())
    world.at(100, push(1))

    world.run(10_000)

    percents = [each.percent for each in world.said() if isinstance(each, ProgressReport)]
    assert percents == [0, 25, 50, 75, 100]


def test_a_step_of_100_leaves_only_the_ends() -> None:
    """No progress is reported during the download."""
    world = World(device(timings=Timings(progress_step_percent=100)))
    world.at(100, push(1))

    world.run(10_000)

    percents = [each.percent for each in world.said() if isinstance(each, ProgressReport)]
    assert percents == [0, 100]


def test_answers_to_a_given_up_download_are_ignored() -> None:
    """Events of attempt 1 while attempt 2 runs change nothing."""
    agent = online()
    drive(agent, push(1), DownloadRefused(1, 503), push(2))

    late: list[Event] = [
        DownloadAdvanced(1, 900),
        FINISHED,
        DownloadCut(1, 9, "x"),
        DownloadRefused(1, 500),
    ]

    assert [drive(agent, event) for event in late] == [()] * 4


def test_a_wrong_digest_ends_in_a_verify_failure() -> None:
    """A device that received other bytes reports VERIFY and is free for the next push."""
    agent = online()

    effects = drive(agent, push(1), DownloadFinished(1, 1000, "00", "ff"))

    assert effects[-1] == Publish(
        FailureReport("3", FailureCause.VERIFY, "md5 is 00, not aa"), "r-1"
    )
    assert agent.state is UpgradeState.IDLE


def test_digests_compare_whatever_their_case() -> None:
    """Some platforms write hex in capitals."""
    agent = online()

    drive(agent, push(1), DownloadFinished(1, 1000, "AA", "bb"))

    assert agent.state is UpgradeState.INSTALLING


def test_an_http_error_is_a_download_failure() -> None:
    """The status stands in the desc."""
    agent = online()

    effects = drive(agent, push(1), DownloadRefused(1, 404))

    desc = "the file server answered 404"
    assert effects[-1] == Publish(FailureReport("3", FailureCause.DOWNLOAD, desc), "r-1")
