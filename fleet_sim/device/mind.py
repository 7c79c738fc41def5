"""What one device has in its head: its state, its attempt, what it awaits and still has to say.

`DeviceAgent` owns a mind and hands it to the rooms of its day: `connecting`, `requests`, `asking`,
`downloading`, `installing`. Each takes a mind and what happened, changes the one and returns what
is to be done about the other. What all of them need stands here.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device.alarms import Alarms
from fleet_sim.device.attempt import Attempt
from fleet_sim.device.conduct import Persona
from fleet_sim.device.events import Effect, Note, SetTimer, Timer
from fleet_sim.device.post import Post
from fleet_sim.device.states import MOVES, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.chance import draw
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.identity import DeviceId


class Mind:
    """One device's mind; it changes only by the functions of this room, one event at a time.

    Args:
        device: Who it is.
        version: What it runs at first.
        persona: How it misbehaves.
        timings: How long things take it.
        seed: The run's.

    Attributes:
        who: Its name in draws and for people.
        version: What it runs.
        state: Where it stands in its upgrade.
        attempt: The last one begun; None before the first.
        conduct: How that attempt goes.
        is_mute: Whether it keeps its version to itself.
        failures: To connect, in a row.
        pushed_at_ms: When it was last asked or offered to upgrade; None before the first time.
        post: What it says.
        alarms: What it waits for.
    """

    __slots__ = (
        "alarms", "attempt", "conduct", "failures", "is_mute", "persona", "post", "pushed_at_ms",
        "seed", "state", "timings", "version", "who",
    )  # fmt: skip

    def __init__(
        self, *, device: DeviceId, version: str, persona: Persona, timings: Timings, seed: int
    ) -> None:
        self.who = str(device)
        self.version = version
        self.persona = persona
        self.timings = timings
        self.seed = seed
        self.state = UpgradeState.OFF
        self.post = Post()
        self.attempt: Attempt | None = None
        self.conduct = persona.conduct(1, seed=seed, who=self.who, index=1)
        self.is_mute = False
        self.failures = 0
        self.pushed_at_ms: int | None = None
        self.alarms = Alarms()

    @property
    def is_online(self) -> bool:
        """Whether it believes that its connection stands."""
        return self.post.is_online

    @property
    def under_way(self) -> Attempt:
        """The attempt that its state speaks of."""
        assert self.attempt is not None, f"{self.who}: {self.state} without an attempt"
        return self.attempt

    def move(self, state: UpgradeState) -> None:
        """Go to a state, by a move of the table."""
        assert state in MOVES[self.state], f"{self.who}: no move {self.state} → {state}"
        self.state = state

    def set_later(self, name: Timer, failures: int, now_ms: int) -> SetTimer:
        """Await a timer after so many failures in a row before this one."""
        wait_ms = self.timings.backoff_ms(failures, self.chance(name))
        return self.alarms.set(name, now_ms + wait_ms)

    def chance(self, name: Timer) -> float:
        """Draw what spreads the next setting of a timer, in [0, 1)."""
        return draw(self.seed, self.who, name, self.alarms.count)

    def report_progress(self, percent: int) -> Iterator[Effect]:
        """Say how far it is; off line, the next connection will."""
        self.under_way.percent = percent
        yield from self.post.progress(percent, self.under_way.request)

    def fail(self, cause: FailureCause, desc: str) -> Iterator[Effect]:
        """End the attempt with what went wrong."""
        request = self.under_way.request
        desc = self.conduct.worded(desc)
        self.move(UpgradeState.IDLE)
        yield Note("upgrade_failed", {"request": request, "cause": cause.value, "desc": desc})
        yield from self.post.failure(cause, desc, request)

    def fall_silent(self, why: str) -> Iterator[Effect]:
        """Say nothing more of the attempt."""
        self.move(UpgradeState.QUIET)
        yield Note("silent", {"request": self.under_way.request, "why": why})

    def note_mute(self) -> Iterator[Effect]:
        """Tell the record that the version is kept back, if it is."""
        if self.is_mute:
            noted = {"request": self.under_way.request, "why": "100 %, but no version report"}
            yield Note("silent", noted)
