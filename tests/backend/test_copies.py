from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.backend.signs_of_life import COPY_MS
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import FailureReport, ProgressReport, VersionReport
from fleet_sim.model.northbound import Names, Retry, TaskStatus
from tests.backend.playbook import Server, contract, device


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


_WORDS = st.sampled_from(
    [
        VersionReport("", "1.0"),
        VersionReport("", "1.5"),
        VersionReport("", "2.0"),
        VersionReport("", "1.0", after_upgrade=True),
        ProgressReport("", 10),
        ProgressReport("", 90, "nearly"),
        FailureReport("", FailureCause.DOWNLOAD, "cut", -2),
        FailureReport("", FailureCause.VERIFY, "differs", -3),
    ]
)


@given(words=st.lists(_WORDS, max_size=12), ids=st.sampled_from(["fresh", "constant", "none"]))
def test_what_is_delivered_twice_ends_as_if_it_were_not(
    words: list[VersionReport | ProgressReport | FailureReport], ids: str
) -> None:
    """However devices number their reports: the same pushes, and the same is shown."""
    ends = []
    for times in (1, 2):
        server = Server()
        server.fleet("d1")
        job_id = server.job(retry=Retry(3, 0))
        for number, report in enumerate(words):
            message_id = {"fresh": f"r{number}", "constant": "1", "none": ""}[ids]
            for _ in range(times):
                server.say("d1", replace(report, message_id=message_id))
        ends.append(
            (
                server.task(job_id, "d1"),
                server.brain._books.devices[device("d1")].version,
                server.requests("d1"),
            )
        )

    assert ends[0] == ends[1]


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

    assert server.brain._books.devices[device("d1")].version == "2.0"


def test_ids_that_begin_anew_are_no_copies() -> None:
    """A device in the field counts from 1 after each restart: a new connection is believed."""
    server = Server()
    server.fleet("d1")
    server.say("d1", VersionReport("1", "1.5"))
    server.say("d1", VersionReport("2", "2.0"))

    server.gone("d1")
    server.connect("d1")
    server.say("d1", VersionReport("1", "1.5"))

    assert server.brain._books.devices[device("d1")].version == "1.5"


def test_the_answer_to_an_open_question_is_no_copy() -> None:
    """Devices that number nothing answer with the very words of their report on connecting."""
    server = Server(contract(asks_version=True))
    server.fleet("d1")
    report = VersionReport("", "1.0")
    server.say("d1", report)
    server.job(retry=Retry(1, 0))

    for pushes in (1, 2):
        server.say("d1", report)
        assert (server.asked("d1"), server.pushes("d1")) == (pushes, pushes)
        server.failure("d1")


@pytest.mark.parametrize(
    ("ids", "is_rebooted"),
    [(("2", "2"), False), (("", ""), False), (("2", "2"), True), (("", ""), True),
     (("1", "2"), True)],
)  # fmt: skip
def test_every_failure_of_a_device_that_reuses_its_ids_counts(
    ids: tuple[str, str], is_rebooted: bool
) -> None:
    """Progress under way, then the same words as before: the next attempt has failed as well."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(2, 0))
    first, then = ids

    for _ in range(3):
        server.say("d1", ProgressReport(first, 20))
        server.say("d1", FailureReport(then, FailureCause.DOWNLOAD, "cut", -2))
        if is_rebooted:
            server.gone("d1")
            server.connect("d1", version="1.0")

    assert [one.kind for one in server.journal].count("attempt_started") == 3
    assert server.status(job_id, "d1") is TaskStatus.FAILED


@pytest.mark.parametrize("id_of_other", ["1", "2"])
def test_parts_of_a_device_number_their_reports_apart(id_of_other: str) -> None:
    """One id of two parts are two reports, in the same words too; each part's own copy is one."""
    server = Server(contract(modules_side_by_side=True))
    server.fleet("d1")
    jobs = []
    for module in ("mcu", "wifi"):
        server.version("d1", "1.0", module=module)
        firmware_id = server.upload("2.0", names=Names(module), module=module)
        jobs.append(server.job(firmware_id=firmware_id, side_by_side=True, retry=Retry(1, 0)))
    server.after(COPY_MS)
    mcu = FailureReport("1", FailureCause.DOWNLOAD, "cut", -2, "mcu")
    wifi = replace(mcu, message_id=id_of_other, module="wifi")

    for report in (mcu, wifi, mcu, wifi):
        server.say("d1", report)

    assert [server.status(job_id, "d1") for job_id in jobs] == [TaskStatus.PUSHED] * 2
    assert [one.kind for one in server.journal].count("attempt_started") == 4


def test_a_report_that_names_no_part_may_be_of_any() -> None:
    """Progress may leave out whose it is: what a part says after it under its id is no copy."""
    server = Server(contract(modules_side_by_side=True))
    server.fleet("d1")
    server.version("d1", "1.0", module="mcu")
    firmware_id = server.upload("2.0", module="mcu")
    job_id = server.job(firmware_id=firmware_id, side_by_side=True, retry=Retry(1, 0))
    server.after(COPY_MS)
    failure = FailureReport("1", FailureCause.DOWNLOAD, "cut", -2, "mcu")

    for report in (failure, ProgressReport("1", 20), failure):
        server.say("d1", report)

    assert server.status(job_id, "d1") is TaskStatus.FAILED


def test_a_failure_in_other_words_is_no_copy() -> None:
    """Its id alone tells nothing, also after a restart."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 0))
    server.say("d1", FailureReport("2", FailureCause.DOWNLOAD, "cut", -2))
    server.restart()
    server.connect("d1", version="1.0")

    server.say("d1", FailureReport("2", FailureCause.DOWNLOAD, "no room", -2))

    assert server.status(job_id, "d1") is TaskStatus.FAILED


def test_a_failure_long_after_its_like_is_no_copy() -> None:
    """Devices that report no progress and number nothing fail in the same words each time."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 0))
    report = server.failure("d1")
    server.after(COPY_MS)

    server.say("d1", report)

    assert server.status(job_id, "d1") is TaskStatus.FAILED


def test_a_failure_sent_again_before_newer_progress_is_a_copy() -> None:
    """A new connection repeats in order what was not acknowledged: the failure comes first."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 0))
    report = server.failure("d1")
    server.progress("d1", 10)
    server.gone("d1")
    server.after(3_600_000)
    server.connect("d1", version="1.0")

    server.say("d1", report)

    assert server.status(job_id, "d1") is TaskStatus.UNDER_WAY


@pytest.mark.parametrize("message_id", ["1", ""])
def test_a_version_that_returns_under_a_constant_id_is_shown(message_id: str) -> None:
    """Rolled back without a new connection: another version came between under the same id."""
    server = Server()
    server.fleet("d1")

    for version in ("0.1", "0.2", "0.1"):
        server.say("d1", VersionReport(message_id, version, "mcu"))

    assert server.brain._books.devices[device("d1")].modules == {"mcu": "0.1"}
