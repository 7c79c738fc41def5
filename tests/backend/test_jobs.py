from dataclasses import replace

import pytest

from fleet_sim.backend.events import Registered
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    Answer,
    CancelTasks,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Done,
    GetJob,
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    Scope,
    Shown,
    StartJob,
    StopJob,
    TaskStatus,
)
from tests.backend.playbook import (
    CONTRACT,
    EPOCH_MS,
    PRODUCT,
    Server,
    contract,
    registration,
    statuses,
)

# --- who gets a task ---------------------------------------------------------------------------


def test_a_job_has_one_task_for_each_device_that_needs_it() -> None:
    """Devices at the target, of another product, or without a report get none."""
    server = Server()
    server.fleet("old-a", "old-b")
    server.fleet("new", version="2.0")
    server.register("mute")
    server.connect("mute")

    job_id = server.job()

    assert statuses(server.rows_of(job_id)) == {"old-a": "pushed", "old-b": "pushed"}


def test_source_versions_choose_among_devices() -> None:
    """Only devices that reported one of them get a task."""
    server = Server()
    server.fleet("a", version="1.0")
    server.fleet("b", version="1.1")
    server.fleet("c", version="0.9")

    job_id = server.job(scope=Scope(versions=("1.0", "1.1")))

    assert set(statuses(server.rows_of(job_id))) == {"a", "b"}


def test_a_partial_scope_takes_the_devices_it_names() -> None:
    """Named devices that do not exist are no tasks."""
    server = Server()
    server.fleet("a", "b")

    job_id = server.job(scope=Scope(total=False, device_keys=("b", "nobody")))

    assert set(statuses(server.rows_of(job_id))) == {"b"}


def test_a_snapshot_takes_no_late_joiners() -> None:
    """A device that matches only after creation gets no task."""
    server = Server()
    server.fleet("early")
    job_id = server.job()

    server.fleet("late")

    assert set(statuses(server.rows_of(job_id))) == {"early"}


def test_an_open_list_takes_late_joiners() -> None:
    """Under `incremental` a device joins once it matches, and only once."""
    server = Server()
    server.fleet("early")
    job_id = server.job(open_list=True)

    server.fleet("late")
    server.version("late", "1.0")
    server.fleet("done", version="2.0")

    assert statuses(server.rows_of(job_id)) == {"early": "pushed", "late": "pushed"}


def test_an_open_list_takes_devices_that_gain_a_tag() -> None:
    """A new registration of a known device can make it match."""
    server = Server()
    server.fleet("d1")
    scope = Scope(total=False, tags=(("site", ("north",)),))
    job_id = server.job(open_list=True, scope=scope)

    server.do(Registered(registration("d1", tags=(("site", "north"),))))

    assert statuses(server.rows_of(job_id)) == {"d1": "pushed"}


def test_devices_without_a_report_can_be_taken() -> None:
    """Where the contract does not ask for a known version, they get a task, but not by version."""
    server = Server(contract(must_have_reported_version=False))
    server.register("d1")

    any_version = server.job()
    by_version = server.job(scope=Scope(versions=("1.0",)))

    assert [row.from_version for row in server.rows_of(any_version)] == [""]
    assert server.rows_of(by_version) == []


def test_devices_at_the_target_succeed_at_once_where_promised() -> None:
    """Under `instant_success` they get a task that needs no push."""
    server = Server(contract(already_at_target="instant_success"))
    server.fleet("d1", version="2.0")

    job_id = server.job()

    assert statuses(server.rows_of(job_id)) == {"d1": "succeeded"}
    assert server.pushes("d1") == 0


def test_a_new_task_shows_where_it_comes_from() -> None:
    """Versions, device and time of a fresh task, and nothing reported yet."""
    server = Server()
    server.register("d1", asset_id="asset-1")
    server.connect("d1", version="1.0")
    server.gone("d1")
    server.now_ms = 70

    job_id = server.job()

    (row,) = server.rows_of(job_id)
    assert (row.product_key, row.device_key, row.asset_id) == (PRODUCT, "d1", "asset-1")
    assert (row.from_version, row.to_version) == ("1.0", "2.0")
    assert (row.status, row.progress, row.desc) == (TaskStatus.QUEUED, None, None)
    assert row.updated_epoch_ms == EPOCH_MS + 70
    assert row.job_id == job_id


# --- orders that cannot be taken ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "change", "refused"),
    [
        (CONTRACT, {"firmware_id": "x"}, Refused(Refusal.NO_SUCH_FIRMWARE, "x")),
        (
            CONTRACT,
            {"scope": Scope(product_key="other")},
            Refused(Refusal.BAD_ARGUMENT, "product_key: the firmware is another product's"),
        ),
        (
            CONTRACT,
            {"scope": Scope(versions=("1.0", "2.0"))},
            Refused(Refusal.BAD_ARGUMENT, "versions: the firmware's own version is among them"),
        ),
        (
            contract(retry_needs_source_versions=True),
            {"retry": Retry(1, 0)},
            Refused(Refusal.BAD_ARGUMENT, "versions: a job with retries must name them"),
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    profile: ContractProfile, change: dict[str, object], refused: Answer
) -> None:
    """The refusal says why, and there is neither job nor task nor push."""
    server = Server(profile)
    server.fleet("d1")
    order = JobOrder(server.upload(), "upgrade", Scope())

    answer = server.call(CreateJob(replace(order, **change)))  # type: ignore[arg-type]

    assert answer == refused
    assert "jobs" not in server.rows
    assert server.pushed() == []


def test_a_firmware_without_product_needs_one_in_the_scope() -> None:
    """With it the job takes that product's devices, without it the order is refused."""
    server = Server()
    server.fleet("d1")
    firmware_id = server.upload(product_key="")

    refused = server.call(CreateJob(JobOrder(firmware_id, "upgrade", Scope())))
    job_id = server.job(firmware_id=firmware_id, scope=Scope(product_key=PRODUCT))

    assert refused == Refused(
        Refusal.BAD_ARGUMENT, "product_key: neither firmware nor scope has one"
    )
    assert set(statuses(server.rows_of(job_id))) == {"d1"}


# --- what a job shows --------------------------------------------------------------------------


def test_a_job_shows_its_order_with_the_defaults_filled_in() -> None:
    """Timeout and cap are those that hold, whoever chose them."""
    server = Server()
    server.now_ms = 9
    names = Names("night", (("en_US", "night"),))

    firmware_id = server.upload()
    job_id = server.job(names=names)

    order = JobOrder(firmware_id, "upgrade", Scope(), names=names, timeout_s=7_200, concurrency=300)
    row = JobRow(job_id, PRODUCT, order, "2.0", Names("fw 2.0"), JobStatus.STARTED, EPOCH_MS + 9)
    counts = tuple((status, 0) for status in TaskStatus)
    at_ms = EPOCH_MS + 9
    row = replace(row, counts=counts, updated_epoch_ms=at_ms, started_epoch_ms=at_ms)
    assert server.call(GetJob(job_id)) == Shown(row)


def test_ids_are_new_for_every_job_and_task() -> None:
    """Even after a job was deleted and the server started anew."""
    server = Server()
    server.fleet("d1")
    first = server.job()
    task_id = server.rows_of(first)[0].task_id
    server.call(StopJob(first))
    server.call(DeleteJob(first))
    server.restart()

    second = server.job()

    assert second != first
    assert server.rows_of(second)[0].task_id != task_id


# --- stop, start, delete -----------------------------------------------------------------------


def test_a_stopped_job_pushes_nothing_new_and_lets_attempts_finish() -> None:
    """The device under way succeeds; the one behind it waits until the job is started again."""
    server = Server()
    server.fleet("a", "b")
    job_id = server.job(concurrency=1)

    stopped = server.call(StopJob(job_id))
    server.version("a", "2.0")
    while_stopped = server.pushed()
    started = server.call(StartJob(job_id))

    assert stopped == started == Done()
    assert while_stopped == ["a"]
    assert statuses(server.rows_of(job_id)) == {"a": "succeeded", "b": "pushed"}


def test_starting_and_stopping_twice_is_refused() -> None:
    """Each says in which state the job already is."""
    server = Server()
    job_id = server.job()

    assert server.call(StartJob(job_id)) == Refused(Refusal.JOB_STARTED, job_id)
    server.call(StopJob(job_id))
    assert server.call(StopJob(job_id)) == Refused(Refusal.JOB_STOPPED, job_id)


def test_a_running_job_cannot_be_deleted() -> None:
    """It has to be stopped first; then it goes with its tasks."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()

    running = server.call(DeleteJob(job_id))
    server.call(StopJob(job_id))
    deleted = server.call(DeleteJob(job_id))

    assert running == Refused(Refusal.JOB_RUNNING, job_id)
    assert deleted == Done()
    assert server.call(GetJob(job_id)) == Refused(Refusal.NO_SUCH_JOB, job_id)
    assert server.rows["tasks"] == server.rows["jobs"] == {}


def test_a_deleted_job_frees_its_devices_and_its_timers() -> None:
    """A device it was busy with takes the next job's upgrade; no timer is left."""
    server = Server()
    server.fleet("d1")
    first = server.job()
    server.progress("d1", 10)
    second = server.job("3.0")

    server.call(StopJob(first))
    server.call(DeleteJob(first))

    assert server.status(second, "d1") is TaskStatus.PUSHED
    assert server.brain.next_at_ms is None


@pytest.mark.parametrize(
    "call",
    [
        GetJob("x"),
        StartJob("x"),
        StopJob("x"),
        DeleteJob("x"),
        CancelTasks("x", ("d1",)),
        RetryTasks("x", ("d1",)),
    ],
)
def test_calls_on_an_unknown_job_say_so(
    call: GetJob | StartJob | StopJob | DeleteJob | CancelTasks | RetryTasks,
) -> None:
    """Every call that names a job refuses one that was never given."""
    assert Server().call(call) == Refused(Refusal.NO_SUCH_JOB, "x")


# --- cancel and retry --------------------------------------------------------------------------


def _mixed() -> tuple[Server, str]:
    """Return a job with a task in each state: under way, pushed, failed, succeeded, queued."""
    server = Server()
    server.fleet("done", "failed", "going", "pushed", "waiting")
    server.gone("waiting")
    job_id = server.job()
    server.version("done", "2.0")
    server.failure("failed")
    server.progress("going", 40)
    return server, job_id


def test_waiting_and_pushed_tasks_can_be_cancelled() -> None:
    """They fail with the vendor's text and no progress, and are never pushed again."""
    server, job_id = _mixed()
    before = server.pushed()

    answer = server.call(CancelTasks(job_id, ("waiting", "pushed")))
    server.connect("waiting", "pushed", version="1.0")

    assert answer == Done()
    for key in ("waiting", "pushed"):
        row = server.task(job_id, key)
        assert (row.status, row.progress, row.desc) == (TaskStatus.FAILED, None, "user cancel")
    assert server.pushed() == before


@pytest.mark.parametrize("key", ["going", "done", "failed"])
def test_cancelling_is_all_or_nothing(key: str) -> None:
    """One task that is under way or over refuses the whole call."""
    server, job_id = _mixed()
    before = server.rows_of(job_id)

    answer = server.call(CancelTasks(job_id, ("waiting", key)))

    assert answer == Refused(Refusal.TASK_NOT_CANCELLABLE, key)
    assert server.rows_of(job_id) == before


def test_a_cancelled_task_frees_its_slot() -> None:
    """The next in line is pushed at once."""
    server = Server()
    server.fleet("a", "b")
    job_id = server.job(concurrency=1)

    server.call(CancelTasks(job_id, ("a",)))

    assert server.pushed() == ["a", "b"]


def test_a_cancelled_task_ignores_its_device() -> None:
    """Whatever the device goes on to do, the task stays cancelled; its version is shown."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()
    server.call(CancelTasks(job_id, ("d1",)))
    before = server.rows_of(job_id)

    server.progress("d1", 100)
    server.failure("d1")
    server.version("d1", "2.0")

    assert server.rows_of(job_id) == before


def test_cancelled_is_a_status_of_its_own_where_promised() -> None:
    """Under a contract with that word the task shows it, and cannot be retried."""
    server = Server(contract(cancel_shows_as="cancelled", cancel_descs=()))
    server.fleet("d1")
    job_id = server.job()

    server.call(CancelTasks(job_id, ("d1",)))

    assert server.status(job_id, "d1") is TaskStatus.CANCELLED
    assert server.call(RetryTasks(job_id, ("d1",))) == Refused(Refusal.TASK_NOT_FAILED, "d1")


def test_failed_tasks_can_be_retried() -> None:
    """They start again with all their attempts, and without a gap."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 60))
    server.failure("d1")
    server.after(60_000)
    server.failure("d1")

    answer = server.call(RetryTasks(job_id, ("d1",)))
    again = server.task(job_id, "d1")
    server.failure("d1")
    server.after(60_000)
    server.version("d1", "2.0")

    assert answer == Done()
    assert (again.status, again.progress, again.desc) == (TaskStatus.PUSHED, None, None)
    assert server.pushes("d1") == 4
    assert server.status(job_id, "d1") is TaskStatus.SUCCEEDED


@pytest.mark.parametrize("key", ["going", "done", "pushed", "waiting"])
def test_retrying_is_all_or_nothing(key: str) -> None:
    """One task that has not failed refuses the whole call."""
    server, job_id = _mixed()
    before = server.rows_of(job_id)

    answer = server.call(RetryTasks(job_id, ("failed", key)))

    assert answer == Refused(Refusal.TASK_NOT_FAILED, key)
    assert server.rows_of(job_id) == before


def test_a_task_between_attempts_has_not_failed() -> None:
    """Even where it shows as failed, an operator cannot retry it: it is retried anyway."""
    server = Server(contract(between_attempts_status=("failed",)))
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 60))
    server.failure("d1")

    shown = server.status(job_id, "d1")
    answer = server.call(RetryTasks(job_id, ("d1",)))
    server.after(60_000)

    assert shown is TaskStatus.FAILED
    assert answer == Refused(Refusal.TASK_NOT_FAILED, "d1")
    assert server.pushes("d1") == 2


@pytest.mark.parametrize("call", [CancelTasks, RetryTasks])
def test_cancel_and_retry_want_a_running_job_and_known_devices(
    call: type[CancelTasks] | type[RetryTasks],
) -> None:
    """An unknown device, or a stopped job: refused, each in its own words."""
    server, job_id = _mixed()

    unknown = server.call(call(job_id, ("nobody",)))
    server.call(StopJob(job_id))
    stopped = server.call(call(job_id, ("waiting",)))

    assert unknown == Refused(Refusal.BAD_ARGUMENT, "device_keys: nobody has no task in the job")
    assert stopped == Refused(Refusal.JOB_NOT_RUNNING, job_id)


def test_naming_a_device_twice_is_naming_it_once() -> None:
    """A repeated key does not make the call fail half way."""
    server, job_id = _mixed()

    assert server.call(CancelTasks(job_id, ("waiting", "waiting"))) == Done()


def test_a_retry_needs_the_firmware() -> None:
    """If it was deleted meanwhile, the retry is refused and the task stays failed."""
    server = Server()
    server.fleet("d1")
    firmware_id = server.upload()
    job_id = server.job(firmware_id=firmware_id)
    server.failure("d1")
    server.call(DeleteFirmware(firmware_id))

    answer = server.call(RetryTasks(job_id, ("d1",)))

    assert answer == Refused(Refusal.NO_SUCH_FIRMWARE, firmware_id)
    assert server.status(job_id, "d1") is TaskStatus.FAILED
