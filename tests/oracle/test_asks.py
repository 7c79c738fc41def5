"""Questions and offers, at either end of the wire, with answers that are lost."""

from __future__ import annotations

import pytest

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.asks import AskBook, offers
from fleet_sim.oracle.evidence import FOREVER, Device
from tests.oracle.logs import Log, evidence


def read(log: Log) -> Device:
    """Return the only device of a log."""
    (device,) = evidence(log).devices.values()
    return device


def offered(log: Log) -> list[tuple[int, int, str]]:
    """Return each push that is an offer: from when to when it left, and its version."""
    return [(one.lo, one.hi, one.version) for one in read(log).pushes if one.is_offer]


def fleet(*, is_foreign: bool = False) -> Log:
    """Return a log with one device."""
    log = Log(is_foreign=is_foreign)
    log.devices("d1")
    return log


@pytest.mark.parametrize(
    ("is_foreign", "first", "second"),
    [(False, (1_000, 1_010), (2_000, 2_010)), (True, (990, 1_020), (1_990, 2_020))],
)
def test_an_answer_was_decided_between_the_question_and_its_leaving(
    *, is_foreign: bool, first: tuple[int, int], second: tuple[int, int]
) -> None:
    """As far as the end of the wire in the log can tell."""
    log = fleet(is_foreign=is_foreign)
    log.ask(1_000, "d1")
    log.ask(2_000, "d1", "2.0")

    asks = read(log).asks

    assert [(ask.lo, ask.hi) for ask in asks] == [first, second]
    assert [ask.offered for ask in asks] == [(), ("2.0",)]
    assert offered(log) == [(*second, "2.0")]


def test_an_offer_is_named_as_its_device_names_it() -> None:
    """So that its reports find the attempt."""
    log = fleet()
    name = log.ask(2_000, "d1", "2.0")
    log.progress(3_000, "d1", 0)

    device = read(log)

    assert device.pushes[0].request == name == device.reports[-1].request
    assert device.pushes[0].deed == "offered"


def test_offers_and_pushes_stand_in_one_order() -> None:
    """By when they left."""
    log = fleet()
    log.push(1_500, "d1")
    log.ask(1_000, "d1", "2.0")
    log.ask(2_000, "d1", "2.0")

    assert [push.is_offer for push in read(log).pushes] == [True, False, True]


def test_a_question_without_an_answer_stays_open() -> None:
    """Perhaps for ever."""
    log = fleet()
    log.ask(1_000, "d1", is_answered=False)

    (ask,) = read(log).asks

    assert (ask.hi, ask.offered, ask.offer) == (FOREVER, None, None)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_lost_answer_may_have_begun_the_attempt(*, is_foreign: bool) -> None:
    """It went with the connection, and the next one repeats it."""
    log = fleet(is_foreign=is_foreign)
    log.ask(1_000, "d1", is_answered=False)
    log.offline(1_100, "d1")
    log.online(1_900, "d1")
    log.ask(2_000, "d1", "2.0")

    ((lo, hi, _),) = offered(log)

    assert (lo, hi) == ((990, 2_020) if is_foreign else (1_000, 2_010))


def test_a_server_that_had_nothing_to_say_has_begun_nothing() -> None:
    """The connection stood: the answer was not lost, there was none."""
    log = fleet()
    log.ask(1_000, "d1", is_answered=False)
    log.ask(2_000, "d1", "2.0")

    assert offered(log) == [(2_000, 2_010, "2.0")]


def test_a_server_that_was_down_may_have_lost_its_answer() -> None:
    """Its attempt was written down before."""
    log = fleet()
    log.ask(1_000, "d1", is_answered=False)
    log.add(1_005, "C", "fault_injected", id="S01")
    log.add(1_500, "C", "fault_healed", id="S01")
    log.ask(2_000, "d1", "2.0")

    assert offered(log) == [(1_000, 2_010, "2.0")]


def test_an_empty_answer_settles_what_was_lost_before() -> None:
    """Whatever had begun was over by then."""
    log = fleet()
    log.ask(1_000, "d1", is_answered=False)
    log.offline(1_100, "d1")
    log.online(1_200, "d1")
    log.ask(1_300, "d1")
    log.ask(2_000, "d1", "2.0")

    assert offered(log) == [(2_000, 2_010, "2.0")]


def test_each_version_of_a_choice_is_an_offer() -> None:
    """Marked, since the device takes one of them at most."""
    log = fleet()
    log.ask(2_000, "d1", "2.0", "3.0")

    assert [(push.version, push.is_choice) for push in read(log).pushes] == [
        ("2.0", True),
        ("3.0", True),
    ]


def test_of_copies_the_first_question_and_the_first_full_answer_count() -> None:
    """A question may be delivered twice and answered twice."""
    book = AskBook()

    def take(t: int, kind: str, **fields: object) -> None:
        record = Record(t, 0, Source.WIRE, kind, "p/d1", "", {"message": "1", **fields})
        (book.asked if kind == "request_received" else book.offered)(record)

    take(1_000, "request_received")
    take(1_100, "request_received")
    take(1_200, "offer_sent", versions=[])
    take(1_300, "offer_sent", versions=["2.0"])
    take(1_400, "offer_sent", versions=["2.0"])

    (ask,) = book.of("p/d1", has_server_wire=True)
    assert (ask.lo, ask.hi, ask.offered) == (1_000, 1_300, ("2.0",))
    assert book.of("p/d1", has_server_wire=False) == []


def test_a_device_that_never_asked_was_offered_nothing() -> None:
    """Most never do."""
    assert list(offers(Device("p/d1"), [])) == []
