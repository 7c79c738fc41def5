"""A gateway on the vendor's Device SDK, and the children it speaks for."""

from __future__ import annotations

from typing import Any

from fleet_sim.model.identity import Registration
from tests.vendors.stranger import Event, Stranger


async def asked(gateway: Stranger, what: str, child: Registration | None = None) -> Event:
    """Have a gateway ask something about a child; return the platform's answer."""
    named: dict[str, Any] = {}
    if child is not None:
        named = {
            "product_key": child.device.product_key,
            "device_key": child.device.device_key,
            "device_secret": child.secret,
        }
    await gateway.tell(do=what, **named)
    return await gateway.hear("answered", what=what)


async def bring(gateway: Stranger, child: Registration, version: str) -> None:
    """Log a child in, and report its version for it."""
    answer = await asked(gateway, "login", child)
    assert answer["code"] == 200, answer
    await report_for(gateway, child, version)


async def report_for(gateway: Stranger, child: Registration, version: str) -> None:
    """Report a child's version for it, on the child's own topic."""
    keys = {"product_key": child.device.product_key, "device_key": child.device.device_key}
    await gateway.tell(do="child_report", version=version, **keys)
    await gateway.hear("answered", what="report", code=200)
