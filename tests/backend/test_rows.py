import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.backend import rows
from fleet_sim.backend.state import DeviceState, TaskState
from fleet_sim.model.identity import Registration
from fleet_sim.model.northbound import (
    CreateModule,
    JobOrder,
    Names,
    Retry,
    Scope,
    StopJob,
    TaskStatus,
    Window,
)
from tests.backend.playbook import EPOCH_MS, Server, device, registration

ORDER: dict[str, Any] = {
    "scope": Scope(
        total=False,
        versions=("1.0", "1.1"),
        trees=(("t1", ("hall",)), ("t2", ())),
    ),
    "names": Names("night", (("zh_CN", "夜"),)),
    "open_list": True,
    "retry": Retry(2, 10),
    "window": Window(EPOCH_MS, EPOCH_MS + 5, repeat_daily=True, utc_offset_minutes=480),
    "timeout_s": 600,
    "concurrency": 5,
}


def test_a_job_survives_its_row() -> None:
    """Every part of an order comes back, through JSON text and into another zero of time."""
    server = Server()
    server.now_ms = 50
    job_id = server.job(**ORDER)
    job = server.brain._books.jobs[job_id]
    server.now_ms += 1_000
    server.call(StopJob(job_id))

    row = json.loads(json.dumps(rows.to_row(job, EPOCH_MS)))
    back = rows.job_from(job_id, row, EPOCH_MS - 1_000)

    assert back.order == JobOrder(job.order.firmware_id, "upgrade", **ORDER)
    assert (back.created_at_ms, back.updated_at_ms) == (1_050, 2_050)
    assert (back.number, back.product_key, back.target) == (1, job.product_key, "2.0")
    assert (back.status, back.firmware_names) == (job.status, job.firmware_names)
    assert back.versions == {"1.0", "1.1"}
    assert not back.accepts(registration("d1"))
    assert back.accepts(registration("d1", trees=(("t1", ("root", "hall")),)))


def test_a_module_survives_its_row() -> None:
    """Into another zero of time."""
    server = Server()
    server.now_ms = 50
    server.call(CreateModule("pk", "Mcu", "core", "d"))
    (module,) = server.brain._books.modules.values()

    row = json.loads(json.dumps(rows.to_row(module, EPOCH_MS)))
    back = rows.module_from(row, EPOCH_MS - 1_000)

    assert (back.key, back.name, back.number) == (("pk", "mcu"), "Mcu", 1)
    assert (back.alias, back.desc) == ("core", "d")
    assert (back.created_at_ms, back.updated_at_ms) == (1_050, 1_050)


def test_a_firmware_survives_its_row() -> None:
    """With its order and whether it was verified."""
    server = Server()
    firmware_id = server.upload(tags=(("a", "b"),), needs_verification=True)
    firmware = server.brain._books.firmware[firmware_id]
    firmware.is_verified = True

    row = json.loads(json.dumps(rows.to_row(firmware, EPOCH_MS)))
    back = rows.firmware_from(firmware_id, row, EPOCH_MS)

    names = [name for name in dir(firmware) if not name.startswith("_")]
    assert [getattr(back, name) for name in names] == [getattr(firmware, name) for name in names]


@given(
    st.builds(
        Registration,
        st.just(device("d1")),
        st.text(),
        asset_id=st.text(),
        attributes=st.lists(st.tuples(st.text(), st.text())).map(tuple),
        groups=st.lists(st.text()).map(tuple),
        trees=st.lists(st.tuples(st.text(), st.lists(st.text()).map(tuple))).map(tuple),
    ),
    st.none() | st.text(),
)
def test_a_device_survives_its_row(known: Registration, version: str | None) -> None:
    """Whatever it is registered with and whatever it reported; it comes back not connected."""
    state = DeviceState(known, version=version, is_connected=True)

    back = rows.device_from(json.loads(json.dumps(rows.to_row(state, EPOCH_MS))))

    assert (back.registration, back.version, back.is_connected) == (known, version, False)


_instants = st.none() | st.integers(0, 10**9)
_tasks = st.fixed_dictionaries(
    {
        "from_version": st.text(),
        "created_at_ms": st.integers(0, 10**9),
        "updated_at_ms": st.integers(0, 10**9),
        "tries_left": st.integers(0, 6),
        "status": st.sampled_from(TaskStatus),
        "progress": st.none() | st.integers(-10, 100),
        "desc": st.none() | st.text(),
        "attempt": st.integers(0, 6),
        "pushes": st.integers(0, 99),
        "pushed_at_ms": _instants,
        "anchor_at_ms": _instants,
        "ran": st.text(),
        "is_answered": st.booleans(),
        "is_between": st.booleans(),
        "awaits_round": st.booleans(),
        "not_before_ms": st.integers(0, 10**9),
        "has_slot": st.booleans(),
        "why": st.text(),
        "ended_by": st.lists(st.text(), max_size=3).map(tuple),
    }
)


@given(_tasks)
def test_a_task_survives_its_row(fields: dict[str, Any]) -> None:
    """All but its timer and its place in line, which are derived."""
    server = Server(check=False)
    server.fleet("d1")
    job = server.brain._books.jobs[server.job()]
    task = TaskState("t1", 4, job, job.tasks[0].device, **fields)

    back = rows.task_from(
        "t1",
        json.loads(json.dumps(rows.to_row(task, EPOCH_MS))),
        EPOCH_MS,
        jobs={job.job_id: job},
        devices={device("d1"): task.device},
    )

    derived = {"is_ready", "due_at_ms"}
    for name in set(TaskState.__slots__) - derived:
        assert getattr(back, name) == getattr(task, name)


@pytest.mark.parametrize(
    ("status", "is_consented"),
    [(TaskStatus.UNCONFIRMED, False), (TaskStatus.QUEUED, True), (TaskStatus.FAILED, True)],
)
def test_a_task_of_an_older_store_has_consent_unless_it_waits_for_it(
    status: TaskStatus, *, is_consented: bool
) -> None:
    """Rows did not always say so."""
    server = Server(check=False)
    server.fleet("d1")
    job = server.brain._books.jobs[server.job()]
    task = TaskState("t1", 4, job, job.tasks[0].device, "", 0, 0, 1, status=status)
    row = rows.to_row(task, EPOCH_MS)
    del row["is_consented"]

    back = rows.task_from(
        "t1", row, EPOCH_MS, jobs={job.job_id: job}, devices={device("d1"): task.device}
    )

    assert back.is_consented is is_consented


def test_rows_are_named_by_their_kind() -> None:
    """Table and key of each kind of state."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()

    books = server.brain._books
    (task,) = books.tasks.values()
    (firmware,) = books.firmware.values()
    names = [rows.name_of(each) for each in (task, task.device, task.job, firmware)]

    assert names == [
        ("tasks", task.task_id),
        ("devices", "pk/d1"),
        ("jobs", job_id),
        ("firmware", firmware.firmware_id),
    ]
