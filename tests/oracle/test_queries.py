from __future__ import annotations

from fleet_sim.oracle.queries import Book, KnownRow
from tests.oracle.logs import Log, drawn


def book(log: Log, **changes: object) -> Book:
    """Return the searches of a log."""
    return drawn(log, **changes).book  # type: ignore[arg-type]


def rollout() -> Log:
    """Return a log with two rows that a poll showed at 5,000."""
    log = Log()
    log.devices("d1", "d2")
    log.job(1_000)
    log.show("d1", "queued")
    log.show("d2", "failed")
    log.poll(5_000)
    return log


def test_a_row_stands_still_from_its_first_sight_to_its_last() -> None:
    """And only as long as it is the very same."""
    row = KnownRow()
    row.note({"a": 1}, 10, 20)
    row.note({"a": 1}, 50, 60)
    row.note({"a": 2}, 70, 80)

    assert [row.still(20, 50), row.still(19, 50), row.still(20, 51), row.still(80, 70)] == [
        {"a": 1},
        None,
        None,
        {"a": 2},
    ]


def test_steady_and_moving_fields_are_told_apart() -> None:
    """A filter over a job and versions cannot change its result by itself."""
    log = rollout()
    log.probe(6_000, ["all", ["job_id", "=", ["j1"]], ["status", "=", ["failed"]]], "j1-d2")

    poll, probe = book(log).searches

    assert (poll.is_steady, probe.is_steady, probe.jobs) == (True, False, ("j1",))


def test_a_field_that_no_row_has_is_strange() -> None:
    """It must be refused."""
    log = rollout()
    log.refuse(6_000, ["all", ["job_id", "=", ["j1"]], ["noSuchField", "=", ["1"]]])

    assert book(log).searches[-1].strange == {"noSuchField"}


def test_a_filter_over_a_moving_field_has_no_answer_while_it_may_move() -> None:
    """Unless a steady part already decides it."""
    log = rollout()
    log.probe(6_000, ["all", ["status", "=", ["failed"]], ["device_key", "=", ["d2"]]], "j1-d2")
    found = book(log)
    query = found.searches[-1]
    rows = {name: known.versions[-1][2] for name, known in found.known["search_tasks"].items()}

    assert found.verdict(query, rows["j1-d2"], is_still=False) is None
    assert found.verdict(query, rows["j1-d2"], is_still=True) is True
    assert found.verdict(query, rows["j1-d1"], is_still=False) is False


def test_one_part_of_several_is_enough_for_any() -> None:
    """Three values: true wins, else what is unknown."""
    log = rollout()
    log.probe(6_000, ["any", ["status", "=", ["failed"]], ["device_key", "=", ["d2"]]], "j1-d2")
    found = book(log)
    rows = {name: known.versions[-1][2] for name, known in found.known["search_tasks"].items()}

    assert found.verdict(found.searches[-1], rows["j1-d2"], is_still=False) is True
    assert found.verdict(found.searches[-1], rows["j1-d1"], is_still=False) is None


def test_cancelled_and_failed_are_one_word_where_the_contract_says_so() -> None:
    """A search for the one finds the other."""
    log = rollout()
    log.show("d1", "cancelled")
    log.probe(6_000, ["status", "in", ["failed"]], "j1-d1")
    one, apart = book(log), book(log, cancel_shows_as="cancelled")
    row = one.known["search_tasks"]["j1-d1"].versions[-1][2]

    assert one.verdict(one.searches[-1], row, is_still=True) is True
    assert apart.verdict(apart.searches[-1], row, is_still=True) is False


def test_tasks_are_counted_from_when_they_were_first_seen() -> None:
    """By job and instant."""
    found = book(rollout())

    assert [found.known_by("j1", 5_009), found.known_by("j1", 5_010), found.known_by("j2", 9)] == [
        0,
        2,
        0,
    ]


def test_searches_of_another_dialects_jobs_are_not_in_it() -> None:
    """Nor those that cannot be read."""
    log = rollout()
    log.probe(6_000, ["job_id", "=", ["j9"]])
    log.add(7_000, "N", "rows", call="search_jobs", where=["all"])
    log.add(7_000, "N", "rows", call="search_tasks", where=["job_id", "~", ["j1"]])
    log.add(7_000, "N", "rows", call="search_tasks")

    assert len(book(log).searches) == 1


def test_searches_for_devices_belong_to_their_product() -> None:
    """Or to the only dialect there is, if they found none."""
    log = rollout()
    mine = [{"product_key": "p", "device_key": "d1", "firmware_version": "1.0"}]
    other = [{"product_key": "q", "device_key": "d1", "firmware_version": "1.0"}]
    for rows in (mine, other, []):
        fields = {"call": "search_devices", "where": ["all"], "rows": rows}
        log.add(7_000, "N", "rows", t0=6_990, t1=7_000, fields=fields)

    found = book(log)

    assert len(found.searches) == 3
    assert list(found.known["search_devices"]) == ["p/d1"]
