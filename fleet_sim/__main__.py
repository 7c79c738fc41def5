"""The command: `fleet-sim`, and `python -m fleet_sim`."""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Run the command line; an interrupt exits with 130 even before there is one."""
    # While the rest is imported nothing has begun that would have to be ended in good order.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from fleet_sim.cli.main import run  # noqa: PLC0415 - after the handler

    run()


if __name__ == "__main__":
    main()
