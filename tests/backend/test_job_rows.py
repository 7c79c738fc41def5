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
    StopJob,
    TaskStatus,
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
