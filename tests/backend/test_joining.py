import pytest

from fleet_sim.model.northbound import (
    CancelJob,
    Scope,
    TaskStatus,
    UpdateJob,
)
from tests.backend.playbook import Server, contract, statuses

QUEUED, PUSHED, UNDER_WAY = TaskStatus.QUEUED, TaskStatus.PUSHED, TaskStatus.UNDER_WAY
SUCCEEDED, FAILED, CANCELLED = TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED
FLEET = tuple(f"d{number:02}" for number in range(40))


def _members(server: Server, job_id: str) -> list[str]:
    return [row.device_key for row in server.rows_of(job_id)]


# --- when the job is made ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("millipercent", "count"), [(1, 1), (25_000, 10), (99_999, 39), (100_000, 40)]
)
def test_a_share_takes_so_many_of_those_that_match(millipercent: int, count: int) -> None:
    """Rounded down, and at least one."""
    server = Server()
    server.fleet(*FLEET)
    server.fleet("at-target", version="2.0")

    job_id = server.job(scope=Scope(millipercent=millipercent))

    assert len(_members(server, job_id)) == count


def test_a_share_is_drawn_and_the_same_each_time() -> None:
    """Not the first few by name; another job draws others."""
    drawn = []
    for _ in range(2):
        server = Server()
        server.fleet(*FLEET)
        first = _members(server, server.job("2.0", scope=Scope(millipercent=25_000)))
        drawn.append((first, _members(server, server.job("3.0", scope=Scope(millipercent=25_000)))))

    assert drawn[0] == drawn[1]
    assert drawn[0][0] != list(FLEET[:10])
    assert drawn[0][0] != drawn[0][1]


@pytest.mark.parametrize(("rule", "status"), [("skip", None), ("fails", FAILED)])
def test_a_patch_is_for_its_source_version_alone(rule: str, status: TaskStatus | None) -> None:
    """A device with another version has no task, or one that fails."""
    server = Server(contract(unsupported_source=rule))
    server.fleet("a")
    server.fleet("b", version="0.9")
    firmware_id = server.upload(is_patch=True, from_versions=("1.0",))

    job_id = server.job(firmware_id=firmware_id)

    shown = statuses(server.rows_of(job_id))
    assert shown.pop("a") == "pushed"
    assert shown == ({} if status is None else {"b": status.value})


@pytest.mark.parametrize(("unsupported", "members"), [("skip", ["b"]), ("fails", ["a", "b"])])
def test_a_firmware_for_some_versions_wants_the_version_known(
    unsupported: str, members: list[str]
) -> None:
    """Unless who turns out to run another one has failed."""
    server = Server(contract(must_have_reported_version=False, unsupported_source=unsupported))
    server.register("a")
    server.fleet("b")
    patch = server.upload(from_versions=("1.0",), is_patch=True)

    job_id = server.job(firmware_id=patch)

    assert _members(server, job_id) == members


# --- later ---------------------------------------------------------------------------------------


def test_an_open_list_may_leave_out_those_present() -> None:
    """A device joins with the next version it reports, be it the one that is known."""
    server = Server()
    server.fleet("a", "b")
    job_id = server.job(open_list=True, skips_present=True)
    at_first = _members(server, job_id)

    server.register("a", tags=(("t", "x"),))
    after_a_change = _members(server, job_id)
    server.version("a", "1.0")

    assert (at_first, after_a_change, _members(server, job_id)) == ([], [], ["a"])


def test_an_ended_list_takes_nobody_in() -> None:
    """The tasks it has go on."""
    server = Server()
    server.fleet("a")
    job_id = server.job(open_list=True)

    server.call(CancelJob(job_id, ends_list=True))
    server.fleet("b")
    server.version("a", "2.0")

    assert statuses(server.rows_of(job_id)) == {"a": "succeeded"}


def test_an_ended_list_stays_ended_after_a_restart() -> None:
    """It is written down."""
    server = Server()
    job_id = server.job(open_list=True)
    server.call(CancelJob(job_id, ends_list=True))

    server.restart()
    server.fleet("b")

    assert _members(server, job_id) == []


def test_a_device_may_join_again_as_often_as_allowed() -> None:
    """When it comes back to a source version; with each report of the same one it does not."""
    server = Server(contract(open_list_matches_max=3))
    server.fleet("a")
    job_id = server.job(scope=Scope(versions=("1.0",)), open_list=True)

    counts = []
    for _ in range(4):
        server.version("a", "2.0")
        server.version("a", "1.0")
        server.version("a", "1.0")
        counts.append(len(_members(server, job_id)))

    assert counts == [2, 3, 3, 3]


def test_a_device_joins_once_where_the_vendor_says_no_more() -> None:
    """Whatever it does afterwards."""
    server = Server()
    server.fleet("a")
    job_id = server.job(scope=Scope(versions=("1.0",)), open_list=True)

    for version in ("2.0", "1.0"):
        server.version("a", version)

    assert _members(server, job_id) == ["a"]


@pytest.mark.parametrize(
    ("rule", "expected"), [("independent", [["a"], ["a"]]), ("newest_wins", [[], ["a"]])]
)
def test_the_newest_open_list_takes_a_device_that_several_match(
    rule: str, expected: list[list[str]]
) -> None:
    """Where the contract says so; else each takes it."""
    server = Server(contract(open_lists=rule))
    jobs = [server.job(version, open_list=True) for version in ("2.0", "3.0")]

    server.fleet("a")

    assert [_members(server, job_id) for job_id in jobs] == expected


def test_new_source_versions_take_in_who_runs_them() -> None:
    """At once, as the list is open."""
    server = Server()
    server.fleet("a")
    server.fleet("b", version="0.9")
    job_id = server.job(scope=Scope(versions=("1.0",)), open_list=True)

    server.call(UpdateJob(job_id, versions=("1.0", "0.9")))

    assert sorted(_members(server, job_id)) == ["a", "b"]


# --- whose a device is --------------------------------------------------------------------------


def test_a_second_job_is_refused_a_busy_device() -> None:
    """Its task has failed at once and says why; the first goes on."""
    server = Server(contract(busy_device="refuse"))
    server.fleet("a")
    first = server.job("2.0")

    second = server.job("3.0")

    row = server.task(second, "a")
    assert (row.status, row.desc) == (FAILED, "the device has another task")
    assert server.status(first, "a") is PUSHED
    assert server.pushes("a") == 1


@pytest.mark.parametrize("rule", ["refuse", "queue"])
def test_a_job_that_overwrites_takes_over_what_is_not_under_way(rule: str) -> None:
    """The older task is cancelled, the newer pushed."""
    profile = contract(busy_device=rule, cancel_shows_as="cancelled")
    server = Server(profile)
    server.fleet("a")
    first = server.job("2.0")

    second = server.job("3.0", overwrites=True)

    assert (server.status(first, "a"), server.status(second, "a")) == (CANCELLED, PUSHED)


@pytest.mark.parametrize(
    ("overwritable", "expected"),
    [
        (("queued", "pushed"), (UNDER_WAY, FAILED)),
        (("queued", "pushed", "under_way"), (CANCELLED, PUSHED)),
    ],
)
def test_what_can_be_taken_over_the_contract_says(
    overwritable: tuple[str, ...], expected: tuple[TaskStatus, TaskStatus]
) -> None:
    """Else the older goes on and the newer has failed."""
    server = Server(contract(overwritable=overwritable, cancel_shows_as="cancelled"))
    server.fleet("a")
    first = server.job("2.0")
    server.progress("a", 10)

    second = server.job("3.0", overwrites=True)

    assert (server.status(first, "a"), server.status(second, "a")) == expected


def test_tasks_of_two_modules_run_side_by_side_where_they_may() -> None:
    """Each hears its own reports, and succeeds by its own version."""
    server = Server(contract(modules_side_by_side=True, busy_device="refuse"))
    server.fleet("a")
    for module in ("mcu", "wifi"):
        server.version("a", "1.0", module=module)
    jobs = [
        server.job(firmware_id=server.upload(version, module=module))
        for version, module in (("2.0", "mcu"), ("3.0", "wifi"))
    ]

    server.progress("a", 40, module="wifi")
    under_way = [server.status(job_id, "a") for job_id in jobs]
    server.version("a", "2.0", module="mcu")
    server.version("a", "3.0")  # of the device as a whole: nothing to these jobs

    assert under_way == [PUSHED, UNDER_WAY]
    assert [server.status(job_id, "a") for job_id in jobs] == [SUCCEEDED, UNDER_WAY]
    assert [one.image.module for one in server.requests("a")] == ["mcu", "wifi"]


def _for_modules(server: Server, *orders: tuple[str, str, bool]) -> list[str]:
    """Order a version for a module each, side by side or not; return the jobs' ids.

    The device runs 1.0 in each of them.
    """
    for _, module, _ in orders:
        server.version("a", "1.0", module=module)
    return [
        server.job(firmware_id=server.upload(version, module=module), side_by_side=side_by_side)
        for version, module, side_by_side in orders
    ]


def test_jobs_may_say_that_modules_run_side_by_side() -> None:
    """Those for another module go their own way; a newer one for the same takes it over."""
    server = Server(contract(busy_device="refuse", cancel_shows_as="cancelled"))
    server.fleet("a")
    jobs = _for_modules(server, ("2.0", "mcu", True), ("3.0", "wifi", True), ("2.1", "mcu", True))
    server.progress("a", 40, module="wifi")
    jobs += _for_modules(server, ("3.1", "wifi", True))

    server.restart()
    server.connect("a")
    server.version("a", "2.1", module="mcu")

    assert [server.status(job_id, "a") for job_id in jobs] == [
        CANCELLED, UNDER_WAY, SUCCEEDED, FAILED,
    ]  # fmt: skip


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("module", ["mcu", "wifi"])
def test_a_job_that_does_not_say_so_shares_a_device_with_none(*, first: bool, module: str) -> None:
    """Whichever of the two was there before; nor is it taken over, be it for the same module."""
    server = Server(contract(busy_device="refuse"))
    server.fleet("a")

    jobs = _for_modules(server, ("2.0", "mcu", first), ("3.0", module, not first))

    assert [server.status(job_id, "a") for job_id in jobs] == [PUSHED, FAILED]
    assert [one.image.module for one in server.requests("a")] == ["mcu"]


def test_else_two_modules_of_a_device_are_one_after_the_other() -> None:
    """The device is busy with the first."""
    server = Server()
    server.fleet("a")
    for module in ("mcu", "wifi"):
        server.version("a", "1.0", module=module)
    jobs = [
        server.job(firmware_id=server.upload(version, module=module))
        for version, module in (("2.0", "mcu"), ("3.0", "wifi"))
    ]
    at_first = [server.status(job_id, "a") for job_id in jobs]

    server.version("a", "2.0", module="mcu")

    assert at_first == [PUSHED, QUEUED]
    assert [server.status(job_id, "a") for job_id in jobs] == [SUCCEEDED, PUSHED]


def test_module_versions_survive_a_restart() -> None:
    """So do the lanes of running attempts."""
    server = Server(contract(modules_side_by_side=True))
    server.fleet("a")
    server.version("a", "1.0", module="mcu")
    job_id = server.job(firmware_id=server.upload(module="mcu"))

    server.restart()
    server.connect("a")
    server.version("a", "2.0", module="mcu")

    assert server.status(job_id, "a") is SUCCEEDED
