"""Every event in every state, attempts and their ends, by the contract's data."""

from collections.abc import Callable

import pytest

from fleet_sim.backend.tasks import MOVES
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import CancelTasks, Retry, RetryTasks, TaskStatus
from tests.backend.playbook import CONTRACT, EPOCH_MS, Server, contract

QUEUED, PUSHED, UNDER_WAY = TaskStatus.QUEUED, TaskStatus.PUSHED, TaskStatus.UNDER_WAY
SUCCEEDED, FAILED = TaskStatus.SUCCEEDED, TaskStatus.FAILED

T_MS = 300_000


# How a fresh job with one device is brought into each state. `BETWEEN` waits for its next attempt.
def _fail_once(server: Server) -> None:
    server.failure("d1")


def _fail_for_good(server: Server) -> None:
    server.failure("d1")
    server.after(60_000)
    server.failure("d1")


STATES: dict[str, Callable[[Server], None]] = {
    "QUEUED": lambda server: server.gone("d1"),
    "PUSHED": lambda _: None,
    "UNDER_WAY": lambda server: server.progress("d1", 10),
    "BETWEEN": _fail_once,
    "SUCCEEDED": lambda server: server.version("d1", "2.0"),
    "FAILED": _fail_for_good,
}

EVENTS: dict[str, Callable[[Server, str], object]] = {
    "progress 50": lambda server, _: server.progress("d1", 50),
    "progress 100": lambda server, _: server.progress("d1", 100),
    "failure": lambda server, _: server.failure("d1"),
    "old version": lambda server, _: server.version("d1", "1.0"),
    "new version": lambda server, _: server.version("d1", "2.0"),
    "third version": lambda server, _: server.version("d1", "7.7"),
    "consent": lambda server, _: server.reply("d1"),
    "refusal": lambda server, _: server.reply("d1", 500),
    "question": lambda server, _: server.ask("d1"),
    "gone": lambda server, _: server.gone("d1"),
    "connected": lambda server, _: server.connect("d1", version="1.0"),
    "timeout": lambda server, _: server.after(T_MS),
    "cancel": lambda server, job: server.call(CancelTasks(job, ("d1",))),
    "retry": lambda server, job: server.call(RetryTasks(job, ("d1",))),
}

# Event to the status after it; "=" stands for no change of anything shown. The order of the columns
# is that of `STATES`. A task between two attempts shows as queued.
EXPECTED: dict[str, str] = {
    # event         QUEUED     PUSHED     UNDER_WAY  BETWEEN    SUCCEEDED  FAILED
    "progress 50": "=          under_way  under_way  =          =          =",
    "progress 100": "=         under_way  under_way  =          =          =",
    "failure": "=              queued     queued     =          =          =",
    "old version": "=          =          =          =          =          =",
    "new version": "failed     succeeded  succeeded  succeeded  =          =",
    "third version": "=        =          failed     =          =          =",
    "consent": "=              =          =          =          =          =",
    "refusal": "=              =          =          =          =          =",
    "question": "=             =          =          =          =          =",
    "gone": "=                 =          =          =          =          =",
    "connected": "pushed       =          =          =          =          =",
    "timeout": "=              =          queued     pushed     =          =",
    "cancel": "failed          failed     =          failed     =          =",
    "retry": "=                =          =          =          =          pushed",
}


def _in(state: str, profile: ContractProfile = CONTRACT, *planted: str) -> tuple[Server, str]:
    server = Server(profile, *planted)
    server.fleet("d1")
    if state == "QUEUED":
        server.gone("d1")
    job_id = server.job(timeout_s=300, retry=Retry(1, 60))
    if state != "QUEUED":
        STATES[state](server)
    return server, job_id


@pytest.mark.parametrize("event", EXPECTED)
@pytest.mark.parametrize(("column", "state"), list(enumerate(STATES)))
def test_every_event_in_every_state(event: str, column: int, state: str) -> None:
    """The table above is the whole behaviour of one task with one retry left or used."""
    expected = EXPECTED[event].split()[column]
    server, job_id = _in(state)
    if state == "QUEUED" and event in {"consent", "refusal"}:
        return  # Nothing was sent that could be answered.
    before = server.task(job_id, "d1")

    EVENTS[event](server, job_id)

    after = server.task(job_id, "d1")
    if expected == "=":
        assert after == before
    else:
        assert after.status.value == expected


def test_no_move_leaves_a_success() -> None:
    """By the table itself: a success is an end, and a cancel but for an operator's retry."""
    assert MOVES[TaskStatus.SUCCEEDED] == frozenset()
    assert MOVES[TaskStatus.CANCELLED] == {TaskStatus.QUEUED, TaskStatus.UNCONFIRMED}
    assert set(MOVES) == set(TaskStatus)


# --- success -----------------------------------------------------------------------------------


def test_only_the_version_report_is_success() -> None:
    """100 % is not, the report is; then progress shows 100."""
    server, job_id = _in("PUSHED")
    server.progress("d1", 100, "installed")
    at_100 = server.status(job_id, "d1")

    server.now_ms = 4_000
    server.version("d1", "2.0")

    row = server.task(job_id, "d1")
    assert at_100 is UNDER_WAY
    assert (row.status, row.progress, row.desc) == (SUCCEEDED, 100, "installed")
    assert row.updated_epoch_ms == EPOCH_MS + 4_000


def test_an_early_report_is_success() -> None:
    """The version counts before 100 % and without any progress."""
    server, job_id = _in("PUSHED")

    server.progress("d1", 30)
    server.version("d1", "2.0")

    row = server.task(job_id, "d1")
    assert (row.status, row.progress) == (SUCCEEDED, 100)


def test_a_report_between_attempts_is_success() -> None:
    """The first attempt timed out, but the device got there: no second push."""
    server, job_id = _in("UNDER_WAY")
    server.after(T_MS)

    server.version("d1", "2.0")
    server.after(1_000_000)

    assert server.status(job_id, "d1") is SUCCEEDED
    assert server.pushes("d1") == 1


def test_a_device_that_got_there_by_itself_is_not_pushed() -> None:
    """A waiting task has nothing left to do and says so; it is no success of the job's."""
    server, job_id = _in("QUEUED")

    server.connect("d1", version="2.0")

    row = server.task(job_id, "d1")
    assert (row.status, row.desc) == (FAILED, "already runs the target version")
    assert server.pushes("d1") == 0


def test_a_late_report_does_not_heal_a_failure() -> None:
    """After the last attempt only the device view follows the device."""
    server, job_id = _in("FAILED")

    server.version("d1", "2.0")

    assert server.status(job_id, "d1") is FAILED


@pytest.mark.parametrize(
    ("end", "expected"), [("timeout", SUCCEEDED), ("failure", FAILED), ("cancel", FAILED)]
)
def test_a_late_report_heals_a_timeout_where_promised(end: str, expected: TaskStatus) -> None:
    """Under `heal` a timeout becomes the success it was; a failure or a cancel does not."""
    server = Server(contract(late_success="heal", cancellable=("under_way",)))
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.progress("d1", 10)
    EVENTS[end](server, job_id)

    server.version("d1", "2.0")

    assert server.status(job_id, "d1") is expected


# --- timeouts ----------------------------------------------------------------------------------


def test_an_attempt_times_out_from_getting_under_way() -> None:
    """Not a millisecond earlier, and with the server's own word for it."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.until(50_000)
    server.progress("d1", 10, "loading")
    server.until(100_000)
    server.progress("d1", 20, "loading")

    server.until(50_000 + T_MS - 1)
    before = server.status(job_id, "d1")
    server.until(50_000 + T_MS)

    row = server.task(job_id, "d1")
    assert before is UNDER_WAY
    assert (row.status, row.progress, row.desc) == (FAILED, 20, "the time for the upgrade is up")


def test_a_silent_device_is_waited_for_where_nothing_else_is_promised() -> None:
    """Read literally, the timer starts at first progress: without any it never does."""
    server, job_id = _in("PUSHED")

    server.after(365 * 86_400_000)

    assert server.status(job_id, "d1") is PUSHED
    assert server.brain.next_at_ms is None


def test_a_silent_device_times_out_where_promised() -> None:
    """The whole time counts from the push; first progress starts it anew, once."""
    server = Server(contract(silent_device="times_out"))
    server.fleet("silent", "slow")
    job_id = server.job(timeout_s=300)
    server.until(200_000)
    server.progress("slow", 1)

    server.until(T_MS)
    at_push_end = (server.status(job_id, "silent"), server.status(job_id, "slow"))
    server.until(200_000 + T_MS)

    assert at_push_end == (FAILED, UNDER_WAY)
    assert server.status(job_id, "slow") is FAILED


def test_an_attempt_times_out_from_the_push_where_promised() -> None:
    """Under that anchor progress changes nothing."""
    server = Server(contract(timeout_anchor="push"))
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.until(200_000)
    server.progress("d1", 1)

    server.until(T_MS)

    assert server.status(job_id, "d1") is FAILED


def test_no_limit_is_no_timer() -> None:
    """Where neither job nor contract has a timeout, an attempt may take for ever."""
    server = Server(contract(timeout_s=None))
    server.fleet("d1")
    server.job()

    server.progress("d1", 1)

    assert server.brain.next_at_ms is None


# --- what starts the way -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "after_push", "after_refusal", "after_consent"),
    [
        ("first_progress", PUSHED, PUSHED, PUSHED),
        ("ack", PUSHED, PUSHED, UNDER_WAY),
        ("push", UNDER_WAY, UNDER_WAY, UNDER_WAY),
    ],
)
def test_the_contract_says_what_gets_a_task_under_way(
    starts: str, after_push: TaskStatus, after_refusal: TaskStatus, after_consent: TaskStatus
) -> None:
    """The push, the device's consent, or its first progress."""
    server = Server(contract(upgrading_starts=starts))
    server.fleet("d1")
    job_id = server.job()

    seen = [server.status(job_id, "d1")]
    for code in (500, 200):
        server.reply("d1", code)
        seen.append(server.status(job_id, "d1"))

    assert seen == [after_push, after_refusal, after_consent]


# --- retries -----------------------------------------------------------------------------------


def test_a_failing_device_is_tried_as_often_as_ordered() -> None:
    """One attempt and two retries, each a gap after the end of the one before it.

    push      fail           push      fail           push      fail
    0 ──5 s──▶ 5 ───gap 60──▶ 65 ─5 s─▶ 70 ──gap 60──▶ 130 ─5 s─▶ 135 failed
    """
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(2, 60))

    for _ in range(3):
        server.after(5_000)
        server.failure("d1", -3, "bad digest")
        server.after(60_000)

    row = server.task(job_id, "d1")
    pushed_at = [at for at, _, message in server.told if message in server.requests("d1")]
    assert pushed_at == [0, 65_000, 130_000]
    assert (row.status, row.progress, row.desc) == (FAILED, -3, "bad digest")


def test_each_attempt_has_its_own_request_id() -> None:
    """No two requests share one, over attempts, repeated pushes and devices."""
    server = Server()
    server.fleet("d1", "d2")
    server.job(retry=Retry(3, 0))
    server.failure("d1")
    server.gone("d1", "d2")
    server.connect("d1", "d2", version="1.0")

    ids = [message.message_id for key in ("d1", "d2") for message in server.requests(key)]

    assert len(ids) == 5
    assert len(set(ids)) == 5
    assert all(each.isdigit() for each in ids)


def test_a_new_attempt_starts_with_a_clean_slate() -> None:
    """Between attempts the failure is still shown; the next push takes it away."""
    server, job_id = _in("BETWEEN")
    between = server.task(job_id, "d1")

    server.after(60_000)

    again = server.task(job_id, "d1")
    assert (between.status, between.progress, between.desc) == (QUEUED, -2, "no room")
    assert (again.status, again.progress, again.desc) == (PUSHED, None, None)


@pytest.mark.parametrize(("retried", "pushes"), [(("failed", "timeout"), 2), (("failed",), 1)])
def test_the_contract_says_whether_timeouts_are_retried(
    retried: tuple[str, ...], pushes: int
) -> None:
    """Some vendors try a timeout again, some never do."""
    server, _ = _in("UNDER_WAY", contract(retry_on=retried))

    server.after(T_MS + 60_000)

    assert server.pushes("d1") == pushes


def test_a_foreign_version_fails_an_attempt_under_way() -> None:
    """With the documented desc; and where the contract says so, it is tried again."""
    server, job_id = _in("UNDER_WAY", contract(retry_on=("failed", "foreign_version")))

    server.version("d1", "7.7")
    first = server.task(job_id, "d1")
    server.after(60_000)

    assert (first.status, first.desc) == (
        QUEUED,
        "the device runs a version that the job is not for",
    )
    assert server.pushes("d1") == 2


def test_the_first_version_that_a_device_ever_tells_is_no_foreign_one() -> None:
    """It was pushed to unseen, and what it ran before, nobody knows."""
    server = Server(contract(must_have_reported_version=False))
    server.register("d1")
    server.connect("d1")
    job_id = server.job(timeout_s=300)
    server.after(60_000)
    server.progress("d1", 10)

    server.version("d1", "1.0")
    server.version("d1", "1.0")
    assert server.status(job_id, "d1") is UNDER_WAY

    server.version("d1", "7.7")
    assert server.status(job_id, "d1") is FAILED


def test_a_foreign_version_is_ignored_where_promised() -> None:
    """The attempt goes on."""
    server, job_id = _in("UNDER_WAY", contract(foreign_version="ignored"))

    server.version("d1", "7.7")

    assert server.status(job_id, "d1") is UNDER_WAY


@pytest.mark.parametrize(
    ("shown", "expected"), [("queued", QUEUED), ("failed", FAILED), ("unchanged", UNDER_WAY)]
)
def test_the_contract_says_what_shows_between_attempts(shown: str, expected: TaskStatus) -> None:
    """Whatever it shows, the next attempt starts and can succeed."""
    server, job_id = _in("UNDER_WAY", contract(between_attempts_status=(shown,)))
    server.failure("d1")

    between = server.status(job_id, "d1")
    server.after(60_000)
    pushed = server.status(job_id, "d1")
    server.version("d1", "2.0")

    assert (between, pushed) == (expected, PUSHED)
    assert server.status(job_id, "d1") is SUCCEEDED


def test_a_retry_round_waits_for_the_whole_job() -> None:
    """Under `after_whole_task` nobody is tried again before everybody was tried once."""
    server = Server(contract(retry_round="after_whole_task"))
    server.fleet("a", "b")
    job_id = server.job(retry=Retry(1, 60))

    server.failure("a")
    server.after(3_600_000)
    waiting = server.pushed()
    server.version("b", "2.0")
    server.after(59_999)
    in_gap = server.pushed()
    server.after(1)

    assert waiting == in_gap == ["a", "b"]
    assert server.pushed() == ["a", "b", "a"]
    assert server.status(job_id, "a") is PUSHED


def test_the_last_failure_of_a_round_opens_the_next() -> None:
    """If everybody fails, everybody is tried again."""
    server = Server(contract(retry_round="after_whole_task"))
    server.fleet("a", "b")
    server.job(retry=Retry(1, 0))

    server.failure("a")
    server.failure("b")

    assert server.pushed() == ["a", "b", "a", "b"]


# --- what is shown -----------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "expected"), [("last", 30), ("max", 60)])
def test_the_contract_says_which_progress_shows(policy: str, expected: int) -> None:
    """The last value or the greatest one; never one that was not sent."""
    server, job_id = _in("PUSHED", contract(progress_policy=policy))

    server.progress("d1", 60)
    server.progress("d1", 30)

    assert server.task(job_id, "d1").progress == expected


def test_a_failure_code_shows_under_either_policy() -> None:
    """A negative code is no progress to be outdone."""
    server, job_id = _in("UNDER_WAY", contract(progress_policy="max"))

    server.failure("d1", -4, "flash")

    assert server.task(job_id, "d1").progress == -4


@pytest.mark.parametrize(("limit", "kept"), [(None, 80_000), (10, 10)])
def test_a_desc_is_stored_up_to_the_stated_limit(limit: int | None, kept: int) -> None:
    """Byte for byte where there is no limit."""
    server, job_id = _in("PUSHED", contract(desc_limit_chars=limit))
    text = "é😀%s';--" * 10_000

    server.progress("d1", 1, text)

    assert server.task(job_id, "d1").desc == text[:kept]
