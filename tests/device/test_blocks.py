"""Downloads over MQTT: block by block, asked for again where none comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    BlockReceived,
    Connected,
    ConnectionLost,
    Note,
    PoweredOn,
    Publish,
    SetTimer,
    StartDownload,
    Timer,
    TimerFired,
)
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    Block,
    BlockRequest,
    FailureReport,
    ProgressReport,
    VersionReport,
)
from tests.device.world import CONTENT, STREAMED, World, block, device, drive, push

SMALL = Timings(block_bytes=300)
STREAM = (7, 1)


def fetching() -> DeviceAgent:
    """Return a device that has asked for the first 300 bytes, by message 3 and timer 1."""
    agent = device(timings=SMALL)
    drive(agent, PoweredOn(), Connected(), push(1, STREAMED))
    return agent


def asked(world: World) -> list[tuple[int, int]]:
    """Return offset and size of each block that was asked for."""
    return [(one.offset, one.size_bytes) for one in world.said() if isinstance(one, BlockRequest)]


def failures(world: World) -> list[str]:
    """Return the text of each failure report."""
    return [one.desc for one in world.said() if isinstance(one, FailureReport)]


def test_a_push_of_a_stream_asks_for_its_first_block() -> None:
    """Nothing is fetched over HTTP; the answer is awaited for ten seconds."""
    agent = device(timings=SMALL)
    drive(agent, PoweredOn(), Connected())

    effects = drive(agent, push(1, STREAMED), now_ms=50)

    assert effects[2:] == (
        Note("download_start", {"version": "2.0", "request": "r-1", "offset": 0}),
        Publish(BlockRequest("3", STREAM, 0, 300), "r-1"),
        SetTimer(Timer.BLOCK, 10_050, 1),
    )


def test_block_by_block_an_image_is_whole() -> None:
    """Progress at its steps; the last block is as long as what is missing."""
    world = World(device(timings=SMALL))
    world.at(100, push(1, STREAMED))

    world.run(20_000)

    assert asked(world) == [(0, 300), (300, 300), (600, 300), (900, 100)]
    percents = [one.percent for one in world.said() if isinstance(one, ProgressReport)]
    assert percents == [0, 25, 50, 75, 100]
    assert world.said()[-1] == VersionReport("11", "2.0", after_upgrade=True)
    (end,) = world.notes("download_end")
    assert end.fields["size"] == 1000
    assert world.downloads == []


def test_a_block_that_does_not_come_is_asked_for_again() -> None:
    """After ten seconds, by a new request for the same bytes."""
    agent = fetching()

    effects = drive(agent, TimerFired(Timer.BLOCK, 1), now_ms=10_000)

    assert effects == (
        Publish(BlockRequest("4", STREAM, 0, 300), "r-1"),
        SetTimer(Timer.BLOCK, 20_000, 2),
    )


def test_after_four_tries_the_download_has_failed() -> None:
    """Forty seconds in all; the device is free for the next push."""
    world = World(device(timings=SMALL))
    world.serve = lambda _: None
    world.at(100, push(1, STREAMED))

    world.run(40_099)
    before = world.agent.state
    world.run(40_100)

    assert before is UpgradeState.DOWNLOADING
    assert asked(world) == [(0, 300)] * 4
    text = "asked 4 times for the block at 0: no answer"
    assert world.said()[-1] == FailureReport("7", FailureCause.DOWNLOAD, text)
    assert world.agent.state is UpgradeState.IDLE


def test_every_block_has_four_tries_of_its_own() -> None:
    """A server that answers each third request is good enough."""
    world = World(device(timings=SMALL))
    count = iter(range(1, 100))
    world.serve = lambda request: block(request) if next(count) % 3 == 0 else None
    world.at(100, push(1, STREAMED))

    world.run(200_000)

    assert failures(world) == []
    assert world.agent.version == "2.0"
    assert len(asked(world)) == 12


def test_a_refused_block_is_asked_for_again_at_once() -> None:
    """Four times in all, and the last code is told."""
    world = World(device(timings=SMALL))
    world.serve = lambda request: Block(request.message_id, 0, b"", 0, 460)
    world.at(100, push(1, STREAMED))

    world.run(200)

    assert asked(world) == [(0, 300)] * 4
    assert failures(world) == ["asked 4 times for the block at 0: the server answered 460"]


def test_an_empty_block_is_none() -> None:
    """It would be asked for for ever."""
    world = World(device(timings=SMALL))
    world.serve = lambda request: Block(request.message_id, request.offset, b"", 1000)
    world.at(100, push(1, STREAMED))

    world.run(200)

    assert failures(world) == ["asked 4 times for the block at 0: the server answered 200"]


@pytest.mark.parametrize(
    "stray",
    [
        Block("3", 300, CONTENT[300:600], 1000),
        Block("2", 0, b"", 0, 460),
        Block("9", 999, b"x", 1000),
    ],
    ids=["ahead", "the refusal of an older request", "elsewhere"],
)
def test_what_is_not_awaited_is_left_alone(stray: Block) -> None:
    """The timer goes on; the right block is still welcome."""
    agent = fetching()

    assert drive(agent, BlockReceived(stray)) == ()
    after = drive(agent, BlockReceived(Block("3", 0, CONTENT[:300], 1000)), now_ms=20)

    assert Publish(BlockRequest("5", STREAM, 300, 300), "r-1") in after


def test_a_late_answer_counts_once() -> None:
    """Both answers to a request and its repetition arrive; the second is of no use."""
    agent = fetching()
    drive(agent, TimerFired(Timer.BLOCK, 1), now_ms=10_000)
    drive(agent, BlockReceived(Block("3", 0, CONTENT[:300], 1000)), now_ms=10_100)

    assert drive(agent, BlockReceived(Block("4", 0, CONTENT[:300], 1000)), now_ms=10_200) == ()


def test_a_shorter_block_is_a_beginning() -> None:
    """The next request goes on behind it."""
    world = World(device(timings=SMALL))
    world.serve = lambda request: block(replace(request, size_bytes=min(request.size_bytes, 200)))
    world.at(100, push(1, STREAMED))

    world.run(20_000)

    assert [offset for offset, _ in asked(world)] == [0, 200, 400, 600, 800]
    assert world.agent.version == "2.0"


def test_more_bytes_than_there_are_end_the_download() -> None:
    """The file is another than the push described."""
    world = World(device(timings=SMALL))
    world.serve = lambda request: replace(block(request), content=bytes(1001))
    world.at(100, push(1, STREAMED))

    world.run(60_000)

    assert failures(world) == ["the server sent more than the 1000 bytes there are"]
    assert world.agent.state is UpgradeState.IDLE
    assert len(asked(world)) == 1


def test_other_bytes_end_in_a_verify_failure() -> None:
    """Whether the server sent them or a persona's memory spoils them."""
    server, persona = World(device(timings=SMALL)), World(device("bad_digest", timings=SMALL))
    server.serve = lambda request: replace(block(request), content=bytes(request.size_bytes))
    for world in (server, persona):
        world.at(100, push(1, STREAMED))
        world.run(20_000)

    for world in (server, persona):
        (report,) = (one for one in world.said() if isinstance(one, FailureReport))
        assert report.cause is FailureCause.VERIFY


def test_a_broken_connection_keeps_what_is_held() -> None:
    """The next one goes on behind it; the cut is noted with its byte, and no timer is left."""
    agent = fetching()
    drive(agent, BlockReceived(Block("3", 0, CONTENT[:300], 1000)), now_ms=20)

    cut = drive(agent, ConnectionLost("reset"), now_ms=30)
    late = drive(agent, TimerFired(Timer.BLOCK, 2), now_ms=10_020)
    back = drive(agent, Connected(), now_ms=11_000)

    assert cut[0] == Note("download_cut", {"request": "r-1", "offset": 300, "why": "reset"})
    assert late == ()
    assert Note("download_start", {"version": "2.0", "request": "r-1", "offset": 300}) in back
    assert back[-2] == Publish(BlockRequest("7", STREAM, 300, 300), "r-1")


def test_a_power_cut_forgets_what_is_held() -> None:
    """The next push begins from the first byte."""
    agent = fetching()
    drive(agent, BlockReceived(Block("3", 0, CONTENT[:300], 1000)), now_ms=20)
    drive(agent, PoweredOn(), Connected(), now_ms=30)

    effects = drive(agent, push(2, STREAMED), now_ms=40)

    said = [one.message for one in effects if isinstance(one, Publish)]
    assert [one.offset for one in said if isinstance(one, BlockRequest)] == [0]


def test_a_stuck_device_asks_no_more() -> None:
    """Not even when the wait for its last request is over."""
    world = World(device("stuck_at_n", {"n": 50}, timings=SMALL))
    world.at(100, push(1, STREAMED))

    world.run(60_000)

    assert asked(world) == [(0, 300), (300, 300)]
    assert world.agent.is_silent


def test_blocks_before_and_after_the_download_are_ignored() -> None:
    """Idle, installing, off line: nobody waits for any."""
    idle, installing = device(), World(device(timings=SMALL))
    drive(idle, PoweredOn(), Connected())
    installing.at(100, push(1, STREAMED))
    installing.run(500)
    stray = BlockReceived(Block("3", 0, CONTENT, 1000))

    assert drive(idle, stray) == ()
    assert drive(installing.agent, stray) == ()
    assert installing.agent.state is UpgradeState.INSTALLING


def test_an_image_by_address_is_not_asked_for_in_blocks() -> None:
    """The two ways do not mix."""
    agent = device()
    drive(agent, PoweredOn(), Connected())

    effects = drive(agent, push(1))

    assert isinstance(effects[-1], StartDownload)
    assert drive(agent, BlockReceived(Block("3", 0, CONTENT, 1000))) == ()


def lossy(lost: set[int]) -> Callable[[BlockRequest], Block | None]:
    """Return a server that does not answer these requests, counted from 0."""
    count = iter(range(1_000_000))
    return lambda request: None if next(count) in lost else block(request)


@given(
    size=st.integers(100, 1200),
    lost=st.sets(st.integers(0, 30), max_size=3),
    cuts=st.lists(st.integers(11, 60_000), max_size=6),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
def test_losses_and_cuts_delay_a_download_and_spoil_nothing(
    size: int, lost: set[int], cuts: list[int]
) -> None:
    """Up to three lost answers and any cuts: the bytes are those of the image, to the last."""
    world = World(device(timings=Timings(block_bytes=size)), cuts_at_ms=cuts)
    world.serve = lossy(lost)
    for number in range(200):
        world.at(1_000 + 997 * number, push(number, STREAMED))

    world.run(600_000)

    assert world.agent.version == "2.0"
    assert failures(world) == []
    offsets = [offset for offset, _ in asked(world)]
    assert offsets == sorted(offsets)
