import pytest

from fleet_sim.model.northbound import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    Done,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    TaskStatus,
    Window,
)
from tests.backend.playbook import EPOCH_MS, Server, contract, statuses

KEYS = ("a", "b", "c", "d")
UNCONFIRMED, QUEUED, PUSHED = TaskStatus.UNCONFIRMED, TaskStatus.QUEUED, TaskStatus.PUSHED
UNDER_WAY, FAILED = TaskStatus.UNDER_WAY, TaskStatus.FAILED
GENEROUS = contract(
    cancel_shows_as="cancelled", cancellable=("queued", "pushed", "under_way"), cancel_descs=()
)


# --- consent -------------------------------------------------------------------------------------


def _unconfirmed(server: Server) -> tuple[str, list[str]]:
    server.fleet("a", "b")
    job_id = server.job(needs_confirmation=True)
    return job_id, [row.task_id for row in server.rows_of(job_id)]


def test_a_task_waits_for_consent() -> None:
    """It is not pushed, and its device does not even get it by asking."""
    server = Server()
    server.fleet("a")
    job_id = server.job(needs_confirmation=True, devices_must_ask=True)

    server.ask("a")

    assert server.status(job_id, "a") is UNCONFIRMED
    assert server.pushes("a") == 0


def test_consent_puts_a_task_in_line() -> None:
    """That one, and no other."""
    server = Server()
    job_id, ids = _unconfirmed(server)

    answer = server.call(ConfirmTasks((ids[0],)))

    assert answer == Done()
    assert statuses(server.rows_of(job_id)) == {"a": "pushed", "b": "unconfirmed"}


def test_consent_is_given_to_all_or_to_none() -> None:
    """One that does not exist, or does not wait, spoils the call."""
    server = Server()
    job_id, ids = _unconfirmed(server)
    server.call(ConfirmTasks((ids[0],)))

    answers = [
        server.call(ConfirmTasks(tuple(wanted)))
        for wanted in ([ids[1], "nobody"], [ids[1], ids[0]], [])
    ]

    assert answers == [
        Refused(Refusal.NO_SUCH_TASK, "nobody"),
        Refused(Refusal.BAD_ARGUMENT, f"task_ids: {ids[0]} does not wait for consent"),
        Refused(Refusal.BAD_ARGUMENT, "task_ids: there are none"),
    ]
    assert server.status(job_id, "b") is UNCONFIRMED


@pytest.mark.parametrize("is_named", [True, False])
def test_what_nobody_consented_to_waits_for_it_when_tried_again(*, is_named: bool) -> None:
    """By its name or among all of them, and after a restart; what has consent is in line."""
    server = Server(contract(reopenable=("failed", "cancelled"), cancel_shows_as="cancelled"))
    job_id, ids = _unconfirmed(server)
    server.call(ConfirmTasks((ids[0],)))
    server.call(CancelTasks(job_id, ("a", "b")))
    server.restart()

    answer = server.call(RetryTasks(job_id, task_ids=tuple(ids) if is_named else ()))
    before = statuses(server.rows_of(job_id))
    server.connect("a", "b", version="1.0")
    meanwhile = statuses(server.rows_of(job_id))
    consent = server.call(ConfirmTasks((ids[1],)))

    assert (answer, consent) == (Done(), Done())
    assert before == {"a": "queued", "b": "unconfirmed"}
    assert meanwhile == {"a": "pushed", "b": "unconfirmed"}
    assert statuses(server.rows_of(job_id)) == {"a": "pushed", "b": "pushed"}


def test_a_device_that_was_busy_is_asked_for_consent_afterwards() -> None:
    """Its task had failed before anybody could consent; tried again, somebody can."""
    server = Server(contract(busy_device="refuse"))
    server.fleet("a")
    server.job("2.0")
    job_id = server.job("3.0", needs_confirmation=True)
    (busy,) = server.rows_of(job_id)
    server.version("a", "2.0")

    server.call(RetryTasks(job_id))
    tried_again = server.status(job_id, "a")
    server.call(ConfirmTasks((busy.task_id,)))

    assert (busy.status, tried_again) == (FAILED, UNCONFIRMED)
    assert server.status(job_id, "a") is PUSHED
    assert [one.image.version for one in server.requests("a")] == ["2.0", "3.0"]


def test_a_task_without_consent_may_be_cancelled() -> None:
    """As a queued one may."""
    server = Server()
    job_id, _ = _unconfirmed(server)

    assert server.call(CancelTasks(job_id, ("a",))) == Done()
    assert server.status(job_id, "a") is FAILED


# --- cancel by status -----------------------------------------------------------------------------


def _mixed() -> tuple[Server, str]:
    """A job with a task in each state: queued `a`, pushed `b`, under way `c`, done `d`."""
    server = Server(GENEROUS)
    server.fleet(*KEYS)
    server.gone("a")
    job_id = server.job()
    server.progress("c", 5)
    server.version("d", "2.0")
    return server, job_id


@pytest.mark.parametrize(
    ("wanted", "hit"),
    [
        ((QUEUED,), {"a"}),
        ((PUSHED, UNDER_WAY), {"b", "c"}),
        ((UNCONFIRMED,), set()),
        ((QUEUED, PUSHED, UNDER_WAY), {"a", "b", "c"}),
    ],
)
def test_a_jobs_tasks_are_cancelled_by_how_they_stand(
    wanted: tuple[TaskStatus, ...], hit: set[str]
) -> None:
    """Those that have ended stay as they are."""
    server, job_id = _mixed()

    answer = server.call(CancelJob(job_id, wanted))

    shown = statuses(server.rows_of(job_id))
    assert answer == Done()
    assert {key for key, status in shown.items() if status == "cancelled"} == hit
    assert shown["d"] == "succeeded"


def test_a_status_that_cannot_be_cancelled_spoils_the_call() -> None:
    """By the contract, and an end by its nature."""
    server = Server()
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 5)

    answers = [server.call(CancelJob(job_id, (PUSHED, one))) for one in (UNDER_WAY, FAILED)]

    assert answers == [
        Refused(Refusal.TASK_NOT_CANCELLABLE, "under_way"),
        Refused(Refusal.TASK_NOT_CANCELLABLE, "failed"),
    ]
    assert server.status(job_id, "a") is UNDER_WAY


def test_a_cancel_of_nothing_is_refused() -> None:
    """No status and no list; a frozen list; a list that was ended; a job that is none."""
    server = Server()
    frozen, ended = server.job("2.0"), server.job("3.0", open_list=True)
    server.call(CancelJob(ended, ends_list=True))

    answers = [
        server.call(CancelJob(frozen)),
        server.call(CancelJob(frozen, ends_list=True)),
        server.call(CancelJob(ended, ends_list=True)),
        server.call(CancelJob("nobody", ends_list=True)),
    ]

    no_list = Refused(Refusal.BAD_ARGUMENT, "ends_list: the job has no open list")
    assert answers == [
        Refused(Refusal.BAD_ARGUMENT, "statuses: there are none"),
        no_list,
        no_list,
        Refused(Refusal.NO_SUCH_JOB, "nobody"),
    ]


def test_a_cancel_may_be_for_a_job_that_has_yet_to_open() -> None:
    """Then all its tasks end; once it has opened, none does for that reason."""
    server = Server(GENEROUS)
    server.fleet("a", "b")
    window = Window(EPOCH_MS + 3_600_000, EPOCH_MS + 7_200_000)
    waits, runs = server.job("2.0", window=window), server.job("3.0")

    answers = [server.call(CancelJob(job, is_planned=True)) for job in (waits, runs)]

    assert answers == [Done(), Done()]
    assert statuses(server.rows_of(waits)) == {"a": "cancelled", "b": "cancelled"}
    assert "cancelled" not in statuses(server.rows_of(runs)).values()


def test_a_cancel_of_a_firmware_is_for_all_its_jobs() -> None:
    """Of these devices, what has not ended; who has nothing to do for it spoils the call."""
    server = Server(GENEROUS)
    server.fleet("a", "b")
    firmware_id = server.upload("2.0")
    jobs = [server.job(firmware_id=firmware_id) for _ in range(2)]

    answers = [
        server.call(CancelTasks("", keys, firmware_id=firmware_id))
        for keys in ((), ("a", "nobody"), ("a",))
    ]

    assert answers == [
        Refused(Refusal.BAD_ARGUMENT, "device_keys: there are none"),
        Refused(Refusal.BAD_ARGUMENT, "device_keys: nobody has no task of the firmware"),
        Done(),
    ]
    shown = [statuses(server.rows_of(job)) for job in jobs]
    assert {one["a"] for one in shown} == {"cancelled"}
    assert "cancelled" not in {one["b"] for one in shown}


def test_a_cancel_names_the_jobs_own_firmware_and_product() -> None:
    """Where it names them at all; another's, or none that is known, is refused."""
    server = Server()
    server.fleet("a")
    job_id = server.job()

    answers = [
        server.call(call)
        for call in (
            CancelTasks("", ("a",), firmware_id="f-none"),
            CancelTasks(job_id, ("a",), firmware_id="f-none"),
            CancelTasks(job_id, ("a",), product_key="another"),
            CancelTasks(job_id, ()),
        )
    ]

    assert answers == [
        Refused(Refusal.NO_SUCH_FIRMWARE, "f-none"),
        Refused(Refusal.BAD_ARGUMENT, "firmware_id: it is not the job's"),
        Refused(Refusal.BAD_ARGUMENT, "product_key: it is not the job's"),
        Refused(Refusal.BAD_ARGUMENT, "device_keys: there are none"),
    ]


# --- again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["queued", "failed", "unchanged"])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("retry_round", ["per_device", "after_whole_task"])
def test_an_operator_may_spare_a_task_its_gap(
    shown: str, retry_round: str, *, restarts: bool
) -> None:
    """Where the contract lets it: at once, whatever the others do, and with all its attempts."""
    server = Server(
        contract(
            between_attempts_status=(shown,),
            retry_round=retry_round,
            reopenable=("failed", "retry_due"),
        )
    )
    server.fleet("a", "b")
    job_id = server.job(retry=Retry(1, 60))
    server.failure("a")
    server.gone("b")
    if restarts:
        server.restart()
        server.connect("a", version="1.0")

    answer = server.call(RetryTasks(job_id, ("a",)))
    pushed = server.pushes("a")
    server.failure("a")
    server.connect("b", version="1.0")
    server.version("b", "2.0")
    server.after(60_000)
    left = server.pushes("a")
    server.failure("a")

    assert (answer, pushed, left) == (Done(), 2, 3)
    assert server.status(job_id, "a") is FAILED


def test_all_that_is_to_be_tried_again_is_spared_its_gap() -> None:
    """Where nobody is named; what has failed for good is among it, what runs is not."""
    server = Server(contract(reopenable=("failed", "retry_due")))
    server.fleet("between", "failed", "going")
    job_id = server.job(retry=Retry(1, 60))
    server.failure("failed")
    server.after(60_000)
    server.failure("failed")
    server.failure("between")

    answer = server.call(RetryTasks(job_id))

    assert answer == Done()
    assert [server.pushes(key) for key in ("between", "failed", "going")] == [2, 3, 1]


def test_a_retry_may_name_tasks_or_mean_all_that_failed() -> None:
    """A task of another job spoils the call."""
    server = Server()
    server.fleet("a", "b", "c")
    job_id = server.job()
    for key in ("a", "b"):
        server.failure(key)
    ids = {row.device_key: row.task_id for row in server.rows_of(job_id)}

    answers = [
        server.call(call)
        for call in (
            RetryTasks(job_id, task_ids=(ids["a"], "nobody")),
            RetryTasks(job_id, task_ids=(ids["c"],)),
            RetryTasks(job_id, task_ids=(ids["a"], ids["a"])),
            RetryTasks(job_id),
        )
    ]

    assert answers == [
        Refused(Refusal.NO_SUCH_TASK, "nobody"),
        Refused(Refusal.TASK_NOT_FAILED, "c"),
        Done(),
        Done(),
    ]
    assert [server.pushes(key) for key in ("a", "b", "c")] == [2, 2, 1]


@pytest.mark.parametrize(
    ("reopenable", "answer"),
    [
        (("failed",), Refused(Refusal.TASK_NOT_FAILED, "a")),
        (("failed", "cancelled"), Done()),
    ],
)
def test_whether_a_cancelled_task_may_begin_again_the_contract_says(
    reopenable: tuple[str, ...], answer: object
) -> None:
    """Then it is pushed anew."""
    server = Server(contract(cancel_shows_as="cancelled", reopenable=reopenable))
    server.fleet("a")
    job_id = server.job()
    server.call(CancelTasks(job_id, ("a",)))

    assert server.call(RetryTasks(job_id, ("a",))) == answer
    assert server.pushes("a") == 1 + (answer == Done())
