import pytest

from fleet_sim.backend.events import Registered
from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.model.messages import VersionOffer
from fleet_sim.model.northbound import (
    CancelTasks,
    Retry,
    Scope,
    StartJob,
    StopJob,
    TaskStatus,
    Window,
)
from tests.backend.playbook import EPOCH_MS, Server, contract, device, registration, statuses

QUEUED, PUSHED, FAILED = TaskStatus.QUEUED, TaskStatus.PUSHED, TaskStatus.FAILED
HOUR = 3_600_000
KEYS = tuple(f"d{number}" for number in range(6))

# --- cap and order -----------------------------------------------------------------------------


def test_no_more_are_pushed_than_the_cap_allows() -> None:
    """Oldest task first; each end lets the next one through."""
    server = Server()
    server.fleet(*KEYS)

    server.job(concurrency=2)
    at_start = server.pushed()
    server.version("d1", "2.0")
    server.failure("d0")

    assert at_start == ["d0", "d1"]
    assert server.pushed() == ["d0", "d1", "d2", "d3"]


def test_the_default_cap_is_the_contracts() -> None:
    """A job that names none has the vendor's; without one there is no cap."""
    capped, free = Server(contract(cap_default=1)), Server(contract(cap_default=None))
    for server in (capped, free):
        server.fleet(*KEYS)
        server.job()

    assert len(capped.pushed()) == 1
    assert len(free.pushed()) == len(KEYS)


def test_a_retry_takes_a_slot_and_gives_it_back() -> None:
    """While a task waits for its next attempt, another one uses the slot."""
    server = Server()
    server.fleet("a", "b", "c")
    server.job(concurrency=1, retry=Retry(1, 60))

    server.failure("a")
    server.after(60_000)
    busy = server.pushed()
    server.version("b", "2.0")

    assert busy == ["a", "b"]
    assert server.pushed() == ["a", "b", "a"]


def test_a_slot_is_kept_until_the_task_ends_where_promised() -> None:
    """Under `task_end` a task between attempts still counts, and comes first with its own slot."""
    server = Server(contract(slot_freed_at="task_end"))
    server.fleet("a", "b")
    server.gone("a")
    server.job(concurrency=1, retry=Retry(1, 60))
    server.failure("b")
    server.connect("a", version="1.0")

    in_gap = server.pushed()
    server.after(60_000)
    again = server.pushed()
    server.version("b", "2.0")

    assert in_gap == ["b"]
    assert again == ["b", "b"]
    assert server.pushed() == ["b", "b", "a"]


def test_late_timers_never_break_the_cap() -> None:
    """A server that slept through many timeouts fires each once and pushes within the cap."""
    server = Server()
    server.fleet(*KEYS)
    job_id = server.job(concurrency=3, timeout_s=300, retry=Retry(1, 0))
    for key in ("d0", "d1", "d2"):
        server.progress(key, 1)

    server.now_ms = HOUR
    server.until(HOUR)

    shown = list(statuses(server.rows_of(job_id)).values())
    assert shown == ["pushed"] * 3 + ["queued"] * 3
    assert server.pushed() == ["d0", "d1", "d2", "d0", "d1", "d2"]


# --- devices that are away ---------------------------------------------------------------------


def test_an_offline_device_is_pushed_to_when_it_returns() -> None:
    """Its task waits, and takes no slot meanwhile."""
    server = Server()
    server.fleet("a", "b")
    server.gone("a")
    job_id = server.job(concurrency=1)

    while_away = statuses(server.rows_of(job_id))
    server.version("b", "2.0")
    server.connect("a", version="1.0")

    assert while_away == {"a": "queued", "b": "pushed"}
    assert server.pushed() == ["b", "a"]


def test_a_fresh_connection_may_first_say_what_it_runs() -> None:
    """It is pushed to at its report, or when the time for one is over; not at the connect."""
    server = Server()
    server.fleet("talks", "mute")
    server.gone("talks", "mute")
    server.job()

    server.connect("talks", "mute")
    at_connect = server.pushed()
    server.version("talks", "1.0")
    at_report = server.pushed()
    server.after(GRACE_MS - 1)
    almost = server.pushed()
    server.after(1)

    assert at_connect == []
    assert at_report == almost == ["talks"]
    assert server.pushed() == ["talks", "mute"]


def test_a_device_that_returns_upgraded_is_not_pushed_again() -> None:
    """Its report comes before the repeated push would have."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()
    server.gone("d1")

    server.connect("d1", version="2.0")
    server.after(GRACE_MS)

    assert server.status(job_id, "d1") is TaskStatus.SUCCEEDED
    assert server.pushes("d1") == 1


@pytest.mark.parametrize(
    ("rule", "silent", "under_way"),
    [("never", 1, 1), ("while_unanswered", 2, 1), ("always", 2, 2)],
)
def test_the_contract_says_whether_a_reconnect_repeats_the_push(
    rule: str, silent: int, under_way: int
) -> None:
    """The same attempt under a new id, and once a connection."""
    server = Server(contract(repush_on_reconnect=rule))
    server.fleet("silent", "going")
    job_id = server.job(retry=Retry(1, 0))
    server.progress("going", 10)

    server.gone("silent", "going")
    server.connect("silent", "going", version="1.0")
    server.version("silent", "1.0")
    server.after(GRACE_MS)

    assert (server.pushes("silent"), server.pushes("going")) == (silent, under_way)
    assert statuses(server.rows_of(job_id)) == {"silent": "pushed", "going": "under_way"}


def test_consent_is_an_answer_where_it_starts_the_way() -> None:
    """Under `ack` and `push` a device that consented is not asked again."""
    server = Server(contract(upgrading_starts="push"))
    server.fleet("d1")
    server.job()
    server.reply("d1")

    server.gone("d1")
    server.connect("d1", version="1.0")

    assert server.pushes("d1") == 1


def test_a_takeover_is_a_reconnect() -> None:
    """A second connection without the end of the first repeats an unanswered push."""
    server = Server()
    server.fleet("d1")
    server.job()

    server.connect("d1", version="1.0")

    assert server.pushes("d1") == 2


def test_a_stopped_job_repeats_no_push_until_it_is_started() -> None:
    """What a reconnect is owed is paid at the start, unless the device answered meanwhile."""
    server = Server()
    server.fleet("a", "b")
    job_id = server.job()
    server.call(StopJob(job_id))
    server.gone("a", "b")
    server.connect("a", "b", version="1.0")
    stopped = server.pushed()

    server.progress("b", 1)
    server.call(StartJob(job_id))

    assert stopped == ["a", "b"]
    assert server.pushed() == ["a", "b", "a"]


# --- windows -----------------------------------------------------------------------------------


def test_nothing_is_pushed_before_the_window_opens() -> None:
    """At its first instant everybody within the cap is."""
    server = Server()
    server.fleet("a", "b")
    server.job(window=Window(EPOCH_MS + HOUR, EPOCH_MS + 2 * HOUR), concurrency=1)

    before = server.pushed()
    opens_at = server.brain.next_at_ms
    server.until(HOUR)

    assert before == []
    assert opens_at == HOUR
    assert server.pushed() == ["a"]


def test_a_running_attempt_may_end_outside_the_window() -> None:
    """But the next task waits for the next opening."""
    server = Server()
    server.fleet("a", "b")
    window = Window(EPOCH_MS, EPOCH_MS + HOUR, repeat_daily=True)
    job_id = server.job(window=window, concurrency=1)

    server.until(2 * HOUR)
    server.version("a", "2.0")
    closed = statuses(server.rows_of(job_id))
    server.until(24 * HOUR)

    assert closed == {"a": "succeeded", "b": "queued"}
    assert server.pushed() == ["a", "b"]


def test_a_reconnect_outside_the_window_waits_for_it() -> None:
    """A repeated push is a push."""
    server = Server()
    server.fleet("a")
    server.job(window=Window(EPOCH_MS, EPOCH_MS + HOUR, repeat_daily=True))
    server.until(2 * HOUR)
    server.gone("a")
    server.connect("a", version="1.0")

    outside = server.pushes("a")
    server.until(24 * HOUR)

    assert (outside, server.pushes("a")) == (1, 2)


def test_a_window_that_is_over_pushes_no_more() -> None:
    """The task waits for ever, and no timer pretends otherwise."""
    server = Server()
    server.fleet("a")
    server.now_ms = 2 * HOUR

    job_id = server.job(window=Window(EPOCH_MS, EPOCH_MS + HOUR))

    assert server.status(job_id, "a") is QUEUED
    assert server.brain.next_at_ms is None


# --- busy devices ------------------------------------------------------------------------------


def test_a_busy_device_takes_one_job_after_the_other() -> None:
    """The second job's task waits, then starts by itself."""
    server = Server(contract(busy_device="queue"))
    server.fleet("d1")
    first = server.job("2.0")
    second = server.job("3.0")

    while_busy = server.status(second, "d1")
    server.failure("d1")

    assert while_busy is QUEUED
    assert server.status(first, "d1") is FAILED
    assert server.status(second, "d1") is PUSHED


def test_a_newer_job_overwrites_where_promised() -> None:
    """The older task ends with the server's word, the newer is pushed at once."""
    server = Server(contract(busy_device="overwrite"))
    server.fleet("d1")
    first = server.job("2.0")

    second = server.job("3.0")

    row = server.task(first, "d1")
    assert (row.status, row.desc) == (FAILED, "overwritten by a newer job")
    assert server.status(second, "d1") is PUSHED


def test_a_task_whose_device_left_the_source_versions_ends() -> None:
    """The first job brings the device to a version that the second does not start from."""
    server = Server()
    server.fleet("d1")
    server.job("2.0")
    second = server.job("3.0", scope=Scope(versions=("1.0",)))

    server.version("d1", "2.0")

    row = server.task(second, "d1")
    assert (row.status, row.desc) == (FAILED, "the device runs a version that the job is not for")
    assert server.pushes("d1") == 1


def test_a_task_whose_device_left_the_scope_ends() -> None:
    """A device that lost the tag before its push is not pushed to."""
    server = Server()
    server.do(Registered(registration("d1", tags=(("site", "north"),))))
    server.connect("d1", version="1.0")
    server.gone("d1")
    job_id = server.job(scope=Scope(total=False, tags=(("site", ("north",)),)))

    server.do(Registered(registration("d1")))
    server.connect("d1", version="1.0")

    row = server.task(job_id, "d1")
    assert (row.status, row.desc) == (FAILED, "the device has left the scope of the job")
    assert server.pushes("d1") == 0


# --- devices that ask --------------------------------------------------------------------------


def test_devices_that_must_ask_are_offered_and_not_pushed() -> None:
    """The answer starts the attempt; asking again brings the same image and no new attempt."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(devices_must_ask=True)
    before = server.status(job_id, "d1")

    (first,) = server.ask("d1")
    (second,) = server.ask("d1")

    assert before is QUEUED
    assert server.pushes("d1") == 0
    assert isinstance(first, VersionOffer)
    assert isinstance(second, VersionOffer)
    assert [image.version for image in first.images] == ["2.0"]
    assert first.images == second.images
    assert server.status(job_id, "d1") is PUSHED


def test_an_offered_attempt_lives_like_a_pushed_one() -> None:
    """Progress, failure, the gap, the next question, success."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(devices_must_ask=True, retry=Retry(1, 60))
    server.ask("d1")
    server.progress("d1", 5)
    server.failure("d1")

    (in_gap,) = server.ask("d1")
    server.after(60_000)
    (again,) = server.ask("d1")
    server.version("d1", "2.0")
    (upgraded,) = server.ask("d1")

    offers = [each.images for each in (in_gap, again, upgraded) if isinstance(each, VersionOffer)]
    assert [len(images) for images in offers] == [0, 1, 0]
    assert server.status(job_id, "d1") is TaskStatus.SUCCEEDED


def test_an_offer_takes_a_slot() -> None:
    """Beyond the cap a device that asks gets nothing."""
    server = Server()
    server.fleet("a", "b")
    server.job(devices_must_ask=True, concurrency=1)

    server.ask("a")
    (offer,) = server.ask("b")

    assert isinstance(offer, VersionOffer)
    assert offer.images == ()


def test_asking_yields_nothing_in_jobs_that_push() -> None:
    """Neither before nor after the push."""
    server = Server()
    server.fleet("a", "b")
    server.job(concurrency=1)

    offers = [server.ask("a")[0], server.ask("b")[0]]

    assert [offer.images for offer in offers if isinstance(offer, VersionOffer)] == [(), ()]


def test_a_reconnect_repeats_no_offer() -> None:
    """A device that must ask asks again by itself."""
    server = Server()
    server.fleet("d1")
    server.job(devices_must_ask=True)
    server.ask("d1")

    server.gone("d1")
    server.connect("d1", version="1.0")

    assert server.pushes("d1") == 0


def test_a_job_that_may_not_push_offers_nothing_either() -> None:
    """Once it is stopped, also not what it had offered; the running attempt goes on."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(devices_must_ask=True)
    server.ask("d1")
    server.call(StopJob(job_id))

    (offer,) = server.ask("d1")

    assert isinstance(offer, VersionOffer)
    assert offer.images == ()
    assert server.status(job_id, "d1") is PUSHED


def test_where_the_contract_says_so_jobs_to_be_asked_for_push_as_well() -> None:
    """Vendors do not say plainly whether they do."""
    server = Server(contract(pushes_unasked=True))
    server.fleet("d1")
    job_id = server.job(devices_must_ask=True)

    (offer,) = server.ask("d1")

    assert server.pushes("d1") == 1
    assert isinstance(offer, VersionOffer)
    assert offer.images == (server.requests("d1")[0].image,)
    assert server.status(job_id, "d1") is PUSHED


# --- requests that lost their attempt ------------------------------------------------------------


def test_a_held_request_falls_with_its_attempt() -> None:
    """A driver that held a push back learns that it is void; a running attempt's stands."""
    server = Server()
    server.fleet("a", "b")
    job_id = server.job()
    (to_a,), (to_b,) = server.requests("a"), server.requests("b")

    server.version("a", "2.0")
    server.call(CancelTasks(job_id, ("b",)))
    third = server.job("3.0")

    assert not server.brain.stands(device("a"), to_a)
    assert not server.brain.stands(device("b"), to_b)
    assert server.status(third, "b") is PUSHED
    assert server.brain.stands(device("b"), server.requests("b")[-1])


def test_where_the_contract_says_so_whoever_asks_is_offered_what_is_pushed() -> None:
    """What waits for its turn begins so; what was pushed is told again."""
    server = Server(contract(offers_pushed=True))
    server.fleet("a", "b", "c")
    window = Window(EPOCH_MS + HOUR, EPOCH_MS + 2 * HOUR)
    job_id = server.job(concurrency=1)
    server.job("3.0", window=window)

    (pushed,), (full,) = server.ask("a"), server.ask("b")
    server.version("a", "2.0")
    server.failure("b")
    (again,) = server.ask("c")

    image = server.requests("a")[0].image
    offers = [one.images for one in (pushed, full, again) if isinstance(one, VersionOffer)]
    assert offers == [(image,), (), (image,)]
    assert server.status(job_id, "c") is PUSHED


def test_a_held_offer_falls_with_its_attempt() -> None:
    """One that holds nothing always stands: it is an answer, too."""
    server = Server()
    server.fleet("a")
    job_id = server.job(devices_must_ask=True)
    (offer,) = server.ask("a")
    stood = server.brain.stands(device("a"), offer)

    server.call(CancelTasks(job_id, ("a",)))

    assert stood
    assert not server.brain.stands(device("a"), offer)
    assert server.brain.stands(device("a"), VersionOffer("9"))
