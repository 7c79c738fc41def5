"""Verdict out: what the judge found, told to people and to machines.

    run.py         what a report says beside the judgement: the run, its timing, its generator
    run_json.py    the document `run.json`
    junit.py       JUnit XML, for CI
    console.py     the closing summary, for a terminal of 80 columns or a pipe
    next_steps.py  what to look at next, with the commands
    readings.py    verdicts in words, shared by console and JUnit
    figures.py     numbers as people read them
    plain.py       other people's text made harmless

Pure functions from values to values or text: nothing here opens a file, reads a clock or asks for
the terminal's width. A report judges nothing; every verdict in it was reached in `oracle/`.
"""
