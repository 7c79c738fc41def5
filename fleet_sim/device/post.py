"""What a device says: message ids, and the report that must not be lost."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_sim.device.events import Publish
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    BlockRequest,
    FailureReport,
    ProgressReport,
    VersionQuery,
    VersionReport,
)


class Post:
    """A device's outgoing reports; knows whether there is a connection to send them on.

    It keeps one report, the last of the attempt, until somebody acknowledges it: a new connection
    sends it again under its own id. Earlier ones say less than the last, and the version is
    reported on each connection anyway: as the end of an upgrade until somebody acknowledged it so.
    """

    __slots__ = ("_count", "_news", "_pending", "_request", "_version_id", "is_online")

    def __init__(self) -> None:
        self.is_online = False
        self._count = 0  # never reset, so ids stay unique over reboots
        self._version_id = ""
        self._pending: ProgressReport | FailureReport | None = None
        self._request = ""  # what the pending report belongs to
        # Parts that run something new, each with the id of the report that said so last.
        self._news: tuple[tuple[str, str], ...] = ()

    def version(self, version: str, module: str = "") -> Iterator[Publish]:
        """Say what runs, if there is a connection; after an upgrade, that this is its end."""
        if self.is_online:
            self._version_id = self._next_id()
            is_news = any(module == upgraded for upgraded, _ in self._news)
            if is_news:
                self._note_news(module, self._version_id)
            yield Publish(VersionReport(self._version_id, version, module, is_news))

    def answer(self, version: str, module: str = "") -> Iterator[Publish]:
        """Say what runs because the server asked, if there is a connection."""
        if self.is_online:
            self._version_id = self._next_id()
            yield Publish(VersionReport(self._version_id, version, module))

    def upgraded(self, module: str) -> None:
        """Learn that an upgrade of this part has come to its end, of which nobody has heard yet."""
        self._note_news(module, "")

    def query(self, module: str = "") -> Iterator[Publish]:
        """Ask for versions, if there is a connection."""
        if self.is_online:
            yield Publish(VersionQuery(self._next_id(), module))

    def progress(self, percent: int, request: str, module: str = "") -> Iterator[Publish]:
        """Say how far it is, now or with the next connection."""
        yield from self._report(ProgressReport(self._next_id(), percent, module=module), request)

    def failure(
        self, cause: FailureCause, desc: str, request: str, module: str = ""
    ) -> Iterator[Publish]:
        """Say what went wrong, now or with the next connection."""
        report = FailureReport(self._next_id(), cause, desc, module=module)
        yield from self._report(report, request)

    def block(self, stream: tuple[int, int], offset: int, size_bytes: int) -> BlockRequest:
        """Write a request for a block; who asks sees to the connection."""
        return BlockRequest(self._next_id(), stream, offset, size_bytes)

    def again(self) -> Iterator[Publish]:
        """Send what nobody acknowledged."""
        if self.is_online and self._pending is not None:
            yield Publish(self._pending, self._request)

    def forget(self) -> None:
        """Give up what is pending: something newer says more."""
        self._pending = None

    def take_receipt(self, message_id: str) -> bool:
        """Strike out the pending report, if it is the one acknowledged; tell whether it was.

        A version report that ended an upgrade has done so once it was acknowledged.
        """
        if self._news:
            self._news = tuple(one for one in self._news if message_id not in one[1:])
        is_pending = self._pending is not None and self._pending.message_id == message_id
        if is_pending:
            self._pending = None
        return is_pending

    def is_version_report(self, message_id: str) -> bool:
        """Tell whether this is the id of the last version report."""
        return bool(message_id) and message_id == self._version_id

    def _report(self, report: ProgressReport | FailureReport, request: str) -> Iterator[Publish]:
        self._pending, self._request = report, request
        yield from self.again()

    def _note_news(self, module: str, message_id: str) -> None:
        others = (one for one in self._news if one[0] != module)
        self._news = (*others, (module, message_id))

    def _next_id(self) -> str:
        self._count += 1
        return str(self._count)
