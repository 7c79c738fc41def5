"""Who is there, as far as a device's own messages tell: on a stock broker nobody says more.

A broker that is not ours tells its clients nothing of other clients. What can be known:

    a message of a device not heard of yet   it has connected
    a version report                         it has connected anew: devices report on each connect
    a copy of that report                    nothing: it may be delivered twice
    silence                                  nothing: an idle device and an absent one look alike
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import DeviceMessage, VersionReport

# A copy follows its message within a broker's or a client's wait for an acknowledgement. After that
# the same words are a new report: devices in the field begin their ids anew with each boot.
COPY_MS = 10_000


@dataclass(slots=True)
class _Seen:
    """The last version report of a device; None where it was heard otherwise."""

    report: VersionReport | None
    at_ms: int


class SignsOfLife:
    """See the module."""

    def __init__(self) -> None:
        self._seen: dict[DeviceId, _Seen] = {}

    def heard(self, device: DeviceId, message: DeviceMessage | None, now_ms: int) -> bool:
        """Take note of a message, and tell whether it begins a connection.

        Args:
            device: Whose.
            message: None for words that are not about the device's own upgrades.
            now_ms: When.
        """
        seen = self._seen.get(device)
        report = message if isinstance(message, VersionReport) else None
        if seen is None:
            self._seen[device] = _Seen(report, now_ms)
            return True
        if report is None or (report == seen.report and now_ms - seen.at_ms < COPY_MS):
            return False
        seen.report, seen.at_ms = report, now_ms
        return True

    def forget(self, device: DeviceId) -> bool:
        """Take a device for gone; tell whether it was there."""
        return self._seen.pop(device, None) is not None

    @property
    def devices(self) -> tuple[DeviceId, ...]:
        """Who is there, in the order of their first message."""
        return tuple(self._seen)
