"""Devices on Alibaba's Link SDK for Python, each in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fleet_sim.model.identity import DeviceId
from tests.vendors.environments import LINK_KIT, ready_or_skip
from tests.vendors.stranger import Stranger, stranger

DRIVER = Path(__file__).parent / "drivers" / "device.py"


@contextlib.asynccontextmanager
async def link_kit_device(
    url: str,
    device: DeviceId,
    folder: Path,
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[Stranger]:
    """Start one that runs 1.0; it does not connect by itself.

    Args:
        url: The broker's, `mqtt://host:port`.
        device: Who it is.
        folder: Where it keeps what it fetches, and what it writes to stderr.
        settings: As `drivers/device.py` tells; a secret at least.
    """
    place = urlsplit(url)
    told = {
        "host": place.hostname,
        "port": place.port,
        "product_key": device.product_key,
        "device_name": device.device_key,
        "keeps_in": str(folder),
        "version": "1.0",
        **settings,
    }
    async with stranger(ready_or_skip(LINK_KIT), DRIVER, folder, **told) as one:
        yield one
