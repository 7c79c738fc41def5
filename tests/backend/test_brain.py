from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from fleet_sim.backend.brain import Brain
from fleet_sim.backend.events import Registered, TimeReached
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.ids import IdForm, IdForms
from fleet_sim.model.northbound import (
    GetJob,
    Retry,
    StartJob,
    StopJob,
    TaskStatus,
)
from tests.backend.histories import KEYS, MODULES, PROFILES, STEPS, confirm, fresh, play
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
    assert (row.status, row.desc) == (TaskStatus.FAILED, "the time for the upgrade is up")


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


def test_ids_go_on_after_a_restart_in_whatever_form() -> None:
    """A form without anything drawn gives none twice either, as the numbers are in the store."""
    bare = IdForm(alphabet="0123456789", counted=1)
    server = Server(ids=IdForms(firmware=bare, job=bare, task=bare))
    server.fleet("d1")
    before = server.job("2.0")

    server.restart()
    after = server.job("3.0")

    assert (before, after) == ("1", "2")
    assert [row.task_id for row in (server.task(before, "d1"), server.task(after, "d1"))] == [
        "1",
        "2",
    ]


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


def test_a_push_that_its_own_event_has_overtaken_is_not_sent() -> None:
    """An answer starts the one job's attempt, and has the other take the device over (a seed)."""
    server = Server(
        contract(asks_version=True, open_list_matches_max=2, overwritable=("under_way", "pushed"))
    )
    server.fleet("a")
    asking = server.job("3.0")
    taking = server.job("3.0", open_list=True, overwrites=True)

    server.version("a", "2.0")

    assert server.pushes("a") == 0
    assert server.status(asking, "a") is TaskStatus.FAILED
    assert [row.status.value for row in server.rows_of(taking)] == ["failed", "queued"]


# --- any history -------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(profile=PROFILES, steps=st.lists(STEPS, min_size=15, max_size=60))
def test_any_history_keeps_the_laws(profile: ContractProfile, steps: list[tuple[Any, ...]]) -> None:
    """Under any contract, after each event: caps, slots, one attempt a device, none overlooked."""
    server = fresh(profile)

    for step in steps:
        play(server, step)


def test_who_was_only_asked_has_no_late_success() -> None:
    """Nothing was pushed, so nothing healed; and a restart in between changes that no more."""
    profile = contract(asks_version=True, version_answer_timeout_s=180, late_success="heal")
    shown = []
    for is_anew in (False, True):
        server = fresh(profile)
        job_id = server.job("3.0")
        server.after(T_MS)
        if is_anew:
            server.restart()
            server.connect("b")
        server.version("b", "3.0")
        shown.append(server.status(job_id, "b"))

    assert shown == [TaskStatus.FAILED, TaskStatus.FAILED]


@settings(max_examples=200, deadline=None)
@given(
    profile=PROFILES,
    before=st.lists(STEPS, min_size=10, max_size=40),
    after=st.lists(STEPS, min_size=5, max_size=40),
)
def test_a_restart_changes_nothing_but_the_connections(
    profile: ContractProfile, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    """A server made anew from the rows goes on exactly as the old one with all devices gone."""
    old, new = fresh(profile), fresh(profile)
    for step in before:
        play(old, step)
        play(new, step)

    old.gone(*KEYS)
    new.restart()
    for step in after:
        play(old, step)
        play(new, step)

    note(f"{profile=} {before=} {after=}")
    assert new.told == old.told
    assert new.rows == old.rows


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, min_size=5, max_size=40))
def test_everything_settles_once_devices_behave(steps: list[tuple[Any, ...]]) -> None:
    """After any history, devices that do as they are told bring every task to an end."""
    server = fresh(contract(silent_device="times_out"))
    for step in steps:
        play(server, step)
    for job_id in sorted(server.rows.get("jobs", {})):
        server.call(StartJob(job_id))
    confirm(server)

    for _ in range(30):
        for key in KEYS:
            server.gone(key)
            running = server.rows["devices"][f"{PRODUCT}/{key}"]["version"]
            server.connect(key, version=running)
            for module in MODULES:
                server.ask(key, module=module)
            for task in tuple(server.brain._books.devices[device(key)].active.values()):
                server.version(key, task.job.target, module=task.job.module)
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
