"""One try at an upgrade: what was asked, and how much of it has arrived."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.device.conduct import Conduct
from fleet_sim.device.events import Effect, Note, StartDownload
from fleet_sim.device.holding import Holding
from fleet_sim.model.firmware import FirmwareImage


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One try; the agent owns it, makes a new one for each push, and keeps the last.

    Attributes:
        number: Over the life of the device, from 1; names the download.
        tries: Which attempt at this version it is, from 1; what personas count.
        request: The id of the push, or of the push that repeated it; of an offer, its name.
        image: What to run.
        began_at_ms: When it was asked to, or offered it.
        percent: Last reported.
        held_bytes: Of the image, as far as known.
        cuts: Broken transfers in a row without a new byte.
        is_transferring: Whether bytes may be on their way.
        holding: What arrived over MQTT; None where whoever drives the agent holds the bytes.
        block: The id of the last block request; "" before the first.
        block_tries: How often that block was asked for, one after another.
    """

    number: int
    tries: int
    request: str
    image: FirmwareImage
    began_at_ms: int = 0
    percent: int = 0
    held_bytes: int = 0
    cuts: int = 0
    is_transferring: bool = False
    holding: Holding | None = None
    block: str = ""
    block_tries: int = 0

    @property
    def noted(self) -> dict[str, object]:
        """What records say of it: `version`, `request`, and `module` where it is for a part."""
        module = {"module": self.image.module} if self.image.module else {}
        return {"version": self.image.version, "request": self.request, **module}

    def is_of(self, module: str, version: str) -> bool:
        """Tell whether it is to lead a part of the device to a version."""
        return (self.image.module, self.image.version) == (module, version)

    def is_for(self, image: FirmwareImage) -> bool:
        """Tell whether an image is this attempt's own; its URL may differ."""
        mine = self.image
        return (mine.module, mine.version, mine.digest) == (
            image.module, image.version, image.digest,
        )  # fmt: skip

    def start_download(self, *, step_percent: int, conduct: Conduct) -> tuple[Effect, ...]:
        """Fetch what is missing."""
        self.is_transferring = True
        # All bytes held and yet no end: the last is fetched again, as no range starts at the end.
        offset = max(0, min(self.held_bytes, self.image.size_bytes - 1))
        marks = tuple(
            mark
            for mark in _marks(self.image.size_bytes, step_percent, conduct.stop_percent)
            if offset < mark
        )
        start = StartDownload(self.image, self.number, offset, marks, conduct.flip_bits)
        return (Note("download_start", {**self.noted, "offset": offset}), start)

    def hold(self, size_bytes: int) -> None:
        """Learn how many bytes are held."""
        if size_bytes > self.held_bytes:
            self.cuts = 0
        self.held_bytes = max(0, size_bytes)

    def has_reached(self, percent: int) -> bool:
        """Tell whether at least this share of the image is held."""
        return self.held_bytes * 100 >= percent * self.image.size_bytes

    def percent_due(self, step_percent: int) -> int | None:
        """Return the step that was reached and not reported; None if there is none.

        Never 100: the end of the download is told by itself, and 100 means installed.
        """
        if self.has_reached(100):
            return None
        reached = self.held_bytes * 100 // self.image.size_bytes
        step = reached // step_percent * step_percent
        return step if step > self.percent else None


def _marks(size_bytes: int, step_percent: int, stop_percent: int | None) -> list[int]:
    """Return the byte counts at which a step is reached, ascending, below the size.

    A download that will stop has its last mark there.
    """
    end = 100 if stop_percent is None else stop_percent
    percents = [*range(step_percent, end, step_percent), *([] if stop_percent is None else [end])]
    marks = {-(-size_bytes * percent // 100) for percent in percents}
    return sorted(mark for mark in marks if mark < size_bytes)
