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
        "the broker turned 1 device away, once in all: ended before it answered CONNECT: reset",
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


def test_a_vendor_that_answers_no_reports_is_not_missed() -> None:
    """Seen from outside its silence is no news; the server's own end of the wire still tells."""
    contract = Record(0, 0, Source.CONTROL, "contract", fields={"answers_reports": False})
    spoken = wire("delivered", "p/a", "p/b")

    assert warnings([contract, *spoken]) == ()
    assert len(warnings([contract, *STARTED, *spoken])) == 1


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


def control(kind: str, **fields: Any) -> list[Record]:  # noqa: ANN401 - any field
    """Return a record of what we did."""
    return [Record(0, 0, Source.CONTROL, kind, fields=fields)]


def test_what_was_planted_and_is_none_is_told_first() -> None:
    """Its promise reads as if the verdict had missed it."""
    log = [*wire("turned_away", "p/a", why="reset"), *control("plants_nothing", why="B1: nothing.")]

    assert warnings(log) == (
        "B1: nothing.",
        "the broker turned 1 device away, once in all: reset",
    )


def test_who_is_turned_away_by_plan_is_no_news() -> None:
    """While a scenario's event lasts, and only of its devices."""
    log = [
        *control("fault_injected", id="disconnect-1", devices=["p/a", "p/b"]),
        *wire("turned_away", "p/a", "p/c", why="reset"),
        *control("fault_healed", id="disconnect-1"),
    ]

    assert warnings(log) == ("the broker turned 1 device away, once in all: reset",)


def test_a_fault_that_is_healed_excuses_nobody() -> None:
    """Nor does one of two that hit the same device, while the other lasts."""
    log = [
        *control("fault_injected", id="disconnect-1", devices=["p/a"]),
        *control("fault_injected", id="disconnect-2", devices=["p/a", "p/b"]),
        *control("fault_healed", id="disconnect-2"),
        *wire("turned_away", "p/a", "p/b", why="reset"),
    ]

    assert warnings(log) == ("the broker turned 1 device away, once in all: reset",)


@pytest.mark.parametrize(
    ("devices", "who"),
    [
        (["p/b", "p/a"], "2 devices busy (p/a, p/b);"),
        ([f"p/{number}" for number in range(5)], "5 devices busy (p/0, p/1, p/2 and 2 more);"),
    ],
)
def test_devices_that_other_jobs_may_keep_busy_are_named(devices: list[str], who: str) -> None:
    """Those that other jobs do keep busy are known, and no reason to warn."""
    log = control("kept_by_others", devices=["p/x"], untold=devices)

    (told,) = warnings(log)

    assert told.startswith(f"the backend did not tell whether jobs of somebody else keep {who}")
    assert warnings(control("kept_by_others", devices=["p/x"], untold=[])) == ()


def seen(at_ms: int, job: str, kind: str = "rows", **fields: Any) -> Record:  # noqa: ANN401 - any
    """Return a record of what the northbound showed of a job."""
    return Record(at_ms, 0, Source.NORTHBOUND, kind, job=job, fields=fields)


def test_a_job_whose_last_look_showed_nothing_is_told() -> None:
    """Each with its reason, and with when the last look began that showed it."""
    whole = [
        seen(3_000, "j-1", t0=2_900),
        seen(4_642, "j-1", t0=4_142),
        seen(9_000, "j-2", t0=8_000),
        seen(9_500, "", t0=9_400),
    ]
    lost = [
        seen(60_000, "j-1", "unread", why="connection refused"),
        seen(61_000, "j-3", "unread", why="no answer came"),
    ]

    assert warnings(whole) == ()
    begin, middle = "the last look at job", "; what the backend shows of it was"
    assert warnings([*whole, *lost]) == (
        f"{begin} j-1 showed nothing (connection refused){middle} last read at 4.1 s",
        f"{begin} j-3 showed nothing (no answer came){middle} never read",
    )


def test_of_many_jobs_that_were_not_read_three_are_named() -> None:
    """The log has the others."""
    told = warnings([seen(60_000, f"j-{number}", "unread", why="x") for number in range(5)])

    assert len(told) == 4
    assert told[-1] == "nor did the last look at 2 more of its jobs show anything"
