"""Devices on EnOS' own Device SDK for Python, each in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fleet_sim.model.identity import DeviceId
from tests.vendors.environments import DEVICE_SDK, ready_or_skip
from tests.vendors.stranger import Stranger, stranger

DRIVER = Path(__file__).parent / "drivers" / "device.py"


@contextlib.asynccontextmanager
async def sdk_device(
    url: str,
    device: DeviceId,
    secret: str,
    folder: Path,
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[Stranger]:
    """Start one; it does not connect by itself.

    Args:
        url: The broker's, `mqtt://host:port`; the SDK wants it as `tcp://`.
        device: Who it is.
        secret: Its own secret; empty for one that only knows its product's.
        folder: Where what it writes to stderr is kept.
        settings: As `drivers/device.py` tells.
    """
    place = urlsplit(url)
    async with stranger(
        ready_or_skip(DEVICE_SDK),
        DRIVER,
        folder,
        url=f"tcp://{place.hostname}:{place.port}",
        product_key=device.product_key,
        device_key=device.device_key,
        device_secret=secret,
        **settings,
    ) as one:
        yield one


async def come_on_line(one: Stranger, version: str) -> None:
    """Connect, report a version, and wait until that is answered."""
    await one.tell(do="connect")
    await one.hear("connected")
    await one.tell(do="report", version=version)
    await one.hear("answered", what="report", code=200)
