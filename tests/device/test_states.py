"""The table of moves: its shape, and that the agent keeps to it whatever comes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    Acknowledged,
    BlockReceived,
    Connected,
    ConnectionLost,
    Disconnect,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    Event,
    OfferReceived,
    PoweredOn,
    Publish,
    QuestionReceived,
    ReplyReceived,
    RequestReceived,
    Timer,
    TimerFired,
)
from fleet_sim.device.personas import PERSONAS
from fleet_sim.device.states import MOVES, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    Block,
    FailureReport,
    ProgressReport,
    ReportReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionReport,
)
from tests.device.world import CONTENT, FINISHED, IMAGE, OTHER, STREAMED, World, device, drive, push


def in_state(state: UpgradeState) -> DeviceAgent:
    """Return a device that came to a state in the ordinary way."""
    persona = {UpgradeState.QUIET: "ack_then_silent", UpgradeState.GONE: "brick"}
    agent = device(persona.get(state, "healthy"))
    course: dict[Event, UpgradeState] = {
        PoweredOn(): UpgradeState.IDLE,
        Connected(): UpgradeState.IDLE,
        push(1): UpgradeState.DOWNLOADING,
        FINISHED: UpgradeState.INSTALLING,
        TimerFired(Timer.INSTALL, 1): UpgradeState.FINISHING,
        Acknowledged("3"): UpgradeState.REBOOTING,
    }
    for event in course:
        if agent.state is state and (agent.is_online or state is UpgradeState.OFF):
            break
        agent.handle(event, 0)
    assert agent.state is state
    return agent


def test_every_state_has_its_row() -> None:
    """No state is forgotten, and no move leads outside."""
    assert set(MOVES) == set(UpgradeState)
    assert all(after in MOVES for row in MOVES.values() for after in row)


def test_every_state_can_be_reached() -> None:
    """From OFF, over listed moves."""
    reached = {UpgradeState.OFF}
    for _ in UpgradeState:
        reached |= {after for state in reached for after in MOVES[state]}

    assert reached == set(UpgradeState)


def test_gone_is_for_good() -> None:
    """Nothing leads out of it; out of every other state but OFF something leads back to IDLE."""
    assert MOVES[UpgradeState.GONE] == frozenset()
    assert all(UpgradeState.IDLE in row for state, row in MOVES.items() if row)


# A busy machine is no reason to fail.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

EVENTS: tuple[Event, ...] = (
    PoweredOn(),
    Connected(),
    ConnectionLost("reset"),
    push(1),
    push(2, OTHER),
    OfferReceived(VersionOffer("9", (IMAGE,))),
    OfferReceived(VersionOffer("8")),
    push(3, STREAMED),
    push(4, replace(OTHER, module="mcu")),
    QuestionReceived(VersionAsked("5")),
    BlockReceived(Block("3", 0, CONTENT[:300], 1000)),
    BlockReceived(Block("3", 0, b"", 0, 460)),
    ReplyReceived(ReportReply("3", VersionReport, 500)),
    Acknowledged("1"),
    DownloadAdvanced(1, 500),
    FINISHED,
    DownloadCut(1, 600, "reset"),
    DownloadRefused(1, 503),
    *(TimerFired(name, token) for name in Timer for token in (1, 2)),
)


@pytest.mark.parametrize("event", EVENTS, ids=repr)
@pytest.mark.parametrize("state", UpgradeState)
def test_every_event_is_taken_in_every_state(state: UpgradeState, event: Event) -> None:
    """No exception, and no move but those of the table (or staying)."""
    agent = in_state(state)

    agent.handle(event, 100)

    assert agent.state is state or agent.state in MOVES[state]


def test_gone_and_off_say_nothing() -> None:
    """Before power and after the end there is nobody to hear."""
    for event in EVENTS[1:]:
        assert drive(in_state(UpgradeState.OFF), event) == ()
        assert drive(in_state(UpgradeState.GONE), event) == ()


IMAGES = st.sampled_from(
    [IMAGE, OTHER, STREAMED, replace(OTHER, module="mcu"), replace(STREAMED, size_bytes=0),
     *(FirmwareImage(f"{n}.0", "u", n, "aa", "md5") for n in range(4))]
)  # fmt: skip
NUMBERS = st.integers(0, 6)
SIZES = st.integers(-1, 1100)
ANY_EVENT = st.one_of(
    st.sampled_from([PoweredOn(), Connected(), Connected(), ConnectionLost("x")]),
    st.builds(RequestReceived, st.builds(UpgradeRequest, NUMBERS.map(str), IMAGES)),
    st.builds(
        OfferReceived,
        st.builds(VersionOffer, NUMBERS.map(str), st.lists(IMAGES, max_size=2).map(tuple)),
    ),
    st.builds(ReplyReceived, st.builds(ReportReply, NUMBERS.map(str), st.just(ProgressReport))),
    st.builds(Acknowledged, st.integers(0, 30).map(str)),
    st.builds(DownloadAdvanced, NUMBERS, SIZES),
    st.builds(DownloadFinished, NUMBERS, SIZES, st.sampled_from(["aa", "bb"]), st.just("ff")),
    st.builds(DownloadCut, NUMBERS, SIZES, st.just("cut")),
    st.builds(QuestionReceived, st.builds(VersionAsked, NUMBERS.map(str))),
    st.builds(
        BlockReceived,
        st.builds(
            Block,
            st.integers(0, 30).map(str),
            st.sampled_from([0, 300, 600, 999]),
            st.sampled_from([b"", b"x", CONTENT[:300], CONTENT]),
            st.just(1000),
            st.sampled_from([200, 460]),
        ),
    ),
    st.builds(DownloadRefused, NUMBERS, st.just(503)),
    st.builds(TimerFired, st.sampled_from(Timer), st.integers(0, 30)),
)


@given(
    persona=st.sampled_from(sorted(PERSONAS)),
    events=st.lists(ANY_EVENT, max_size=60),
    is_asking=st.booleans(),
)
@settings(PATIENT, max_examples=300)
def test_no_course_of_events_breaks_the_agent(
    persona: str, events: list[Event], is_asking: bool
) -> None:
    """Whatever comes: moves of the table only, and nothing is published off line."""
    timings = Timings(request_on_connect=is_asking, request_every_ms=1000 * is_asking)
    agent = device(persona, timings=timings)
    agent.handle(PoweredOn(), 0)
    states = [agent.state]
    for now_ms, event in enumerate(events):
        effects = agent.handle(event, now_ms)
        states.append(agent.state)
        is_down = isinstance(event, ConnectionLost) or not agent.is_online
        is_leaving = any(isinstance(effect, Disconnect) for effect in effects)
        if is_down and not is_leaving:
            assert not any(isinstance(effect, Publish) for effect in effects)

    assert all(after is before or after in MOVES[before] for before, after in pairwise(states))


@given(
    cuts=st.lists(st.integers(1, 60_000), max_size=12),
    pushed_at_ms=st.lists(st.integers(11, 60_000), min_size=1, max_size=5),
    up_s=st.sampled_from([0.3, 1.0, 5.0]),
    persona=st.sampled_from(["healthy", "flap"]),
)
@settings(PATIENT, max_examples=150)
def test_whoever_is_pushed_again_gets_there(
    cuts: list[int], pushed_at_ms: list[int], up_s: float, persona: str
) -> None:
    """Cuts anywhere: bytes are fetched from where they broke, and the version is reported."""
    knobs: dict[str, object] = {"up_s": up_s, "down_s": 0.2} if persona == "flap" else {}
    world = World(device(persona, knobs), cuts_at_ms=cuts)
    for number, at_ms in enumerate(pushed_at_ms):
        world.at(at_ms, push(number))
    # The server repeats its push on a reconnect; here it does so often enough to meet one.
    for number in range(60):
        world.at(100_000 + 137 * number, push(100 + number))

    world.run(300_000)

    assert world.agent.version == "2.0"
    versions = [each.version for each in world.said() if isinstance(each, VersionReport)]
    assert versions[-1] == "2.0"
    assert not [each for each in world.said() if isinstance(each, FailureReport)]
