"""One promise a file: the run log in, violations out; then the thresholds and the judge.

How a log is read:

    records ─ evidence ─► what was seen       (devices, jobs, pushes, reports, polls)
            ─ timeline ─► what it must mean   (tasks, attempts, certain and possible intervals)
            ─ V01 … ───► outcomes             (violations, doubts, findings, how often exercised)
            ─ judge ───► one judgement        (promises, metrics, expectations)

Rules of the room. An oracle is a pure function from a `Timeline` (the tasks of one dialect, read by
that dialect's contract profile) to an `Outcome`; it reads records and nothing else, so a log judged
again gives the same words. It convicts only on what must have been so: instants are spans, records
of two parts with equal `t` are concurrent, a window that had not closed when the log ended is cut
off. What the evidence allows to be read both ways is a doubt, never a violation. Of the
reference platform's own journal (source S) nothing is read but that it is there.
"""
