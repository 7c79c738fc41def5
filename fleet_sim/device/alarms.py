"""The timers that a device awaits, one a name; there is no cancel, so each setting has a token."""

from __future__ import annotations

from fleet_sim.device.events import SetTimer, Timer


class Alarms:
    """What one device waits for; it makes the effects and knows which answers still count."""

    __slots__ = ("_awaited", "count")

    def __init__(self) -> None:
        self.count = 0  # settings so far: also numbers the draws of those that are spread
        self._awaited: dict[Timer, int] = {}

    def __contains__(self, name: Timer) -> bool:
        return name in self._awaited

    def set(self, name: Timer, at_ms: int) -> SetTimer:
        """Await a timer from now on, instead of an older one of that name."""
        self.count += 1
        self._awaited[name] = self.count
        return SetTimer(name, at_ms, self.count)

    def drop(self, *names: Timer) -> None:
        """Await these no longer."""
        for name in names:
            self._awaited.pop(name, None)

    def clear(self) -> None:
        """Await nothing."""
        self._awaited.clear()

    def take(self, name: Timer, token: int) -> bool:
        """Strike out a timer that fired; tell whether it was awaited, and not set anew since."""
        is_awaited = self._awaited.get(name) == token
        if is_awaited:
            del self._awaited[name]
        return is_awaited
