from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.huawei.client import RENEW_BEFORE_MS, HuaweiOperator
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.gate import HuaweiGate
from fleet_sim.dialects.huawei.standing import RUNNING, WAITING
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import EVERYTHING, AllOf, Comparison, Operator
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelJob,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Done,
    FirmwareCreated,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobCreated,
    JobOrder,
    JobRow,
    JobStatus,
    Listed,
    Names,
    Page,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    Scope,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    Shown,
    StopJob,
    TaskRow,
    TaskStatus,
)
from tests.dialects.huawei.canned import JOB, KEYS, Canned
from tests.dialects.huawei.scene import FILE, ORG, SIGN
from tests.dialects.huawei.shelf import NOW, Shelf, ask
from tests.dialects.huawei.strategies import INSTANTS, JOB_ROWS, ORDERS, PACKAGES, TASK_ROWS
from tests.dialects.near_http import near_responses

_ORDER = FirmwareOrder("p1", Names("n"), "v2", SIGN, "sha256", "fw.bin")


class _Talk:
    """An operator, logged in at a gate with a backend behind it."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.gate = HuaweiGate(ORG, {"A": "s"}, signed_only=True, contract=CONTRACT)
        self.operator = HuaweiOperator(ORG, "A", "s")
        login = self.operator.login(NOW)
        assert login is not None
        self.operator.logged_in(ask(self.gate, self.shelf, login), NOW)

    def ask(self, call: Call) -> Answer:
        """Ask, by HTTP and back."""
        request = self.operator.request(call, NOW)
        return self.operator.answer(call, ask(self.gate, self.shelf, request))

    def uploaded(self) -> str:
        """Upload a package; return its id."""
        made = self.ask(CreateFirmware(_ORDER, FILE))
        assert isinstance(made, FirmwareCreated)
        return made.firmware_id

    def ordered(self, *keys: str) -> str:
        """Order a job; return its id."""
        scope = Scope(total=not keys, device_keys=keys or None)
        made = self.ask(CreateJob(JobOrder(self.uploaded(), "upgrade", scope)))
        assert isinstance(made, JobCreated)
        return made.job_id


# --- login -----------------------------------------------------------------------------------


def test_a_login_is_a_form() -> None:
    """The one request that is; what it holds is quoted."""
    login = HuaweiOperator(ORG, "a&b", "s=").login(NOW)

    assert login is not None
    assert login.path == "/iocm/app/sec/v1.1.0/login"
    assert login.header("Content-Type") == "application/x-www-form-urlencoded"
    assert login.body == b"appId=a%26b&secret=s%3D"


def test_a_token_is_renewed_before_it_expires() -> None:
    """It lasts an hour; forgotten, it is asked for at once. Its owner shows no secret."""
    operator = _Talk().operator

    end_ms = NOW + 3_600_000 - RENEW_BEFORE_MS
    assert (operator.needs_login(end_ms - 1), operator.needs_login(end_ms)) == (False, True)
    assert operator.login(NOW) is None
    before = operator.is_logged_in
    operator.forget()
    assert operator.needs_login(NOW)
    assert (before, operator.is_logged_in) == (True, False)
    assert repr(operator) == f"HuaweiOperator('{ORG}', 'A')"


def test_without_a_key_nothing_is_signed() -> None:
    """Neither generation's calls."""
    operator = HuaweiOperator(ORG, "", "")

    assert not operator.needs_login(NOW)
    assert operator.request(SearchJobs(), NOW).headers == ()
    assert operator.request(DeleteJob("j"), NOW).headers == ()


def test_a_refused_login_tells_its_number() -> None:
    """So that it is known to have been understood."""
    gate = HuaweiGate(ORG, {"A": "s"}, signed_only=True, contract=CONTRACT)
    operator = HuaweiOperator(ORG, "A", "wrong")
    login = operator.login(NOW)
    assert login is not None

    with pytest.raises(DialectError, match="100208 AppId or secret") as caught:
        operator.logged_in(ask(gate, Shelf(), login), NOW)

    assert caught.value.code == 100208


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"accessToken":"a","expiresIn":"x"}'])
def test_a_login_that_is_none_is_refused(body: bytes) -> None:
    """A proxy may have answered."""
    with pytest.raises(DialectError):
        HuaweiOperator(ORG, "A", "s").logged_in(HttpResponse(200, body), NOW)


# --- there and back --------------------------------------------------------------------------


def test_a_package_makes_its_way() -> None:
    """Uploaded by our own path, then shown, found and deleted by Huawei's."""
    talk = _Talk()
    firmware_id = talk.uploaded()
    where = AllOf((Comparison("product_key", Operator.EQUAL, ("p1",)),))

    shown, found = talk.ask(GetFirmware(firmware_id)), talk.ask(SearchFirmware(where, Page(0, 50)))
    deleted, gone = (talk.ask(DeleteFirmware(firmware_id)) for _ in range(2))

    assert isinstance(shown, Shown)
    assert isinstance(shown.row, FirmwareRow)
    assert (shown.row.order.version, shown.row.order.product_key) == ("v2", "p1")
    assert found == Listed((shown.row,), 0, 50, 1)
    assert deleted == Done()
    assert isinstance(gone, Refused)
    assert (gone.reason, gone.code) == (Refusal.NO_SUCH_FIRMWARE, 123002)


def test_a_package_that_is_there_is_told() -> None:
    """By our own number."""
    talk = _Talk()
    talk.uploaded()

    again = talk.ask(CreateFirmware(_ORDER, FILE))

    assert isinstance(again, Refused)
    assert again.reason is Refusal.VERSION_EXISTS


def test_a_job_for_everybody_makes_its_way() -> None:
    """A group of the model's name; the job and its tasks are read again."""
    talk = _Talk()
    job_id = talk.ordered()

    shown, listed = talk.ask(GetJob(job_id)), talk.ask(SearchJobs(EVERYTHING, Page(0, 10)))
    tasks = talk.ask(SearchTasks(Comparison("job_id", Operator.EQUAL, (job_id,)), Page(0, 1)))

    assert talk.shelf.jobs[job_id].order.scope == Scope("p1")
    assert isinstance(shown, Shown)
    assert isinstance(shown.row, JobRow)
    assert (shown.row.job_id, shown.row.order.scope) == (job_id, Scope("p1"))
    assert listed == Listed((shown.row,), 0, 10, 1)
    assert isinstance(tasks, Listed)
    assert (len(tasks.rows), tasks.total) == (1, 2)
    row = tasks.rows[0]
    assert isinstance(row, TaskRow)
    assert (row.job_id, row.device_key, row.from_version, row.to_version, row.status) == (
        job_id, "d1", "v1.0", "v2", TaskStatus.QUEUED,
    )  # fmt: skip


def test_an_order_arrives_as_far_as_there_are_words() -> None:
    """Devices and retries; a timeout and a cap have none."""
    talk = _Talk()
    scope = Scope(total=False, device_keys=("d1", "d_2"))
    order = JobOrder(talk.uploaded(), "upgrade", scope, names=Names("n"), timeout_s=600,
                     retry=Retry(2, 60), concurrency=7)  # fmt: skip

    made = talk.ask(CreateJob(order))

    assert isinstance(made, JobCreated)
    kept = talk.shelf.jobs[made.job_id].order
    assert (kept.scope.device_keys, kept.retry) == (("d1", "d_2"), Retry(2, 0))
    assert (kept.names, kept.timeout_s, kept.concurrency) == (None, None, None)


def test_tasks_are_cancelled_and_tried_again() -> None:
    """By the newer generation, signed; what cannot be is told."""
    talk = _Talk()
    job_id = talk.ordered("d1", "d2")
    first = next(iter(talk.shelf.tasks))

    cancelled, again = (talk.ask(CancelTasks(job_id, ("d1",))) for _ in range(2))
    talk.shelf.set_status(first, TaskStatus.FAILED)
    retried, not_failed = (talk.ask(RetryTasks(job_id, ("d1",))) for _ in range(2))

    assert (cancelled, retried) == (Done(), Done())
    assert isinstance(again, Refused)
    assert again.reason is Refusal.TASK_NOT_CANCELLABLE
    assert isinstance(not_failed, Refused)
    assert not_failed.reason is Refusal.TASK_NOT_FAILED


def test_a_job_is_stopped_and_deleted() -> None:
    """What runs cannot be deleted."""
    talk = _Talk()
    job_id = talk.ordered("d1")

    running = talk.ask(DeleteJob(job_id))
    stopped = talk.ask(StopJob(job_id))
    shown = talk.ask(GetJob(job_id))
    deleted, gone = (talk.ask(DeleteJob(job_id)) for _ in range(2))

    assert isinstance(running, Refused)
    assert running.reason is Refusal.JOB_RUNNING
    assert (stopped, deleted) == (Done(), Done())
    assert isinstance(shown, Shown)
    assert isinstance(shown.row, JobRow)
    assert shown.row.status is JobStatus.STOPPED
    assert isinstance(gone, Refused)
    assert (gone.reason, gone.code) == (Refusal.NO_SUCH_JOB, 900411)


def test_a_job_that_is_not_there_is_told() -> None:
    """With the vendor's number and text."""
    gone = _Talk().ask(GetJob("0" * 24))

    assert gone == Refused(Refusal.NO_SUCH_JOB, "The requested task does not exist.", 123009)


def test_a_token_of_another_time_is_denied() -> None:
    """So that a new one is fetched."""
    talk = _Talk()
    request = talk.operator.request(SearchJobs(), NOW)

    answer = talk.operator.answer(
        SearchJobs(), ask(talk.gate, talk.shelf, request, NOW + 3_600_000)
    )

    assert isinstance(answer, Refused)
    assert (answer.reason, answer.code) == (Refusal.DENIED, 1010005)


@pytest.mark.parametrize(
    ("standings", "is_partial"), [("success failure", True), ("failure failure", False)]
)
def test_what_was_done_for_some_targets_alone_is_told(standings: str, *, is_partial: bool) -> None:
    """The others were tried again all the same."""
    targets = [
        {"target": f"d{number}", "status": status}
        | ({} if status == "success" else {"error_code": "900415", "error_msg": "not now"})
        for number, status in enumerate(standings.split())
    ]
    call = RetryTasks("j", ("d0", "d1"))

    answer = HuaweiOperator(ORG, "", "").answer(
        call, HttpResponse(200, json.dumps({"targets": targets}).encode())
    )

    assert isinstance(answer, Refused)
    assert (answer.is_partial, answer.code) == (is_partial, 900415)


# --- what has no form ------------------------------------------------------------------------


def test_what_huawei_has_no_call_for_is_refused() -> None:
    """Devices cannot be searched, a stranger's product is unknown."""
    operator = HuaweiOperator(ORG, "", "")

    for call, sentence in (
        (SearchDevices(), "no call for SearchDevices"),
        (CancelTasks("j", ("d",)), "product of 'j' is not known"),
        (CreateJob(JobOrder("f", "upgrade", Scope())), "product of 'f' is not known"),
    ):
        with pytest.raises(DialectError, match=sentence):
            operator.request(call, NOW)


def test_a_product_is_learnt_from_what_is_shown() -> None:
    """Of a job that somebody else has made."""
    talk = _Talk()
    job_id = talk.ordered("d1")
    stranger = _Talk()
    stranger.shelf = talk.shelf

    stranger.ask(SearchTasks(Comparison("job_id", Operator.EQUAL, (job_id,)), Page(0, 10)))

    assert stranger.ask(CancelTasks(job_id, ("d1",))) == Done()


def test_an_expression_reads_as_it_is_sent() -> None:
    """The parameters of the query."""
    where = AllOf(
        (Comparison("job_id", Operator.EQUAL, ("j",)),
         Comparison("status", Operator.EQUAL, ("failed",)))
    )  # fmt: skip

    text = HuaweiOperator(ORG, "", "").expression(where, SearchTasks())

    assert text == "subOperationStatus=fail"


# --- both ends, at length --------------------------------------------------------------------

_OF_JOB = Comparison("job_id", Operator.EQUAL, ("j",))
_IDS = st.text("0123456789abcdef", min_size=1, max_size=24)
_SOME_KEYS = st.lists(st.sampled_from(KEYS), min_size=1, unique=True).map(tuple)
_CALLS = st.one_of(
    st.builds(CreateJob, ORDERS),
    PACKAGES,
    st.builds(CancelTasks, _IDS, _SOME_KEYS),
    st.builds(RetryTasks, _IDS, _SOME_KEYS),
    *(st.builds(call, _IDS) for call in (StopJob, DeleteJob, DeleteFirmware, GetFirmware, GetJob)),
)
_LOOKS = (GetFirmware, GetJob, SearchTasks)
_RUNNING = replace(JOB, counts=((TaskStatus.UNDER_WAY, 1), (TaskStatus.FAILED, 2)))
_TRAITS = (("deviceType", "VirtualDevice"), ("manufacturerName", "fleet-sim"))


def _meant(call: Call) -> list[Call]:
    """Return what reaches the backend, besides looking."""
    match call:
        case CreateJob(order):
            tags = (*_TRAITS, ("operateType", "firmware_upgrade"))
            return [CreateJob(replace(order, tags=tags, devices_must_exist=True))]
        case CancelTasks(job_id, keys) | RetryTasks(job_id, keys):
            return [type(call)(job_id, (key,)) for key in keys]
        case StopJob(job_id):
            return [CancelJob(job_id, (*WAITING, *RUNNING)), call]
        case DeleteJob(job_id):
            return [StopJob(job_id), call]
        case GetFirmware() | GetJob():
            return []
        case _:
            return [call]


@pytest.mark.codec
@given(call=_CALLS)
def test_what_is_asked_is_what_the_backend_hears(call: Call) -> None:
    """Through either generation; one target at a time, and what is looked at by its id."""
    job = replace(JOB if isinstance(call, DeleteJob) else _RUNNING, job_id=_id_of(call))
    operator, backend = HuaweiOperator(ORG, "", ""), Canned(job=job)
    operator._product_of[_id_of(call)] = "p1"

    operator.answer(call, backend.ask(operator.request(call, NOW)))

    assert [one for one in backend.calls if not isinstance(one, _LOOKS)] == _meant(call)
    if isinstance(call, GetFirmware | GetJob):
        assert backend.calls[0] == call


def _id_of(call: Call) -> str:
    return str(getattr(call, "job_id", "j"))


@pytest.mark.codec
@given(rows=st.lists(TASK_ROWS, max_size=2).map(tuple))
def test_tasks_arrive_as_they_were_given(rows: tuple[TaskRow, ...]) -> None:
    """With what the vendor shows of them."""
    operator, call = HuaweiOperator(ORG, "", ""), SearchTasks(_OF_JOB, Page(0, 10))

    answer = operator.answer(call, Canned(tasks=rows).ask(operator.request(call, NOW)))

    assert answer == Listed(rows, 0, 10, len(rows))


@pytest.mark.codec
@given(row=JOB_ROWS)
def test_a_job_arrives_as_it_was_given(row: JobRow) -> None:
    """Of its status only what its counts say."""
    operator, call = HuaweiOperator(ORG, "", ""), GetJob("j")

    answer = operator.answer(call, Canned(job=row).ask(operator.request(call, NOW)))

    assert isinstance(answer, Shown)
    assert isinstance(answer.row, JobRow)
    assert answer.row == replace(row, status=answer.row.status)


@pytest.mark.codec
@given(made=PACKAGES, at_ms=INSTANTS)
def test_a_package_arrives_as_it_was_given(made: CreateFirmware, at_ms: int) -> None:
    """But for its file, of which nothing is told; what it did not say has a default."""
    row = FirmwareRow("f", made.order, "", 0, is_verified=True, created_epoch_ms=at_ms)
    operator, call = HuaweiOperator(ORG, "", ""), GetFirmware("f")

    answer = operator.answer(call, Canned(firmware=row).ask(operator.request(call, NOW)))

    assert isinstance(answer, Shown)
    assert isinstance(answer.row, FirmwareRow)
    shown = replace(
        made.order, digest="", digest_method="", file_name="", tags=(), needs_token=False
    )
    assert replace(answer.row, order=replace(answer.row.order, tags=())) == replace(
        row, order=shown
    )
    assert set(made.order.tags) <= set(answer.row.order.tags)


# --- answers of others -----------------------------------------------------------------------

_ASKED: tuple[Call, ...] = (
    GetJob("j"), GetFirmware("f"), SearchJobs(), SearchFirmware(), SearchTasks(_OF_JOB),
    StopJob("j"), CancelTasks("j", ("d1",)), RetryTasks("j", ("d1",)), DeleteFirmware("f"),
    CreateFirmware(_ORDER, FILE), CreateJob(JobOrder("f", "upgrade", Scope("p1"))),
)  # fmt: skip


def _responses() -> list[HttpResponse]:
    """Return the answer to each of the calls, and a refusal of either generation."""
    operator = HuaweiOperator(ORG, "", "")
    operator._product_of["j"] = "p1"
    running = Canned(job=_RUNNING)
    found = [running.ask(operator.request(call, NOW)) for call in _ASKED]
    assert all(response.status < 300 for response in found)
    return [
        *found,
        running.ask(operator.request(DeleteJob("j"), NOW)),
        Canned().ask(HttpRequest("GET", "/none")),
    ]


@pytest.mark.codec
@given(response=near_responses(*_responses()))
def test_no_answer_raises_anything_else(response: HttpResponse) -> None:
    """To whichever call, it is an answer or a `DialectError`."""
    for call in (*_ASKED, DeleteJob("j")):
        try:
            HuaweiOperator(ORG, "", "").answer(call, response)
        except DialectError as error:
            assert str(error)  # noqa: PT017 - nearly all are refused


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (SearchJobs(), {"data": {}, "pageNo": 0, "pageSize": 1, "totalCount": 0}),
        (SearchJobs(), {"data": [], "pageNo": 0, "pageSize": 1}),
        (StopJob("j"), {"targets": [1]}),
        (CreateJob(JobOrder("f", "upgrade", Scope("p1"))), {}),
    ],
)
def test_a_malformed_answer_is_refused(call: Call, body: dict[str, Any]) -> None:
    """One sentence says what is wrong."""
    response = HttpResponse(200, json.dumps(body).encode())

    with pytest.raises(DialectError):
        HuaweiOperator(ORG, "", "").answer(call, response)
