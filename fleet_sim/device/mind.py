"""What one device has in its head: its state, its attempt, what it awaits and still has to say.

`DeviceAgent` owns a mind and hands it to the parts of its day: `connecting`, `requests`, `asking`,
`downloading`, `blocks`, `arriving`, `installing`. Each takes a mind and what happened, changes the
one and returns what is to be done about the other. What all of them need stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fleet_sim.device.alarms import Alarms
from fleet_sim.device.attempt import Attempt
from fleet_sim.device.conduct import Persona
from fleet_sim.device.events import Effect, Note, Publish, SetTimer, Timer
from fleet_sim.device.post import Post
from fleet_sim.device.states import MOVES, UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.chance import draw
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId


class Mind:
    """One device's mind; it changes only by the functions of this room, one event at a time.

    Args:
        device: Who it is.
        version: What it runs at first.
        modules: Likewise its parts, by name; parts that it does not know yet it learns of when they
            are first upgraded.
        persona: How it misbehaves.
        timings: How long things take it.
        seed: The run's.

    Attributes:
        who: Its name in draws and for people.
        version: What it runs.
        modules: What its parts run, by name, sorted.
        hmac_of: From the SHA-256 of an image to the keyed digest that its request should name, both
            hex; None where requests name none that can be checked.
        state: Where it stands in its upgrade.
        attempt: The last one begun; None before the first.
        conduct: How that attempt goes.
        is_mute: Whether it keeps the version that the attempt led to to itself.
        failures: To connect, in a row.
        pushed_at_ms: When it was last asked or offered to upgrade; None before the first time.
        post: What it says.
        alarms: What it waits for.
        repeats: The report to be sent again, and how often yet; None: none.
        repeats_by_ms: By when the last of them is due; 0 where there was none.
    """

    __slots__ = (
        "alarms", "attempt", "conduct", "failures", "hmac_of", "is_mute", "modules", "persona",
        "post", "pushed_at_ms", "repeats", "repeats_by_ms", "seed", "state", "timings", "version",
        "who",
    )  # fmt: skip

    def __init__(
        self,
        *,
        device: DeviceId,
        version: str,
        persona: Persona,
        timings: Timings,
        seed: int,
        modules: Mapping[str, str] | None = None,
    ) -> None:
        self.who = str(device)
        self.version = version
        # No dictionary: nearly every device has none, and there are thousands of them.
        self.modules = tuple(sorted((modules or {}).items()))
        self.hmac_of: Callable[[str], str] | None = None
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
        self.repeats: tuple[Publish, int] | None = None
        self.repeats_by_ms = 0

    @property
    def is_online(self) -> bool:
        """Whether it believes that its connection stands."""
        return self.post.is_online

    @property
    def under_way(self) -> Attempt:
        """The attempt that its state speaks of."""
        assert self.attempt is not None, f"{self.who}: {self.state} without an attempt"
        return self.attempt

    def version_of(self, module: str) -> str:
        """Return what a part runs, the device itself under ""; "" where that is not known."""
        return dict(self.modules).get(module, "") if module else self.version

    def run(self, image: FirmwareImage) -> None:
        """Run an image from now on, in the part that it is for."""
        if image.module:
            runs = {**dict(self.modules), image.module: image.version}
            self.modules = tuple(sorted(runs.items()))
        else:
            self.version = image.version

    def runs(self, image: FirmwareImage) -> bool:
        """Tell whether the part that an image is for runs its version."""
        return self.version_of(image.module) == image.version

    def report_versions(self) -> Iterator[Effect]:
        """Say what runs: the device, then each part; what is kept back is left out."""
        kept = self.under_way.image.module if self.is_mute else None
        for module, version in (("", self.version), *self.modules):
            if module != kept:
                yield from self.post.version(version, module)

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
        attempt = self.under_way
        attempt.percent = percent
        yield from self.post.progress(percent, attempt.request, attempt.image.module)

    def fail(self, cause: FailureCause, desc: str) -> Iterator[Effect]:
        """End the attempt with what went wrong."""
        request, module = self.under_way.request, self.under_way.image.module
        desc = self.conduct.worded(desc)
        self.move(UpgradeState.IDLE)
        yield Note("upgrade_failed", {"request": request, "cause": cause.value, "desc": desc})
        yield from self.post.failure(cause, desc, request, module)

    def fall_silent(self, why: str) -> Iterator[Effect]:
        """Say nothing more of the attempt."""
        self.move(UpgradeState.QUIET)
        yield Note("silent", {"request": self.under_way.request, "why": why})

    def note_mute(self) -> Iterator[Effect]:
        """Tell the record that the version is kept back, if it is."""
        if self.is_mute:
            noted = {"request": self.under_way.request, "why": "100 %, but no version report"}
            yield Note("silent", noted)
