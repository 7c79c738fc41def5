from dataclasses import replace

import pytest

from fleet_sim.backend.events import DeviceBound
from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.model.messages import GatewayNotice, ReportReply, UpgradeRequest, VersionAsked
from fleet_sim.model.northbound import Retry, Scope, StartJob, StopJob, TaskStatus, Window
from tests.backend.playbook import EPOCH_MS, Server, contract, device

DAY_MS = 86_400_000

ASKING = contract(
    asks_version=True,
    version_answer_timeout_s=180,
    upgrading_starts="push",
    timeout_anchor="push",
    must_have_reported_version=False,
    already_at_target="instant_success",
    unsupported_source="fails",
    retry_on=("failed",),
    repush_on_reconnect="never",
)


def test_a_device_is_asked_before_it_is_pushed_to() -> None:
    """Its answer brings the push; until then the task shows as it did while it waited."""
    server = Server(ASKING)
    server.fleet("a")
    job_id = server.job()
    asked = (server.asked("a"), server.pushes("a"), server.status(job_id, "a"))

    server.version("a", "1.0")

    assert asked == (1, 0, TaskStatus.QUEUED)
    assert (server.asked("a"), server.pushes("a")) == (1, 1)
    assert server.status(job_id, "a") is TaskStatus.UNDER_WAY


def test_a_device_that_has_never_reported_is_asked_as_well() -> None:
    """That is what the question is for."""
    server = Server(ASKING)
    server.register("a")
    server.connect("a")

    job_id = server.job()
    server.after(GRACE_MS)
    server.version("a", "1.0")

    assert server.status(job_id, "a") is TaskStatus.UNDER_WAY


def test_an_answer_with_the_target_is_an_instant_success() -> None:
    """Nothing is pushed."""
    server = Server(ASKING)
    server.fleet("a")
    job_id = server.job()

    server.version("a", "2.0")

    assert (server.status(job_id, "a"), server.pushes("a")) == (TaskStatus.SUCCEEDED, 0)


def test_an_answer_with_a_version_that_is_not_supported_fails() -> None:
    """Nothing is pushed, and it is not tried again where the contract does not say so."""
    server = Server(ASKING)
    server.fleet("a", version="0.9")
    job_id = server.job(firmware_id=server.upload(from_versions=("1.0",)), retry=Retry(2, 0))

    server.version("a", "0.9")

    row = server.task(job_id, "a")
    assert (row.status, row.desc) == (
        TaskStatus.FAILED,
        "the device runs a version that the job is not for",
    )
    assert server.pushes("a") == 0


def test_a_device_that_does_not_answer_has_failed() -> None:
    """After three minutes, not a moment sooner, and also across a restart."""
    for restarts in (False, True):
        server = Server(ASKING)
        server.fleet("a")
        job_id = server.job()
        server.after(179_999)
        before = server.status(job_id, "a")
        if restarts:
            server.restart()
        server.after(1)

        row = server.task(job_id, "a")
        assert before is TaskStatus.QUEUED
        assert row.status is TaskStatus.FAILED
        assert row.desc == "the device did not say which version it runs"


def test_what_else_a_device_says_is_no_answer() -> None:
    """Progress of an earlier attempt, say, or a failure that comes late."""
    server = Server(ASKING)
    server.fleet("a")
    job_id = server.job()

    server.progress("a", 50)
    server.failure("a")

    assert server.status(job_id, "a") is TaskStatus.QUEUED
    assert server.task(job_id, "a").progress is None


def test_an_answer_after_the_window_has_closed_pushes_nothing() -> None:
    """The question counts for nothing then: the task is in line, and asked anew the next day."""
    server = Server(replace(ASKING, window_min_s=0, cap_default=1))
    server.fleet("a")
    window = Window(EPOCH_MS, EPOCH_MS + 60_000, repeat_daily=True)
    job_id = server.job(window=window)
    server.until(150_000)

    server.version("a", "1.0")
    row = server.task(job_id, "a")
    (state,) = server.brain._books.tasks.values()
    closed = (server.asked("a"), server.pushes("a"), row.status, state.has_slot, row.desc)
    server.until(DAY_MS)
    server.version("a", "1.0")

    assert closed == (1, 0, TaskStatus.QUEUED, False, None)
    assert (server.asked("a"), server.pushes("a")) == (2, 1)


def test_an_answer_after_the_job_was_stopped_pushes_nothing() -> None:
    """Once it is started again the device is asked anew; a single attempt is enough for that."""
    server = Server(ASKING)
    server.fleet("a")
    job_id = server.job()
    server.call(StopJob(job_id))

    server.version("a", "1.0")
    server.after(180_000)
    stopped = (server.asked("a"), server.pushes("a"), server.status(job_id, "a"))
    server.call(StartJob(job_id))
    server.version("a", "1.0")

    assert stopped == (1, 0, TaskStatus.QUEUED)
    assert (server.asked("a"), server.pushes("a")) == (2, 1)


def test_a_stopped_job_still_learns_that_a_device_is_there_already() -> None:
    """Nothing has to be pushed for that."""
    server = Server(ASKING)
    server.fleet("a")
    job_id = server.job()
    server.call(StopJob(job_id))

    server.version("a", "2.0")

    assert server.status(job_id, "a") is TaskStatus.SUCCEEDED


def test_a_kept_slot_is_not_lost_by_asking_in_vain() -> None:
    """Where tasks keep theirs to the end, one between two attempts is still counted."""
    server = Server(replace(ASKING, slot_freed_at="task_end", cap_default=1))
    server.fleet("a", "b")
    job_id = server.job(retry=Retry(1, 0))
    server.version("a", "1.0")
    server.failure("a")
    server.call(StopJob(job_id))

    server.version("a", "1.0")
    server.call(StartJob(job_id))

    assert (server.asked("a"), server.asked("b")) == (3, 0)


def test_a_question_counts_as_the_beginning_of_an_attempt() -> None:
    """With one retry there are two: one that came to nothing, and one that failed."""
    server = Server(replace(ASKING, retry_on=("failed", "timeout")))
    server.fleet("a")
    job_id = server.job(retry=Retry(1, 0))
    server.after(180_000)
    server.version("a", "1.0")
    server.failure("a")

    assert (server.asked("a"), server.pushes("a")) == (2, 1)
    assert server.status(job_id, "a") is TaskStatus.FAILED


def test_a_question_is_repeated_where_pushes_are() -> None:
    """To a device that comes back without an answer."""
    server = Server(replace(ASKING, repush_on_reconnect="always"))
    server.fleet("a")
    server.job()

    server.connect("a")
    server.after(GRACE_MS)

    assert (server.asked("a"), server.pushes("a")) == (2, 0)


def test_requests_and_questions_have_ids_of_their_own() -> None:
    """Digits only, and never one twice."""
    server = Server(replace(ASKING, repush_on_reconnect="always"))
    server.fleet("a")
    server.job()
    server.version("a", "1.0")
    server.connect("a", version="1.0")

    ids = [one.message_id for _, _, one in server.told if not isinstance(one, ReportReply)]

    assert len(ids) == len(set(ids)) == 3
    assert all(one.isdigit() for one in ids)


# --- what gateways are told --------------------------------------------------------------------


def notices(server: Server) -> list[tuple[str, GatewayNotice | None]]:
    """Return whom each question and each request was for, and what its gateway is told there."""
    return [
        (who, message.notice)
        for _, who, message in server.told
        if isinstance(message, VersionAsked | UpgradeRequest)
    ]


def family(server: Server) -> None:
    """Put two children of one gateway on line, one of another, and the first gateway itself."""
    server.fleet("g1")
    for key, gateway in (("a", "g1"), ("b", "g1"), ("c", "g2")):
        server.register(key, gateway=device(gateway))
    server.connect("a", "b", "c", version="1.0")


def test_a_gateway_is_told_how_many_of_its_children_a_job_has() -> None:
    """With the question and with the request, also after a restart; it is no child of its own."""
    server = Server(ASKING)
    family(server)
    job_id = server.job(gateway_extra='{"a":1}')
    server.restart()
    server.connect("a", version="1.0")
    two, one = (GatewayNotice(job_id, count, '{"a":1}') for count in (2, 1))

    assert sorted(notices(server), key=lambda told: told[0]) == [
        ("a", two), ("a", two), ("b", two), ("c", one), ("g1", two),
    ]  # fmt: skip


@pytest.mark.parametrize("restarts", [False, True])
def test_a_child_counts_for_the_gateway_that_it_has_now(*, restarts: bool) -> None:
    """It may get another, be set free, or be bound for the first time; a restart changes nothing.

    A list of devices that is read anew at a start speaks when the tasks are back from the store.
    """
    server = Server(ASKING)
    family(server)
    server.fleet("d")
    job_id = server.job(gateway_extra="")
    told = len(notices(server))

    if restarts:
        server.restart()
    server.register("a", "d", gateway=device("g2"))
    server.do(DeviceBound(device("b"), None))
    for key in ("g1", "b", "c"):
        server.connect(key, version="1.0")

    none, three = (GatewayNotice(job_id, count, "") for count in (0, 3))
    assert notices(server)[told:] == [("g1", none), ("b", none), ("c", three)]


def test_a_child_that_has_no_task_does_not_count() -> None:
    """Of two children, one is in the job's scope."""
    server = Server(ASKING)
    family(server)

    job_id = server.job(scope=Scope(total=False, device_keys=("a",)), gateway_extra="")

    assert notices(server) == [("a", GatewayNotice(job_id, 1))]


def test_without_the_operators_word_gateways_are_told_nothing() -> None:
    """Of the job; their children are asked and pushed to as ever."""
    server = Server(ASKING)
    family(server)

    server.job()
    server.version("a", "1.0")

    assert {notice for _, notice in notices(server)} == {None}
    assert server.pushes("a") == 1
