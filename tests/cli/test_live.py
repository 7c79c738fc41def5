"""The live terminal, on consoles that write into memory."""

import io
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.cli.live import (
    STATES,
    Live,
    Snapshot,
    Terminal,
    UiMode,
    _columns,
    choose_mode,
    heartbeat,
)

_ENTER_ALTERNATE_SCREEN = "\x1b[?1049h"
_LEAVE_ALTERNATE_SCREEN = "\x1b[?1049l"
_SHOW_CURSOR = "\x1b[?25h"


def snapshot(elapsed_ms: int, *, wall_ms: int | None = None, note: str = "") -> Snapshot:
    """Return a look at a run of two thousand devices."""
    return Snapshot(
        elapsed_ms=elapsed_ms,
        duration_ms=600_000,
        devices=2_000,
        online=1_950,
        by_state={"waiting": 10, "pushed": 20, "under way": 300, "updated": 1_650, "failed": 20},
        records_per_s=812.4,
        lag_ms=3,
        note=note,
        wall_ms=wall_ms,
    )


def terminal(width: int = 80) -> tuple[Terminal, io.StringIO]:
    """Return a console that takes itself for a terminal, and what it wrote."""
    written = io.StringIO()
    console = Terminal(
        file=written, force_terminal=True, width=width, height=24, color_system="standard"
    )
    return console, written


def pipe() -> tuple[Terminal, io.StringIO]:
    """Return a console that is no terminal, and what it wrote."""
    written = io.StringIO()
    return Terminal(file=written, force_terminal=False), written


def shown(live: Live, look: Snapshot, width: int) -> str:
    """Return one frame as plain text."""
    written = io.StringIO()
    Terminal(file=written, width=width, height=24).print(live.frame(look))
    return written.getvalue()


def test_a_heartbeat_tells_the_run_in_one_line() -> None:
    """Time, devices on line, every state, rate, lag and note; plain ASCII."""
    line = heartbeat(snapshot(65_000, note="job of meters"))

    assert line == (
        "[1m05s of 10m00s] 1,950 of 2,000 online; waiting 10, pushed 20, under way 300, "
        "updated 1,650, failed 20; 812 records/s, lag 3ms; job of meters"
    )


def test_a_pipe_gets_a_line_every_five_seconds() -> None:
    """However often the run looks up; the first look and the last are among the lines."""
    console, written = pipe()

    with Live(title="happy-path", mode=UiMode.PLAIN, console=console) as live:
        for elapsed_ms in range(0, 12_001, 250):
            live.feed(snapshot(elapsed_ms))

    instants = [line.split(" ", 1)[0] for line in written.getvalue().splitlines()]
    assert instants == ["[0ms", "[5.0s", "[10.0s", "[12.0s"]
    assert "\x1b" not in written.getvalue()


def test_the_last_line_is_not_said_twice() -> None:
    """A run that ends on a heartbeat says it once."""
    console, written = pipe()

    with Live(title="happy-path", mode=UiMode.PLAIN, console=console) as live:
        live.feed(snapshot(0))

    assert written.getvalue().count("\n") == 1


def test_virtual_time_beats_by_the_watching_clock() -> None:
    """Ten minutes that pass in a second are not a hundred lines."""
    console, written = pipe()

    with Live(title="happy-path", mode=UiMode.PLAIN, console=console) as live:
        for step in range(100):
            live.feed(snapshot(step * 6_000, wall_ms=step * 10))

    assert len(written.getvalue().splitlines()) == 2


def test_a_terminal_gets_its_screen_back() -> None:
    """The alternate screen is entered, drawn on, left, and the cursor shown, also on an error."""
    console, written = terminal()

    def broken_run() -> None:
        with Live(title="happy-path", mode=UiMode.RICH, console=console) as live:
            live.feed(snapshot(1_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_run()

    text = written.getvalue()
    assert text.index(_ENTER_ALTERNATE_SCREEN) < text.index("1,650")
    assert text.index("1,650") < text.index(_LEAVE_ALTERNATE_SCREEN)
    assert text.rindex(_SHOW_CURSOR) > text.rindex("1,650")


def test_a_screen_is_drawn_at_most_four_times_a_second() -> None:
    """Snapshots in between cost nothing."""
    console, written = terminal()

    with Live(title="happy-path", mode=UiMode.RICH, console=console) as live:
        for elapsed_ms in range(0, 1_000, 10):
            live.feed(snapshot(elapsed_ms))

    assert written.getvalue().count("812 records/s") == 4


def test_what_was_said_outlives_the_screen() -> None:
    """A sentence told while the alternate screen was up stands in the scrollback afterwards."""
    console, written = terminal()

    with Live(title="happy-path", mode=UiMode.RICH, console=console) as live:
        live.say("the broker closed 3 connections")

    afterwards = written.getvalue().split(_LEAVE_ALTERNATE_SCREEN, 1)[1]
    assert "the broker closed 3 connections" in afterwards


@pytest.mark.parametrize("mode", [UiMode.JSON, UiMode.NONE])
def test_documents_and_silence_show_nothing(mode: UiMode) -> None:
    """Not a byte on stderr, whatever happens."""
    console, written = terminal()

    with Live(title="happy-path", mode=mode, console=console) as live:
        live.feed(snapshot(0))
        live.say("a sentence")

    assert written.getvalue() == ""


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_frame_keeps_to_its_width(width: int) -> None:
    """No line is wider than the terminal, and the figures are on it where there is room."""
    console, _ = terminal(width)
    live = Live(title="happy-path " * 10, mode=UiMode.RICH, console=console)

    text = shown(live, snapshot(65_000, note="a note " * 30), width)

    assert max(map(len, text.splitlines())) <= width
    assert "1m05s of at most" in text or width < 40
    assert len(text.splitlines()) <= 24 or width < 40


def test_a_terminal_without_unicode_gets_ascii() -> None:
    """Bars and sparks have a plain form; a note's letters are replaced, not fatal."""
    raw = io.BytesIO()
    console = Terminal(
        file=io.TextIOWrapper(raw, encoding="ascii", write_through=True),
        force_terminal=True,
        width=80,
        height=24,
    )

    with Live(title="fläche", mode=UiMode.RICH, console=console) as live:
        live.feed(snapshot(1_000, note="für Zähler"))

    assert b"f?r Z?hler" in raw.getvalue()
    assert b"uuuu" in raw.getvalue()


class Gone(io.StringIO):
    """A terminal whose window was closed."""

    def __init__(self, error: type[Exception]) -> None:
        super().__init__()
        self._error = error

    def write(self, text: str, /) -> int:
        """Fail as such a file does."""
        raise self._error


@pytest.mark.parametrize("error", [BrokenPipeError, OSError, ValueError])
@pytest.mark.parametrize("mode", [UiMode.RICH, UiMode.PLAIN])
def test_a_terminal_that_is_gone_does_not_end_the_run(mode: UiMode, error: type[Exception]) -> None:
    """Pipe broken, window closed or file closed: the run goes on unseen."""
    console = Terminal(file=Gone(error), force_terminal=mode is UiMode.RICH, width=80, height=24)

    with Live(title="happy-path", mode=mode, console=console) as live:
        for elapsed_ms in (0, 5_000, 10_000):
            live.feed(snapshot(elapsed_ms))
            live.say("a sentence")


@pytest.mark.parametrize(
    ("asked", "is_terminal", "mode"),
    [
        (None, True, UiMode.RICH),
        (None, False, UiMode.PLAIN),
        ("rich", True, UiMode.RICH),
        ("rich", False, UiMode.PLAIN),
        ("plain", True, UiMode.PLAIN),
        ("json", True, UiMode.JSON),
        ("none", False, UiMode.NONE),
    ],
)
def test_the_mode_follows_the_terminal(asked: str | None, is_terminal: bool, mode: UiMode) -> None:
    """A live screen only where there is one; anything else as asked."""
    console = terminal()[0] if is_terminal else pipe()[0]

    assert choose_mode(asked, console) is mode


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb knows no alternate screen."""
    monkeypatch.setenv("TERM", "dumb")

    assert choose_mode(None, terminal()[0]) is UiMode.PLAIN


def test_an_unknown_mode_is_refused() -> None:
    """The command line names the modes there are."""
    with pytest.raises(ValueError, match="fancy"):
        choose_mode("fancy", pipe()[0])


def test_a_state_of_another_name_is_shown() -> None:
    """Nothing a run counts is dropped."""
    look = Snapshot(
        elapsed_ms=0, duration_ms=1, devices=3, online=0, by_state={"cancelled": 3}, note=""
    )

    assert "cancelled 3" in heartbeat(look)


@given(
    st.dictionaries(st.sampled_from([*STATES, "other"]), st.integers(0, 10_000)),
    st.integers(10, 300),
)
def test_the_bar_gives_every_state_its_part(counts: Mapping[str, int], room: int) -> None:
    """The parts fill the bar exactly, and one failed device among thousands is seen."""
    columns = _columns(counts, sum(counts.values()), room)

    present = {name for name, count in counts.items() if count}
    assert set(columns) == present
    assert sum(columns.values()) == (room if present else 0)
    assert all(width >= 1 for width in columns.values())
