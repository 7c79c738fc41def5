"""Sessions of the HTTP device channel: one a device, alive as long as the device speaks.

    login ──► open ── every request puts the end off by `lifetime` ──► silent for so long: expired
                └── another login of the device: ended

That silence alone ends a session is the pages' ("if the device does not report within `lifetime`, a
new session is needed"). Whether requests other than reports put the end off is not documented; ours
all do. Sessions are not kept: after a restart of the platform every device logs in anew, as it
connects anew over MQTT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from fleet_sim.dialects.enos.names import uuid_of
from fleet_sim.model import chance
from fleet_sim.model.identity import DeviceId

# Ended sessions wait in the heap for their turn; beyond so many they are cleared out at once, for a
# device that logs in without end would else fill it.
_ENDED_MAX = 64


@dataclass(slots=True, eq=False)
class _Session:
    device: DeviceId
    session: str = field(repr=False)
    lifetime_ms: int
    expires_at_ms: int
    has_ended: bool = False


class Sessions:
    """All open sessions of one platform.

    Args:
        seed: From which ids are drawn.
        epoch_ms: The wall clock at t = 0.
    """

    def __init__(self, *, seed: int, epoch_ms: int) -> None:
        self._seed = seed
        self._epoch_ms = epoch_ms
        self._opened = 0
        self._of: dict[DeviceId, _Session] = {}
        # Each open session stands here once, at its end or before it: putting an end off only
        # stamps the session, and it is put back into its new place when its old one has come.
        self._due: list[tuple[int, int, _Session]] = []

    def open(self, device: DeviceId, secret: str, lifetime_ms: int, now_ms: int) -> str:
        """Open a session, in place of an older one of the device; return its id."""
        self._end(device)
        self._opened += 1
        session = _Session(
            device, self._name(device, secret, now_ms), lifetime_ms, now_ms + lifetime_ms
        )
        self._of[device] = session
        heappush(self._due, (session.expires_at_ms, self._opened, session))
        if len(self._due) > 2 * len(self._of) + _ENDED_MAX:
            self._due = [entry for entry in self._due if not entry[2].has_ended]
            heapify(self._due)
        return session.session

    def touch(self, device: DeviceId, session: str, now_ms: int) -> bool:
        """Tell whether this is the device's open session, and put its end off."""
        mine = self._of.get(device)
        if mine is None or mine.session != session or mine.expires_at_ms <= now_ms:
            return False
        mine.expires_at_ms = now_ms + mine.lifetime_ms
        return True

    def _end(self, device: DeviceId) -> None:
        mine = self._of.pop(device, None)
        if mine is not None:
            mine.has_ended = True

    def expire(self, now_ms: int) -> tuple[DeviceId, ...]:
        """End the sessions that were silent for their lifetime; return whose, oldest end first."""
        gone: list[DeviceId] = []
        while self._due and self._due[0][0] <= now_ms:
            _, number, mine = heappop(self._due)
            if mine.has_ended:
                continue
            if mine.expires_at_ms > now_ms:
                heappush(self._due, (mine.expires_at_ms, number, mine))
            else:
                self._end(mine.device)
                gone.append(mine.device)
        return tuple(gone)

    @property
    def next_at_ms(self) -> int | None:
        """The earliest instant at which a session can expire; None: there is none."""
        while self._due and self._due[0][2].has_ended:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def _name(self, device: DeviceId, secret: str, now_ms: int) -> str:
        """Return an id that only the platform and the device can know."""
        who = f"{device}\0{secret}\0{self._epoch_ms + now_ms}"
        return uuid_of(chance.identifier(self._seed, who, "http session", self._opened, digits=32))
