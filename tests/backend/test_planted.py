"""Each planted bug does what it says, and a clean server does not."""

from collections.abc import Callable

import pytest

from fleet_sim.backend.planted import PLANTED, known
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.filters import EVERYTHING, Comparison, Operator
from fleet_sim.model.messages import ProgressReport, VersionOffer, VersionReport
from fleet_sim.model.northbound import (
    CancelTasks,
    Listed,
    Page,
    Refused,
    Retry,
    Scope,
    SearchTasks,
    TaskRow,
)
from tests.backend.playbook import CONTRACT, Server, contract, statuses

T_MS = 300_000
KEYS = ("a", "b", "c", "d")


def _cap(server: Server) -> object:
    """How many are pushed under a cap of two."""
    server.fleet(*KEYS)
    server.job(concurrency=2)
    return len(server.pushed())


def _cap_with_retries(server: Server) -> object:
    """How many attempts run at once when the first device is tried again."""
    server.fleet(*KEYS)
    job_id = server.job(concurrency=1, retry=Retry(1, 0))
    server.failure("a")
    return list(statuses(server.rows_of(job_id)).values()).count("pushed")


def _cap_after_restart(server: Server) -> object:
    """Who is pushed when a server with a full cap was restarted."""
    server.fleet("a", "b")
    server.job(concurrency=1)
    server.progress("a", 1)
    server.restart()
    server.connect("a", "b", version="1.0")
    return server.pushed()


def _slot_after_timeout(server: Server) -> object:
    """Who is pushed when the only slot's attempt has timed out."""
    server.fleet("a", "b")
    server.job(concurrency=1, timeout_s=300)
    server.progress("a", 1)
    server.after(T_MS)
    return server.pushed()


def _timeout_of_a_latecomer(server: Server) -> object:
    """The status of a device that was pushed late, a moment after it got under way."""
    server.fleet("a")
    server.gone("a")
    job_id = server.job(timeout_s=300)
    server.after(T_MS - 1_000)
    server.connect("a", version="1.0")
    server.progress("a", 1)
    server.after(2_000)
    return server.status(job_id, "a").value


def _timeout_of_a_talker(server: Server) -> object:
    """The status of a device that reported progress and then exceeded its time."""
    server.fleet("a")
    job_id = server.job(timeout_s=300)
    server.progress("a", 1)
    server.after(200_000)
    server.progress("a", 50)
    server.after(100_000)
    return server.status(job_id, "a").value


def _silence(server: Server) -> object:
    """The status of a silent device after its time."""
    server.fleet("a")
    job_id = server.job(timeout_s=300)
    server.after(T_MS)
    return server.status(job_id, "a").value


def _timer_after_restart(server: Server) -> object:
    """The status of an attempt whose time ran out after a restart."""
    server.fleet("a")
    job_id = server.job(timeout_s=300)
    server.progress("a", 1)
    server.restart()
    server.after(T_MS)
    return server.status(job_id, "a").value


def _attempts(server: Server) -> object:
    """How often a device is pushed that always fails, with two retries ordered."""
    server.fleet("a")
    server.job(retry=Retry(2, 0))
    for _ in range(6):
        server.failure("a")
    return server.pushes("a")


def _gap(server: Server) -> object:
    """How often a device has been pushed just after its first failure."""
    server.fleet("a")
    server.job(retry=Retry(1, 60))
    server.failure("a")
    return server.pushes("a")


def _push_after_cancel(server: Server) -> object:
    """How often a device is pushed whose task was cancelled at once."""
    server.fleet("a")
    job_id = server.job(retry=Retry(1, 10))
    server.call(CancelTasks(job_id, ("a",)))
    server.after(60_000)
    return server.pushes("a")


def _at_100(server: Server) -> object:
    """The status at progress 100."""
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 100)
    return server.status(job_id, "a").value


def _old_version(server: Server) -> object:
    """The status after the device reported its old version."""
    server.fleet("a")
    job_id = server.job()
    server.version("a", "1.0")
    return server.status(job_id, "a").value


def _late_progress(server: Server) -> object:
    """The status of a failed task after late progress."""
    server.fleet("a")
    job_id = server.job()
    server.failure("a")
    server.progress("a", 80)
    return server.status(job_id, "a").value


def _late_failure(server: Server) -> object:
    """The status of a succeeded task after a late failure."""
    server.fleet("a")
    job_id = server.job()
    server.version("a", "2.0")
    server.failure("a")
    return server.status(job_id, "a").value


def _long_desc(server: Server) -> object:
    """The length of what is shown of a desc of 300 characters."""
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 1, "x" * 300)
    return len(server.task(job_id, "a").desc or "")


def _offline_at_creation(server: Server) -> object:
    """How often a device is pushed that was away when the job was made."""
    server.fleet("a")
    server.gone("a")
    server.job()
    server.connect("a", version="1.0")
    return server.pushes("a")


def _reconnect_when_finished(server: Server) -> object:
    """How often a device was pushed that succeeded and then reconnected twice."""
    server.fleet("a")
    server.job()
    server.version("a", "2.0")
    for _ in range(2):
        server.gone("a")
        server.connect("a", version="2.0")
    return server.pushes("a")


def _search(server: Server, where: Comparison) -> object:
    server.fleet("a", "ab", "c")
    server.job()
    answer = server.call(SearchTasks(where))
    if isinstance(answer, Refused):
        return answer.detail
    assert isinstance(answer, Listed)
    return [row.device_key for row in answer.rows if isinstance(row, TaskRow)]


def _in(server: Server) -> object:
    """Which devices are found by `in ('a')`."""
    return _search(server, Comparison("device_key", Operator.IN, ("a",)))


def _unknown_field(server: Server) -> object:
    """What comes of a field that does not exist."""
    return _search(server, Comparison("colour", Operator.EQUAL, ("red",)))


def _total(server: Server) -> object:
    """The total of a search whose page is smaller."""
    server.fleet(*KEYS)
    server.job()
    answer = server.call(SearchTasks(EVERYTHING, Page(size=3)))
    assert isinstance(answer, Listed)
    return answer.total


def _second_page(server: Server) -> object:
    """The devices on the second of two pages."""
    server.fleet(*KEYS)
    server.job()
    answer = server.call(SearchTasks(EVERYTHING, Page(2, 2)))
    assert isinstance(answer, Listed)
    return [row.device_key for row in answer.rows if isinstance(row, TaskRow)]


def _at_target(server: Server) -> object:
    """How often a device is pushed that already runs the target."""
    server.fleet("a", version="2.0")
    server.job()
    return server.pushes("a")


def _busy(server: Server) -> object:
    """How often a device is pushed that two jobs want at once."""
    server.fleet("a")
    server.job("2.0")
    server.job("3.0")
    return server.pushes("a")


def _push_unasked(server: Server) -> object:
    """How often a device is pushed that has to ask."""
    server.fleet("a")
    server.job(devices_must_ask=True)
    return server.pushes("a")


def _offer_of_a_push(server: Server) -> object:
    """How many images a device is offered that was pushed one."""
    server.fleet("a")
    server.job()
    (offer,) = server.ask("a")
    assert isinstance(offer, VersionOffer)
    return len(offer.images)


def _source_versions(server: Server) -> object:
    """Who is pushed by a job for devices that run 1.0."""
    server.fleet("a")
    server.fleet("b", version="0.9")
    server.job(scope=Scope(versions=("1.0",)))
    return server.pushed()


def _success(server: Server) -> object:
    """The status after a report of the target version at 60 %."""
    server.fleet("a")
    job_id = server.job()
    server.progress("a", 60)
    server.version("a", "2.0")
    return server.status(job_id, "a").value


def _report_when_finished(server: Server) -> object:
    """The status of a succeeded task after the device reported its version once more."""
    server.fleet("a")
    job_id = server.job()
    server.version("a", "2.0")
    server.gone("a")
    server.connect("a", version="2.0")
    return server.status(job_id, "a").value


def _tasks_after_a_copy(server: Server) -> object:
    """How many tasks a device has that told of its success twice, in the same message."""
    server.fleet("a")
    job_id = server.job()
    for _ in range(2):
        server.say("a", VersionReport("m-7", "2.0"))
    return [(row.device_key, row.status.value) for row in server.rows_of(job_id)].count(
        ("a", "succeeded")
    )


def _code(server: Server) -> object:
    """What is shown of failure code -3."""
    server.fleet("a")
    job_id = server.job()
    server.failure("a", -3)
    return server.task(job_id, "a").progress


def _tasks_of_the_first(server: Server) -> object:
    """How many tasks the first device has."""
    server.fleet("a", "b")
    job_id = server.job()
    return [row.device_key for row in server.rows_of(job_id)].count("a")


def _late_joiner_of_a_frozen_list(server: Server) -> object:
    """How many tasks a frozen list has once another device has come."""
    server.fleet("a")
    job_id = server.job()
    server.fleet("b")
    return len(server.rows_of(job_id))


def _late_joiner_of_an_open_list(server: Server) -> object:
    """How many tasks an open list has once another device has come."""
    server.fleet("a")
    job_id = server.job(open_list=True)
    server.fleet("b")
    return len(server.rows_of(job_id))


def _rate(server: Server) -> object:
    """How many are pushed at once by a job of two pushes a minute."""
    server.fleet(*KEYS)
    server.job(pushes_a_minute=2)
    return len(server.pushed())


CASES: dict[str, tuple[Callable[[Server], object], object, object]] = {
    # bug   what is looked at         clean        with the bug
    "B01": (_cap, 2, 3),
    "B02": (_cap_with_retries, 1, 2),
    "B03": (_cap_after_restart, ["a"], ["a", "b"]),
    "B04": (_slot_after_timeout, ["a", "b"], ["a"]),
    "B06": (_timeout_of_a_latecomer, "under_way", "failed"),
    "B07": (_timeout_of_a_talker, "failed", "under_way"),
    "B08": (_silence, "failed", "pushed"),
    "B09": (_timer_after_restart, "failed", "under_way"),
    "B10": (_attempts, 3, 4),
    "B11": (_attempts, 3, 2),
    "B13": (_gap, 1, 2),
    "B14": (_push_after_cancel, 1, 2),
    "B15": (_at_100, "under_way", "succeeded"),
    "B16": (_old_version, "pushed", "succeeded"),
    "B18": (_late_progress, "failed", "under_way"),
    "B19": (_late_failure, "succeeded", "failed"),
    "B20": (_tasks_after_a_copy, 1, 2),
    "B23": (_long_desc, 300, 255),
    "B27": (_offline_at_creation, 1, 0),
    "B28": (_reconnect_when_finished, 1, 3),
    "B29": (_late_joiner_of_a_frozen_list, 1, 2),
    "B30": (_late_joiner_of_an_open_list, 2, 1),
    "B38": (_total, 4, 3),
    "B41": (_in, ["a"], ["a", "ab"]),
    "B43": (_unknown_field, "colour", ["a", "ab", "c"]),
    "B48": (_at_target, 0, 1),
    "B51": (_push_unasked, 0, 1),
    "B53": (_rate, 2, 4),
    "B60": (_busy, 1, 2),
    "B61": (_source_versions, ["a"], ["a", "b"]),
    "B62": (_success, "succeeded", "under_way"),
    "B63": (_report_when_finished, "succeeded", "under_way"),
    "B64": (_code, -3, -1),
    "B65": (_tasks_of_the_first, 1, 2),
    "B66": (_success, "succeeded", "failed"),
    "B67": (_second_page, ["c", "d"], ["b", "c"]),
    "B68": (_offer_of_a_push, 0, 1),
}
PROFILES: dict[str, ContractProfile] = {"B08": contract(silent_device="times_out")}
FROM_THE_PUSH = contract(upgrading_starts="push", timeout_anchor="push", silent_device="times_out")


@pytest.mark.parametrize("bug", CASES)
def test_a_planted_bug_is_there_and_nowhere_else(bug: str) -> None:
    """The same story told to a clean server and to one with the bug ends differently."""
    story, clean, wrong = CASES[bug]
    profile = PROFILES.get(bug, CONTRACT)

    assert story(Server(profile)) == clean
    assert story(Server(profile, bug)) == wrong


@pytest.mark.parametrize("bug", ["B06", "B07", "B08", "B09"])
def test_the_bugs_of_the_timer_are_there_where_it_runs_from_the_push(bug: str) -> None:
    """Each is as much of a bug where no report is needed to start the timer."""
    story, clean, wrong = CASES[bug]

    assert story(Server(FROM_THE_PUSH)) == clean
    assert story(Server(FROM_THE_PUSH, bug)) == str(wrong).replace("pushed", "under_way")


def test_who_spoke_and_fell_silent_times_out_beside_the_bug_of_the_silent() -> None:
    """B08 is about devices that never say a word."""
    server = Server(FROM_THE_PUSH, "B08")

    assert _timeout_of_a_talker(server) == "failed"


def test_every_planted_bug_has_its_story() -> None:
    """A bug that nobody has seen at work proves nothing about the verdicts."""
    assert CASES.keys() == PLANTED.keys()


@pytest.mark.parametrize("bug", CASES)
def test_a_server_with_a_bug_goes_on(bug: str) -> None:
    """A planted bug is wrong behaviour, never a crash: a day of ups and downs runs through."""
    server = Server(PROFILES.get(bug, CONTRACT), bug)
    server.fleet(*KEYS)
    server.fleet("new", version="2.0")
    server.gone("d")
    first = server.job("2.0", concurrency=2, timeout_s=300, retry=Retry(1, 60))
    server.job("3.0", timeout_s=300)
    for percent in (0, 50, 100):
        server.progress("a", percent)
    for version in ("2.0", "2.0", "1.0"):
        server.version("a", version)
    server.failure("b")
    server.say("b", ProgressReport("late", 90))
    server.call(CancelTasks(first, ("c",)))
    server.connect(*KEYS, "new", version="1.0")
    server.restart()
    server.connect(*KEYS, "new", version="2.0")
    server.after(86_400_000)
    server.connect(*KEYS, "new", version="3.0")

    assert server.rows_of(first)


def test_unknown_bugs_are_listed_with_those_there_are() -> None:
    """All the mistakes in one sentence."""
    with pytest.raises(ValueError, match="B00, B98: no such planted bug; there are B01, "):
        known(["B98", "B01", "B00"])


def test_known_bugs_are_taken() -> None:
    """Each once."""
    assert known(["B01", "B01", "B67"]) == {"B01", "B67"}
    assert known(PLANTED) == PLANTED.keys()
