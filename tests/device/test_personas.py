"""The catalogue of personas, and what `bind` accepts."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_sim.device.conduct import HEALTHY, Conduct, Persona
from fleet_sim.device.personas import PERSONAS, bind

IDS = {
    "healthy": "",
    "brick": "F05",
    "bad_digest": "F15",
    "stuck_at_n": "F23",
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
