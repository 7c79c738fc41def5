from __future__ import annotations

from fleet_sim.model.record import Source, from_line, to_line
from tests.oracle.logs import Log


def test_a_message_is_written_at_both_ends() -> None:
    """A report leaves 10 ms before it arrives and is acknowledged 10 ms after."""
    log = Log()

    log.version(1_000, "d1", "2.0")

    kinds = [(one.t, one.kind, one.part) for one in log.in_order()]
    assert kinds == [
        (990, "version_sent", 1),
        (1_000, "version_received", 0),
        (1_010, "delivered", 1),
    ]


def test_a_question_is_written_at_both_ends_and_so_is_its_answer() -> None:
    """Ten milliseconds each way; without an answer there is only the question."""
    log = Log()

    name = log.ask(1_000, "d1", "2.0")
    log.ask(2_000, "d1", is_answered=False)

    assert name == "offer 1"
    assert [(one.t, one.kind, one["message"]) for one in log.in_order()] == [
        (990, "request_sent", "1"),
        (1_000, "request_received", "1"),
        (1_010, "offer_sent", "1"),
        (1_020, "offer_received", "1"),
        (1_990, "request_sent", "2"),
        (2_000, "request_received", "2"),
    ]


def test_a_foreign_log_has_the_devices_end_only() -> None:
    """Nothing of the server's end stands in it."""
    log = Log(is_foreign=True)

    log.devices("d1")
    log.push(1_000, "d1")

    assert {one.side for one in log.records if one.src is Source.WIRE} == {"device"}


def test_a_poll_holds_only_the_rows_that_changed() -> None:
    """The second poll brings nothing, yet walked over the row."""
    log = Log()
    log.show("d1", "queued")

    first, second = log.poll(1_000), log.poll(2_000)

    assert (len(first["rows"]), len(second["rows"]), second["unique"]) == (1, 0, 1)


def test_records_are_lines_of_a_run_log() -> None:
    """What the builder writes can be written to a file and read back."""
    log = Log()
    log.devices("d1")
    log.job(at=1_000, cap=1)
    log.show("d1", "queued")
    log.poll(2_000)

    assert [from_line(to_line(one), one.part) for one in log.records] == log.records
