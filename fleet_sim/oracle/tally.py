"""An outcome in the making: an oracle counts what it saw, and says what it makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fleet_sim.model.record import Record
from fleet_sim.oracle.outcome import Doubt, Finding, Outcome, Violation, Witness
from fleet_sim.oracle.tasks import Task


@dataclass(slots=True)
class Tally:
    """Counts one promise. What speaks against an ambiguous task is a doubt: another task may fit.

    Attributes:
        promise: The promise's id.
        n: Occurrences with a clear answer.
        reason: See `Outcome`.
    """

    promise: str
    n: int = 0
    reason: str = ""
    _violations: list[Violation] = field(default_factory=list)
    _doubts: list[Doubt] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)

    def held(self, times: int = 1) -> None:
        """The situation occurred, and the promise was kept."""
        self.n += times

    def broken(
        self, text: str, records: Iterable[Record], *, proof: str = "", task: Task | None = None
    ) -> None:
        """The promise certainly broke.

        Args:
            text: One sentence: what broke, where.
            records: The witness.
            proof: What the records show together, where `text` does not say it already.
            task: Whose; if its pushes are ambiguous this is only a doubt.
        """
        if task is not None and task.is_ambiguous:
            self.doubtful(f"{text} (or its pushes belong to another task)", records)
            return
        self.n += 1
        self._violations.append(
            Violation(self.promise, text, Witness(proof or text, in_log_order(records)))
        )

    def doubtful(self, text: str, records: Iterable[Record] = ()) -> None:
        """The evidence allows both readings."""
        self._doubts.append(Doubt(self.promise, text, Witness(text, in_log_order(records))))

    def finding(self, text: str, records: Iterable[Record], *, proof: str = "") -> None:
        """The vendor's text allows it, and an operator would not want it."""
        witness = Witness(proof or text, in_log_order(records))
        self._findings.append(Finding(self.promise, text, witness))

    def outcome(self) -> Outcome:
        """Close the count."""
        return Outcome(
            promise=self.promise,
            n=self.n,
            violations=tuple(self._violations),
            doubts=tuple(self._doubts),
            findings=tuple(self._findings),
            reason=self.reason,
        )


def in_log_order(records: Iterable[Record]) -> tuple[Record, ...]:
    """Sort a witness as the log is sorted, each record once."""
    once = {(record.t, record.part, record.seq): record for record in records}
    return tuple(once[place] for place in sorted(once))


def seconds(ms: int) -> str:
    """Write an instant or a span for a reader: `12.3 s`."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + " s"


def some(names: Sequence[str], most: int = 5) -> str:
    """Write a list for a reader: the first few names and how many more."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
