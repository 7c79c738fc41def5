from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.oracle.evidence import FOREVER
from tests.oracle.logs import Log, evidence


def test_an_arrival_seen_by_the_server_is_exact() -> None:
    """Both ends in the log: the report arrived when the server says so."""
    log = Log()
    log.devices("d1")
    log.version(5_000, "d1", "2.0")

    report = evidence(log).devices["p/d1"].reports[-1]

    assert (report.lo, report.hi, report.version) == (5_000, 5_000, "2.0")


def test_an_arrival_seen_by_the_device_lies_within_its_flight() -> None:
    """With a foreign broker it arrived after it was sent and before it was acknowledged."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.push(4_000, "d1")  # so its server hears it
    log.version(5_000, "d1", "2.0")

    report = evidence(log).devices["p/d1"].reports[-1]

    assert (report.lo, report.hi) == (4_990, 5_010)


def test_an_unacknowledged_report_may_never_have_arrived() -> None:
    """It is open from its sending on, for ever."""
    for log in (Log(is_foreign=True), Log()):
        log.devices("d1")
        log.push(4_000, "d1")
        log.version(5_000, "d1", "2.0", is_delivered=False)

        report = evidence(log).devices["p/d1"].reports[-1]

        assert (report.lo, report.hi, report.is_certain) == (4_990, FOREVER, False)


def test_a_second_arrival_of_a_message_is_a_copy() -> None:
    """QoS 1 may deliver twice; the copy keeps what the device said of the message."""
    log = Log()
    log.devices("d1")
    request = log.push(4_000, "d1")
    log.progress(5_000, "d1", 25, "x", message="m9")
    log.add(6_000, "W", "progress_received", "d1", part=0, side="server", message="m9", step=25)

    first, copy = evidence(log).devices["p/d1"].reports[-2:]

    assert [first.is_copy, copy.is_copy, copy.request, copy.lo] == [False, True, request, 6_000]


@pytest.mark.parametrize(
    "fields", [{"step": -2, "desc": "x"}, {"step": 25, "desc": "y"}, {"module": "mcu"}]
)
def test_other_words_under_the_same_id_are_no_copy(fields: dict[str, Any]) -> None:
    """Devices of others number all their reports alike; what came again is a copy of its like."""
    log = Log()
    log.devices("d1")
    first: dict[str, Any] = {"side": "server", "message": "2", "step": 25, "desc": "x"}
    for at_ms, more in ((5_000, {}), (6_000, fields), (7_000, fields), (8_000, {})):
        log.add(at_ms, "W", "progress_received", "d1", part=0, **first | more)

    reports = evidence(log).devices["p/d1"].reports

    assert [one.is_copy for one in reports[-4:]] == [False, False, True, False]
    assert [one.lo for one in reports[-4:]] == [5_000, 6_000, 7_000, 8_000]
    assert [one.step for one in reports[-4:-1]] == [25, *[fields.get("step", 25)] * 2]


def test_ends_are_joined_in_either_order() -> None:
    """Records of two parts with one instant may come the arrival first."""
    log = Log()
    log.devices("d1")
    log.add(5_000, "W", "progress_received", "d1", part=0, side="server", message="m", step=5)
    log.add(5_000, "W", "progress_sent", "d1", side="device", message="m", step=5, request="r7")

    report = evidence(log).devices["p/d1"].reports[-1]

    assert (report.request, report.lo, report.hi) == ("r7", 5_000, 5_000)


def test_a_failure_without_a_code_is_a_failure() -> None:
    """A device leaves the code to its dialect; only the server's end knows it."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.add(
        5_000, "W", "progress_sent", "d1", side="device", message="m", step=None, cause="verify"
    )

    report = evidence(log).devices["p/d1"].reports[-1]

    assert (report.is_failure, report.step) == (True, None)


def test_a_push_seen_twice_is_a_copy() -> None:
    """The same request id again is the network's doing."""
    log = Log()
    log.devices("d1")
    log.push(2_000, "d1", "r1")
    log.push(3_000, "d1", "r1")

    assert [push.is_copy for push in evidence(log).devices["p/d1"].pushes] == [False, True]


def test_a_push_of_a_foreign_server_left_after_its_connection_began() -> None:
    """And after what it had acknowledged before; less the time it was decided ahead."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.push(2_000, "d1")
    log.offline(3_000, "d1")
    log.online(4_000, "d1")
    log.push(5_000, "d1")

    pushes = evidence(log).devices["p/d1"].pushes

    assert [(push.lo, push.hi) for push in pushes] == [(90 - 100, 2_010), (4_000 - 100, 5_010)]


def test_a_connection_begins_when_its_device_asks_for_it() -> None:
    """The server may push before the device knows that it was let in."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.offline(3_000, "d1")
    log.online(4_000, "d1", since=3_500)
    log.push(4_000, "d1")

    (push,) = evidence(log).devices["p/d1"].pushes

    assert push.lo == 3_500 - 100


def answered(code: int) -> Log:
    """Return a log of a foreign server whose reply to a report comes after its broker's word."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.version(5_000, "d1", "2.0", message="m")
    log.add(9_000, "W", "answered", "d1", side="device", message="m", code=code)
    return log


def test_a_report_has_arrived_once_its_server_answers() -> None:
    """A broker in between acknowledges for itself alone."""
    report = evidence(answered(200)).devices["p/d1"].reports[-1]

    assert (report.lo, report.hi) == (4_990, 9_000)


def test_a_report_that_its_server_refuses_may_not_count() -> None:
    """It arrived, and what was made of it nobody can tell."""
    report = evidence(answered(500)).devices["p/d1"].reports[-1]

    assert (report.lo, report.hi, report.is_certain) == (4_990, FOREVER, False)


def test_a_report_that_only_a_broker_acknowledged_may_not_have_arrived() -> None:
    """The server answers such reports, and has not answered this one; of others nobody knows."""
    log = answered(200)
    log.push(19_000, "d1")  # so the server knows of it
    log.version(20_000, "d1", "3.0")
    log.progress(21_000, "d1", 50)

    _, _, version, progress = evidence(log).devices["p/d1"].reports

    assert (version.lo, version.hi) == (19_990, FOREVER)
    assert (progress.lo, progress.hi) == (20_990, 21_010)


def test_a_device_that_no_backend_ever_spoke_of_may_not_have_been_heard() -> None:
    """Its broker took what it said, and may keep it from the backend by its rules."""
    log = Log(is_foreign=True)
    log.devices("d1")

    assert not any(report.is_certain for report in evidence(log).devices["p/d1"].reports)


def test_a_server_that_hears_nothing_is_in_the_log_all_the_same() -> None:
    """Its own records say so, whoever keeps messages from it."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.add(0, "S", "started", dialect="enos")

    found = evidence(log)

    assert found.has_server_wire
    assert not any(report.is_certain for report in found.devices["p/d1"].reports)


def test_a_push_left_after_the_servers_own_answer_and_not_after_its_brokers() -> None:
    """Where a server answers, its broker's acknowledgements say nothing of it."""
    log = answered(200)
    log.progress(10_000, "d1", 5)
    log.push(11_000, "d1")

    (push,) = evidence(log).devices["p/d1"].pushes

    assert push.lo == 4_990 - 100


def test_a_call_takes_effect_between_its_two_records() -> None:
    """Refused: never. Without an answer: at any time from then on."""
    log = Log()
    log.job(at=1_000)
    log.call(2_000, "cancel_tasks", "d1")
    log.call(3_000, "cancel_tasks", "d1", outcome="fail")
    log.call(4_000, "cancel_tasks", "d1", outcome="unknown")

    calls = evidence(log).jobs["j1"].calls

    assert [(one.lo, one.hi, one.may_have_worked) for one in calls] == [
        (2_000, 2_010, True),
        (3_000, 3_010, False),
        (4_000, FOREVER, True),
    ]


def test_a_job_whose_creation_got_no_answer_is_still_a_job() -> None:
    """It may have taken effect, so its pushes are explained."""
    log = Log()
    log.job(at=1_000, outcome="unknown", job="")

    (job,) = evidence(log).jobs.values()

    assert (job.id, job.to_version, job.create.hi) == ("?1", "2.0", FOREVER)


def test_a_refused_job_is_no_job() -> None:
    """Nothing was created."""
    log = Log()
    log.job(at=1_000, outcome="fail")

    assert not evidence(log).jobs


def test_polls_of_a_job_are_told_from_probes() -> None:
    """A probe is a question put to the search; it shows no task to the timeline."""
    log = Log()
    log.job(at=1_000)
    log.show("d1", "queued")
    log.poll(4_000)
    log.probe(5_000, ["job_id", "=", ["j1"]], "j1-d1")

    found = evidence(log)

    assert (len(found.jobs["j1"].polls), len(found.queries)) == (1, 2)


def test_a_walk_that_missed_tasks_is_not_whole() -> None:
    """A page may have shifted under it, so unchanged rows were not surely seen."""
    log = Log()
    log.job(at=1_000)
    log.show("d1", "queued")
    log.show("d2", "queued")
    log.poll(4_000)
    log.poll(5_000, unique=1)

    assert [poll.is_whole for poll in evidence(log).jobs["j1"].polls] == [True, False]


def test_only_faults_of_the_server_are_kept() -> None:
    """What hits devices needs no allowance: their own records tell it."""
    log = Log()
    log.add(1_000, "C", "fault_injected", id="S01")
    log.add(1_500, "C", "fault_injected", id="F48")
    log.add(2_000, "C", "fault_healed", id="S01")

    assert [(one.lo, one.hi) for one in evidence(log).faults] == [(1_000, 2_000)]


def test_presence_is_kept_for_each_end() -> None:
    """A half-open connection looks different from its two ends."""
    log = Log()
    log.devices("d1")
    log.add(5_000, "W", "offline", "d1", side="device", why="half_open")

    device = evidence(log).devices["p/d1"]

    assert not device.is_online_throughout(5_000, 6_000)
    assert device.presence["server"].is_online_throughout(5_000, 6_000)


def test_records_that_say_nothing_here_are_passed_over() -> None:
    """The reference backend's journal, above all, is never evidence."""
    log = Log()
    log.devices("d1")
    before = evidence(log)
    log.add(50, "S", "attempt_started", "d1", part=0)

    assert evidence(log).devices == before.devices


def test_device_truth_is_kept() -> None:
    """What a device does and holds, by its own word."""
    log = Log()
    log.devices("d1")
    log.add(5_000, "D", "silent", "d1", request="r1", why="no_ack")
    log.add(6_000, "D", "flash", "d1", version="2.0", request="r1")
    log.add(7_000, "D", "gone", "d1", why="brick")

    device = evidence(log).devices["p/d1"]

    assert [one.t for one in (*device.silences, *device.flashes)] == [5_000, 6_000]
    assert device.gone is not None


def test_the_longest_wait_for_an_acknowledgement_is_kept() -> None:
    """It says how long a message of this device may be under way."""
    log = Log(is_foreign=True)
    log.devices("d1", "d2")
    log.boot(0, "d3", "1.0", fleet="f", dialect="enos")
    log.add(5_000, "W", "version_sent", "d2", side="device", message="m", version="2.0")
    log.add(5_700, "W", "delivered", "d2", side="device", message="m")

    found = {device.key: device.round_trip_ms for device in evidence(log).devices.values()}

    assert found == {"d1": 20, "d2": 700, "d3": FOREVER}
