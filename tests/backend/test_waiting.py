from typing import Any

from fleet_sim.model.northbound import (
    CancelTasks,
    ConfirmTasks,
    Retry,
    RetryTasks,
    StartJob,
    StopJob,
    TaskStatus,
    Window,
)
from tests.backend.playbook import EPOCH_MS, Server, contract

QUEUED, PUSHED, FAILED = TaskStatus.QUEUED, TaskStatus.PUSHED, TaskStatus.FAILED
ONLINE_MS = 90_000_000
PATIENT = contract(online_timeout_s=90_000)


def _absent(server: Server, **order: Any) -> str:  # noqa: ANN401 - as ordered
    """Make a job for a device that is known and off line; return its id."""
    server.fleet("d1")
    server.gone("d1")
    return server.job(**order)


def test_a_device_that_stays_away_ends_its_task() -> None:
    """Twenty-five hours after the task was made, not a moment sooner."""
    server = Server(PATIENT)
    job_id = _absent(server)

    server.after(ONLINE_MS - 1)
    before = server.status(job_id, "d1")
    server.after(1)

    row = server.task(job_id, "d1")
    assert (before, row.status, row.desc) == (QUEUED, FAILED, "the device did not come on line")


def test_a_device_that_comes_in_time_is_waited_for_no_longer() -> None:
    """And when it goes again, its whole time begins anew."""
    server = Server(PATIENT)
    job_id = _absent(server, devices_must_ask=True)

    server.after(ONLINE_MS - 1)
    server.connect("d1", version="1.0")
    server.after(ONLINE_MS)
    server.gone("d1")
    server.after(ONLINE_MS - 1)
    before = server.status(job_id, "d1")
    server.after(1)

    assert (before, server.status(job_id, "d1")) == (QUEUED, FAILED)


def test_the_wait_survives_a_restart() -> None:
    """It goes on from where it began."""
    server = Server(PATIENT)
    job_id = _absent(server)
    server.after(ONLINE_MS - 5)

    server.restart()
    server.after(5)

    assert server.status(job_id, "d1") is FAILED


def test_the_wait_begins_when_the_window_opens() -> None:
    """Nobody is missed before pushes are allowed."""
    server = Server(PATIENT)
    opens_ms = 3_600_000
    window = Window(EPOCH_MS + opens_ms, EPOCH_MS + 10 * ONLINE_MS)
    job_id = _absent(server, window=window)

    server.until(opens_ms + ONLINE_MS - 1)
    before = server.status(job_id, "d1")
    server.after(1)

    assert (before, server.status(job_id, "d1")) == (QUEUED, FAILED)


def test_each_wait_is_one_of_the_tasks_attempts() -> None:
    """With retries on timeouts there are as many waits as attempts."""
    server = Server(PATIENT)
    job_id = _absent(server, retry=Retry(1, 60))

    server.after(ONLINE_MS)
    between = server.status(job_id, "d1")
    server.after(60_000 + ONLINE_MS)

    assert (between, server.status(job_id, "d1")) == (QUEUED, FAILED)


def test_an_operators_retry_waits_for_the_device_anew() -> None:
    """Its whole time, from the retry on; and it is not forgotten."""
    server = Server(PATIENT)
    job_id = _absent(server)
    server.after(ONLINE_MS)
    server.call(RetryTasks(job_id, device_keys=("d1",)))

    server.after(ONLINE_MS - 1)
    before = server.status(job_id, "d1")
    server.after(1)

    assert (before, server.status(job_id, "d1")) == (QUEUED, FAILED)


def test_a_retry_does_not_inherit_the_rest_of_an_older_wait() -> None:
    """A task cancelled while it waited had a while left; that is over with it."""
    server = Server(PATIENT)
    job_id = _absent(server)
    server.after(ONLINE_MS - 1)
    server.call(CancelTasks(job_id, ("d1",)))
    server.call(RetryTasks(job_id, device_keys=("d1",)))

    server.after(ONLINE_MS - 1)

    assert server.status(job_id, "d1") is QUEUED


def test_nobody_is_missed_in_a_stopped_job() -> None:
    """The wait ends with the stop, also across a restart, and begins anew with the start."""
    for restarts in (False, True):
        server = Server(PATIENT)
        job_id = _absent(server)
        server.after(ONLINE_MS - 1)
        server.call(StopJob(job_id))
        if restarts:
            server.restart()
        server.after(ONLINE_MS)
        stopped = server.status(job_id, "d1")

        server.call(StartJob(job_id))
        server.after(ONLINE_MS - 1)
        before = server.status(job_id, "d1")
        server.after(1)

        assert (stopped, before, server.status(job_id, "d1")) == (QUEUED, QUEUED, FAILED)


def test_a_device_that_goes_while_the_job_is_stopped_is_missed_after_its_start() -> None:
    """Not from when it went."""
    server = Server(PATIENT)
    server.fleet("d1")
    job_id = server.job(waits_for_connect=True)
    server.call(StopJob(job_id))
    server.gone("d1")
    server.after(ONLINE_MS)
    server.call(StartJob(job_id))
    server.after(ONLINE_MS - 1)
    before = server.status(job_id, "d1")
    server.after(1)

    assert (before, server.status(job_id, "d1")) == (QUEUED, FAILED)


def test_nobody_is_missed_before_somebody_consents() -> None:
    """The wait begins with the consent."""
    server = Server(PATIENT)
    job_id = _absent(server, needs_confirmation=True)
    server.after(2 * ONLINE_MS)
    before = server.status(job_id, "d1")

    server.call(ConfirmTasks((server.task(job_id, "d1").task_id,)))
    server.after(ONLINE_MS)

    assert (before, server.status(job_id, "d1")) == (TaskStatus.UNCONFIRMED, FAILED)


def test_without_a_limit_a_task_waits_for_ever() -> None:
    """As where the vendor names none."""
    server = Server()
    job_id = _absent(server)

    server.after(100 * ONLINE_MS)

    assert server.status(job_id, "d1") is QUEUED
    assert server.brain.next_at_ms is None


def test_a_job_may_wait_for_each_devices_next_connection() -> None:
    """One that is there already is not pushed to before it comes anew."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(waits_for_connect=True)
    while_there = server.status(job_id, "d1")

    server.call(StopJob(job_id))
    server.call(StartJob(job_id))
    still = server.status(job_id, "d1")
    server.connect("d1", version="1.0")

    assert (while_there, still, server.status(job_id, "d1")) == (QUEUED, QUEUED, PUSHED)


def test_the_next_connection_survives_a_restart() -> None:
    """Every device connects anew then."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(waits_for_connect=True)

    server.restart()
    server.connect("d1", version="1.0")

    assert server.status(job_id, "d1") is PUSHED
