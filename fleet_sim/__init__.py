"""fleet_sim: virtual devices in bulk take a firmware upgrade, and the run ends in a verdict.

The house, from the top floor down; a room imports from lower floors only, never from a neighbour:

    cli/                                                   talks to a person
    runtime/                                               touches the world
    scenario/  report/                                     plan in, verdict out
    device/ backend/ dialects/ network/ mqtt/ oracle/      pure rooms
    model/                                                 the words every room speaks
"""

__version__ = "0.1.0"
