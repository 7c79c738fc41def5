import pytest

from fleet_sim.backend.events import MessageArrived, Tell
from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.filters import EVERYTHING
from fleet_sim.model.messages import (
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    UpgradeReply,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from fleet_sim.model.northbound import DeviceRow, Listed, Page, Retry, SearchDevices, TaskStatus
from tests.backend.playbook import PRODUCT, Server, contract, device


def _view(server: Server, key: str) -> DeviceRow:
    answer = server.call(SearchDevices(EVERYTHING, Page(size=200)))
    assert isinstance(answer, Listed)
    (row,) = [row for row in answer.rows if isinstance(row, DeviceRow) and row.device_key == key]
    return row


@pytest.mark.parametrize(
    "report",
    [
        VersionReport("9", "1.0"),
        ProgressReport("9", 50),
        FailureReport("9", FailureCause.OTHER, "why", -7),
    ],
)
def test_every_report_is_acknowledged(
    report: VersionReport | ProgressReport | FailureReport,
) -> None:
    """Once for each copy, with or without an attempt, by its id and its kind."""
    server = Server()
    server.fleet("d1")

    said = [server.say("d1", report), server.say("d1", report)]

    reply = ReportReply("9", to=type(report))
    assert said == [(reply,), (reply,)]


def test_a_block_request_is_not_for_the_brain() -> None:
    """Whoever keeps the files answers it."""
    server = Server()
    server.fleet("d1")
    job = server.job()
    before = server.task(job, "d1")

    assert server.say("d1", BlockRequest("7", (1, 1), 0, 256)) == ()
    assert server.task(job, "d1") == before


def test_a_reply_to_a_push_is_not_answered() -> None:
    """It is an answer itself."""
    server = Server()
    server.fleet("d1")
    server.job()

    assert server.say("d1", UpgradeReply(server.requests("d1")[0].message_id)) == ()


def test_a_question_without_a_job_gets_an_empty_offer() -> None:
    """The id is echoed."""
    server = Server()
    server.fleet("d1")

    assert server.say("d1", VersionQuery("5")) == (VersionOffer("5", ()),)


@pytest.mark.parametrize(
    "message", [VersionReport("1", "1.0"), ProgressReport("1", 1), VersionQuery("1")]
)
def test_a_device_that_nobody_registered_is_only_noted(message: DeviceMessage) -> None:
    """No answer, no row; a line in the journal."""
    server = Server()

    effects = server.do(MessageArrived(device("ghost"), message))

    assert [type(effect) for effect in effects if isinstance(effect, Tell)] == []
    assert server.rows == {}
    assert server.journal[-1].kind == "unknown_device"


def test_the_last_reported_version_is_shown() -> None:
    """Whatever became of a task, the view follows the device."""
    server = Server()
    server.fleet("d1")

    for version in ("2.0", "1.0", "v2.0"):
        server.version("d1", version)
        assert _view(server, "d1").firmware_version == version


def test_is_upgrading_follows_the_running_attempt() -> None:
    """True from push to end, false between attempts and afterwards."""
    server = Server()
    server.fleet("d1")
    seen = [_view(server, "d1").is_upgrading]
    server.job(retry=Retry(1, 60))
    for step in (
        lambda: server.progress("d1", 1),
        lambda: server.failure("d1"),
        lambda: server.after(60_000),
        lambda: server.version("d1", "2.0"),
    ):
        seen.append(_view(server, "d1").is_upgrading)
        step()
    seen.append(_view(server, "d1").is_upgrading)

    assert seen == [False, True, True, False, True, False]


def test_a_reported_version_that_is_known_writes_nothing() -> None:
    """A reconnect storm costs no row."""
    server = Server()
    server.fleet("d1")
    before = dict(server.rows)

    server.gone("d1")
    server.connect("d1", version="1.0")

    assert server.rows == before


# --- strangers' attempts -----------------------------------------------------------------------


def test_reports_change_only_their_own_device() -> None:
    """Two devices in one job: what one says leaves the other's rows alone."""
    server = Server()
    server.fleet("a", "b")
    job_id = server.job()
    before = (server.task(job_id, "b"), _view(server, "b"))

    server.progress("a", 10)
    server.version("a", "2.0")

    assert (server.task(job_id, "b"), _view(server, "b")) == before


def test_reports_after_the_end_change_nothing() -> None:
    """Late progress, late failure, late success: the task has ended."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.progress("d1", 10)
    server.after(300_000)
    before = server.rows_of(job_id)

    server.progress("d1", 90)
    server.failure("d1")
    server.version("d1", "2.0")

    assert server.rows_of(job_id) == before
    view = _view(server, "d1")
    assert view == DeviceRow(PRODUCT, "d1", view.asset_id, "2.0", is_upgrading=False)


def test_a_failure_without_a_number_is_undefined() -> None:
    """It shows as -1."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()

    server.say("d1", FailureReport("f", FailureCause.OTHER, "?"))

    assert server.task(job_id, "d1").progress == -1


def test_progress_may_be_written_late() -> None:
    """First progress is urgent, because it starts a timer; what follows is not."""
    server = Server()
    server.fleet("d1")
    server.job()

    first = server.do(MessageArrived(device("d1"), ProgressReport("p1", 10)))
    second = server.do(MessageArrived(device("d1"), ProgressReport("p2", 20)))

    urgent = [
        [each.urgent for each in effects if hasattr(each, "urgent")] for effects in (first, second)
    ]
    assert urgent == [[True], [False]]


def test_a_version_report_cuts_the_grace_short() -> None:
    """After it no timer waits for the connection any more."""
    server = Server()
    server.register("d1")
    server.connect("d1")
    armed = server.brain.next_at_ms

    server.version("d1", "1.0")

    assert armed == GRACE_MS
    assert server.brain.next_at_ms is None


# --- what contracts say of reports ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "status"),
    [("ignored", TaskStatus.UNDER_WAY), ("fails", TaskStatus.FAILED)],
)
def test_the_old_version_after_an_upgrade_counts_as_the_contract_says(
    rule: str, status: TaskStatus
) -> None:
    """Told apart from a device that has only restarted."""
    server = Server(contract(old_version_after_upgrade=rule))
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 90)

    server.version("a", "1.0")
    restarted = server.status(job_id, "a")
    server.version("a", "1.0", after=True)

    assert (restarted, server.status(job_id, "a")) == (TaskStatus.UNDER_WAY, status)


@pytest.mark.parametrize(("said", "shown"), [("done", "do"), ("", "on")])
def test_the_text_of_an_end_is_the_last_one_shown(said: str, shown: str) -> None:
    """As long as any text may be; an end without one leaves what was said before it."""
    server = Server(contract(desc_limit_chars=2))
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 90, "on its way")

    server.say("a", VersionReport("9", "2.0", after_upgrade=True, desc=said))

    row = server.task(job_id, "a")
    assert (row.status, row.desc) == (TaskStatus.SUCCEEDED, shown)


@pytest.mark.parametrize(
    ("rule", "status"), [("fails", TaskStatus.FAILED), ("succeeds", TaskStatus.SUCCEEDED)]
)
def test_a_target_before_the_push_counts_as_the_contract_says(
    rule: str, status: TaskStatus
) -> None:
    """The device came to run it by itself."""
    server = Server(contract(target_before_push=rule))
    server.fleet("a")
    job_id = server.job(devices_must_ask=True)

    server.version("a", "2.0")

    assert server.status(job_id, "a") is status


def test_how_long_a_connection_is_given_the_contract_says() -> None:
    """Before a push is repeated to a device that has not reported yet."""
    server = Server(contract(connect_wait_s=2, repush_on_reconnect="always"))
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 10)

    server.connect("a")
    server.after(1_999)
    before = server.pushes("a")
    server.after(1)

    assert (before, server.pushes("a")) == (1, 2)
    assert server.status(job_id, "a") is TaskStatus.UNDER_WAY


def test_between_attempts_a_status_may_stay_as_it_was() -> None:
    """Until the next push."""
    server = Server(contract(between_attempts_status=("unchanged",)))
    server.fleet("a")
    job_id = server.job(retry=Retry(1, 60))
    server.progress("a", 10)

    server.failure("a")
    between = server.status(job_id, "a")
    server.after(60_000)

    assert (between, server.status(job_id, "a")) == (TaskStatus.UNDER_WAY, TaskStatus.PUSHED)


def test_progress_without_a_module_is_of_the_only_task_there_is() -> None:
    """Devices leave it out where there is no doubt; a version without one is the device's own."""
    server = Server()
    server.fleet("a")
    server.version("a", "1.0", module="mcu")
    job_id = server.job(firmware_id=server.upload(module="mcu"))

    server.progress("a", 20)
    server.version("a", "2.0")
    server.progress("a", 30, module="wifi")

    row = server.task(job_id, "a")
    assert (row.status, row.progress) == (TaskStatus.UNDER_WAY, 20)


def test_a_device_that_asks_for_a_module_is_offered_that_modules_image() -> None:
    """And nothing for itself as a whole."""
    server = Server()
    server.fleet("a")
    server.version("a", "1.0", module="mcu")
    server.job(firmware_id=server.upload(module="mcu"), devices_must_ask=True)

    (whole,) = server.ask("a")
    (mcu,) = server.ask("a", module="mcu")

    assert isinstance(whole, VersionOffer)
    assert isinstance(mcu, VersionOffer)
    assert whole.images == ()
    assert [one.module for one in mcu.images] == ["mcu"]


def test_a_device_with_two_running_tasks_says_which_request_it_answers() -> None:
    """By the request's id; an answer to nothing changes nothing."""
    server = Server(contract(modules_side_by_side=True, upgrading_starts="ack"))
    server.fleet("a")
    jobs = []
    for version, module in (("2.0", "mcu"), ("3.0", "wifi")):
        server.version("a", "1.0", module=module)
        jobs.append(server.job(firmware_id=server.upload(version, module=module)))

    server.say("a", UpgradeReply("nonsense"))
    server.say("a", UpgradeReply(server.requests("a")[1].message_id))

    found = [server.status(job_id, "a") for job_id in jobs]
    assert found == [TaskStatus.PUSHED, TaskStatus.UNDER_WAY]
