"""After a run at somebody else's backend: stop our jobs, remove our images, say what stayed.

    cancel what was not begun ──► stop the job ──► … of each job ──► remove each image

A stopped job is kept, since somebody may want to read it. A backend keeps an image while a device
may still need it, so what waits is cancelled first, and devices that are under way are given a
moment to come to an end. Nothing here is part of what is judged: its records, `cleaned`, are for
those who wonder later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.northbound import (
    Call,
    CancelTasks,
    DeleteFirmware,
    JobRow,
    JobStatus,
    Refusal,
    Refused,
    SearchJobs,
    StopJob,
    TaskStatus,
)
from fleet_sim.model.record import Source
from fleet_sim.runtime.operator.asking import ask, found
from fleet_sim.runtime.operator.control import Control, Order
from fleet_sim.runtime.operator.images import Image
from fleet_sim.runtime.operator.known_firmware import find
from fleet_sim.runtime.operator.northbound import Northbound
from fleet_sim.runtime.operator.observer import Observer
from fleet_sim.runtime.operator.writes import refusal_text
from fleet_sim.runtime.run_log import RunLog
from fleet_sim.scenario.plan import Plan

WHOLE_S = 15.0  # Whoever pressed Ctrl-C waits no longer, whatever the backend does.
ANSWER_S = 3.0  # For what was asked when the run ended; and for each job's cancelling.
AGAIN_S = 0.5  # How often an image that is still in use is tried.
CANCEL_KEYS_MAX = 200  # One call's; fewer are lost when one of them has just begun.
CUT_SHORT = "not tried, or its answer not waited for, as the clean-up was cut short"

_WAITING = frozenset({TaskStatus.QUEUED, TaskStatus.PUSHED})
_GONE = frozenset({Refusal.NO_SUCH_FIRMWARE, Refusal.NO_SUCH_JOB})


class CleanUp:
    """What a run made at a backend, and the way to take it back.

    Knows at any time what is left, so that a clean-up cut short can still tell.
    """

    def __init__(
        self, plan: Plan, control: Control, observer: Observer, northbound: Northbound, log: RunLog
    ) -> None:
        self._plan = plan
        self._control = control
        self._observer = observer
        self._northbound = northbound
        self._log = log
        self._page_base = plan.contracts[plan.fleets[0].dialect].page_base
        self._is_late = False
        self._why: dict[str, str] = {}
        self._stopped: set[str] = set()
        self._removed: set[str] = set()
        self._unanswered: set[str] = set()
        self._strays: list[str] = []
        self._late_images: dict[str, Image] = {}
        self._settled: list[Image | Order] = []

    async def run(self) -> None:
        """Take back what can be taken back, in a bounded time; never fails."""
        self._control.halt()
        try:
            async with asyncio.timeout(WHOLE_S):
                await self._wait_for_answers()
                await self._find_what_got_no_answer()
                for job_id in self._jobs:
                    await self._stop(job_id)
                await self._remove_images()
        except TimeoutError:
            self._is_late = True

    @property
    def left(self) -> Sequence[str]:
        """What is left at the backend, by id and with the reason; empty when all is clean."""
        late = f"not tried, or no answer in {WHOLE_S:g} s" if self._is_late else CUT_SHORT
        return (
            *(
                f"job {job_id} {self._said(job_id, perhaps='may still run', surely='still runs')}: "
                f"{self._why.get(job_id, late)}"
                for job_id in self._jobs
                if job_id not in self._stopped
            ),
            *(
                f"firmware {firmware_id} ({image.name}) "
                f"{self._said(firmware_id, perhaps='may be', surely='is still')} there: "
                f"{self._why.get(firmware_id, late)}"
                for firmware_id, image in self._images.items()
                if firmware_id not in self._removed
            ),
            *(_doubt(one) for one in self._control.unsure if one not in self._settled),
        )

    def _said(self, what: str, *, perhaps: str, surely: str) -> str:
        """Say how sure it is: a call without an answer may have been carried out."""
        return perhaps if what in self._unanswered else surely

    @property
    def _jobs(self) -> list[str]:
        ours = [job.job_id for job in self._control.jobs]
        return [one for one in (*ours, *self._strays) if one not in self._control.stopped]

    @property
    def _images(self) -> dict[str, Image]:
        return {**self._control.uploaded, **self._late_images}

    # --- what was asked for and never answered ---------------------------------------------

    async def _wait_for_answers(self) -> None:
        answered = asyncio.Event()
        self._control.when_answered(answered.set)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await answered.wait()

    async def _find_what_got_no_answer(self) -> None:
        """Look for what may be there; an image of ours and a job for it can only be from us.

        What is not found may be there all the same: searches lag behind.
        """
        for one in list(self._control.unsure):
            if isinstance(one, Image):
                row = await find(self._northbound, self._plan, one)
                if row is not None and row.order.names.default == one.name:
                    self._late_images[row.firmware_id] = one
                    self._settled.append(one)
            elif one.firmware_id in self._control.uploaded:
                strays = await self._jobs_for(one.firmware_id)
                if strays:
                    self._strays += strays
                    self._settled.append(one)

    async def _jobs_for(self, firmware_id: str) -> list[str]:
        known = {job.job_id for job in self._control.jobs} | set(self._strays)
        where = Comparison("firmware_id", Operator.EQUAL, (firmware_id,))
        jobs = found(self._northbound, SearchJobs, where, page_base=self._page_base)
        return [
            row.job_id
            async for row in jobs
            if isinstance(row, JobRow)
            and row.job_id not in known
            and row.order.firmware_id == firmware_id
            and row.status is JobStatus.STARTED
        ]

    # --- jobs --------------------------------------------------------------------------------

    async def _stop(self, job_id: str) -> None:
        """Cancel what has not begun, and stop the job, whatever came of the first."""
        keys = [
            row.device_key
            for row in self._observer.open_tasks.get(job_id, {}).values()
            if row.status in _WAITING
        ]
        keys.reverse()  # the last in the queue is the last to begin meanwhile
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                for first in range(0, len(keys), CANCEL_KEYS_MAX):
                    await self._cancel(job_id, keys[first : first + CANCEL_KEYS_MAX])
        refused = await self._take_back(StopJob(job_id), "stop_job", job_id)
        if refused is None or refused.reason in {Refusal.JOB_STOPPED, *_GONE}:
            self._stopped.add(job_id)

    async def _cancel(self, job_id: str, keys: Sequence[str]) -> None:
        """Cancel these tasks; should one have begun, the others by halves."""
        refused = await self._take_back(CancelTasks(job_id, tuple(keys)), "cancel_tasks", job_id)
        is_mixed = refused is not None and refused.reason is Refusal.TASK_NOT_CANCELLABLE
        if is_mixed and len(keys) > 1:
            half = len(keys) // 2
            await self._cancel(job_id, keys[:half])
            await self._cancel(job_id, keys[half:])

    # --- images ------------------------------------------------------------------------------

    async def _remove_images(self) -> None:
        """Remove each image; those that a device still needs, again and again, with the others."""
        # Where nobody needs one, the backend itself may take a moment to see that.
        is_needed = any(self._observer.open_tasks.values())
        now = asyncio.get_running_loop().time
        again_until = now() + (WHOLE_S if is_needed else ANSWER_S)
        left = list(self._images)
        while left := [one for one in left if await self._remove(one)]:
            if now() > again_until:
                return
            await asyncio.sleep(AGAIN_S)

    async def _remove(self, firmware_id: str) -> bool:
        """Remove an image; tell whether to try again."""
        call = DeleteFirmware(firmware_id)
        refused = await self._take_back(call, "delete_firmware", firmware_id)
        if refused is None or refused.reason in _GONE:
            self._removed.add(firmware_id)
            return False
        if firmware_id in self._unanswered:
            return True  # removing what may be gone already does no harm
        if refused.reason is not Refusal.FIRMWARE_IN_USE:
            return False
        self._why[firmware_id] += ", for a device of our job may still need it"
        return True

    # --- one call ----------------------------------------------------------------------------

    async def _take_back(self, call: Call, name: str, what: str) -> Refused | None:
        """Make a call that takes something back; return None when it is done, else why not."""
        reply = await ask(self._northbound, call)
        refused: Refused | None = None
        self._unanswered.discard(what)
        if reply.is_unsaid:
            refused = Refused(Refusal.INTERNAL, reply.why)
            self._why[what] = reply.why
        elif reply.answer is None:
            self._unanswered.add(what)
            refused = Refused(Refusal.INTERNAL, reply.why)
            self._why[what] = f"no answer ({reply.why})"
        elif isinstance(reply.answer, Refused):
            refused = reply.answer
            self._why[what] = f"{refused.code} {refusal_text(refused)}"
        done = {"call": name, "of": what, "why": "" if refused is None else self._why[what]}
        self._log.add(Source.CONTROL, "cleaned", fields=done)
        return refused


def _doubt(one: Image | Order) -> str:
    if isinstance(one, Image):
        return f'an image "{one.name}" may be there: its upload got no answer'
    order = f"the order for {one.plan.fleet} to {one.plan.to_version} with firmware"
    return f"a job may run there: {order} {one.firmware_id} got no answer"


@contextlib.asynccontextmanager
async def cleaning(clean_up: CleanUp | None, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """Clean up after the block, however it ends but by being cancelled; tell what is left.

    Args:
        clean_up: What to do; None: nothing of anybody's was touched.
        tell: Gets one line, if anything is left.
    """
    if clean_up is None:
        yield
        return
    try:
        try:
            yield
        except Exception:
            await clean_up.run()
            raise
        await clean_up.run()
    finally:
        if clean_up.left:
            tell(f"left behind at the backend: {'; '.join(clean_up.left)}")
