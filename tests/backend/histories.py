"""Any history of a server: contracts, orders and moves, drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from fleet_sim.backend.reports import GRACE_MS
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateJob,
    DeleteJob,
    JobOrder,
    Names,
    Retry,
    RetryTasks,
    Scope,
    StartJob,
    StopJob,
    TaskStatus,
    UpdateJob,
    Window,
)
from tests.backend.playbook import EPOCH_MS, Server, contract

T_MS = 300_000
KEYS = ("a", "b", "c")
MODULES = ("", "mcu")
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
        "side_by_side": st.booleans(),
        "module": st.sampled_from(["", *MODULES]),
    }
)
STEPS = st.one_of(
    st.tuples(st.just("connect"), _key, st.none() | _versions),
    st.tuples(st.just("gone"), _key),
    st.tuples(st.just("progress"), _key, st.integers(0, 100)),
    st.tuples(st.just("failure"), _key),
    st.tuples(st.just("version"), _key, _versions),
    st.tuples(st.just("part"), _key, _versions),
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
PROFILES: st.SearchStrategy[ContractProfile] = st.builds(
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
    reopenable=st.sampled_from([("failed",), ("failed", "cancelled"), ("failed", "retry_due")]),
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
    modules_side_by_side=st.booleans(),
    must_have_reported_version=st.booleans(),
)


_OF_DEVICES: Mapping[str, Callable[..., None]] = {
    "connect": lambda server, key, version: server.connect(key, version=version),
    "part": lambda server, key, version: server.version(key, version, module="mcu"),
    "tag": lambda server, key, value: server.register(key, tags=(("t", value),)),
}


def play(server: Server, step: tuple[Any, ...]) -> None:
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
        confirm(server)
    elif name in {"cancel_all", "update"}:
        jobs = sorted(server.rows.get("jobs", {}))
        if jobs:
            _change(server, name, jobs[rest[0] % len(jobs)], *rest[1:])
    elif name in _OF_DEVICES:
        _OF_DEVICES[name](server, *rest)
    elif name != "reply" or server.requests(rest[0]):
        getattr(server, name)(*rest)


def _order(server: Server, version: str, order: dict[str, Any]) -> None:
    """Order a job, perhaps for a module; one that the contract does not take is refused."""
    rest = {name: value for name, value in order.items() if name != "module"}
    module = order.get("module", "")
    known = {
        (row["order"]["version"], row["order"]["module"]): key
        for key, row in server.rows.get("firmware", {}).items()
    }
    firmware_id = known.get((version, module)) or server.upload(
        version, module=module, names=Names(f"{version} {module}")
    )
    server.call(CreateJob(JobOrder(firmware_id, "upgrade", **rest)))


def confirm(server: Server) -> None:
    """Consent to every task that waits for it."""
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


def fresh(profile: ContractProfile) -> Server:
    """Return a server with the devices of these histories, all connected."""
    server = Server(profile)
    server.fleet(*KEYS)
    return server
