from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    FirmwareRow,
    JobCreated,
    Refusal,
    Refused,
    Retry,
    RetryTasks,
    Scope,
    StopJob,
    Window,
)
from fleet_sim.runtime.operator.control import Control, OpenJob, Order
from fleet_sim.runtime.operator.images import Image
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from fleet_sim.scenario.plan import ImagePlan, Plan, TargetPlan
from tests.runtime.desk import ANSWER_MS, Desk, run
from tests.runtime.plans import FLEET, JOB, planned

EPOCH_MS = 1_767_225_600_000
FLEETS = {"meters": FLEET, "gauges": FLEET}
GAUGES = JOB | {"upgrade": "gauges"}


def agreeable() -> Callable[[Call], Answer]:
    """Return a backend that does all it is asked, and names things by number."""
    counts = {"f": 0, "j": 0}

    def answer(call: Call) -> Answer:
        match call:
            case CreateFirmware():
                counts["f"] += 1
                return FirmwareCreated(f"f-{counts['f']}")
            case CreateJob():
                counts["j"] += 1
                return JobCreated(f"j-{counts['j']}")
            case _:
                return Done()

    return answer


class Scene:
    """A control with its desk, log and clock."""

    def __init__(
        self,
        plan: Plan,
        answer: Callable[[Call], Answer | None] | None = None,
        known: Sequence[FirmwareRow] = (),
        unsaid: tuple[type[Any], ...] = (),
    ) -> None:
        self.plan = plan
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.desk = Desk(self.clock, answer or agreeable())
        self.desk.unsaid = unsaid
        self.opened: list[OpenJob] = []
        self.control = Control(
            plan, self.desk, self.clock, self.log, epoch_ms=EPOCH_MS, on_job=self.opened.append,
            known=known,
        )  # fmt: skip
        self.control.start()

    def run(self, until_ms: int = 60_000) -> None:
        """Let time pass."""
        run(self.clock, until_ms)

    def asked(self, kind: type[Any]) -> list[tuple[int, Any]]:
        """Return when what of this kind was asked."""
        return [(at_ms, call) for at_ms, call in self.desk.asked if isinstance(call, kind)]

    def records(self) -> list[tuple[str, str, int]]:
        """Return kind, call and number of every record."""
        return [(one.kind, str(one["call"]), int(one["no"])) for one in self.log.records]

    def fields(self, number: int) -> Mapping[str, Any]:
        """Return a record's fields."""
        return self.log.records[number].fields


def test_images_are_uploaded_one_after_another_and_once_each() -> None:
    """Two jobs for one version share an image; the next upload waits for the answer."""
    scene = Scene(planned(fleets=FLEETS, jobs=[JOB, GAUGES, JOB | {"at": "9s"}]))
    scene.run()

    uploads = scene.asked(CreateFirmware)
    assert [at_ms for at_ms, _ in uploads] == [0, ANSWER_MS]
    assert [call.order.file_name for _, call in uploads] == [
        "meters-1.3.0.bin", "gauges-1.3.0.bin",
    ]  # fmt: skip
    assert all(len(call.content) == 32_768 for _, call in uploads)


def test_a_job_is_ordered_at_its_instant_with_its_image() -> None:
    """And its order says what the scenario said."""
    job = JOB | {"retries": 2, "retry_interval": "10s", "concurrency": 3, "from": "1.2.0"}
    scene = Scene(planned(jobs=[job]))
    scene.run()

    ((at_ms, call),) = scene.asked(CreateJob)
    order = call.order
    assert at_ms == 2_000
    assert (order.firmware_id, order.kind, order.timeout_s) == ("f-1", "upgrade", 300)
    assert (order.retry, order.concurrency) == (Retry(2, 10), 3)
    assert order.scope == Scope(versions=("1.2.0",))
    assert (order.window, order.devices_must_ask) == (None, False)
    assert order.names.default == "small: meters to 1.3.0"


def test_an_open_job_is_handed_on() -> None:
    """With the server's name for it and the instant at which it was known."""
    scene = Scene(planned())
    scene.run()

    assert [(job.job_id, job.plan.fleet, job.created_at_ms) for job in scene.opened] == [
        ("j-1", "meters", 2_000 + ANSWER_MS)
    ]
    assert scene.control.jobs == scene.opened


def test_without_retries_no_policy_is_sent() -> None:
    """A count of nothing is none of the vendors' counts."""
    scene = Scene(planned())
    scene.run()

    assert scene.asked(CreateJob)[0][1].order.retry is None


def test_a_window_is_told_by_the_wall_clock() -> None:
    """The scenario counts from its start."""
    job = JOB | {"window": {"start": "1m", "end": "40m"}}
    scene = Scene(planned(duration="1h", jobs=[job]))
    scene.run()

    window = scene.asked(CreateJob)[0][1].order.window
    assert window == Window(EPOCH_MS + 60_000, EPOCH_MS + 2_400_000)
    assert scene.fields(2)["window"] == {
        "start_ms": 60_000, "end_ms": 2_400_000, "repeat_daily": False,
    }  # fmt: skip


def test_a_job_due_before_its_image_is_up_waits_for_it() -> None:
    """The order follows the last upload's answer at once."""
    scene = Scene(planned(fleets=FLEETS, jobs=[JOB | {"at": "0s"}, GAUGES]))
    scene.run()

    assert [at_ms for at_ms, _ in scene.asked(CreateJob)] == [2 * ANSWER_MS, 2_000]


def test_fleets_that_share_a_product_name_their_devices() -> None:
    """A fleet with a product of its own is the whole of it."""
    plan = planned(fleets=FLEETS, jobs=[JOB])
    shared = _sharing(plan)
    scene = Scene(shared)
    scene.run()

    scope = scene.asked(CreateJob)[0][1].order.scope
    mine = tuple(one.device.device_key for one in plan.devices if one.fleet == "meters")
    assert scope == Scope(total=False, device_keys=mine)
    assert scene.fields(2)["device_keys"] == list(mine)


def test_devices_of_a_target_are_always_named() -> None:
    """Its product may have many more than ours."""
    plan = replace(planned(), target=TargetPlan(devices="devices.csv"))
    scene = Scene(plan)
    scene.run()

    assert len(scene.asked(CreateJob)[0][1].order.scope.device_keys) == 6


def test_each_write_is_a_pair_of_records() -> None:
    """With one number, and what came of it."""
    scene = Scene(planned(events=[{"at": "5s", "stop": "meters"}]))
    scene.run()

    assert scene.records() == [
        ("api_invoke", "create_firmware", 1),
        ("api_ok", "create_firmware", 1),
        ("api_invoke", "create_job", 2),
        ("api_ok", "create_job", 2),
        ("api_invoke", "stop_job", 3),
        ("api_ok", "stop_job", 3),
    ]
    assert scene.fields(1)["firmware"] == "f-1"
    assert scene.log.records[3].job == scene.log.records[4].job == "j-1"
    invoked = scene.fields(2)
    assert (invoked["fleet"], invoked["to_version"], invoked["timeout_s"]) == (
        "meters", "1.3.0", 300,
    )  # fmt: skip
    assert (invoked["device_keys"], invoked["retry_count"], invoked["concurrency"]) == (
        None, 0, None,
    )  # fmt: skip


def test_a_refused_write_is_told_and_goes_no_further() -> None:
    """No job without its image, and one sentence for each."""
    refusal = Refused(Refusal.VERSION_EXISTS, "1.3.0 is there", 24603)
    scene = Scene(planned(), lambda _: refusal)
    scene.run()

    assert scene.records() == [
        ("api_invoke", "create_firmware", 1), ("api_fail", "create_firmware", 1),
    ]  # fmt: skip
    assert (scene.fields(1)["code"], scene.fields(1)["text"]) == (24603, "1.3.0 is there")
    assert scene.control.refusals == [
        (
            "the backend refused create_firmware with 24603: 1.3.0 is there; to use what it has, "
            "name it in the job: image: {firmware_id: …}"
        ),
        "the job for meters has no firmware 1.3.0",
    ]
    assert scene.control.is_done


def test_a_write_without_an_answer_is_not_sent_again() -> None:
    """It may have taken effect."""
    scene = Scene(planned(), lambda _: None)
    scene.run()

    assert scene.records() == [
        ("api_invoke", "create_firmware", 1), ("api_unknown", "create_firmware", 1),
    ]  # fmt: skip
    assert scene.fields(1)["why"] == "no answer came"
    assert scene.control.refusals[0] == (
        "the backend gave no answer to create_firmware: no answer came"
    )


@pytest.mark.parametrize(
    ("event", "kind", "name"),
    [("cancel", CancelTasks, "cancel_tasks"), ("retry", RetryTasks, "retry_tasks")],
)
def test_an_operators_event_names_its_devices(event: str, kind: type[Any], name: str) -> None:
    """In the latest job of the fleet."""
    plan = planned(
        jobs=[JOB, JOB | {"at": "3s", "to": "1.4.0"}],
        events=[{"at": "5s", event: "meters", "share": "50%"}],
    )
    scene = Scene(plan)
    scene.run()

    ((at_ms, call),) = scene.asked(kind)
    assert at_ms == 5_000
    assert call == kind("j-2", tuple(one.device_key for one in plan.events[0].devices))
    assert len(call.device_keys) == 3
    assert scene.records()[-2:] == [("api_invoke", name, 5), ("api_ok", name, 5)]
    assert scene.fields(-2)["device_keys"] == list(call.device_keys)


def test_what_a_backend_answers_to_an_event_is_no_refusal() -> None:
    """It is what the run is about."""
    agree = agreeable()
    refusal = Refused(Refusal.TASK_NOT_CANCELLABLE, "", 24620)
    scene = Scene(
        planned(events=[{"at": "5s", "cancel": "meters"}]),
        lambda call: refusal if isinstance(call, CancelTasks) else agree(call),
    )
    scene.run()

    assert scene.control.refusals == []
    assert scene.fields(-1)["text"] == "task_not_cancellable"


def test_an_event_whose_job_was_refused_is_told() -> None:
    """There is nothing to be cancelled in."""
    agree = agreeable()
    refusal = Refused(Refusal.BAD_ARGUMENT, "no", 99400)
    scene = Scene(
        planned(events=[{"at": "5s", "cancel": "meters"}]),
        lambda call: refusal if isinstance(call, CreateJob) else agree(call),
    )
    scene.run()

    assert scene.control.refusals[-1] == "cancel: meters has no job yet"


def test_a_stopped_job_is_known_as_stopped() -> None:
    """Once the backend has said so."""
    scene = Scene(planned(events=[{"at": "5s", "stop": "meters"}]))
    scene.run(5_000 + ANSWER_MS - 1)
    assert scene.control.stopped == set()

    scene.run(5_000 + ANSWER_MS)

    assert scene.asked(StopJob) == [(5_000, StopJob("j-1"))]
    assert scene.control.stopped == {"j-1"}


def test_control_is_not_done_between_an_order_and_its_answer() -> None:
    """The job might be there any moment."""
    scene = Scene(planned())
    done = []
    for at_ms in (1_999, 2_000, 2_000 + ANSWER_MS - 1, 2_000 + ANSWER_MS):
        scene.run(at_ms)
        done.append(scene.control.is_done)

    assert done == [False, False, False, True]


def test_control_is_not_done_while_a_fault_is_on() -> None:
    """Nor before it."""
    scene = Scene(planned(events=[{"at": "5s", "disconnect": "meters", "for": "4s"}]))
    done_at_ms = []
    for at_ms in (0, 2_000, 2_005, 2_050, 5_000, 8_999, 9_000):
        scene.run(at_ms)
        if scene.control.is_done:
            done_at_ms.append(at_ms)

    assert done_at_ms == [9_000]


def test_a_firmware_that_the_backend_has_is_not_uploaded() -> None:
    """It is somebody's; what the backend says of it stands in the log."""
    plan = planned()
    jobs = tuple(replace(job, image=ImagePlan(firmware_id="theirs")) for job in plan.jobs)
    image = Image(plan.fleets[0].product_key, "1.3.0", "meters", 3)
    order = image.order(b"abc")
    row = FirmwareRow("theirs", order, "http://h/x", 3, is_verified=True, created_epoch_ms=0)
    scene = Scene(replace(plan, jobs=jobs), known=[row])
    scene.run()

    assert scene.asked(CreateFirmware) == []
    assert scene.asked(CreateJob)[0][1].order.firmware_id == "theirs"
    assert scene.control.uploaded == {}
    first = scene.log.records[0]
    assert (first.kind, first.fields) == ("firmware_known", {
        "firmware": "theirs", "product": plan.fleets[0].product_key, "version": "1.3.0",
        "size": 3, "digest": order.digest, "digest_method": "sha256",
    })  # fmt: skip


@pytest.mark.parametrize("reason", [Refusal.VERSION_EXISTS, Refusal.NAME_EXISTS])
def test_an_image_that_is_there_already_can_be_named(reason: Refusal) -> None:
    """The sentence says how."""
    scene = Scene(planned(), lambda _: Refused(reason, "there is one", 24601))
    scene.run()

    assert scene.control.refusals[0].endswith("name it in the job: image: {firmware_id: …}")


def test_what_was_made_and_what_may_have_been_is_known() -> None:
    """For whoever cleans up: until an answer comes, both may be."""
    scene = Scene(planned())
    image = Image(scene.plan.fleets[0].product_key, "1.3.0", "meters", 32_768)
    order = Order(scene.plan.jobs[0], "f-1")
    seen = []
    for at_ms in (ANSWER_MS - 1, ANSWER_MS, 2_000, 2_000 + ANSWER_MS):
        scene.run(at_ms)
        seen.append(list(scene.control.unsure))

    assert seen == [[image], [], [order], []]
    assert scene.control.uploaded == {"f-1": image}


def test_what_got_no_answer_stays_unsure() -> None:
    """It may have taken effect, whatever it was."""
    agree = agreeable()
    scene = Scene(planned(), lambda call: None if isinstance(call, CreateJob) else agree(call))
    scene.run()

    assert scene.control.unsure == [Order(scene.plan.jobs[0], "f-1")]


@pytest.mark.parametrize(("unsaid", "name"), [(CreateFirmware, "create_firmware"),
                                              (CreateJob, "create_job")])  # fmt: skip
def test_what_was_never_sent_is_told_and_not_unsure(unsaid: type[Any], name: str) -> None:
    """Nobody has to look for it at the end."""
    scene = Scene(planned(), unsaid=(unsaid,))
    scene.run()

    assert scene.control.unsure == []
    assert scene.control.refusals[0] == (
        f"{name} was not sent: this vendor has no call for {unsaid.__name__}"
    )


@pytest.mark.parametrize(("at_ms", "asked"), [(0, 1), (1_999, 2), (4_999, 3)])
def test_nothing_is_asked_for_after_a_halt(at_ms: int, asked: int) -> None:
    """No second upload, no job, no event; what was asked is answered still."""
    events = [{"at": "5s", "stop": "meters"}]
    scene = Scene(planned(fleets=FLEETS, jobs=[JOB, GAUGES | {"at": "9s"}], events=events))
    scene.run(at_ms)

    scene.control.halt()
    answered: list[int] = []
    scene.control.when_answered(lambda: answered.append(scene.clock.now_ms()))
    scene.run()

    assert len(scene.desk.asked) == asked
    assert answered == [ANSWER_MS if at_ms == 0 else at_ms]
    assert not scene.control.has_open_writes


def _sharing(plan: Plan) -> Plan:
    fleets = tuple(replace(fleet, product_key="shared") for fleet in plan.fleets)
    return replace(plan, fleets=fleets)
