from __future__ import annotations

from fleet_sim.oracle.evidence import Presence


def presence(*changes: tuple[int, bool]) -> Presence:
    """Make one end's view of a device."""
    found = Presence()
    for at_ms, is_online in changes:
        found.note(at_ms, is_online=is_online)
    return found


def test_online_throughout_needs_every_instant() -> None:
    """A gap anywhere in the span, or a span that begins before the first sight, is not enough."""
    seen = presence((10, True), (20, False), (30, True))

    assert [
        seen.is_online_throughout(10, 19),
        seen.is_online_throughout(10, 20),
        seen.is_online_throughout(5, 15),
        seen.is_online_throughout(30, 999),
    ] == [True, False, False, True]


def test_a_change_touches_the_span_it_falls_into() -> None:
    """Both ends of a span belong to it."""
    seen = presence((10, True), (20, False))

    assert [seen.is_touched(0, 10), seen.is_touched(11, 19), seen.is_touched(20, 30)] == [
        True,
        False,
        True,
    ]


def test_coming_online_is_not_going_offline() -> None:
    """Only connections count as a reconnect."""
    seen = presence((10, True), (20, False), (30, True))

    assert [seen.came_online(15, 25), seen.came_online(25, 30)] == [False, True]
