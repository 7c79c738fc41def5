"""What a person sees while a run goes on: a live screen, heartbeat lines in a pipe, or nothing.

Everything goes to stderr, so that stdout stays free for documents. The runtime hands over
snapshots as often as it likes; at most four a second become frames, one in five seconds a line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from fleet_sim.report.figures import render_count, render_duration

# Faster than this nobody reads, and each frame costs a few milliseconds of the one loop.
_FRAME_EVERY_MS = 250
# Short enough to show that a CI job lives, long enough not to fill its log.
_HEARTBEAT_EVERY_MS = 5_000
# As many as fit under the figures on a terminal of 24 lines.
_SAYINGS_SHOWN = 6
# A run that says more than this has a fault that its first lines tell best.
_SAYINGS_MAX = 200
# One column a frame: ten seconds of history, beside the figures on 80 columns.
_HISTORY_FRAMES = 40
_NARROWEST = 20

_SPARKS = "▁▂▃▄▅▆▇█"
_SPARKS_ASCII = "_.-=+*%#"


class UiMode(StrEnum):
    """How a run shows itself while it goes on."""

    RICH = "rich"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


# Where a device's task stands, in the order of its life; with the colour of its part of the bar.
STATES: Mapping[str, str] = {
    "waiting": "bright_black",
    "pushed": "blue",
    "under way": "cyan",
    "updated": "green",
    "failed": "red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a run.

    Attributes:
        elapsed_ms: Since the run's start, in the run's own time.
        duration_ms: The run's upper bound.
        devices: How many there are.
        online: How many of them are connected.
        by_state: Devices by where their task stands; the keys are those of `STATES`, a missing one
            counts as none, another key is shown after them.
        records_per_s: How fast the fleet's part of the run log grows, in the run's own time: its
            messages both ways, and what else its devices did.
        lag_ms: How late the generator is at worst at present.
        note: What the run is about just now, in a few words; may be empty.
        wall_ms: A clock that ticks for the person who watches; None where the run's own does, as
            in real time. Virtual time runs hundreds of times faster than anyone reads.
    """

    elapsed_ms: int
    duration_ms: int
    devices: int
    online: int
    by_state: Mapping[str, int] = field(default_factory=dict)
    records_per_s: float = 0.0
    lag_ms: float = 0.0
    note: str = ""
    wall_ms: int | None = None

    @property
    def seen_at_ms(self) -> int:
        """The watching person's clock."""
        return self.elapsed_ms if self.wall_ms is None else self.wall_ms


class Terminal(Console):
    """A console whose reader may go away.

    Rich ends the process when a pipe breaks, and points stdout at nothing first; a run whose stderr
    was piped into `head` must go on, and its document must still reach stdout.
    """

    def on_broken_pipe(self) -> None:
        """Fall silent."""
        self.quiet = True


def choose_mode(asked: str | None, console: Console) -> UiMode:
    """Return how to show a run: as asked, but no live screen where no terminal can show one.

    Args:
        asked: The value of `--ui`; None chooses by what stderr is.
        console: Where it would be shown.

    Raises:
        ValueError: `asked` is no mode.
    """
    mode = UiMode.RICH if asked is None else UiMode(asked)
    if mode is UiMode.RICH and (not console.is_terminal or console.is_dumb_terminal):
        return UiMode.PLAIN
    return mode


class Live:
    """Shows one run while it goes on; a context that gives the terminal back however it ends.

    It owns the alternate screen for its time and nothing else. Trouble with the terminal (closed,
    gone with its window) silences it and never ends the run.
    """

    def __init__(self, *, title: str, mode: UiMode, console: Terminal | None = None) -> None:
        self._title = title
        self._mode = mode
        self._console = console or Terminal(stderr=True)
        self._screen: Screen | None = None
        self._shown_at_ms: int | None = None
        self._last: Snapshot | None = None
        self._sayings: list[str] = []
        self._history: deque[float] = deque(maxlen=_HISTORY_FRAMES)

    def __enter__(self) -> Self:
        if self._mode is UiMode.RICH:
            self._guarded(self._open)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._screen is not None:
            self._guarded(self._screen.stop)
            self._screen = None
            # The alternate screen took these with it; they belong in the scrollback.
            for saying in self._sayings:
                self._print(saying)
        elif self._mode is UiMode.PLAIN and self._last is not None and not self._is_told:
            self._print(heartbeat(self._last))

    def feed(self, snapshot: Snapshot) -> None:
        """Take one look at the run and show it, unless the last one shown is too recent."""
        self._last = snapshot
        if self._mode in {UiMode.JSON, UiMode.NONE} or not self._is_due(snapshot):
            return
        self._shown_at_ms = snapshot.seen_at_ms
        if self._screen is None:
            self._print(heartbeat(snapshot))
            return
        self._history.append(snapshot.records_per_s)
        self._guarded(self._draw)

    def say(self, text: str) -> None:
        """Tell the person one sentence at once; on a live screen it is repeated afterwards."""
        if self._mode in {UiMode.JSON, UiMode.NONE}:
            return
        if self._screen is None:
            self._print(text)
        elif len(self._sayings) < _SAYINGS_MAX:
            self._sayings.append(text)

    def frame(self, snapshot: Snapshot) -> RenderableType:
        """Return what the live screen shows of this snapshot."""
        width = max(_NARROWEST, self._console.width)
        is_ascii = self._console.options.ascii_only
        return Group(
            Text(self._fit(self._title), style="bold", no_wrap=True, overflow="ellipsis"),
            Text(),
            _clock_line(snapshot, width, is_ascii=is_ascii),
            _states_bar(snapshot, width, is_ascii=is_ascii),
            Text(),
            _states_table(snapshot),
            Text(),
            _pulse_line(snapshot, self._history, is_ascii=is_ascii),
            Text(self._fit(snapshot.note), style="italic", no_wrap=True, overflow="ellipsis"),
            *(
                Text(self._fit(saying), style="yellow")
                for saying in self._sayings[-_SAYINGS_SHOWN:]
            ),
            Text("Ctrl-C stops the run; its report is still written.", style="dim"),
        )

    @property
    def _is_told(self) -> bool:
        return self._last is not None and self._shown_at_ms == self._last.seen_at_ms

    def _is_due(self, snapshot: Snapshot) -> bool:
        every_ms = _HEARTBEAT_EVERY_MS if self._screen is None else _FRAME_EVERY_MS
        return self._shown_at_ms is None or snapshot.seen_at_ms - self._shown_at_ms >= every_ms

    def _open(self) -> None:
        # No thread of its own: frames are drawn when snapshots come, on the loop they come from.
        self._screen = Screen(
            Text(self._fit(self._title)), console=self._console, screen=True, auto_refresh=False
        )
        self._screen.start(refresh=True)

    def _draw(self) -> None:
        if self._screen is not None and self._last is not None:
            self._screen.update(self.frame(self._last), refresh=True)

    def _print(self, line: str) -> None:
        text = Text(self._fit(line))
        self._guarded(lambda: self._console.print(text, soft_wrap=True))

    def _fit(self, text: str) -> str:
        """Replace what the terminal's encoding lacks, rather than fail on it."""
        encoding = self._console.encoding
        return text.encode(encoding, "replace").decode(encoding)

    def _guarded(self, show: Callable[[], None]) -> None:
        """Show something; a terminal that is gone is no reason to end a run."""
        try:
            show()
        except (OSError, ValueError):  # ValueError: written to after it was closed
            self._mode = UiMode.NONE


def heartbeat(snapshot: Snapshot) -> str:
    """Return a snapshot as one line, for a pipe or a log; ASCII, for any of them."""
    states = ", ".join(f"{name} {render_count(count)}" for name, count in _counts(snapshot).items())
    parts = [
        f"[{render_duration(snapshot.elapsed_ms)} of {render_duration(snapshot.duration_ms)}]",
        f"{render_count(snapshot.online)} of {render_count(snapshot.devices)} online;",
        f"{states};",
        f"{render_count(round(snapshot.records_per_s))} records/s,",
        f"lag {render_duration(snapshot.lag_ms)}",
    ]
    line = " ".join(parts)
    return f"{line}; {snapshot.note}" if snapshot.note else line


def _counts(snapshot: Snapshot) -> dict[str, int]:
    counts = dict.fromkeys(STATES, 0)
    counts.update(snapshot.by_state)
    return counts


def _clock_line(snapshot: Snapshot, width: int, *, is_ascii: bool) -> Text:
    """Draw how far the run is towards its upper bound."""
    words = (
        f" {render_duration(snapshot.elapsed_ms)} of at most"
        f" {render_duration(snapshot.duration_ms)}"
    )
    room = max(1, width - len(words) - 1)
    share = min(1.0, snapshot.elapsed_ms / max(1, snapshot.duration_ms))
    done = round(room * share)
    full, rest = ("=", ".") if is_ascii else ("━", "─")
    return Text.assemble((full * done, "magenta"), (rest * (room - done), "dim"), words)


def _states_bar(snapshot: Snapshot, width: int, *, is_ascii: bool) -> Text:
    """Draw the fleet as one bar, a part a state; a state that one device is in shows."""
    counts = _counts(snapshot)
    total = sum(counts.values())
    room = width - 1
    bar = Text(no_wrap=True)
    for name, columns in _columns(counts, total, room).items():
        glyph = name[0] if is_ascii else "█"
        bar.append(glyph * columns, style=STATES.get(name, "white"))
    return bar


def _columns(counts: Mapping[str, int], total: int, room: int) -> dict[str, int]:
    """Share `room` columns out by count: at least one to each that has any, the sum exact."""
    present = {name: count for name, count in counts.items() if count > 0}
    if not present or room < len(present):
        return {}
    spare = room - len(present)
    columns = {name: 1 + spare * count // total for name, count in present.items()}
    largest = max(present, key=lambda name: present[name])
    columns[largest] += room - sum(columns.values())
    return columns


def _states_table(snapshot: Snapshot) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    counts = _counts(snapshot)
    table.add_column("online", justify="right")
    for name in counts:
        table.add_column(name, justify="right", style=STATES.get(name, "white"))
    table.add_row(
        f"{render_count(snapshot.online)}/{render_count(snapshot.devices)}",
        *(render_count(count) for count in counts.values()),
    )
    return table


def _pulse_line(snapshot: Snapshot, history: deque[float], *, is_ascii: bool) -> Text:
    """Draw how busy the last frames were, and how late the generator is."""
    sparks = _SPARKS_ASCII if is_ascii else _SPARKS
    peak = max(history, default=0.0)
    line = "".join(sparks[_level(rate, peak, len(sparks))] for rate in history)
    words = (
        f"{render_count(round(snapshot.records_per_s))} records/s"
        f"   lag {render_duration(snapshot.lag_ms)}   "
    )
    return Text.assemble(words, (line, "cyan"), no_wrap=True, overflow="crop")


def _level(rate: float, peak: float, levels: int) -> int:
    return 0 if peak <= 0 else min(levels - 1, int(rate / peak * levels))
