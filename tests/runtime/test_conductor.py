from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import Connected, DownloadFinished, RequestReceived
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import UpgradeRequest
from fleet_sim.model.northbound import (
    Refusal,
    Refused,
    TaskStatus,
)
from fleet_sim.oracle.settled import JobTerms
from fleet_sim.runtime.cloud import clouds_of
from fleet_sim.runtime.conductor import Conductor
from fleet_sim.runtime.fleet.mount import mount
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.operator.control import Control
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.operator.office import Office
from fleet_sim.scenario.plan import Plan, TargetPlan
from tests.runtime.desk import Desk
from tests.runtime.lone_world import LoneWorld
from tests.runtime.plans import FLEET, JOB, planned
from tests.runtime.two_clouds import Backend

TERMS = JobTerms(cap=None, timeout_ms=None, silent_times_out=False)

MINUTE_MS = 60_000
QUICK = {"timeout_s_min": 10}


class Scene:
    """A conductor with real rigs, control and observer; the broker refuses every device."""

    def __init__(self, plan: Plan, *, holds: bool = False) -> None:
        self.world = LoneWorld()
        self.world.is_shut = True
        self.backend = Backend(plan)
        clock, log = self.world.clock, self.world.log
        desk = Desk(clock, self.backend)
        self.rigs = mount(plan.devices, {"enos": self.world}, seed=plan.seed)
        self.conductor = Conductor(plan, self.rigs, clock, log, holds=holds)
        self.observer = Observer(
            desk, clock, log, every_ms=1_000, page_size=200, page_base=1,
            activity=clock.now_ms, on_poll=self.conductor.look,
        )  # fmt: skip
        self.control = Control(plan, desk, clock, log, epoch_ms=0, on_job=self.observer.watch)
        self.over_at_ms: list[int] = []
        self.conductor.on_over = lambda: self.over_at_ms.append(clock.now_ms())
        (cloud,) = clouds_of(plan)
        self.conductor.start([Office(cloud, self.control, self.observer)])

    def run(self, until_ms: int) -> None:
        """Let time pass."""
        self.world.run(until_ms)

    def run_to_the_end(self) -> int:
        """Let time pass until it is over; return when that was."""
        while not self.over_at_ms:
            self.world.clock.step()
        (at_ms,) = self.over_at_ms
        return at_ms

    def records(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what the log says of these kinds."""
        return self.world.records(*kinds)


def test_the_log_begins_with_the_contract() -> None:
    """So that a folder alone is enough to judge a run by."""
    scene = Scene(planned(contract=QUICK))

    first = scene.world.log.records[0]

    assert (first.t, first.kind) == (0, "contract")
    assert (first["dialect"], first["timeout_s_min"]) == ("enos", 10)


def test_the_log_says_what_was_expected() -> None:
    """In the words of the scenario: whatever flags changed can be told from the folder alone."""
    scene = Scene(planned(expect=["updated[meters]  ==  100%", {"that": "V11 held"}]))

    (expect,) = scene.records("expect")

    assert expect["t"] == 0
    assert [(one["text"], one["flag"]) for one in expect["expectations"]] == [
        ("updated[meters] == 100%", ""),
        ("V11 held", ""),
    ]


def test_the_log_says_what_was_planted_and_is_none() -> None:
    """A log without it would read as if a bug had gone unseen."""
    scene = Scene(planned(target={"plant": ["B53", "B62"]}))

    told = [one["why"] for one in scene.world.log.records if one.kind == "plants_nothing"]

    assert told == ["B53 plants nothing with enos, which has no rate of pushes."]


def test_a_run_ends_when_every_task_is_final() -> None:
    """With a last look, the probes, and its last record."""
    scene = Scene(planned())
    scene.backend.status = TaskStatus.SUCCEEDED

    at_ms = scene.run_to_the_end()

    assert scene.conductor.why == "settled"
    assert at_ms < MINUTE_MS
    last = scene.world.log.records[-1]
    assert (last.kind, last["why"], last.t) == ("end", "settled", at_ms)
    (settle,) = scene.records("settle")
    later = [one.kind for one in scene.world.log.records if one.t > settle["t"]]
    assert later.count("rows") > 5


def test_a_run_that_could_still_move_goes_on_to_its_upper_bound() -> None:
    """Queued tasks of devices that will be back."""
    scene = Scene(planned(duration="2m"))

    scene.run_to_the_end()

    assert [(one["t"], one["why"]) for one in scene.records("settle")] == [
        (2 * MINUTE_MS, "duration")
    ]


def test_a_run_that_is_held_goes_on_past_both() -> None:
    """Until somebody ends it, well, since it had settled."""
    scene = Scene(planned(duration="2m"), holds=True)
    scene.backend.status = TaskStatus.SUCCEEDED
    scene.run(10 * MINUTE_MS)
    assert scene.over_at_ms == []
    assert scene.conductor.snapshot().is_held

    scene.conductor.stop()
    assert not scene.conductor.snapshot().is_held
    scene.run_to_the_end()

    assert scene.conductor.why == "settled"
    assert [(one["t"], one["why"]) for one in scene.records("settle")] == [
        (10 * MINUTE_MS, "settled")
    ]


def test_a_held_run_in_which_something_moves_is_interrupted() -> None:
    """Whatever it would have come to."""
    scene = Scene(planned(), holds=True)
    scene.run(MINUTE_MS)
    assert not scene.conductor.snapshot().is_held

    scene.conductor.stop()

    assert scene.conductor.why == "interrupted"


def test_a_held_run_whose_orders_were_refused_ends_as_refused() -> None:
    """That is its verdict, held or not."""
    scene = Scene(planned(), holds=True)
    scene.backend.refusal = Refused(Refusal.BAD_ARGUMENT, "no", 99400)
    scene.run(MINUTE_MS)

    scene.conductor.stop()

    assert scene.conductor.why == "refused"


def test_a_run_that_is_not_held_is_interrupted_whenever_it_is_stopped() -> None:
    """It would have ended by itself."""
    scene = Scene(planned())
    scene.run(3_000)

    scene.conductor.stop()

    assert scene.conductor.why == "interrupted"


@pytest.mark.parametrize("is_upgrading", [True, False])
def test_a_held_run_without_jobs_has_settled_while_no_device_upgrades(
    *, is_upgrading: bool
) -> None:
    """Whoever pushed to it: it is not one of our jobs that is waited for."""
    scene = Scene(planned(jobs=[]), holds=True)
    scene.run(20 * MINUTE_MS)
    rig = next(iter(scene.rigs.values()))
    push(scene, rig)
    if not is_upgrading:
        fail(scene, rig)

    scene.conductor.stop()

    assert scene.conductor.why == ("interrupted" if is_upgrading else "settled")


def test_a_run_without_jobs_lasts_its_whole_time() -> None:
    """Devices wait, and whatever the backend pushes is judged."""
    scene = Scene(planned(duration="3m", jobs=[]))

    assert scene.run_to_the_end() == 3 * MINUTE_MS
    assert scene.conductor.why == "duration"


def test_a_run_whose_jobs_were_refused_ends_soon() -> None:
    """It is never polled, so it is looked at by the clock."""
    scene = Scene(planned())
    scene.backend.refusal = Refused(Refusal.BAD_ARGUMENT, "no", 99400)

    assert scene.run_to_the_end() <= 4_000
    assert scene.conductor.why == "refused"


def test_a_run_waits_for_the_last_event() -> None:
    """Its jobs may be over long before."""
    scene = Scene(planned(events=[{"at": "30s", "disconnect": "meters", "for": "10s"}]))
    scene.backend.status = TaskStatus.SUCCEEDED

    assert 40_000 <= scene.run_to_the_end() < 50_000


def test_ending_twice_is_ending_once() -> None:
    """The first reason stands."""
    scene = Scene(planned())
    scene.run(3_000)

    scene.conductor.end("interrupted")
    scene.conductor.end("duration")
    scene.run_to_the_end()
    scene.run(20 * MINUTE_MS)

    assert [one["why"] for one in scene.records("settle", "end")] == ["interrupted"] * 2
    assert len(scene.over_at_ms) == 1


def test_what_devices_do_after_the_end_is_no_part_of_the_run() -> None:
    """They live on while a backend is cleaned up."""
    scene = Scene(planned(fleets={"meters": FLEET | {"connect": {"over": "30s"}}}))
    scene.run(3_000)
    scene.conductor.end("interrupted")
    at_ms = scene.run_to_the_end()
    assert at_ms < 10_000

    scene.run(60_000)

    last = scene.world.log.records[-1]
    assert (last.kind, last.t) == ("end", at_ms)
    assert {rig.agent.state.value for rig in scene.rigs.values()} == {"idle"}


def test_a_disconnect_takes_its_devices_off_line_for_its_time() -> None:
    """With a record at either end, and nobody else."""
    event = {"at": "20s", "disconnect": "meters", "share": "50%", "for": "15s"}
    plan = planned(events=[event])
    scene = Scene(plan)
    scene.world.is_shut = False
    scene.run(50_000)

    hit = [str(device) for device in plan.events[0].devices]
    assert scene.records("fault_injected") == [
        {"t": 20_000, "kind": "fault_injected", "id": "disconnect-1", "devices": hit}
    ]
    assert scene.records("fault_healed") == [
        {"t": 35_000, "kind": "fault_healed", "id": "disconnect-1"}
    ]
    gone = [one for one in scene.world.log.records if one.kind == "offline"]
    back = [one for one in scene.world.log.records if one.kind == "online" and one.t > 20_000]
    assert sorted(one.device for one in gone) == sorted(hit)
    assert {one.device for one in back} == set(hit)
    assert min(one.t for one in back) > 35_000


# --- what can still move ------------------------------------------------------------------------


@pytest.mark.parametrize(("persona", "ends"), [("no_ack", True), ("healthy", False)])
def test_devices_that_will_say_no_more_are_waited_for_until_their_finding_is_due(
    persona: str, *, ends: bool
) -> None:
    """A timeout and the allowances after the push; healthy ones are waited for."""
    plan = planned(
        duration="5m",
        fleets={"meters": FLEET | {"personas": persona}},
        jobs=[JOB | {"timeout": "10s"}],
        contract=QUICK,
    )
    scene = Scene(plan)
    scene.backend.status = TaskStatus.PUSHED
    scene.run(5_000)
    for rig in scene.rigs.values():
        push(scene, rig)

    at_ms = scene.run_to_the_end()

    due_ms = 5_000 + 10_000 + TERMS.finding_due_ms
    assert (scene.conductor.why == "settled") is ends
    assert due_ms <= at_ms < due_ms + 10_000 if ends else at_ms >= 5 * MINUTE_MS


def push(scene: Scene, rig: Rig) -> None:
    """Have a device be pushed to, as if it had been on line."""
    now_ms = scene.world.clock.now_ms()
    rig.agent.handle(Connected(), now_ms)
    image = FirmwareImage("1.3.0", "http://h/fw", 10, "aa", "md5")
    rig.agent.handle(RequestReceived(UpgradeRequest("r-1", image)), now_ms)


def retried(*, is_foreign: bool, **job: Any) -> Scene:  # noqa: ANN401 - JSON
    """Return a scene whose job may try twice more after 20 s, at whose backend."""
    plan = planned(jobs=[JOB | {"retries": 2, "retry_interval": "20s"} | job])
    target = TargetPlan(backend="http://theirs") if is_foreign else TargetPlan()
    return Scene(replace(plan, target=target))


RETRY_DUE_MS = 20_000 + TERMS.finding_due_ms


@pytest.mark.parametrize("is_foreign", [True, False])
def test_failed_between_two_attempts_does_not_end_the_run(*, is_foreign: bool) -> None:
    """Where somebody else's backend shows so; ours shows that the task waits."""
    scene = retried(is_foreign=is_foreign)
    scene.backend.status = TaskStatus.FAILED
    scene.run(24_000)
    assert bool(scene.over_at_ms) is not is_foreign

    scene.backend.status = TaskStatus.UNDER_WAY
    scene.run(24_000 + RETRY_DUE_MS)
    assert bool(scene.over_at_ms) is not is_foreign

    scene.backend.status = TaskStatus.SUCCEEDED
    scene.run_to_the_end()
    assert scene.conductor.why == "settled"


def test_a_failed_task_is_final_when_its_retry_is_overdue() -> None:
    """The interval and the allowances after it was first seen so: nobody tried again."""
    scene = retried(is_foreign=True)
    scene.backend.status = TaskStatus.FAILED

    assert 2_000 + RETRY_DUE_MS <= scene.run_to_the_end() < 2_000 + RETRY_DUE_MS + 10_000
    assert scene.conductor.why == "settled"


def test_a_failed_task_is_final_when_its_attempts_are_used_up() -> None:
    """As its own device counts them."""
    scene = retried(is_foreign=True)
    scene.backend.status = TaskStatus.FAILED
    scene.run(3_000)
    for rig in scene.rigs.values():
        for _ in range(3):
            push(scene, rig)
            fail(scene, rig)

    assert scene.run_to_the_end() < 10_000


def test_a_cancelled_task_is_not_waited_for() -> None:
    """The vendor shows it as failed; its text tells, and nobody tries it again."""
    scene = retried(is_foreign=True)
    scene.backend.status = TaskStatus.FAILED
    scene.backend.desc = "user cancel"

    assert scene.run_to_the_end() < 10_000


def fail(scene: Scene, rig: Rig) -> None:
    """Have a device's download turn out to be another file."""
    number = rig.agent.tries("1.3.0")
    finished = DownloadFinished(number, 10, "00", "ff")
    rig.agent.handle(finished, scene.world.clock.now_ms())


def test_a_stopped_job_is_over_once_nothing_is_under_way() -> None:
    """What is queued stays."""
    scene = Scene(planned(events=[{"at": "5s", "stop": "meters"}]))

    assert 5_000 < scene.run_to_the_end() < 10_000
    assert scene.conductor.why == "settled"


def test_a_window_that_is_over_ends_the_run() -> None:
    """Nothing starts after it."""
    job = JOB | {"window": {"start": "0s", "end": "40s"}}
    scene = Scene(planned(contract={"window_min_s": 1}, jobs=[job]))

    assert 40_000 < scene.run_to_the_end() < 50_000


def test_a_task_of_a_device_that_is_not_ours_is_not_waited_for() -> None:
    """Its product has others; nobody here can move them."""
    plan = planned(duration="5m")
    scene = Scene(plan)
    strangers = [replace(one, device=replace(one.device, device_key="x")) for one in plan.devices]
    scene.backend.plan = replace(plan, devices=tuple(strangers))

    assert scene.run_to_the_end() < MINUTE_MS


@pytest.mark.parametrize("online_timeout_s", [None, 90_000])
def test_a_queued_task_whose_device_is_gone_is_waited_for_where_it_is_given_up(
    online_timeout_s: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices of ours only: of others nobody here knows whether they are away."""
    plan = planned(duration="2m", contract={"online_timeout_s": online_timeout_s})
    ours, theirs = Scene(plan), Scene(plan)
    strangers = [replace(one, device=replace(one.device, device_key="x")) for one in plan.devices]
    theirs.backend.plan = replace(plan, devices=tuple(strangers))
    monkeypatch.setattr(DeviceAgent, "is_gone", property(lambda _: True))

    waits = ours.run_to_the_end() >= 2 * MINUTE_MS

    assert waits is (online_timeout_s is not None)
    assert theirs.run_to_the_end() < MINUTE_MS


# --- for a person to watch ----------------------------------------------------------------------


def test_a_snapshot_tells_devices_and_tasks() -> None:
    """As the devices themselves know it, and as the observer last saw it."""
    scene = Scene(planned())
    scene.world.is_shut = False
    before = scene.conductor.snapshot()
    scene.run(4_000)
    now = scene.conductor.snapshot()

    assert (before.online, before.by_state, before.by_status) == (0, {"off": 6}, {})
    assert (now.elapsed_ms, now.online, now.updated) == (4_000, 6, 0)
    assert (now.by_state, now.by_status) == ({"idle": 6}, {"queued": 6})
    assert now.records == scene.world.log.count


def test_a_snapshot_without_jobs_counts_who_runs_another_version() -> None:
    """Nobody of ours said which."""
    plan = planned(jobs=[])
    scene = Scene(plan)
    rigs = list(scene.rigs.values())
    rigs[0].plan = replace(rigs[0].plan, version="1.1.0")

    assert scene.conductor.snapshot().updated == 1


def test_a_snapshot_before_the_start_is_empty() -> None:
    """A screen may look at once."""
    world = LoneWorld()
    plan = planned()
    rigs = mount(plan.devices, {"enos": world}, seed=1)

    seen = Conductor(plan, rigs, world.clock, world.log).snapshot()

    assert (seen.online, seen.by_status, seen.records) == (0, {}, 0)
