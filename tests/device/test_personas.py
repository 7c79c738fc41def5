"""Personas: the catalogue, what `bind` accepts, and how each behaves."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_sim.device.conduct import HEALTHY, Conduct, Persona
from fleet_sim.device.events import (
    Acknowledged,
    Connected,
    ConnectionLost,
    Note,
    PoweredOn,
    Publish,
    Timer,
    TimerFired,
)
from fleet_sim.device.personas import PERSONAS, bind
from fleet_sim.device.states import UpgradeState
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    FailureReport,
    ProgressReport,
    UpgradeReply,
    VersionReport,
)
from tests.device.world import FINISHED, OTHER, World, device, drive, online, push

IDS = {
    "healthy": "",
    "brick": "F05",
    "bad_digest": "F15",
    "stuck_at_n": "F23",
    "progress_dup": "F27",
    "silent_success": "F33",
    "offline_at_push": "F45",
    "no_ack": "F46",
    "ack_then_silent": "F47",
    "flap": "F48",
}
FAULTS = {
    "healthy": HEALTHY,
    "brick": Conduct(returns=False),
    "bad_digest": Conduct(flip_bits=1),
    "stuck_at_n": Conduct(stop_percent=50),
    "progress_dup": Conduct(copies=1, copy_after_ms=3_000),
    "silent_success": Conduct(reports_version=False),
    "offline_at_push": Conduct(away_until_ms=120_000),
    "no_ack": Conduct(answers_push=False),
    "ack_then_silent": Conduct(silent_after_reply=True),
    "flap": Conduct(up_ms=20_000, down_ms=5000),
}


def test_the_catalogue_has_the_known_ids() -> None:
    """Names in scenarios, numbers in the list of failure modes."""
    assert {name: kind.id for name, kind in PERSONAS.items()} == IDS


@pytest.mark.parametrize("name", PERSONAS)
def test_each_persona_says_in_one_sentence_what_it_does(name: str) -> None:
    """One sentence, and so does each knob."""
    kind = PERSONAS[name]

    for about in (kind.about, *(knob.about for knob in kind.knobs)):
        assert re.fullmatch(r"[A-Z][^.]*\.", about)


@pytest.mark.parametrize("name", PERSONAS)
def test_defaults_bind_to_the_fault(name: str) -> None:
    """Without knobs: every attempt, for certain, with the default numbers."""
    assert bind(name) == Persona(name, FAULTS[name], 1.0, None)


@pytest.mark.parametrize("name", PERSONAS)
def test_every_default_is_a_legal_value(name: str) -> None:
    """Whoever writes the defaults out gets the same persona."""
    knobs = {knob.name: knob.default for knob in PERSONAS[name].knobs}

    assert bind(name, knobs) == bind(name)


def test_knobs_are_bound() -> None:
    """Seconds become milliseconds, lists are sorted."""
    assert bind("flap", {"up_s": 0.5, "down_s": 2, "attempts": [3, 1, 3]}) == Persona(
        "flap", Conduct(up_ms=500, down_ms=2000), 1.0, (1, 3)
    )
    assert bind("brick", {"probability": 0.25, "attempts": 2}) == Persona(
        "brick", Conduct(returns=False), 0.25, 2
    )


@pytest.mark.parametrize(
    ("name", "knobs", "message"),
    [
        ("flop", {}, '"flop" is no persona; there are healthy, brick, '),
        ("brick", {"n": 1}, 'brick has no knob "n"; it has probability, attempts'),
        ("healthy", {"attempts": 1}, 'healthy has no knob "attempts"; it has none at all'),
        ("flap", {"up_s": 0}, "flap.up_s is 0; it must be a number from 0.1 to 129600 s"),
        ("flap", {"up_s": "20s"}, "flap.up_s is '20s'; it must be a number"),
        ("flap", {"up_s": True}, "flap.up_s is True; it must be a number"),
        ("flap", {"up_s": float("nan")}, "flap.up_s is nan; it must be a number"),
        ("flap", {"up_s": None}, "flap.up_s is None; it must be a number"),
        ("stuck_at_n", {"n": 100}, "stuck_at_n.n is 100; it must be a whole number from 0 to 99"),
        ("stuck_at_n", {"n": 1.5}, "stuck_at_n.n is 1.5; it must be a whole number"),
        ("bad_digest", {"flip_bits": 0}, "bad_digest.flip_bits is 0; it must be a whole number"),
        (
            "brick",
            {"probability": 1.1},
            "brick.probability is 1.1; it must be a number from 0 to 1",
        ),
        ("brick", {"attempts": 0}, "brick.attempts is 0; it must be a whole number from 1 to 100"),
        ("brick", {"attempts": []}, "brick.attempts is []"),
        ("brick", {"attempts": [1, 0]}, "brick.attempts is [1, 0]"),
        ("brick", {"attempts": "first"}, "brick.attempts is 'first'"),
        ("brick", {"attempts": True}, "brick.attempts is True"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(
    name: str, knobs: dict[str, object], message: str
) -> None:
    """What is wrong, where, and what would be right."""
    with pytest.raises(ValueError, match=re.escape(message)):
        bind(name, knobs)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=3)
# A busy machine is no reason to fail.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(
    name=st.sampled_from(sorted(PERSONAS)),
    knobs=st.dictionaries(
        st.sampled_from(["probability", "attempts", "n", "up_s", "until_s", "flip_bits"]), ANYTHING
    ),
)
def test_whatever_a_scenario_says_is_bound_or_refused(name: str, knobs: dict[str, object]) -> None:
    """No value gets past the door as another exception."""
    try:
        persona = bind(name, knobs)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert persona.name == name


# Each in the world


def test_a_brick_says_100_and_is_gone() -> None:
    """It leaves for its reboot and no event brings it back."""
    world = World(device("brick"))
    world.at(100, push(1))

    world.run(10_000)

    assert world.said()[-1] == ProgressReport("6", 100)
    assert world.noted[-1][1] == Note("gone", {"why": "did not return from its reboot"})
    assert world.agent.is_gone
    assert drive(world.agent, PoweredOn()) == ()


def test_flipped_bits_fail_the_digest() -> None:
    """The download is ordered with the flip, so that the bytes are really wrong."""
    world = World(device("bad_digest", {"flip_bits": 3}))
    world.at(100, push(1))

    world.run(10_000)

    assert world.downloads[0].flip_bits == 3
    last = world.said()[-1]
    assert isinstance(last, FailureReport)
    assert last.cause is FailureCause.VERIFY
    assert world.agent.version == "1.0"


@pytest.mark.parametrize(
    ("n", "percents"),
    [(0, [0]), (30, [0, 25, 30]), (50, [0, 25, 50]), (99, [0, 25, 50, 75, 99])],
)
def test_progress_stops_at_n(n: int, percents: list[int]) -> None:
    """The last percentage is n itself, whatever the step; the bytes are forgotten."""
    world = World(device("stuck_at_n", {"n": n}))
    world.at(100, push(1))

    world.run(60_000)

    reported = [each.percent for each in world.said() if isinstance(each, ProgressReport)]
    assert reported == percents
    assert world.notes("silent") == [Note("silent", {"request": "r-1", "why": f"stuck at {n} %"})]
    assert world.agent.state is UpgradeState.QUIET


def test_a_small_image_that_comes_whole_gets_stuck_too() -> None:
    """No mark on the way is needed to stop at n."""
    agent = online("stuck_at_n")
    drive(agent, push(1))

    effects = drive(agent, FINISHED)

    assert effects[1:] == (
        Publish(ProgressReport("3", 50), "r-1"),
        Note("silent", {"request": "r-1", "why": "stuck at 50 %"}),
    )


def test_a_stuck_device_is_healthy_outside_its_attempts() -> None:
    """The second push brings it to the new version."""
    world = World(device("stuck_at_n", {"attempts": 1}))
    world.at(100, push(1))
    world.at(10_000, push(2))

    world.run(20_000)

    assert world.agent.version == "2.0"
    assert world.said()[-1] == VersionReport("10", "2.0", after_upgrade=True)


def test_silent_success_runs_the_new_version_and_keeps_it_secret() -> None:
    """It says 100, boots the new image, and no reconnect makes it report the version."""
    world = World(device("silent_success"), cuts_at_ms=[20_000, 30_000])
    world.at(100, push(1))

    world.run(60_000)

    assert world.agent.version == "2.0"
    assert world.agent.is_online
    assert world.said()[-1] == ProgressReport("6", 100)
    assert VersionReport not in [type(each) for at, each in world.heard if at > 100]
    assert len(world.notes("silent")) == 1


def test_silent_success_speaks_at_the_next_push() -> None:
    """Outside its attempts it says what it runs, then and later, without another download."""
    world = World(device("silent_success", {"attempts": 1}), cuts_at_ms=[25_000])
    world.at(100, push(1))
    world.at(20_000, push(2))

    world.run(30_000)

    assert world.said()[-3:] == [
        UpgradeReply("r-2"),
        VersionReport("7", "2.0", after_upgrade=True),
        VersionReport("8", "2.0"),
    ]
    assert len(world.downloads) == 1


def test_silent_success_in_every_attempt_claims_100_again() -> None:
    """The second push is answered by another 100 and no version."""
    world = World(device("silent_success"))
    world.at(100, push(1))
    world.at(20_000, push(2))

    world.run(30_000)

    assert world.said()[-2:] == [UpgradeReply("r-2"), ProgressReport("7", 100)]
    assert [note.fields["request"] for note in world.notes("silent")] == ["r-1", "r-2"]


def test_silent_success_is_silent_about_a_repeated_push_too() -> None:
    """A push repeated between 100 and reboot is answered, and noted as one that stays open."""
    agent = online("silent_success")
    drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 1))

    assert drive(agent, push(2)) == (
        Publish(UpgradeReply("r-2"), "r-2"),
        Publish(ProgressReport("4", 100), "r-2"),
        Note("silent", {"request": "r-2", "why": "100 %, but no version report"}),
    )


def test_a_100_that_was_lost_is_owed_by_who_keeps_its_version() -> None:
    """Without it the server would not see the upgrade that F33 is about."""
    agent = online("silent_success")
    drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 1), TimerFired(Timer.FLUSH, 2))
    drive(agent, TimerFired(Timer.REBOOT, 3))

    assert drive(agent, Connected()) == (Publish(ProgressReport("3", 100), "r-1"),)


def test_offline_at_push_reports_once_and_stays_away() -> None:
    """It leaves when the server has its version, and returns at its hour."""
    world = World(device("offline_at_push", {"until_s": 60}))

    world.run(59_999)
    assert world.heard == [(10, VersionReport("1", "1.0"))]
    assert not world.agent.is_online

    world.run(70_000)
    assert world.heard[1:] == [(60_010, VersionReport("2", "1.0"))]
    assert world.agent.is_online


def test_offline_at_push_takes_the_push_once_back() -> None:
    """From then on it is healthy, and does not leave again."""
    world = World(device("offline_at_push", {"until_s": 60}))
    world.at(61_000, push(1))

    world.run(70_000)

    assert world.agent.version == "2.0"
    assert world.agent.is_online


def test_offline_at_push_stays_if_the_push_came_first() -> None:
    """Who was asked before it could leave has no absence to make good later."""
    world = World(device("offline_at_push", {"until_s": 60}))
    world.at(15, push(1))

    world.run(30_000)

    assert world.agent.version == "2.0"
    assert world.agent.is_online


def test_no_ack_takes_the_push_and_says_nothing() -> None:
    """Not even the reply; but a new connection still brings its version report."""
    world = World(device("no_ack"), cuts_at_ms=[5000])
    world.at(100, push(1))

    world.run(60_000)

    assert world.said() == [VersionReport("1", "1.0"), VersionReport("2", "1.0")]
    assert world.notes("silent") == [
        Note("silent", {"request": "r-1", "why": "does not answer the push"})
    ]


def test_ack_then_silent_answers_and_says_nothing_more() -> None:
    """The reply is all."""
    world = World(device("ack_then_silent"))
    world.at(100, push(1))

    world.run(60_000)

    assert world.said() == [VersionReport("1", "1.0"), UpgradeReply("r-1")]
    assert len(world.notes("silent")) == 1


def test_a_copy_of_the_push_does_not_wake_a_quiet_device() -> None:
    """Only another id is another attempt."""
    agent = online("ack_then_silent")
    drive(agent, push(1))

    assert drive(agent, push(1)) == ()
    assert drive(agent, push(2))[0] == Publish(UpgradeReply("r-2"), "r-2")


def test_flap_goes_up_and_down_by_its_knobs() -> None:
    """Up for 20 s, away for 5 s, and a version report on each return."""
    world = World(device("flap"))

    world.run(80_000)

    assert [at for at, _ in world.heard] == [10, 25_020, 50_030, 75_040]


def test_flap_counts_from_each_connection() -> None:
    """A connection that breaks by itself takes its countdown with it, and so does a reboot."""
    agent = online("flap")
    drive(agent, ConnectionLost("reset"))
    assert drive(agent, TimerFired(Timer.FLAP, 1)) == ()

    agent = online("flap")
    drive(agent, push(1), FINISHED, TimerFired(Timer.INSTALL, 2), Acknowledged("3"))
    assert agent.state is UpgradeState.REBOOTING
    assert drive(agent, TimerFired(Timer.FLAP, 1)) == ()


def test_a_flapping_device_still_gets_its_version() -> None:
    """The download goes on over the gaps, from the byte where it broke."""
    world = World(device("flap", {"up_s": 0.4, "down_s": 0.1}))
    world.at(100, push(1))

    world.run(20_000)

    assert world.agent.version == "2.0"
    assert [start.offset for start in world.downloads] == [0, 310, 710]
    assert VersionReport in [type(each) for at, each in world.heard if at > 3000]


def test_an_attempt_that_chance_spares_is_healthy() -> None:
    """With probability 0 a brick is no brick."""
    world = World(device("brick", {"probability": 0}))
    world.at(100, push(1))

    world.run(10_000)

    assert world.agent.version == "2.0"


def test_attempts_are_counted_for_each_version() -> None:
    """The first attempt at another version is a first attempt."""
    world = World(device("ack_then_silent", {"attempts": 1}))
    world.at(100, push(1))
    world.at(1000, push(2))
    world.at(20_000, push(3, OTHER))
    world.at(30_000, push(4, OTHER))

    world.run(40_000)

    assert [note.fields["request"] for note in world.notes("silent")] == ["r-1", "r-3"]
    assert world.agent.version == "3.0"
