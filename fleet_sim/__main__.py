"""`python -m fleet_sim`: the same as the `fleet-sim` command."""

from __future__ import annotations

import os
import signal

if __name__ == "__main__":
    # While the rest is imported nothing has begun that would have to be ended in good order.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from fleet_sim.cli.main import run

    run()
