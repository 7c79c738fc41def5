import pytest

from fleet_sim.scenario.happenings import Happening
from fleet_sim.scenario.vocabulary import EVENTS
from tests.scenario.writing import loaded, told

TEXT = """\
fleets: {a: {devices: 1, firmware: "1"}}
jobs: [{at: 1m, upgrade: a, to: "2"}]
events: [{at: 2m, %s}]
"""


def test_every_listed_event_can_be_written() -> None:
    """What `list events` shows is what a scenario takes."""
    assert tuple(EVENTS) == Happening.verbs


@pytest.mark.parametrize("verb", ["cancel", "stop", "retry"])
def test_operators_act_on_a_job_that_has_started(verb: str) -> None:
    """After the job it is legal; before it there is nothing to act on."""
    text = TEXT % f"{verb}: a"

    happening = loaded(text).events[0]

    assert (happening.verb, happening.fleet, happening.for_ms) == (verb, "a", None)
    [said] = told(text.replace("at: 2m", "at: 59s"))
    assert f'events.0.{verb} is "a", but no job for it has started by then' in said


def test_devices_may_be_cut_off_before_any_job() -> None:
    """A bad link asks nobody."""
    text = (TEXT % "disconnect: a, for: 1s").replace("at: 2m", "at: 0s")

    assert loaded(text).events[0].for_ms == 1000
