import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.model.northbound import (
    Answer,
    Call,
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    Done,
    FirmwareCreated,
    FirmwareRow,
    JobCreated,
    JobOrder,
    JobRow,
    JobStatus,
    Listed,
    Names,
    Refusal,
    Refused,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    StopJob,
    TaskRow,
    TaskStatus,
)
from fleet_sim.runtime.operator import clean_up
from fleet_sim.runtime.operator.clean_up import CUT_SHORT, CleanUp, cleaning
from fleet_sim.runtime.operator.control import Control
from fleet_sim.runtime.operator.images import Image
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.run_log import MemoryLog
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import NEVER, PromptDesk, run
from tests.runtime.plans import planned

IN_USE = Refused(Refusal.FIRMWARE_IN_USE, "Firmware cannot be deleted", 24604)
BEGUN = Refused(Refusal.TASK_NOT_CANCELLABLE, "Only init or published", 24620)
DENIED = Refused(Refusal.DENIED, "Denied resource", 99403)


class Backend:
    """A backend with one job and one image at most.

    Attributes:
        rows: The job's tasks: device key to status.
        begun: Devices that have begun since anybody looked.
        answers: Kind of call to its answer, instead of the usual one.
        in_use: How often the image is still needed.
    """

    def __init__(self, **rows: str) -> None:
        self.rows = rows
        self.begun: set[str] = set()
        self.answers: dict[type[Any], Answer | None] = {}
        self.in_use = 0

    def __call__(self, call: Call) -> Answer | None:
        """Answer a call."""
        if type(call) in self.answers:
            return self.answers[type(call)]
        match call:
            case CreateFirmware():
                return FirmwareCreated("f-1")
            case CreateJob():
                return JobCreated("j-1")
            case SearchTasks():
                rows = tuple(self._row(key, status) for key, status in self.rows.items())
                return Listed(rows, 1, 200, len(rows))
            case CancelTasks(_, keys) if self.begun & set(keys):
                return BEGUN
            case DeleteFirmware() if self.in_use:
                self.in_use -= 1
                return IN_USE
            case _:
                return Done()

    def _row(self, key: str, status: str) -> TaskRow:
        return TaskRow("t-" + key, "j-1", "pk", key, "", "1.2.0", "1.3.0", TaskStatus(status),
                       None, None, 0)  # fmt: skip


class Scene:
    """A run at somebody's backend that has just ended, in virtual time; the rest is real."""

    def __init__(self, backend: Backend, until_ms: int = 4_000) -> None:
        self.plan = planned()
        self.backend = backend
        self.clock = VirtualClock()
        self.log = MemoryLog(self.clock.now_ms)
        self.desk = PromptDesk(self.clock, backend)
        self.observer = Observer(
            self.desk, self.clock, self.log, every_ms=1_000, page_size=200, page_base=1,
            activity=self.clock.now_ms, on_poll=lambda: None,
        )  # fmt: skip
        self.control = Control(self.plan, self.desk, self.clock, self.log, epoch_ms=0,
                               on_job=self.observer.watch)  # fmt: skip
        self.clean_up = CleanUp(self.plan, self.control, self.observer, self.desk, self.log)
        self.control.start()
        run(self.clock, until_ms)
        self.desk.asked.clear()

    async def run(self) -> Sequence[str]:
        """Clean up, and return what is left."""
        await self.clean_up.run()
        return self.clean_up.left


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no wait of the clean-up last as long as it should."""
    monkeypatch.setattr(clean_up, "WHOLE_S", 0.2)
    monkeypatch.setattr(clean_up, "ANSWER_S", 0.05)
    monkeypatch.setattr(clean_up, "AGAIN_S", 0.001)


async def test_jobs_are_stopped_and_kept_and_images_removed() -> None:
    """What was cancelled, stopped and removed stands in the log."""
    scene = Scene(Backend(a="succeeded", b="queued", c="pushed", d="under_way"))

    assert await scene.run() == ()
    assert scene.desk.calls == [
        CancelTasks("j-1", ("c", "b")), StopJob("j-1"), DeleteFirmware("f-1"),
    ]  # fmt: skip
    assert [one.fields for one in scene.log.records if one.kind == "cleaned"] == [
        {"call": "cancel_tasks", "of": "j-1", "why": ""},
        {"call": "stop_job", "of": "j-1", "why": ""},
        {"call": "delete_firmware", "of": "f-1", "why": ""},
    ]


async def test_before_anything_was_made_nothing_is_cleaned() -> None:
    """Nothing is asked."""
    backend = Backend()
    backend.answers[CreateFirmware] = DENIED
    scene = Scene(backend)

    assert await scene.run() == ()
    assert scene.desk.calls == []


async def test_nothing_is_ordered_once_the_cleaning_has_begun() -> None:
    """The job would be there for ever."""
    scene = Scene(Backend(), until_ms=1_000)
    await scene.run()

    run(scene.clock, 10_000)

    assert scene.desk.calls == [DeleteFirmware("f-1")]


async def test_a_job_that_was_stopped_by_an_event_is_not_stopped_again() -> None:
    """What it has in hand cannot be cancelled any more."""
    scene = Scene(Backend(a="queued"))
    scene.control.stopped.add("j-1")

    assert await scene.run() == ()
    assert scene.desk.calls == [DeleteFirmware("f-1")]


async def test_many_tasks_are_cancelled_by_parts_and_what_has_begun_is_left() -> None:
    """A call with one that cannot be cancelled cancels none, so its others go by halves."""
    backend = Backend(**{f"d{number:03}": "queued" for number in range(450)})
    backend.begun = {"d000"}
    scene = Scene(backend)

    assert await scene.run() == ()
    calls = [call for call in scene.desk.calls if isinstance(call, CancelTasks)]
    cancelled = {key for call in calls if not backend.begun & set(call.device_keys)
                 for key in call.device_keys}  # fmt: skip
    assert cancelled == set(backend.rows) - backend.begun
    assert max(len(call.device_keys) for call in calls) == 200
    assert len(calls) < 20


@pytest.mark.parametrize(
    "refusal",
    [Refused(Refusal.JOB_STOPPED, "", 24616), Refused(Refusal.NO_SUCH_JOB, "", 24404)],
)
async def test_a_job_that_runs_no_more_is_clean(refusal: Refused) -> None:
    """Whoever stopped or deleted it."""
    backend = Backend()
    backend.answers[StopJob] = refusal

    assert await Scene(backend).run() == ()


async def test_an_image_that_is_gone_is_clean() -> None:
    """Somebody was quicker."""
    backend = Backend()
    backend.answers[DeleteFirmware] = Refused(Refusal.NO_SUCH_FIRMWARE, "", 24404)

    assert await Scene(backend).run() == ()


async def test_an_image_in_use_is_tried_again() -> None:
    """The last devices come to an end."""
    backend = Backend(a="under_way")
    backend.in_use = 3
    scene = Scene(backend)

    assert await scene.run() == ()
    assert scene.desk.calls.count(DeleteFirmware("f-1")) == 4


async def test_what_cannot_be_taken_back_is_told_by_its_id_and_the_reason() -> None:
    """The job that could not be stopped, and the image that is needed to the last."""
    backend = Backend(a="under_way")
    backend.answers = {StopJob: DENIED, DeleteFirmware: IN_USE}

    assert await Scene(backend).run() == (
        "job j-1 still runs: 99403 Denied resource",
        (
            "firmware f-1 (meters 1.3.0) is still there: 24604 Firmware cannot be deleted, for a "
            "device of our job may still need it"
        ),
    )


async def test_an_image_that_is_refused_for_another_reason_is_not_tried_again() -> None:
    """It would be refused again."""
    backend = Backend(a="under_way")
    backend.answers[DeleteFirmware] = DENIED
    scene = Scene(backend)

    assert await scene.run() == (
        "firmware f-1 (meters 1.3.0) is still there: 99403 Denied resource",
    )
    assert scene.desk.calls.count(DeleteFirmware("f-1")) == 1


async def test_a_call_without_an_answer_leaves_what_it_was_for() -> None:
    """It may have worked; the other is tried all the same."""
    backend = Backend()
    backend.answers[StopJob] = None
    scene = Scene(backend)

    assert await scene.run() == ("job j-1 may still run: no answer (no answer came)",)
    assert scene.desk.calls[-1] == DeleteFirmware("f-1")


async def test_a_call_that_cannot_be_sent_leaves_what_it_was_for_for_certain() -> None:
    """Not perhaps: nobody was asked, so there is nothing to ask again either."""
    scene = Scene(Backend())
    scene.desk.unsaid = (DeleteFirmware,)

    assert await scene.run() == (
        "firmware f-1 (meters 1.3.0) is still there: this vendor has no call for DeleteFirmware",
    )
    cleaned = [one.fields["why"] for one in scene.log.records if one.kind == "cleaned"]
    assert cleaned[-1] == "this vendor has no call for DeleteFirmware"


async def test_an_image_whose_removal_got_no_answer_is_removed_again() -> None:
    """It may be gone by then, which is as good; else it may be there, for all anybody knows."""
    backend = Backend()
    backend.answers[DeleteFirmware] = None
    scene = Scene(backend)

    assert await scene.run() == (
        "firmware f-1 (meters 1.3.0) may be there: no answer (no answer came)",
    )
    assert scene.desk.calls.count(DeleteFirmware("f-1")) > 1


async def test_an_image_in_use_does_not_keep_the_others() -> None:
    """Each is tried once before the first is tried again."""
    backend = Backend(a="under_way")
    scene = Scene(backend)
    scene.control.uploaded["f-2"] = scene.control.uploaded["f-1"]
    backend.answers[DeleteFirmware] = IN_USE

    await scene.run()

    deleted = [call for call in scene.desk.calls if isinstance(call, DeleteFirmware)]
    assert [call.firmware_id for call in deleted[:2]] == ["f-1", "f-2"]


async def test_a_backend_that_never_answers_is_not_waited_for() -> None:
    """In a bounded time, with all that is left told."""
    backend = Backend()
    scene = Scene(backend)
    backend.answers = dict.fromkeys((CancelTasks, StopJob, DeleteFirmware), NEVER)

    assert await scene.run() == (
        "job j-1 still runs: not tried, or no answer in 0.2 s",
        "firmware f-1 (meters 1.3.0) is still there: not tried, or no answer in 0.2 s",
    )


async def test_an_answer_that_is_slow_is_waited_for_as_long_as_the_whole_may_take() -> None:
    """Also where nobody needs the image any more: what ends the wait is no Ctrl-C."""
    backend = Backend()
    scene = Scene(backend)
    backend.answers[DeleteFirmware] = NEVER

    assert await scene.run() == (
        "firmware f-1 (meters 1.3.0) is still there: not tried, or no answer in 0.2 s",
    )


# --- what got no answer -------------------------------------------------------------------------


async def test_a_job_whose_order_got_no_answer_is_found_and_stopped() -> None:
    """Nobody else can have made a job for an image that is ours."""
    backend = Backend()
    backend.answers[CreateJob] = None
    scene = Scene(backend)
    backend.answers[SearchJobs] = Listed(
        (_job("j-7", "f-1", JobStatus.STARTED), _job("j-8", "f-1", JobStatus.STOPPED),
         _job("j-9", "f-2", JobStatus.STARTED)), 1, 50, 3,
    )  # fmt: skip

    assert await scene.run() == ()
    assert [call for call in scene.desk.calls if isinstance(call, StopJob)] == [StopJob("j-7")]


async def test_an_image_whose_upload_got_no_answer_is_found_and_removed() -> None:
    """By its name, which was not there before the run."""
    backend = Backend()
    backend.answers[CreateFirmware] = None
    scene = Scene(backend)
    backend.answers[SearchFirmware] = Listed((_firmware(scene, "meters 1.3.0"),), 1, 50, 1)

    assert await scene.run() == ()
    assert scene.desk.calls[-1] == DeleteFirmware("f-7")


async def test_what_may_be_there_and_is_not_found_is_told() -> None:
    """So is a firmware of the same version that is not ours, which stays."""
    backend = Backend()
    backend.answers[CreateFirmware] = None
    scene = Scene(backend)
    backend.answers[SearchFirmware] = Listed((_firmware(scene, "theirs"),), 1, 50, 1)

    assert await scene.run() == ('an image "meters 1.3.0" may be there: its upload got no answer',)
    assert DeleteFirmware("f-7") not in scene.desk.calls


async def test_an_order_under_way_is_waited_for() -> None:
    """Its job would run on."""
    backend = Backend()
    backend.answers[CreateJob] = NEVER
    scene = Scene(backend)
    backend.answers[SearchJobs] = None

    assert scene.control.has_open_writes
    assert await scene.run() == (
        "a job may run there: the order for meters to 1.3.0 with firmware f-1 got no answer",
    )
    assert isinstance(scene.desk.calls[0], SearchJobs)


def _job(job_id: str, firmware_id: str, status: JobStatus) -> JobRow:
    order = JobOrder(firmware_id=firmware_id, kind="upgrade", scope=Scope())
    return JobRow(job_id, "pk", order, "1.3.0", Names("x"), status, 0)


def _firmware(scene: Scene, name: str) -> FirmwareRow:
    (image,) = scene.control.unsure
    assert isinstance(image, Image)
    order = replace(image.order(b"abc"), names=Names(name))
    return FirmwareRow("f-7", order, "", 3, is_verified=True, created_epoch_ms=0)


# --- around a run -------------------------------------------------------------------------------


async def test_a_run_is_cleaned_up_after_and_nothing_said_when_all_is_clean() -> None:
    """The usual case."""
    scene, told = Scene(Backend()), list[str]()

    async with cleaning(scene.clean_up, told.append):
        assert scene.desk.calls == []

    assert DeleteFirmware("f-1") in scene.desk.calls
    assert told == []


async def test_a_run_that_fails_is_cleaned_up_after_too() -> None:
    """And its error is told by itself."""
    scene = Scene(Backend())

    with pytest.raises(ValueError, match="it broke"):
        async with cleaning(scene.clean_up, lambda _: None):
            raise ValueError("it broke")

    assert StopJob("j-1") in scene.desk.calls


async def test_a_run_that_is_cancelled_leaves_all_and_says_so() -> None:
    """Whoever presses Ctrl-C twice wants an end at once."""
    scene, told = Scene(Backend()), list[str]()

    with pytest.raises(asyncio.CancelledError):
        async with cleaning(scene.clean_up, told.append):
            raise asyncio.CancelledError

    assert scene.desk.calls == []
    assert len(told) == 1
    assert told[0] == (
        f"left behind at the backend: job j-1 still runs: {CUT_SHORT}; "
        f"firmware f-1 (meters 1.3.0) is still there: {CUT_SHORT}"
    )


async def test_a_clean_up_that_is_cancelled_does_not_speak_of_time() -> None:
    """Nobody waited for as long as it would have taken."""
    backend, asked = Backend(), asyncio.Event()

    def answer(call: Call) -> Answer | None:
        if not isinstance(call, StopJob):
            return backend(call)
        asked.set()
        return NEVER

    scene, told = Scene(backend), list[str]()
    scene.desk.answer = answer

    async def leave() -> None:
        async with cleaning(scene.clean_up, told.append):
            pass

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(leave())
        await asked.wait()
        task.cancel()

    assert told[0].startswith(f"left behind at the backend: job j-1 still runs: {CUT_SHORT}; ")


async def test_where_nothing_of_anybodys_was_touched_nothing_is_cleaned() -> None:
    """The embedded platform ends with the run."""
    async with cleaning(None, pytest.fail):
        pass
