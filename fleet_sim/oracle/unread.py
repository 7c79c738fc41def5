"""What a last look that showed nothing does to the promises that are judged by it.

The look that follows the end of a run is what settles how things stand there. Where it showed
nothing, nobody knows; that the situation never occurred, as `not_exercised` says, is another thing.
"""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.oracle.outcome import Doubt, Outcome, Standing, Witness
from fleet_sim.oracle.timeline import Timeline

# Judged by the last look alone, job by job: another job's says nothing of this one.
BY_LAST_LOOK = frozenset({"V21"})
# Judged by earlier looks, too; it is missed where those showed too little.
BY_ANY_LOOK = frozenset({"V23", "V24", "V34"})


def doubted(outcome: Outcome, timeline: Timeline) -> Outcome:
    """Return the outcome with a doubt for each job whose last look is missed by its promise."""
    is_missed = outcome.promise in BY_LAST_LOOK or (
        outcome.promise in BY_ANY_LOOK and outcome.standing is Standing.NOT_EXERCISED
    )
    if not is_missed or not outcome.is_promised:
        return outcome
    doubts: list[Doubt] = []
    for job in timeline.jobs.values():
        record = job.order.unread
        if record is None:
            continue
        text = f"the last look at job {job.id} showed nothing: {record.get('why', '')}"
        doubts.append(Doubt(outcome.promise, text, Witness(text, (record,))))
    return replace(outcome, doubts=(*outcome.doubts, *doubts))
