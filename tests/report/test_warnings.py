from typing import Any

import pytest

from fleet_sim.model.record import CLOSED_BY_BROKER, Record, Source
from fleet_sim.report.warnings import warnings


def wire(kind: str, *devices: str, **fields: Any) -> list[Record]:  # noqa: ANN401 - any field
    """Return a record of this kind for each device."""
    return [Record(0, 0, Source.WIRE, kind, device=device, fields=fields) for device in devices]


STARTED = [Record(0, 0, Source.SERVER, "started")]


def test_a_quiet_log_has_none() -> None:
    """Pushes arrive, reports are taken in, and here and there one is lost."""
    log = [
        *STARTED,
        *wire("delivered", "p/a", "p/b", "p/c"),
        *wire("version_received", "p/a", "p/b"),
        *wire("push_sent", "p/a", "p/b", "p/c"),
        *wire("push_received", "p/a", "p/b"),
    ]

    assert warnings(log) == ()


def test_who_was_not_let_in_is_counted_with_the_reason() -> None:
    """The most frequent first, three of them."""
    log = [
        *wire("turned_away", "p/a", "p/a", "p/b", why="CONNACK code 5"),
        *wire("turned_away", "p/c", why="ended before it answered CONNECT: reset"),
    ]

    assert warnings(log) == (
        "the broker turned 2 devices away, 3 times in all: CONNACK code 5",
        "the broker turned 1 device away, 1 times in all: ended before it answered CONNECT: reset",
    )


def cut(*devices: str) -> list[Record]:
    """Return records of devices that the broker cuts off, and lets in again."""
    return [*wire("offline", *devices, why=CLOSED_BY_BROKER), *wire("online", *devices)]


def test_devices_that_another_client_takes_over_are_told() -> None:
    """Once may be a restart; whoever lost its link was not taken over."""
    log = [*cut("p/a", "p/b", "p/c"), *cut("p/a", "p/b"), *cut("p/a")]
    log += [*wire("offline", "p/d", why="link"), *wire("online", "p/d")] * 2

    (told,) = warnings(log)

    assert told.startswith("the broker cut 2 devices off 5 times, and let them in again: ")
    assert warnings([*STARTED, *log]) == ()


def test_refused_subscriptions_are_told() -> None:
    """Each device once."""
    (told,) = warnings(wire("not_subscribed", "p/a", "p/a", "p/b", filters=2))

    assert told.startswith("the broker refused subscriptions of 2 devices;")


@pytest.mark.parametrize(
    ("server", "wanted"), [(STARTED, "reached the backend"), ([], "was answered by the backend")]
)
def test_reports_that_go_no_further_than_the_broker_are_told(
    server: list[Record], wanted: str
) -> None:
    """By the server's own end of the wire; without it, by the answers that devices had."""
    (told,) = warnings([*server, *wire("delivered", "p/a", "p/b")])

    assert told.startswith(f"nothing that 2 devices of 2 said {wanted}")


def test_pushes_that_never_arrive_are_told() -> None:
    """Half of the devices are no accident."""
    log = [
        *STARTED,
        *wire("delivered", "p/a", "p/b"),
        *wire("version_received", "p/a", "p/b"),
        *wire("push_sent", "p/a", "p/b"),
        *wire("push_received", "p/a"),
    ]

    (told,) = warnings(log)

    assert told.startswith("no upgrade request for 1 device of 2 arrived")
