import pytest

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    CancelJob,
    GetJob,
    JobRow,
    JobStatus,
    Listed,
    Retry,
    RetryTasks,
    SearchJobs,
    Shown,
    StartJob,
    StopJob,
    TaskStatus,
    UpdateJob,
    Window,
)
from tests.backend.playbook import EPOCH_MS, Server, contract

COMPLETING = contract(job_completes="all_ended", job_planned=True)


def _row(server: Server, job_id: str) -> JobRow:
    answer = server.call(GetJob(job_id))
    assert isinstance(answer, Shown)
    assert isinstance(answer.row, JobRow)
    return answer.row


def test_a_job_counts_its_tasks_by_status() -> None:
    """Each status has its number, and those that timed out are told among the failed."""
    server = Server()
    server.fleet("a", "b", "c", "d", "e")
    job_id = server.job(timeout_s=300, concurrency=4)
    server.version("a", "2.0")
    server.progress("b", 10)
    server.after(300_000)
    server.failure("c")

    row = _row(server, job_id)

    expected = {TaskStatus.SUCCEEDED: 1, TaskStatus.FAILED: 2, TaskStatus.PUSHED: 2}
    assert dict(row.counts) == {status: expected.get(status, 0) for status in TaskStatus}
    assert row.timeouts == 1


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("queued", TaskStatus.QUEUED),
        ("failed", TaskStatus.FAILED),
        ("unchanged", TaskStatus.PUSHED),
    ],
)
def test_a_job_counts_the_tasks_that_are_to_be_tried_again(word: str, shown: TaskStatus) -> None:
    """By what they show, from a failure to the next push; not those an operator begins anew."""
    server = Server(contract(between_attempts_status=(word,)))
    server.fleet("a", "b")
    job_id = server.job(retry=Retry(1, 60))
    found = [_row(server, job_id).retries_due]
    server.failure("a")
    found.append(_row(server, job_id).retries_due)
    server.after(60_000)
    found.append(_row(server, job_id).retries_due)
    server.failure("a")
    server.gone("a")
    server.call(RetryTasks(job_id, ("a",)))
    found.append(_row(server, job_id).retries_due)

    assert found == [(), ((shown, 1),), (), ()]


def test_a_job_is_finished_when_its_tasks_are() -> None:
    """Where the vendor has a word for it."""
    server, other = Server(COMPLETING), Server()
    found = []
    for one in (server, other):
        one.fleet("a")
        job_id = one.job()
        before = _row(one, job_id).status
        one.version("a", "2.0")
        found.append((before, _row(one, job_id).status))

    assert found == [
        (JobStatus.STARTED, JobStatus.FINISHED),
        (JobStatus.STARTED, JobStatus.STARTED),
    ]


def test_a_job_with_an_open_list_is_never_finished() -> None:
    """It is cancelled when somebody ends the list, whatever its tasks do."""
    server = Server(COMPLETING)
    server.fleet("a")
    job_id = server.job(open_list=True)
    server.version("a", "2.0")
    before = _row(server, job_id).status

    server.call(CancelJob(job_id, ends_list=True))

    assert (before, _row(server, job_id).status) == (JobStatus.STARTED, JobStatus.CANCELLED)


def test_a_stopped_job_shows_as_stopped() -> None:
    """Whatever else is true of it."""
    server = Server(COMPLETING)
    job_id = server.job()

    server.call(StopJob(job_id))

    assert _row(server, job_id).status is JobStatus.STOPPED


def test_a_job_is_planned_until_its_window_opens() -> None:
    """Where the vendor has a word for that."""
    server, other = Server(COMPLETING), Server()
    window = Window(EPOCH_MS + 60_000, EPOCH_MS + 10**8)
    found = []
    for one in (server, other):
        one.fleet("a")
        job_id = one.job(window=window)
        before = _row(one, job_id).status
        one.after(60_000)
        found.append((before, _row(one, job_id).status))

    assert found == [
        (JobStatus.PLANNED, JobStatus.STARTED),
        (JobStatus.STARTED, JobStatus.STARTED),
    ]


def test_jobs_are_searched_by_what_they_show() -> None:
    """Not by what is kept of them."""
    server = Server(COMPLETING)
    server.fleet("a")
    done = server.job("2.0")
    server.version("a", "2.0")
    server.job("3.0", open_list=True)

    answer = server.call(SearchJobs(Comparison("status", Operator.EQUAL, ("finished",))))

    assert isinstance(answer, Listed)
    assert [row.job_id for row in answer.rows if isinstance(row, JobRow)] == [done]


def _times(server: Server, job_id: str) -> tuple[int | None, ...]:
    """Return when a job was made, changed, begun and ended, since the server's own start."""
    row = _row(server, job_id)
    times = row.created_epoch_ms, row.updated_epoch_ms, row.started_epoch_ms, row.ended_epoch_ms
    return tuple(None if one is None else one - EPOCH_MS for one in times)


def test_a_job_tells_when_it_ended() -> None:
    """With its last task, where the vendor has a word for that; it is a change of the job."""
    server, other = Server(COMPLETING), Server()
    found = []
    for one in (server, other):
        one.fleet("a", "b")
        job_id = one.job()
        one.after(1_000)
        one.version("a", "2.0")
        before = _times(one, job_id)
        one.after(1_000)
        one.version("b", "2.0")
        one.after(1_000)
        found.append((before, _times(one, job_id)))

    assert found == [((0, 0, 0, None), (0, 2_000, 0, 2_000)), ((0, 0, 0, None), (0, 0, 0, None))]


def test_what_an_operator_does_changes_a_job() -> None:
    """To stop it ends it, to start it again takes that back, to end its list ends it for good."""
    server = Server(COMPLETING)
    server.fleet("a")
    job_id, found = server.job(open_list=True), []
    for call in (
        UpdateJob(job_id, tags=(("k", "v"),)),
        StopJob(job_id),
        StartJob(job_id),
        CancelJob(job_id, ends_list=True),
    ):
        server.after(1_000)
        server.call(call)
        found.append(_times(server, job_id))

    assert found == [
        (0, 1_000, 0, None),
        (0, 2_000, 0, 2_000),
        (0, 3_000, 0, None),
        (0, 4_000, 0, 4_000),
    ]


def test_a_job_begins_with_its_window() -> None:
    """Which changes it; one that was stopped before has not begun."""
    server = Server(COMPLETING)
    server.fleet("a")
    window = Window(EPOCH_MS + 60_000, EPOCH_MS + 10**8)
    first, second = server.job("2.0", window=window), server.job("3.0", window=window)
    planned = _times(server, first)
    server.call(StopJob(second))
    server.after(60_000)

    assert planned == (0, 0, None, None)
    assert _times(server, first) == (0, 60_000, 60_000, None)
    assert _times(server, second) == (0, 0, None, 0)
