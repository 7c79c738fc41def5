"""An attempt: marks, bytes held, percentages due, and a download that breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.device.attempt import Attempt
from fleet_sim.device.conduct import HEALTHY, Conduct
from fleet_sim.device.events import (
    Connected,
    ConnectionLost,
    DownloadCut,
    DropDownload,
    Note,
    Publish,
    SetTimer,
    StartDownload,
    TimerFired,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
    VersionReport,
)
from tests.device.world import IMAGE, OTHER, drive, online, push


def attempt(size_bytes: int = 1000, held_bytes: int = 0) -> Attempt:
    """Return the first attempt at an image of some size."""
    image = replace(IMAGE, size_bytes=size_bytes)
    return Attempt(number=1, tries=1, request="r-1", image=image, held_bytes=held_bytes)


def started(one: Attempt, step_percent: int = 25, conduct: Conduct = HEALTHY) -> StartDownload:
    """Start the download and return the order alone."""
    _, start = one.start_download(step_percent=step_percent, conduct=conduct)
    assert isinstance(start, StartDownload)
    return start


def test_a_start_is_noted_with_its_offset() -> None:
    """The record says what is fetched, for whom, and from which byte."""
    one = attempt(held_bytes=300)

    effects = one.start_download(step_percent=25, conduct=HEALTHY)

    assert effects == (
        Note("download_start", {"version": "2.0", "request": "r-1", "offset": 300}),
        StartDownload(IMAGE, 1, 300, (500, 750)),
    )
    assert one.is_transferring


@pytest.mark.parametrize(
    ("size_bytes", "step", "stop", "marks"),
    [
        (1000, 25, None, (250, 500, 750)),
        (1000, 100, None, ()),
        (1000, 40, None, (400, 800)),
        (1001, 25, None, (251, 501, 751)),  # a percentage is reached with its last byte
        (3, 25, None, (1, 2)),
        (1, 25, None, ()),
        (0, 25, None, ()),
        (1000, 25, 60, (250, 500, 600)),
        (1000, 25, 50, (250, 500)),
        (1000, 25, 10, (100,)),
    ],
)
def test_marks_stand_at_the_steps(
    size_bytes: int, step: int, stop: int | None, marks: tuple[int, ...]
) -> None:
    """Below the size, each once, and none beyond the point where progress stops."""
    start = started(attempt(size_bytes), step, Conduct(stop_percent=stop))

    assert start.notify_at == marks


def test_a_whole_image_without_an_end_is_fetched_from_its_last_byte() -> None:
    """A range that starts at the end would be refused with 416."""
    assert started(attempt(1000, held_bytes=1000)).offset == 999
    assert started(attempt(0)).offset == 0


def test_new_bytes_renew_the_patience() -> None:
    """Cuts count in a row, without a byte between them."""
    one = attempt(held_bytes=300)
    one.cuts = 3

    one.hold(300)
    assert one.cuts == 3
    one.hold(301)
    assert one.cuts == 0


def test_a_step_is_due_once() -> None:
    """And 100 never is: the end of the download is told by itself."""
    one = attempt()
    one.hold(260)
    assert one.percent_due(25) == 25
    one.percent = 25
    assert one.percent_due(25) is None
    one.hold(999)
    assert one.percent_due(25) == 75
    one.hold(1000)
    assert one.percent_due(25) is None


def test_an_image_is_known_by_version_and_digest() -> None:
    """A fresh URL for the same file is the same order."""
    one = attempt()

    assert one.is_for(replace(IMAGE, url="http://host/elsewhere"))
    assert not one.is_for(replace(IMAGE, digest="bb"))
    assert not one.is_for(replace(IMAGE, module="mcu"))
    assert not one.is_for(OTHER)


def test_a_part_is_named_in_the_record() -> None:
    """And nothing is, where the image is for the device as a whole."""
    part = Attempt(number=1, tries=1, request="r-1", image=replace(IMAGE, module="mcu"))

    assert attempt().noted == {"version": "2.0", "request": "r-1"}
    assert part.noted == {"version": "2.0", "request": "r-1", "module": "mcu"}
    assert part.is_of("mcu", "2.0")
    assert not part.is_of("", "2.0")


@settings(deadline=None)
@given(
    size_bytes=st.integers(0, 10**9),
    held_bytes=st.integers(0, 10**9),
    step=st.integers(1, 100),
    stop=st.none() | st.integers(0, 99),
)
def test_every_mark_moves_the_percentage(
    size_bytes: int, held_bytes: int, step: int, stop: int | None
) -> None:
    """Marks ascend, lie ahead of the offset, and each reaches a step not reached before."""
    one = attempt(size_bytes, held_bytes)
    start = started(one, step, Conduct(stop_percent=stop))

    assert 0 <= start.offset <= max(0, size_bytes - 1)
    assert list(start.notify_at) == sorted(set(start.notify_at))
    for mark in start.notify_at:
        assert start.offset < mark < size_bytes
        one.hold(mark)
        due = one.percent_due(step)
        assert due is not None or (stop is not None and one.has_reached(stop))
        one.percent = due or one.percent


# In the agent


def test_a_cut_download_goes_on_where_it_broke() -> None:
    """The next connection asks for the rest, and only for the marks that are left."""
    agent = online()
    drive(agent, push(1), DownloadCut(1, 600, "reset"), ConnectionLost("reset"))

    effects = drive(agent, Connected())

    assert effects == (
        Publish(VersionReport("3", "1.0")),
        Publish(ProgressReport("2", 0), "r-1"),
        Note("download_start", {"version": "2.0", "request": "r-1", "offset": 600}),
        StartDownload(IMAGE, 1, 600, (750,)),
    )


def test_a_cut_is_noted_with_its_byte() -> None:
    """The record says how much was held and why it broke."""
    agent = online()
    drive(agent, push(1))

    effects = drive(agent, DownloadCut(1, 600, "reset"))

    assert effects[0] == Note("download_cut", {"request": "r-1", "offset": 600, "why": "reset"})
    assert isinstance(effects[1], SetTimer)


def test_a_cut_told_after_the_new_connection_is_made_good_by_a_timer() -> None:
    """Off line at the cut or not, the download goes on."""
    agent = online()
    drive(agent, push(1), ConnectionLost("reset"), Connected())
    timer = drive(agent, DownloadCut(1, 600, "reset"))[-1]
    assert isinstance(timer, SetTimer)

    effects = drive(agent, TimerFired(timer.name, timer.token))

    assert effects[-1] == StartDownload(IMAGE, 1, 600, (750,))


def test_a_download_that_outlives_the_connection_is_not_started_twice() -> None:
    """MQTT and HTTP are two connections; one may stand while the other breaks."""
    agent = online()
    drive(agent, push(1), ConnectionLost("kicked"))

    effects = drive(agent, Connected())

    assert effects == (Publish(VersionReport("3", "1.0")), Publish(ProgressReport("2", 0), "r-1"))


def test_downloads_that_get_nowhere_are_given_up() -> None:
    """Ten cuts in a row without a new byte end in a failure report."""
    agent = online()
    drive(agent, push(1))
    for cut in range(10):
        effects = drive(agent, DownloadCut(1, 600, "refused"))
        if cut < 9:
            timer = effects[-1]
            assert isinstance(timer, SetTimer)
            drive(agent, TimerFired(timer.name, timer.token))

    desc = "the download broke 10 times: refused"
    assert effects[1:] == (
        DropDownload(1),
        Note("upgrade_failed", {"request": "r-1", "cause": "download", "desc": desc}),
        Publish(FailureReport("3", FailureCause.DOWNLOAD, desc), "r-1"),
    )
    assert agent.state is UpgradeState.IDLE


def test_a_new_byte_renews_the_patience() -> None:
    """A download that creeps is never given up."""
    agent = online()
    drive(agent, push(1))
    for held in range(1, 50):
        timer = drive(agent, DownloadCut(1, held, "reset"))[-1]
        assert isinstance(timer, SetTimer)
        drive(agent, TimerFired(timer.name, timer.token))

    assert agent.state is UpgradeState.DOWNLOADING


def test_cuts_that_come_with_the_connections_end_do_not_count() -> None:
    """A link that keeps breaking says nothing against the file server."""
    agent = online()
    drive(agent, push(1))
    for _ in range(30):
        drive(agent, DownloadCut(1, 600, "link down"), ConnectionLost("link down"), Connected())

    assert agent.state is UpgradeState.DOWNLOADING
