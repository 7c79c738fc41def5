"""The closing summary: the verdict first, then why, then what to look at next.

For a terminal of 80 columns or a pipe. Nothing depends on colour, every mark has a word beside it,
and commands stand on a line of their own, unbroken however narrow the terminal, so that they can be
copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import Judgement, Verdict
from fleet_sim.oracle.metrics import Totals
from fleet_sim.oracle.outcome import Standing
from fleet_sim.report.figures import render_count, render_duration
from fleet_sim.report.next_steps import Step, next_steps
from fleet_sim.report.plain import ascii_text, printable
from fleet_sim.report.readings import reading_of, value_of, verdict_reason
from fleet_sim.report.run import Run
from fleet_sim.report.run_json import chosen_findings

_VERDICT_STYLES = {
    "passed": "bold green",
    "failed": "bold red",
    "aborted": "bold yellow",
    "invalid": "bold yellow",
}
_MARKS = {Standing.VIOLATED: "✗", Standing.INCONCLUSIVE: "?", Standing.HELD: "✓"}
_STYLES = {Standing.VIOLATED: "red", Standing.INCONCLUSIVE: "yellow", Standing.HELD: "green"}
_TOTALS = ("devices", "updated", "failed", "waiting", "stuck")
# The console is asked for a plain text this wide where no terminal says how wide it is.
_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Summary:
    """What a person reads after a run; any rich console prints it, `print_summary` whole."""

    run: Run
    judgement: Judgement
    verdict: Verdict

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        sections = Group(*self._sections())
        if not options.ascii_only:
            yield sections
            return
        for segment in console.render(sections, options):
            yield Segment(ascii_text(segment.text), segment.style, segment.control)

    def _sections(self) -> Iterator[RenderableType]:
        yield from _headline(self.run, self.judgement, self.verdict)
        yield from _broken_promises(self.judgement)
        yield from _expectations(self.judgement)
        yield from _devices(self.judgement)
        yield from _traffic(self.run)
        yield from _promises(self.judgement)
        yield from _findings(self.judgement)
        yield from _sentences("What limits this verdict", self.run.warnings)
        yield from _sentences("Changed for this run", self.run.overrides)
        yield from _next(next_steps(self.run, self.judgement, self.verdict))


def print_summary(console: Console, run: Run, judgement: Judgement, verdict: Verdict) -> None:
    """Print the summary; the console decides on colours, width and signs."""
    # Rich would cut what is wider than the console, and a command that was cut is none.
    console.print(Summary(run, judgement, verdict), crop=False)


def render_summary(run: Run, judgement: Judgement, verdict: Verdict, *, width: int = _WIDTH) -> str:
    """Return the summary as plain text, no line wider than `width` but for commands."""
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        print_summary(console, run, judgement, verdict)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _headline(run: Run, judgement: Judgement, verdict: Verdict) -> Iterator[RenderableType]:
    """Yield `FAILED  overbooked`, the numbers that identify the run, and the reason."""
    timing = run.timing
    took = render_duration(timing.run_ms)
    if timing.world == "virtual":
        took = f"{took} of virtual time in {render_duration(timing.wall_ms)}"
    facts = f"seed {run.seed}, {render_count(judgement.totals.devices)} devices, {took}"
    yield Text.assemble(
        (verdict.name.upper(), _VERDICT_STYLES[verdict.name]),
        ("  " + printable(run.scenario), "bold"),
        f"  ({facts})",
    )
    yield Text(_sentence(verdict_reason(run, judgement, verdict)))


def _broken_promises(judgement: Judgement) -> Iterator[RenderableType]:
    """Yield each broken promise with its witness: the reason most people read a report."""
    broken = [
        (name, one) for name, one in judgement.promises.items() if one.standing is Standing.VIOLATED
    ]
    if not broken:
        return
    yield from _title("Broken promises")
    for name, one in broken:
        promise = PROMISES[name]
        head = Text.assemble((f"✗ {name} {promise.name}", "bold red"), f": {promise.statement}")
        yield _indented(head, 2, 2)
        if one.witness:
            yield _indented(Text(printable(one.witness.text)), 4)
        if one.violations_count > 1:
            more = f"The first of {render_count(one.violations_count)} violations is shown."
            yield _indented(Text(more, style="dim"), 4)


def _expectations(judgement: Judgement) -> Iterator[RenderableType]:
    if not judgement.expectations:
        return
    yield from _title("Expectations")
    rows = Table.grid(padding=(0, 2, 0, 0), expand=False)
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_column(overflow="fold")
    for result in judgement.expectations:
        mark, style = ("✓", "green") if result.held else ("✗", "red")
        found = Text("found " + printable(value_of(result)))
        if not result.held and result.line:
            found.append(f"  ({printable(result.file)}:{result.line})", style="dim")
        rows.add_row(Text(mark, style=style), Text(printable(result.text)), found)
    yield Padding(rows, (0, 0, 0, 2))


def _devices(judgement: Judgement) -> Iterator[RenderableType]:
    """Yield where the devices stand, a row a fleet; a sum only where there is something to sum."""
    yield from _title("Devices")
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(overflow="fold")
    for _ in _TOTALS:
        rows.add_column(justify="right", no_wrap=True)
    rows.add_row("", *(Text(name, style="dim") for name in _TOTALS))
    for name, totals in judgement.fleets.items():
        rows.add_row(printable(name), *_figures(totals))
    if len(judgement.fleets) != 1:
        rows.add_row(Text("all", style="bold"), *_figures(judgement.totals))
    yield Padding(rows, (0, 0, 0, 2))
    counted = ", ".join(
        f"{render_count(count)} {name.replace('_', ' ')}"
        for name, count in judgement.counts.items()
    )
    if counted:
        yield _indented(Text(counted, style="dim"), 2)


def _traffic(run: Run) -> Iterator[RenderableType]:
    """Yield what the northbound API put off or left without an answer, if it did."""
    traffic = run.northbound
    told = []
    if traffic.throttled:
        told.append(f"put off {render_count(traffic.throttled)}")
    if traffic.failed:
        calls = "call" if traffic.failed == 1 else "calls"
        told.append(f"left {render_count(traffic.failed)} {calls} without an answer")
    if told:
        asked = render_count(traffic.requests)
        text = f"of {asked} northbound requests the backend {' and '.join(told)}"
        yield _indented(Text(text, style="yellow"), 2)


def _figures(totals: Totals) -> list[Text]:
    styles = {"updated": "green", "failed": "red", "stuck": "red"}
    return [
        Text(render_count(count), style=styles.get(name, "") if count else "dim")
        for name, count in totals.as_dict().items()
    ]


def _promises(judgement: Judgement) -> Iterator[RenderableType]:
    """Yield the promises that this run says something about; the others in a line each kind."""
    yield from _title("Promises")
    told = [(name, one) for name, one in judgement.promises.items() if one.standing in _MARKS]
    rows = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    for name, one in told:
        style = _STYLES[one.standing]
        rows.add_row(
            Text(_MARKS[one.standing], style=style),
            Text(f"{name} {PROMISES[name].name}"),
            Text(one.standing.value, style=style),
            Text(printable(reading_of(one))),
        )
    if told:
        yield Padding(rows, (0, 0, 0, 2))
    for standing, said in (
        (Standing.NOT_EXERCISED, "not exercised, so nothing is known of them"),
        (Standing.NOT_PROMISED, "not promised by this vendor"),
    ):
        names = [name for name, one in judgement.promises.items() if one.standing is standing]
        if names:
            line = f"· {len(names)} {said}: {', '.join(names)}"
            yield _indented(Text(line, style="dim"), 2, 2)


def _findings(judgement: Judgement) -> Iterator[RenderableType]:
    """Yield what the vendor's text allows and an operator would not want, in full sentences."""
    shown = chosen_findings(judgement.findings)
    if not shown:
        return
    yield from _title("Findings: no promise forbids this, and it is trouble all the same")
    for finding in shown:
        name = f"{finding.promise} {PROMISES[finding.promise].name}"
        head = Text.assemble((f"! {name}", "bold yellow"), f": {printable(finding.text)}")
        yield _indented(head, 2, 2)
    found = sum(one.findings_count for one in judgement.promises.values())
    if found > len(shown):
        yield _indented(Text(f"… and {render_count(found - len(shown))} more", style="dim"), 2)


def _sentences(title: str, sentences: Sequence[str]) -> Iterator[RenderableType]:
    if sentences:
        yield from _title(title)
        yield from (_indented(Text(f"· {printable(text)}"), 2, 2) for text in sentences)


def _next(steps: Sequence[Step]) -> Iterator[RenderableType]:
    yield from _title("What to look at next")
    for step in steps:
        yield _indented(Text(f"· {step.text}"), 2, 2)
        if step.command:
            yield Text("      " + step.command, style="bold", no_wrap=True, overflow="ignore")


def _title(text: str) -> Iterable[RenderableType]:
    return (Text(), Text(text, style="bold"))


def _indented(text: Text, columns: int, hang: int = 0) -> RenderableType:
    """Indent a text, its further lines by `hang` columns more."""
    if not hang:
        return Padding(text, (0, 0, 0, columns))
    grid = Table.grid()
    grid.add_column(width=hang, no_wrap=True)
    grid.add_column(overflow="fold")
    head, body = text.divide([hang])
    head.rstrip()
    grid.add_row(head, body)
    return Padding(grid, (0, 0, 0, columns))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
