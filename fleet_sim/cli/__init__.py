"""The room that talks to a person: one verb a file, and the live screen.

    main.py     finds the verb, and turns what went wrong into one sentence and an exit code
    live.py     what is seen while a run goes on

Rules: what a person reads goes to stderr while a run goes on, documents go to stdout. Heavy rooms
are imported inside the verb that needs them, so that `--help` is quick. A verb decides nothing
about upgrades, devices or promises; it asks other rooms and says what they found.
"""
