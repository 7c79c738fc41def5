"""The northbound client: calls out, answers back, in either world, one login for all.

A call that the API puts off is sent again when the API wants it, and meanwhile nothing else is sent
(see `patience`). A call that is denied is sent once more under a new token, since a backend that
was started anew may have forgotten the one there is. In both cases nothing was done. A call without
an answer may have taken effect, and is never sent again.

A vendor's call may take several requests; its answer is that to the last. A call for which a vendor
has no form is not sent at all, and gets no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Operator, Stepwise
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import Answer, Call, Refusal, Refused
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.operator.patience import Pace, is_put_off, wait_ms


class Carrier(Protocol):
    """Carries HTTP requests to a server."""

    def send(self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]) -> None:
        """Send it; `then` gets the response, or None and why there is none."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call.

    Attributes:
        answer: The answer; None when there was none, see `is_unsure`.
        sent_at_ms: When the request left.
        answered_at_ms: When the answer, or the news that there is none, was there.
        why: Why there is no answer.
        is_unsaid: Whether the vendor has no form for the call, so that nothing was sent.
    """

    answer: Answer | None
    sent_at_ms: int
    answered_at_ms: int
    why: str = ""
    is_unsaid: bool = False

    @property
    def is_unsure(self) -> bool:
        """Whether the call may have taken effect, or not: it was sent, and nothing came back."""
        return self.answer is None and not self.is_unsaid


Then = Callable[[Reply], None]


SAY_AGAIN_MS = 30_000  # A person who was told that we wait need not be told with each answer.


@dataclass(slots=True)
class _Errand:
    """One call on its way to an answer."""

    call: Call
    then: Then
    tries: int = 0
    is_renewed: bool = False  # Sent under a token that was fetched because of it.
    answers: tuple[HttpResponse, ...] = ()  # To its requests so far, where it takes several.


class Northbound:
    """A session with one northbound API.

    Attributes:
        was_refused: Whether the last login was understood and refused, not merely unanswered.
        traffic: What was sent so far, and what came of it.
        pace: How far apart questions that can wait should be.
    """

    def __init__(
        self,
        operator: Operator,
        carrier: Carrier,
        clock: Clock,
        *,
        epoch_ms: int,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make a session.

        Args:
            operator: Speaks the vendor's language.
            carrier: Carries it.
            clock: The run's.
            epoch_ms: The wall clock at its start.
            say: Gets a sentence when the API makes us wait, every half a minute at most.
        """
        self._operator = operator
        self._carrier = carrier
        self._clock = clock
        self._epoch_ms = epoch_ms
        self._waiting: list[_Errand] = []
        self._is_logging_in = False
        self._login_tries = 0
        self._put_off_until_ms = 0
        self._say = say
        self._silent_until_epoch_ms = 0
        self._asked_to_log_in: list[Callable[[str], None]] = []
        self.was_refused = False
        self.traffic = NorthboundFigures()
        self.pace = Pace()

    def going_on(self, carrier: Carrier, clock: Clock, *, epoch_ms: int) -> Northbound:
        """Return a session that goes on from this one, which is over, by another clock."""
        after = Northbound(self._operator, carrier, clock, epoch_ms=epoch_ms, say=self._say)
        after.traffic, after.pace = self.traffic, self.pace
        after._silent_until_epoch_ms = self._silent_until_epoch_ms
        return after

    def log_in(self, then: Callable[[str], None]) -> None:
        """Get a token now, if one is needed; `then` gets why there is none, or an empty text."""
        if not self._operator.needs_login(self._epoch_now_ms):
            then("")
            return
        self._asked_to_log_in.append(then)
        self._log_in()

    def ask(self, call: Call, then: Then) -> None:
        """Make a call; `then` is called once, whatever happens."""
        self._take(_Errand(call, then))

    def text_of(self, where: Filter, call: Call) -> str:
        """Return a filter in the vendor's query language, for records."""
        return self._operator.expression(where, call)

    @property
    def _epoch_now_ms(self) -> int:
        return self._epoch_ms + self._clock.now_ms()

    def _take(self, errand: _Errand) -> None:
        if self._is_put_off or self._is_logging_in:
            self._waiting.append(errand)
        elif self._operator.needs_login(self._epoch_now_ms):
            self._waiting.append(errand)
            self._log_in()
        else:
            self._send(errand)

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for errand in waiting:
            self._take(errand)

    # --- login -----------------------------------------------------------------------------

    def _log_in(self) -> None:
        if self._is_logging_in:
            return
        request = self._operator.login(self._epoch_now_ms)
        if request is None:
            self._release()
            return
        self._is_logging_in = True
        self._login_tries += 1
        self.traffic += NorthboundFigures(requests=1)
        self._carrier.send(request, self._logged_in)

    def _logged_in(self, response: HttpResponse | None, why: str) -> None:
        self._is_logging_in = False
        self.was_refused = False
        if response is not None:
            again_ms = self._note_put_off(response, self._login_tries)
            if again_ms is not None:
                self._clock.call_at(again_ms, self._log_in)
                return
            try:
                self._operator.logged_in(response, self._epoch_now_ms)
            except DialectError as error:
                response, why = None, str(error)
                self.was_refused = error.code is not None
        self._login_tries = 0
        asked, self._asked_to_log_in = self._asked_to_log_in, []
        for tell in asked:
            tell("" if response is not None else why or "no answer")
        if response is not None:
            self._release()
            return
        now_ms = self._clock.now_ms()
        waiting, self._waiting = self._waiting, []
        for errand in waiting:
            self._end(errand, Reply(None, now_ms, now_ms, f"no login: {why}"))

    # --- calls -----------------------------------------------------------------------------

    def _send(self, errand: _Errand) -> None:
        sent_at_ms = self._clock.now_ms()
        try:
            request = self._following(errand, errand.answers) or self._operator.request(
                errand.call, self._epoch_now_ms
            )
        except DialectError as error:
            is_unsaid = not errand.answers
            errand.then(Reply(None, sent_at_ms, sent_at_ms, str(error), is_unsaid=is_unsaid))
            return
        errand.tries += 1
        self.traffic += NorthboundFigures(requests=1)
        self._carrier.send(
            request, lambda response, why: self._answered(errand, sent_at_ms, response, why)
        )

    def _following(self, errand: _Errand, answers: tuple[HttpResponse, ...]) -> HttpRequest | None:
        """Return the request that comes after these answers, None where that is the first or none.

        Raises:
            DialectError: The vendor cannot go on from these answers.
        """
        operator = self._operator
        if not answers or not isinstance(operator, Stepwise):
            return None
        return operator.following(errand.call, answers, self._epoch_now_ms)

    def _answered(
        self, errand: _Errand, sent_at_ms: int, response: HttpResponse | None, why: str
    ) -> None:
        answer: Answer | None = None
        if response is not None:
            if self._note_put_off(response, errand.tries) is not None:
                self._waiting.append(errand)
                return
            answers = (*errand.answers, response)
            try:
                if self._following(errand, answers) is not None:
                    errand.answers, errand.tries = answers, 0
                    self._take(errand)
                    return
                answer = self._operator.answer(errand.call, response)
            except DialectError as error:
                why = str(error)
            if is_put_off(response):
                answer = Refused(
                    Refusal.INTERNAL, "it asked for patience too often", response.status
                )
        if self._is_denied(errand, answer):
            errand.is_renewed = True
            self._operator.forget()
            self._take(errand)
            return
        self._end(errand, Reply(answer, sent_at_ms, self._clock.now_ms(), why))

    def _is_denied(self, errand: _Errand, answer: Answer | None) -> bool:
        """Tell whether a new token may open what the present one does not."""
        is_denied = isinstance(answer, Refused) and answer.reason is Refusal.DENIED
        return is_denied and not errand.is_renewed and self._operator.is_logged_in

    def _end(self, errand: _Errand, reply: Reply) -> None:
        if reply.answer is None:
            self.traffic += NorthboundFigures(failed=1)
        else:
            self.pace.go_on()
        errand.then(reply)

    # --- patience --------------------------------------------------------------------------

    @property
    def _is_put_off(self) -> bool:
        return self._clock.now_ms() < self._put_off_until_ms

    def _note_put_off(self, response: HttpResponse, tries: int) -> int | None:
        """Return when to come back, if the API says "not now" and it is worth it."""
        after_ms = wait_ms(response, tries, self._epoch_now_ms)
        if is_put_off(response):
            self.traffic += NorthboundFigures(throttled=1)
            self.pace.slow_down()
        if after_ms is None:
            return None
        until_ms = self._clock.now_ms() + after_ms
        if until_ms > self._put_off_until_ms:
            self._put_off_until_ms = until_ms
            self._clock.call_at(until_ms, self._release)
            self._tell_wait(response.status, after_ms)
        return until_ms

    def _tell_wait(self, status: int, after_ms: int) -> None:
        if self._epoch_now_ms < self._silent_until_epoch_ms:
            return
        self._silent_until_epoch_ms = self._epoch_now_ms + after_ms + SAY_AGAIN_MS
        self._say(
            f"the backend's API says not now ({status}): waiting {after_ms / 1000:g} s, then it "
            "is asked again"
        )
