"""The northbound client: calls out, answers back, in either world, one login for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Operator
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import Answer, Call
from fleet_sim.runtime.clock import Clock


class Carrier(Protocol):
    """Carries HTTP requests to a server."""

    def send(self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]) -> None:
        """Send it; `then` gets the response, or None and why there is none."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call.

    Attributes:
        answer: The answer; None when there was none, so that the call may have taken effect.
        sent_at_ms: When the request left.
        answered_at_ms: When the answer, or the news that there is none, was there.
        why: Why there is no answer.
    """

    answer: Answer | None
    sent_at_ms: int
    answered_at_ms: int
    why: str = ""


Then = Callable[[Reply], None]


class Northbound:
    """A session with one northbound API.

    Attributes:
        was_refused: Whether the last login was understood and refused, not merely unanswered.
    """

    def __init__(
        self, operator: Operator, carrier: Carrier, clock: Clock, *, epoch_ms: int
    ) -> None:
        self._operator = operator
        self._carrier = carrier
        self._clock = clock
        self._epoch_ms = epoch_ms
        self._waiting: list[tuple[Call, Then]] = []
        self._is_logging_in = False
        self.was_refused = False
        self._asked_to_log_in: list[Callable[[str], None]] = []

    def log_in(self, then: Callable[[str], None]) -> None:
        """Get a token now, if one is needed; `then` gets why there is none, or an empty text."""
        epoch_ms = self._epoch_ms + self._clock.now_ms()
        if not self._operator.needs_login(epoch_ms):
            then("")
            return
        self._asked_to_log_in.append(then)
        if not self._is_logging_in:
            self._log_in(epoch_ms)

    def ask(self, call: Call, then: Then) -> None:
        """Make a call; `then` is called once, whatever happens."""
        epoch_ms = self._epoch_ms + self._clock.now_ms()
        if not self._is_logging_in and not self._operator.needs_login(epoch_ms):
            self._send(call, then)
            return
        self._waiting.append((call, then))
        if not self._is_logging_in:
            self._log_in(epoch_ms)

    def _log_in(self, epoch_ms: int) -> None:
        request = self._operator.login(epoch_ms)
        if request is None:
            self._release()
            return
        self._is_logging_in = True
        self._carrier.send(request, self._logged_in)

    def _logged_in(self, response: HttpResponse | None, why: str) -> None:
        self._is_logging_in = False
        self.was_refused = False
        now_ms = self._clock.now_ms()
        if response is not None:
            try:
                self._operator.logged_in(response, self._epoch_ms + now_ms)
            except DialectError as error:
                response, why = None, str(error)
                self.was_refused = error.code is not None
        asked, self._asked_to_log_in = self._asked_to_log_in, []
        for tell in asked:
            tell("" if response is not None else why or "no answer")
        if response is None:
            waiting, self._waiting = self._waiting, []
            for _, then in waiting:
                then(Reply(None, now_ms, now_ms, f"no login: {why}"))
            return
        self._release()

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for call, then in waiting:
            self._send(call, then)

    def _send(self, call: Call, then: Then) -> None:
        sent_at_ms = self._clock.now_ms()
        request = self._operator.request(call, self._epoch_ms + sent_at_ms)
        self._carrier.send(
            request, lambda response, why: self._answered(call, then, sent_at_ms, response, why)
        )

    def _answered(
        self, call: Call, then: Then, sent_at_ms: int, response: HttpResponse | None, why: str
    ) -> None:
        now_ms = self._clock.now_ms()
        answer: Answer | None = None
        if response is not None:
            try:
                answer = self._operator.answer(call, response)
            except DialectError as error:
                why = str(error)
        then(Reply(answer, sent_at_ms, now_ms, why))

    def text_of(self, where: Filter, call: Call) -> str:
        """Return a filter in the vendor's query language, for records."""
        return self._operator.expression(where, call)
