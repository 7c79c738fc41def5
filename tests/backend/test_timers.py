from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.backend.timers import Timers


@dataclass(eq=False)
class Subject:
    """The least a timer needs."""

    number: int
    due_at_ms: int | None = None


def test_an_empty_set_of_timers_has_no_next() -> None:
    """Nothing armed, nothing due."""
    timers = Timers()

    assert timers.next_at_ms is None
    assert list(timers.due(1_000)) == []


def test_arming_anew_replaces_the_old_deadline() -> None:
    """The earlier entry is forgotten, whichever way the deadline moved."""
    timers = Timers()
    subject = Subject(1)
    timers.arm(subject, 100)
    timers.arm(subject, 300)

    assert list(timers.due(200)) == []
    assert timers.next_at_ms == 300


def test_disarmed_subjects_never_fire() -> None:
    """None takes the deadline away."""
    timers = Timers()
    subject = Subject(1)
    timers.arm(subject, 100)
    timers.arm(subject, None)

    assert timers.next_at_ms is None


def test_a_deadline_fires_once_even_if_armed_twice_for_one_instant() -> None:
    """Two entries that say the same are one deadline."""
    timers = Timers()
    subject = Subject(1)
    timers.arm(subject, 100)
    timers.arm(subject, 100)

    assert list(timers.due(100)) == [subject]


def test_of_one_instant_the_older_subject_comes_first() -> None:
    """The order does not depend on the order of arming."""
    timers = Timers()
    young, old = Subject(2), Subject(1)
    timers.arm(young, 100)
    timers.arm(old, 100)

    assert list(timers.due(100)) == [old, young]


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 50)), max_size=60))
def test_timers_fire_as_a_plain_table_would(moves: list[tuple[int, int | None]]) -> None:
    """Against a dictionary of deadlines: the same subjects fire, earliest first."""
    timers = Timers()
    subjects = [Subject(number) for number in range(10)]
    table: dict[int, int] = {}
    for number, at_ms in moves:
        timers.arm(subjects[number], at_ms)
        table.pop(number, None)
        if at_ms is not None:
            table[number] = at_ms

    fired = [subject.number for subject in timers.due(25)]

    expected = sorted((at, number) for number, at in table.items() if at <= 25)
    assert fired == [number for _, number in expected]
    assert timers.next_at_ms == min((at for at in table.values() if at > 25), default=None)
