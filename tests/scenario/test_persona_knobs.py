import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from fleet_sim.device.personas import PERSONAS, bind
from fleet_sim.scenario.persona_knobs import read_persona


@pytest.mark.parametrize("name", list(PERSONAS))
def test_every_persona_binds_with_its_defaults(name: str) -> None:
    """A share is all that a scenario must say."""
    assert read_persona(name, {}) == bind(name)


@pytest.mark.parametrize("name", list(PERSONAS))
def test_every_knob_takes_its_own_default(name: str) -> None:
    """Writing the default out changes nothing: our check and the device room's agree."""
    knobs = {knob.name: knob.default for knob in PERSONAS[name].knobs}

    assert read_persona(name, knobs) == bind(name)


@pytest.mark.parametrize(
    ("raw", "attempts"), [("all", None), (2, 2), ([3, 1], (1, 3)), ([2], (2,))]
)
def test_attempts_are_the_first_n_a_list_or_all(raw: object, attempts: object) -> None:
    """As the failure modes' common knob has it."""
    assert read_persona("brick", {"attempts": raw}).attempts == attempts


def test_an_unknown_persona_is_about_the_name() -> None:
    """It has no knobs to complain of."""
    with pytest.raises(PydanticCustomError, match='did you mean "brick"'):
        read_persona("brik", {"x": 1})


def test_all_wrong_knobs_are_told_together() -> None:
    """Each where it stands."""
    knobs = {"up_s": -1, "down_s": True, "probability": "x", "attempts": [], "n": 5}

    with pytest.raises(ValidationError) as caught:
        read_persona("flap", knobs)

    assert [error["loc"] for error in caught.value.errors()] == [(knob,) for knob in knobs]


def test_whole_knobs_take_whole_numbers_only() -> None:
    """Half a percent step is no percent step."""
    with pytest.raises(ValidationError, match="write a whole number, it goes from 0 to 99"):
        read_persona("stuck_at_n", {"n": 50.5})
