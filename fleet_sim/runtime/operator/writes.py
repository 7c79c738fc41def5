"""The operator's writes: sent once each, and recorded as a pair.

A write is two records: `api_invoke`, and `api_ok`, `api_fail` or `api_unknown` with the same `no`,
which no other write of the run has, at whichever cloud. A write without an answer is never sent
again: it may have taken effect. One that the vendor has no form for is not sent at all: that is an
`api_fail` with the client's own sentence and no code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fleet_sim.model.northbound import Call, FirmwareCreated, JobCreated, Refused
from fleet_sim.model.record import Source
from fleet_sim.runtime.operator.northbound import Northbound, Reply
from fleet_sim.runtime.run_log import RunLog


class Writes:
    """Sends writes and keeps their records.

    Args:
        northbound: The session with the backend.
        log: Where they are recorded.
        numbers: From which each takes its number; one for all writers of a run.

    Attributes:
        open: How many of them wait for their answer.
    """

    def __init__(self, northbound: Northbound, log: RunLog, numbers: Iterator[int]) -> None:
        self._northbound = northbound
        self._log = log
        self._numbers = numbers
        self._idle: list[Callable[[], None]] = []
        self.open = 0

    def when_idle(self, then: Callable[[], None]) -> None:
        """Call `then` once none of them waits for its answer, perhaps at once."""
        self._idle.append(then)
        self._perhaps_idle()

    def send(
        self,
        call: Call,
        name: str,
        fields: Mapping[str, Any],
        then: Callable[[Reply], None],
        *,
        job: str = "",
    ) -> None:
        """Send a write.

        Args:
            call: What is asked for.
            name: As records call it.
            fields: Its arguments, for the record.
            then: Gets what came of it, once that is recorded.
            job: The job it is about.
        """
        self.open += 1
        no = next(self._numbers)
        self._record("api_invoke", name, no, job, fields)

        def answered(reply: Reply) -> None:
            self.open -= 1
            kind, made, outcome = _outcome(reply)
            self._record(kind, name, no, made or job, outcome)
            then(reply)
            self._perhaps_idle()

        self._northbound.ask(call, answered)

    def _perhaps_idle(self) -> None:
        if self.open:
            return
        waiting, self._idle = self._idle, []
        for then in waiting:
            then()

    def _record(self, kind: str, name: str, no: int, job: str, fields: Mapping[str, Any]) -> None:
        self._log.add(Source.CONTROL, kind, job=job, fields={"call": name, "no": no, **fields})


def refusal_text(refused: Refused) -> str:
    """Return what a backend said when it refused."""
    return refused.detail or refused.reason.value


def _outcome(reply: Reply) -> tuple[str, str, Mapping[str, Any]]:
    """Return the kind of the second record, the job that was made, and the record's fields."""
    if reply.is_unsaid:
        return "api_fail", "", {"code": None, "text": reply.why}
    match reply.answer:
        case None:
            return "api_unknown", "", {"why": reply.why}
        case Refused(is_partial=True) as refused:
            return "api_unknown", "", {"why": f"some of it was refused: {refusal_text(refused)}"}
        case Refused() as refused:
            return "api_fail", "", {"code": refused.code, "text": refusal_text(refused)}
        case JobCreated(job_id):
            return "api_ok", job_id, {}
        case FirmwareCreated(firmware_id):
            return "api_ok", "", {"firmware": firmware_id}
        case _:
            return "api_ok", "", {}
