from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from fleet_sim.backend.brain import Brain
from fleet_sim.backend.events import Registered, TimeReached
from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateJob,
    DeleteJob,
    GetJob,
    JobOrder,
    Retry,
    RetryTasks,
    Scope,
    StartJob,
    StopJob,
    TaskStatus,
    UpdateJob,
    Window,
)
from tests.backend.playbook import (
    CONTRACT,
    EPOCH_MS,
    PRODUCT,
    Server,
    contract,
    device,
    registration,
    statuses,
)

T_MS = 300_000

# --- small things ------------------------------------------------------------------------------


def test_a_registered_devices_secret_is_known() -> None:
    """And that of a stranger is not; a restart does not change either."""
    server = Server()
    server.register("d1")

    for _ in range(2):
        assert server.brain.secret_of(device("d1")) == "secret of d1"
        assert server.brain.secret_of(DeviceId(PRODUCT, "d2")) is None
        server.restart()


def test_registering_a_device_again_writes_nothing() -> None:
    """Only what changed is written; the version it reported stays."""
    server = Server()
    server.fleet("d1")

    same = server.do(Registered(registration("d1")))
    new = server.do(Registered(registration("d1", asset_id="a9")))

    assert same == ()
    assert [type(effect).__name__ for effect in new] == ["Keep"]
    assert server.rows["devices"][f"{PRODUCT}/d1"]["version"] == "1.0"


def test_time_that_comes_too_early_does_nothing() -> None:
    """A driver may fire as often as it likes."""
    server = Server()
    server.fleet("d1")
    server.job(timeout_s=300)
    server.progress("d1", 1)

    server.now_ms = T_MS - 1

    assert server.do(TimeReached()) == ()


def test_an_unknown_planted_bug_is_refused() -> None:
    """A typo must not pass for a clean server."""
    with pytest.raises(ValueError, match="B99: no such planted bug"):
        Server(CONTRACT, "B01", "B99")


def test_the_same_events_give_the_same_effects() -> None:
    """Ids included: nothing is drawn from anywhere but the seed."""
    logs = []
    for _ in range(2):
        server = Server()
        server.fleet("d1", "d2")
        server.job(retry=Retry(1, 0))
        server.failure("d1")
        logs.append((server.told, server.rows))

    assert logs[0] == logs[1]


# --- restarts ----------------------------------------------------------------------------------


def test_a_restart_loses_nothing_that_is_shown() -> None:
    """Jobs, tasks in every state, devices, firmware: the rows of every search are the same."""
    server = Server()
    server.fleet("done", "failed", "going", "pushed", "waiting")
    server.gone("waiting")
    job_id = server.job(retry=Retry(1, 60))
    server.version("done", "2.0")
    server.failure("failed")
    server.progress("going", 40, "loading")
    before = (server.rows_of(job_id), server.call(GetJob(job_id)), deepcopy(server.rows))

    server.restart()

    assert (server.rows_of(job_id), server.call(GetJob(job_id)), server.rows) == before


def test_an_empty_store_is_a_fresh_start() -> None:
    """Nothing to take up is no mistake."""
    server = Server()

    assert server.restart() == ()
    assert server.brain.next_at_ms is None


def test_timers_go_on_from_their_first_anchor() -> None:
    """Killed half way through an attempt, the timeout still comes when it would have."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.progress("d1", 1)
    server.until(200_000)

    server.restart()

    assert server.brain.next_at_ms == T_MS
    server.until(T_MS)
    assert server.status(job_id, "d1") is TaskStatus.FAILED


def test_a_timeout_that_fell_into_the_outage_fires_at_once() -> None:
    """The attempt ended while nobody watched; it is not given more time."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.progress("d1", 1)

    server.now_ms = 2 * T_MS
    server.restart()

    row = server.task(job_id, "d1")
    assert (row.status, row.desc) == (TaskStatus.FAILED, "timeout")


def test_a_retry_gap_goes_on_over_a_restart() -> None:
    """It counts from the end of the attempt, and the attempts already made still count."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(retry=Retry(1, 60))
    server.failure("d1")
    server.until(30_000)
    server.restart()
    server.connect("d1", version="1.0")

    server.until(59_999)
    in_gap = server.pushes("d1")
    server.until(60_000)
    server.failure("d1")
    server.until(600_000)

    assert in_gap == 1
    assert server.pushes("d1") == 2
    assert server.status(job_id, "d1") is TaskStatus.FAILED


def test_the_cap_holds_over_a_restart() -> None:
    """Attempts of the former process count, so nobody is pushed in their place."""
    server = Server()
    server.fleet("a", "b", "c")
    server.job(concurrency=1)
    server.progress("a", 1)

    server.restart()
    server.connect("a", "b", "c", version="1.0")
    held = server.pushed()
    server.version("a", "2.0")

    assert held == ["a"]
    assert server.pushed() == ["a", "b"]


def test_many_timeouts_in_an_outage_break_no_cap() -> None:
    """All end at once; their retries go out within the cap as the devices return."""
    server = Server()
    keys = [f"d{number}" for number in range(6)]
    server.fleet(*keys)
    job_id = server.job(concurrency=2, timeout_s=300, retry=Retry(1, 0))
    server.progress("d0", 1)
    server.progress("d1", 1)
    server.now_ms = 2 * T_MS

    server.restart()
    server.connect(*keys, version="1.0")

    assert list(statuses(server.rows_of(job_id)).values()).count("pushed") == 2


def test_an_unanswered_push_is_repeated_after_a_restart() -> None:
    """Whether the old process still sent it nobody knows; the device is asked again."""
    server = Server()
    server.fleet("d1")
    server.job()

    server.restart()
    server.connect("d1", version="1.0")

    first, second = server.requests("d1")
    assert first.image == second.image
    assert first.message_id != second.message_id


def test_a_retry_round_that_has_begun_is_written_down() -> None:
    """Also for tasks that show nothing of it: another task's end let them go (found by a seed)."""
    server = Server(
        contract(retry_round="after_whole_task", between_attempts_status=("unchanged",))
    )
    server.fleet("a", "b")
    server.job(retry=Retry(1, 60))
    server.failure("a")
    server.version("b", "2.0")

    server.restart()
    server.connect("a", version="1.0")
    server.until(60_000)

    assert server.pushed() == ["a", "b", "a"]


def test_a_stopped_job_is_still_stopped() -> None:
    """A restart starts nothing."""
    server = Server()
    server.register("d1")
    server.connect("d1", version="1.0")
    server.gone("d1")
    job_id = server.job()
    server.call(StopJob(job_id))

    server.restart()
    server.connect("d1", version="1.0")

    assert server.pushes("d1") == 0


def test_rows_mean_the_same_to_a_server_with_another_zero() -> None:
    """Instants are kept by the wall clock: a server that counts from later fires in time."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.progress("d1", 1)
    later = Brain(
        contract=CONTRACT,
        epoch_ms=EPOCH_MS + 100_000,
        seed=7,
        file_url=lambda firmware_id, file_name: f"{firmware_id}/{file_name}",
    )

    later.restore({name: list(table.values()) for name, table in server.rows.items()}, 0)

    assert later.next_at_ms == T_MS - 100_000
    server.brain, server.now_ms = later, 0
    assert server.task(job_id, "d1").updated_epoch_ms == EPOCH_MS


# --- any history -------------------------------------------------------------------------------

KEYS = ("a", "b", "c")
_key = st.sampled_from(KEYS)
_versions = st.sampled_from(["1.0", "2.0", "3.0", "9.9"])
_subset = st.lists(_key, min_size=1, max_size=2, unique=True).map(tuple)
_scopes = st.sampled_from(
    [Scope(), Scope(versions=("1.0",)), Scope(total=False, device_keys=("a", "b"))]
)
_windows = st.none() | st.builds(
    Window,
    st.integers(EPOCH_MS - 10**6, EPOCH_MS + 10**6),
    st.integers(EPOCH_MS + 10**6, EPOCH_MS + 10**7),
    repeat_daily=st.booleans(),
)
_orders = st.fixed_dictionaries(
    {
        "scope": _scopes,
        "concurrency": st.sampled_from([None, 1, 2]),
        "timeout_s": st.sampled_from([None, 300]),
        "retry": st.none() | st.builds(Retry, st.integers(1, 2), st.sampled_from([0, 60])),
        "window": _windows,
        "devices_must_ask": st.booleans(),
        "open_list": st.booleans(),
        "needs_confirmation": st.booleans(),
        "waits_for_connect": st.booleans(),
        "pushes_a_minute": st.sampled_from([None, 1, 2]),
        "overwrites": st.booleans(),
    }
)
_steps = st.one_of(
    st.tuples(st.just("connect"), _key, st.none() | _versions),
    st.tuples(st.just("gone"), _key),
    st.tuples(st.just("progress"), _key, st.integers(0, 100)),
    st.tuples(st.just("failure"), _key),
    st.tuples(st.just("version"), _key, _versions),
    st.tuples(st.just("reply"), _key, st.sampled_from([200, 500])),
    st.tuples(st.just("ask"), _key),
    st.tuples(st.just("after"), st.sampled_from([1, GRACE_MS, 60_000, T_MS, 86_400_000])),
    st.tuples(st.just("job"), st.sampled_from(["2.0", "3.0"]), _orders),
    st.tuples(
        st.just("job_call"),
        st.sampled_from([StartJob, StopJob, DeleteJob]),
        st.integers(0, 3),
    ),
    st.tuples(
        st.just("task_call"), st.sampled_from([CancelTasks, RetryTasks]), st.integers(0, 3), _subset
    ),
    st.tuples(st.just("tag"), _key, st.sampled_from(["x", "y"])),
    st.tuples(st.just("confirm")),
    st.tuples(
        st.just("cancel_all"),
        st.integers(0, 3),
        st.sampled_from([(), (TaskStatus.QUEUED,), tuple(TaskStatus)]),
        st.booleans(),
    ),
    st.tuples(st.just("update"), st.integers(0, 3), st.sampled_from([1, 3]), st.none() | _versions),
)
_profiles: st.SearchStrategy[ContractProfile] = st.builds(
    contract,
    upgrading_starts=st.sampled_from(["push", "ack", "first_progress"]),
    timeout_anchor=st.sampled_from(["upgrading", "push"]),
    silent_device=st.sampled_from(["times_out", "waits"]),
    retry_round=st.sampled_from(["per_device", "after_whole_task"]),
    retry_on=st.sampled_from([("failed",), ("failed", "timeout", "foreign_version")]),
    foreign_version=st.sampled_from(["fails", "ignored"]),
    repush_on_reconnect=st.sampled_from(["never", "while_unanswered", "always"]),
    between_attempts_status=st.sampled_from([("queued",), ("failed",), ("unchanged",)]),
    slot_freed_at=st.sampled_from(["attempt_end", "task_end"]),
    cap_default=st.sampled_from([None, 2]),
    already_at_target=st.sampled_from(["skip", "instant_success"]),
    late_success=st.sampled_from(["stick", "heal"]),
    cancel_shows_as=st.sampled_from(["failed", "cancelled"]),
    cancellable=st.sampled_from([("queued", "pushed"), ("queued", "pushed", "under_way")]),
    reopenable=st.sampled_from([("failed",), ("failed", "cancelled")]),
    busy_device=st.sampled_from(["queue", "refuse", "overwrite"]),
    overwritable=st.sampled_from([("queued", "pushed"), ("queued", "pushed", "under_way")]),
    old_version_after_upgrade=st.sampled_from(["fails", "ignored"]),
    connect_wait_s=st.sampled_from([None, 0, 2]),
    target_before_push=st.sampled_from(["fails", "succeeds"]),
    asks_version=st.booleans(),
    version_answer_timeout_s=st.sampled_from([None, 180]),
    online_timeout_s=st.sampled_from([None, 90_000]),
    pushes_a_minute=st.sampled_from([None, 3]),
    job_completes=st.sampled_from(["never", "all_ended"]),
    open_lists=st.sampled_from(["independent", "newest_wins"]),
    open_list_matches_max=st.sampled_from([1, 3]),
    must_have_reported_version=st.booleans(),
)


def _play(server: Server, step: tuple[Any, ...]) -> None:
    """Make one move; moves that make no sense at the moment are part of life."""
    name, *rest = step
    if name in {"job_call", "task_call"}:
        call, index, *more = rest
        jobs = sorted(server.rows.get("jobs", {}))
        if jobs:
            server.call(call(jobs[index % len(jobs)], *more))
    elif name == "job":
        _order(server, *rest)
    elif name == "confirm":
        _confirm(server)
    elif name in {"cancel_all", "update"}:
        jobs = sorted(server.rows.get("jobs", {}))
        if jobs:
            _change(server, name, jobs[rest[0] % len(jobs)], *rest[1:])
    elif name == "connect":
        server.connect(rest[0], version=rest[1])
    elif name == "tag":
        server.register(rest[0], tags=(("t", rest[1]),))
    elif name != "reply" or server.requests(rest[0]):
        getattr(server, name)(*rest)


def _order(server: Server, version: str, order: dict[str, Any]) -> None:
    """Order a job; one that the contract does not take is refused."""
    known = {row["order"]["version"]: key for key, row in server.rows.get("firmware", {}).items()}
    firmware_id = known.get(version) or server.upload(version)
    server.call(CreateJob(JobOrder(firmware_id, "upgrade", **order)))


def _confirm(server: Server) -> None:
    waiting = [
        key for key, row in server.rows.get("tasks", {}).items() if row["status"] == "unconfirmed"
    ]
    server.call(ConfirmTasks(tuple(sorted(waiting))))


def _change(server: Server, name: str, job_id: str, *rest: Any) -> None:  # noqa: ANN401
    if name == "cancel_all":
        server.call(CancelJob(job_id, *rest))
    else:
        rate, version = rest
        server.call(UpdateJob(job_id, rate, versions=None if version is None else (version,)))


def _fresh(profile: ContractProfile) -> Server:
    server = Server(profile)
    server.fleet(*KEYS)
    return server


@settings(max_examples=200, deadline=None)
@given(profile=_profiles, steps=st.lists(_steps, min_size=15, max_size=60))
def test_any_history_keeps_the_laws(profile: ContractProfile, steps: list[tuple[Any, ...]]) -> None:
    """Under any contract, after each event: caps, slots, one attempt a device, none overlooked."""
    server = _fresh(profile)

    for step in steps:
        _play(server, step)


@settings(max_examples=200, deadline=None)
@given(
    profile=_profiles,
    before=st.lists(_steps, min_size=10, max_size=40),
    after=st.lists(_steps, min_size=5, max_size=40),
)
def test_a_restart_changes_nothing_but_the_connections(
    profile: ContractProfile, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    """A server made anew from the rows goes on exactly as the old one with all devices gone."""
    old, new = _fresh(profile), _fresh(profile)
    for step in before:
        _play(old, step)
        _play(new, step)

    old.gone(*KEYS)
    new.restart()
    for step in after:
        _play(old, step)
        _play(new, step)

    note(f"{profile=} {before=} {after=}")
    assert new.told == old.told
    assert new.rows == old.rows


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(_steps, min_size=5, max_size=40))
def test_everything_settles_once_devices_behave(steps: list[tuple[Any, ...]]) -> None:
    """After any history, devices that do as they are told bring every task to an end."""
    server = _fresh(contract(silent_device="times_out"))
    for step in steps:
        _play(server, step)
    for job_id in sorted(server.rows.get("jobs", {})):
        server.call(StartJob(job_id))
    _confirm(server)

    for _ in range(30):
        for key in KEYS:
            server.gone(key)
            running = server.rows["devices"][f"{PRODUCT}/{key}"]["version"]
            server.connect(key, version=running)
            server.ask(key)
            active = server.brain._books.devices[device(key)].active.get("")
            if active is not None:
                server.version(key, active.job.target)
        server.after(86_400_000 + T_MS)

    for task in server.brain._books.tasks.values():
        window, must_ask = task.job.order.window, task.job.order.devices_must_ask
        # A single window closes for ever, and these devices never ask while a daily one is open.
        is_excused = window is not None and (must_ask or not window.repeat_daily)
        assert task.is_final or is_excused


def test_a_device_without_a_secret_has_none() -> None:
    """An empty one would be anybody's: whoever signs with nothing would be let in."""
    server = Server()
    server.do(Registered(Registration(device("d1"), "")))

    assert server.brain.secret_of(device("d1")) is None
    known = server.brain.registration_of(device("d1"))
    assert known is not None
    assert (known.device, known.secret) == (device("d1"), "")
    assert server.brain.registration_of(device("d2")) is None


def test_a_gateways_children_are_those_that_were_registered_so() -> None:
    """Sorted, also after a restart."""
    server = Server()
    gateway = device("g")
    server.register("g", "d1")
    for key in ("c2", "c1"):
        server.register(key, gateway=gateway)
    server.register("d1", gateway=device("other"))

    server.restart()

    found = [one.device.device_key for one in server.brain.children_of(gateway)]
    assert found == ["c1", "c2"]
    assert server.brain.children_of(device("d1")) == ()


def test_who_is_on_line_is_known() -> None:
    """From its connection to that one's end; a stranger never is."""
    server = Server()
    server.register("d1")
    found = [server.brain.is_connected(device("d1"))]

    server.connect("d1")
    found.append(server.brain.is_connected(device("d1")))
    server.gone("d1")
    found.append(server.brain.is_connected(device("d1")))

    assert found == [False, True, False]
    assert not server.brain.is_connected(device("nobody"))
