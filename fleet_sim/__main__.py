"""`python -m fleet_sim`: the same as the `fleet-sim` command."""

from __future__ import annotations

from fleet_sim.cli.main import run

if __name__ == "__main__":
    run()
