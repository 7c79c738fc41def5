"""A northbound API on strings: the test says what is answered, and sees what was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fleet_sim.dialects.interface import Operator
from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import Answer, Call, Refusal, Refused
from fleet_sim.runtime.operator.northbound import Carrier, Northbound, Reply, Then
from fleet_sim.runtime.virtual_time import VirtualClock

ANSWER_MS = 10  # How long every answer takes.
NEVER = Refused(Refusal.INTERNAL, "this is never told")  # For a `PromptDesk`.


class Desk(Northbound):
    """Answers each call by a function, ten milliseconds later.

    Attributes:
        asked: When what was asked, in order.
        answer: The answer to a call; None for none at all.
        silence_ms: How long it takes until a call without an answer is given up.
        unsaid: What the vendor has no call for.
    """

    def __init__(self, clock: VirtualClock, answer: Callable[[Call], Answer | None]) -> None:
        # Neither is used: what a session needs them for is overridden.
        super().__init__(cast(Operator, None), cast(Carrier, None), clock, epoch_ms=0)
        self.asked: list[tuple[int, Call]] = []
        self.answer = answer
        self.silence_ms = ANSWER_MS
        self.unsaid: tuple[type[Any], ...] = ()

    @property
    def calls(self) -> list[Call]:
        """What was asked, without instants."""
        return [call for _, call in self.asked]

    def ask(self, call: Call, then: Then) -> None:
        """Take note, and answer later."""
        sent_at_ms = self._clock.now_ms()
        if isinstance(call, self.unsaid):
            then(_unsaid(call, sent_at_ms))
            return
        self.asked.append((sent_at_ms, call))

        def reply() -> None:
            answer = self.answer(call)
            if answer is None:
                self._clock.call_at(sent_at_ms + self.silence_ms, tell, None, "no answer came")
            else:
                tell(answer, "")

        def tell(answer: Answer | None, why: str) -> None:
            then(Reply(answer, sent_at_ms, self._clock.now_ms(), why))

        self._clock.call_at(sent_at_ms + ANSWER_MS, reply)

    def text_of(self, where: Filter, call: Call) -> str:
        """Return some text for a filter."""
        return f"{type(call).__name__} {where}"


class PromptDesk(Desk):
    """Answers each call at once, for those who wait in real time; `NEVER` leaves it unanswered."""

    def ask(self, call: Call, then: Then) -> None:
        """Take note, and answer."""
        now_ms = self._clock.now_ms()
        if isinstance(call, self.unsaid):
            then(_unsaid(call, now_ms))
            return
        self.asked.append((now_ms, call))
        answer = self.answer(call)
        if answer is not NEVER:
            then(Reply(answer, now_ms, now_ms, "" if answer is not None else "no answer came"))


def _unsaid(call: Call, now_ms: int) -> Reply:
    why = f"this vendor has no call for {type(call).__name__}"
    return Reply(None, now_ms, now_ms, why, is_unsaid=True)


def run(clock: VirtualClock, until_ms: int) -> None:
    """Do all work that is due until then, and stand there."""
    clock.call_at(until_ms, lambda: None)
    while clock.next_at_ms is not None and clock.next_at_ms <= until_ms:
        clock.step()
