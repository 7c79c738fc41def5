"""Devices that come with their product's secret and leave with one of their own.

Whoever proves the product's secret may be any device of the product, known beforehand or not. Its
own secret is written down before it is told, so a device never has one that a restarted server does
not know.
"""

from __future__ import annotations

from dataclasses import replace
from string import ascii_letters, digits

from fleet_sim.backend.books import Books
from fleet_sim.model.chance import identifier
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import ActivationInfo

SECRET_DIGITS = 32
ASSET_ID_CHARS = 8
_LETTERS = digits + ascii_letters


def activated(books: Books, device: DeviceId) -> Registration | None:
    """Return how a device is to be registered that activates now; None: as it is."""
    state = books.devices.get(device)
    known = Registration(device, "") if state is None else state.registration
    if known.secret and books.contract.reactivation == "same_secret":
        return None
    number = books.number("activation")
    return replace(
        known,
        secret=identifier(books.seed, str(device), "secret", number, digits=SECRET_DIGITS),
        asset_id=known.asset_id or _asset_id(books, number),
    )


def tell(books: Books, device: DeviceId) -> None:
    """Tell a device its secret; it has one."""
    state = books.devices[device]
    registration = state.registration
    message_id = str(books.number("activation message"))
    books.tell(state, ActivationInfo(message_id, registration.asset_id, registration.secret))


def _asset_id(books: Books, number: int) -> str:
    """Make up the platform's own name for a device: eight letters and digits."""
    drawn = int(identifier(books.seed, "backend", "asset", number), 16)
    return "".join(
        _LETTERS[drawn // len(_LETTERS) ** place % len(_LETTERS)] for place in range(ASSET_ID_CHARS)
    )
