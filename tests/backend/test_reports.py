import pytest

from fleet_sim.backend.events import MessageArrived, Tell
from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.filters import EVERYTHING
from fleet_sim.model.messages import (
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
from tests.backend.playbook import PRODUCT, Server, device


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


# --- copies ------------------------------------------------------------------------------------


def test_a_copy_of_a_failure_does_not_fail_the_next_attempt() -> None:
    """Sent twice, with the retry's push in between: one attempt failed, not two."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 0))
    report = server.failure("d1")

    server.say("d1", report)

    assert server.status(job_id, "d1") is TaskStatus.PUSHED
    assert server.pushes("d1") == 2


def test_a_copy_of_a_failure_is_known_after_reconnect_and_restart() -> None:
    """A device whose acknowledgement got lost sends it again, to whatever server there is then."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 0))
    report = server.failure("d1")
    server.restart()
    server.connect("d1", version="1.0")

    server.say("d1", report)

    assert server.status(job_id, "d1") is TaskStatus.PUSHED


def test_a_copy_of_old_progress_does_not_start_the_next_attempt() -> None:
    """The second attempt stays pushed until the device speaks of it."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 0))
    progress = ProgressReport("p1", 40)
    server.say("d1", progress)
    server.failure("d1")

    server.say("d1", progress)

    assert server.status(job_id, "d1") is TaskStatus.PUSHED


def test_a_copy_of_an_old_version_does_not_turn_the_view_back() -> None:
    """Within a connection a repeated report says nothing new."""
    server = Server()
    server.fleet("d1")
    old = VersionReport("v1", "1.5")
    server.say("d1", old)
    server.version("d1", "2.0")

    server.say("d1", old)

    assert _view(server, "d1").firmware_version == "2.0"


def test_ids_that_begin_anew_are_no_copies() -> None:
    """A device in the field counts from 1 after each restart: a new connection is believed."""
    server = Server()
    server.fleet("d1")
    server.say("d1", VersionReport("1", "1.5"))
    server.say("d1", VersionReport("2", "2.0"))

    server.gone("d1")
    server.connect("d1")
    server.say("d1", VersionReport("1", "1.5"))

    assert _view(server, "d1").firmware_version == "1.5"


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
