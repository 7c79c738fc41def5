"""A fleet's first connections to a broker: a run that none of them gets into ends with a sentence.

Wrong secrets, a missing certificate, a port that is no broker's: all devices meet the same, so a
handful of them is enough to know. One that is let in proves the way, and the watch is over.

    opened ──► answered(0) ─────────────────────────► over for good
       │   └─► answered(code) ─┐
       └─────► ended(why) ─────┼─► so many devices, nobody let in ─► verdict
    not_opened(why) ───────────┘
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fleet_sim.runtime.clock import Clock
from fleet_sim.runtime.mqtt_client import DeviceConnection
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.refusals import PASSING, cut_off, refused, silent

CONNACK_BYTE = 0x20  # What any MQTT broker's first words begin with.
DEVICES_ENOUGH = 10  # Ten of a fleet that are all turned away speak for the rest.
# What may pass by itself (a broker that is just starting) is given so long from its first time.
PATIENCE_MS = 5_000
SILENT_MS = 15_000  # A broker on a slow machine in a storm of connections answers within seconds.


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a device met: a sentence, and whether it may be otherwise in a moment."""

    text: str
    may_pass: bool


class FirstContact:
    """See the module.

    Attributes:
        is_open: Whether nobody was let in so far; after that nothing needs to be told.
    """

    def __init__(self, access: BrokerAccess, clock: Clock, *, devices: int) -> None:
        self._access = access
        self._clock = clock
        self._enough = min(DEVICES_ENOUGH, devices)
        self._failures: dict[str, _Failure] = {}
        self._first_at_ms: int | None = None
        self._unanswered: dict[str, DeviceConnection] = {}
        self._asked_at_ms: dict[str, int] = {}
        self.is_open = True

    # --- what connections tell -------------------------------------------------------------

    def opened(self, who: str, connection: DeviceConnection) -> None:
        """Take note that a device's connection is open."""
        if self.is_open:
            self._unanswered[who] = connection
            self._asked_at_ms.pop(who, None)

    def answered(self, who: str, code: int) -> None:
        """Take the return code of a CONNACK; 0 lets the device in."""
        if code == 0:
            self._close()
        else:
            text = refused(self._access, code, is_backend=False)
            self._fail(who, text, may_pass=code in PASSING)

    def ended(self, who: str, why: str) -> None:
        """Take note that the broker ended a connection without having answered CONNECT."""
        self._fail(who, cut_off(self._access, why), may_pass=True)

    def not_opened(self, who: str, text: str, *, may_pass: bool) -> None:
        """Take note that no connection came about; the sentence says why."""
        self._fail(who, text, may_pass=may_pass)

    def left(self, who: str) -> None:
        """Take note that a device ended a connection itself; that says nothing of the broker."""
        self._unanswered.pop(who, None)
        self._asked_at_ms.pop(who, None)

    def _fail(self, who: str, text: str, *, may_pass: bool) -> None:
        if not self.is_open:
            return
        self.left(who)
        self._failures[who] = _Failure(text, may_pass)
        if self._first_at_ms is None:
            self._first_at_ms = self._clock.now_ms()

    def _close(self) -> None:
        self.is_open = False
        self._failures.clear()
        self._unanswered.clear()
        self._asked_at_ms.clear()

    # --- what it comes to --------------------------------------------------------------------

    def verdict(self) -> str:
        """Return why the fleet cannot get in; "" while it may, or once one device is in.

        To be asked now and then: a broker that says nothing tells nobody.
        """
        now_ms = self._clock.now_ms()
        self._find_silent(now_ms)
        if not self.is_open or len(self._failures) < self._enough:
            return ""
        assert self._first_at_ms is not None
        failures = self._failures.values()
        if all(one.may_pass for one in failures) and now_ms - self._first_at_ms < PATIENCE_MS:
            return ""
        ((text, count),) = Counter(one.text for one in failures).most_common(1)
        met = "the only device" if count == 1 else f"each of the first {count} devices"
        return f"{text}: so it went for {met}, and none was let in"

    def _find_silent(self, now_ms: int) -> None:
        """Count those whose CONNECT has left long ago; a link may have kept it for a while."""
        for who, connection in list(self._unanswered.items()):
            if not connection.has_written:
                continue
            asked_at_ms = self._asked_at_ms.setdefault(who, now_ms)
            if now_ms - asked_at_ms >= SILENT_MS:
                self._fail(who, silent(self._access, SILENT_MS), may_pass=False)
