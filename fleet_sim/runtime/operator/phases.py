"""Where an observer stands, and which moves there are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    """Where the observer stands; it never goes back."""

    POLLING = "polling"  # Each job, again and again.
    CLOSING = "closing"  # The last looks, each repeated where it shows nothing; then the probes.
    HURRIED = "hurried"  # The last looks alone, once.
    GIVEN_UP = "given_up"  # The backend is silent: nothing more is asked.
    FINISHED = "finished"


# A move not listed does not exist. While it polls a silence is borne: the run's end is not due.
MOVES: Mapping[Phase, frozenset[Phase]] = {
    Phase.POLLING: frozenset({Phase.CLOSING, Phase.HURRIED}),
    Phase.CLOSING: frozenset({Phase.GIVEN_UP, Phase.FINISHED}),
    Phase.HURRIED: frozenset({Phase.GIVEN_UP, Phase.FINISHED}),
    Phase.GIVEN_UP: frozenset({Phase.FINISHED}),
    Phase.FINISHED: frozenset(),
}
