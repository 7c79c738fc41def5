"""What to look at next: where the evidence is, and how to see it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from fleet_sim.oracle.judge import Judgement, Verdict
from fleet_sim.oracle.outcome import Standing, Witness
from fleet_sim.report.run import FILES, RUN_LOG, Run

# A line of a terminal holds two or three device keys; the log names the others.
_DEVICES_MAX = 3
_PROMISES_MAX = 3
# What is not repeated with a run: its seed is named, its world chosen, the rest is for the eye.
_WITH_VALUE = frozenset({"--seed", "--ui", "--runs", "--junit"})
_ALONE = frozenset({"--virtual"})
_REAL_ONLY = frozenset({"--hold"})  # Nobody holds what nobody can watch: virtual time refuses it.


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a sentence, and the command that does it, if one does."""

    text: str
    command: str = ""


def next_steps(run: Run, judgement: Judgement, verdict: Verdict) -> tuple[Step, ...]:
    """Return what to look at, the most telling first; never empty.

    - A run that the simulator spoilt: fewer devices, since its numbers say nothing.
    - Each broken promise, then each undecided one: the log lines of its witness' devices.
    - Devices that are stuck, or a finding: where the log is.
    - Always: the run's folder and what is in it, and the command that repeats the run.
    """
    steps: list[Step] = []
    if verdict.name == "invalid":
        steps.append(
            Step("The machine could not keep up, so trust no number here; run fewer devices.")
        )
    if run.folder:
        steps.extend(_kept(run, judgement))
    if run.arguments:  # a kept run does not tell how it was started
        steps.append(_repeat(run, verdict))
    return tuple(steps)


def _kept(run: Run, judgement: Judgement) -> Iterator[Step]:
    """Yield what the run's folder can tell; nothing of files that are not there."""
    has_log = RUN_LOG not in run.lacks
    if has_log:
        yield from _evidence(run, judgement)
    *some, last = [name for name in FILES if name not in run.lacks] or ["the scenario"]
    how_much = "What was kept" if run.lacks else "All of it"
    names = f"{', '.join(some)} and {last}" if some else last
    yield Step(f"{how_much} is in {run.folder}: {names}.")
    if has_log:
        yield Step("Judge the same log again:", _command(run, "judge", run.folder))


def _evidence(run: Run, judgement: Judgement) -> Iterator[Step]:
    """Yield the log lines behind broken and undecided promises and findings, a few of each."""
    told = 0
    for standing, said in (
        (Standing.VIOLATED, "All records of the devices that show the break of"),
        (Standing.INCONCLUSIVE, "All records of the devices that leave open"),
    ):
        for name, one in judgement.promises.items():
            devices = _devices(one.witness) if one.standing is standing else []
            if devices and told < _PROMISES_MAX:
                told += 1
                yield Step(f"{said} {name}:", _grep(run, devices))
    for finding in judgement.findings[:1]:
        devices = _devices(finding.witness)
        if devices:
            said = f"All records of devices of the finding on {finding.promise}:"
            yield Step(said, _grep(run, devices))


def _devices(witness: Witness | None) -> list[str]:
    """Return the first few devices of a witness, in the order of the log, without repeats."""
    records = witness.records if witness else ()
    return list(dict.fromkeys(record.device for record in records if record.device))[:_DEVICES_MAX]


def _grep(run: Run, devices: list[str]) -> str:
    """Return a command that shows these devices' lines, in each part of the log."""
    names = [word for device in devices for word in ("-e", shlex.quote(device))]
    return f"zgrep -hF {' '.join(names)} {shlex.quote(run.folder)}/events-*.jsonl.gz"


def _repeat(run: Run, verdict: Verdict) -> Step:
    seed = ("--seed", str(run.seed))
    if run.timing.world == "real" and not run.can_go_virtual:
        rest = _repeatable(run.arguments, left_out=_ALONE)
        return Step("The same seed again:", _command(run, "run", *rest, *seed))
    rest = _repeatable(run.arguments, left_out=_ALONE | _REAL_ONLY)
    command = _command(run, "run", *rest, *seed, "--virtual")
    if run.timing.world == "real":
        text = "The same seed in virtual time, where every repetition is the same:"
    elif verdict.is_interrupted:
        text = "The same again, to its end:"
    else:
        text = "The same again, byte for byte:"
    return Step(text, command)


def _repeatable(arguments: Iterable[str], *, left_out: AbstractSet[str]) -> Iterator[str]:
    """Yield what of a command line stays as it is when the run is repeated."""
    words = iter(arguments)
    for word in words:
        name, equals, _ = word.partition("=")
        if name in _WITH_VALUE:
            if not equals:
                next(words, None)
        elif word not in left_out:
            yield word


def _command(run: Run, *words: str) -> str:
    return shlex.join([run.program, *words])
