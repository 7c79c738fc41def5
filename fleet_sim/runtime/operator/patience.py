"""What to do when a northbound API says "not now": how long to wait, and how often.

    429                       nothing was done: wait, then send the call again, read or write
    503 with Retry-After      the same: who names a time has looked at the call and put it off
    503 without               no answer: what stands between us and the backend may have said it

Source: RFC 6585, section 4 (429); RFC 9110, sections 15.6.4 (503) and 10.2.3 (Retry-After).
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from fleet_sim.dialects.http import HttpResponse

TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503

WAIT_FIRST_MS = 1_000  # Where the API names no time: a second, doubled each time …
WAIT_MAX_MS = 60_000  # … up to a minute, which also bounds what an API may ask for.
TRIES_MAX = 8  # Two minutes and more of patience; then the call is given up.

PACE_FIRST_MS = 200  # Twice the observer's own gap between two pages.
PACE_MAX_MS = 5_000  # A page each five seconds is still a look at the jobs.
CALM_ANSWERS = (
    20  # Two seconds of an observer at full speed without a complaint: halve the gap again.
)


def wait_ms(response: HttpResponse, tries: int, epoch_ms: int) -> int | None:
    """Return how long to wait before a call is sent again; None when it should not be.

    Args:
        response: The answer to the call.
        tries: How often it was sent; at least 1.
        epoch_ms: The wall clock, for a `Retry-After` that names a date.
    """
    asked = _asked_ms(response.header("Retry-After"), epoch_ms)
    is_put_off = response.status == UNAVAILABLE and asked is not None
    if response.status != TOO_MANY_REQUESTS and not is_put_off:
        return None
    if tries >= TRIES_MAX:
        return None
    own = WAIT_FIRST_MS << (tries - 1)
    # At least a moment: "after 0 seconds" would be sent eight times at once.
    return min(WAIT_MAX_MS, max(asked, PACE_FIRST_MS) if asked is not None else own)


def is_put_off(response: HttpResponse) -> bool:
    """Tell whether an answer says that nothing was done and another time would be better."""
    return wait_ms(response, 1, 0) is not None


def _asked_ms(text: str, epoch_ms: int) -> int | None:
    """Read `Retry-After`: seconds, or a date; None for anything else."""
    if text.strip().isascii() and text.strip().isdigit():
        return min(WAIT_MAX_MS, 1_000 * int(text.strip()[:9]))
    try:
        at_ms = int(parsedate_to_datetime(text).timestamp() * 1_000)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0, at_ms - epoch_ms)


class Pace:
    """How far apart an observer's questions should be, by what the API has put up with.

    Attributes:
        gap_ms: The gap to keep, 0 while the API has never complained.
    """

    def __init__(self) -> None:
        self.gap_ms = 0
        self._calm = 0

    def slow_down(self) -> None:
        """Take a complaint."""
        self.gap_ms = min(PACE_MAX_MS, max(PACE_FIRST_MS, 2 * self.gap_ms))
        self._calm = 0

    def go_on(self) -> None:
        """Take an answer."""
        if not self.gap_ms:
            return
        self._calm += 1
        if self._calm >= CALM_ANSWERS:
            self._calm = 0
            self.gap_ms = self.gap_ms // 2 if self.gap_ms > PACE_FIRST_MS else 0
