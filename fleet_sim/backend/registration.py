"""How the server comes to know a device: from its owner, by activation, from its gateway.

Each says a part. What an owner leaves open, a device may have been given since, and keeps.

Whoever proves a product's secret may be any device of the product, known beforehand or not. Its own
secret is written down before it is told, so a device never has one that a restarted server does not
know.
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


def completed(books: Books, registration: Registration) -> Registration:
    """Fill in what an owner leaves open with what is known of the device.

    Its asset id is the platform's own business, so every device has one.
    """
    device = registration.device
    known = of(books, device)
    bound_to = None if registration.is_free else known.gateway
    return replace(
        registration,
        secret=registration.secret or known.secret,
        asset_id=registration.asset_id or known.asset_id or _asset_id(books, device),
        gateway=registration.gateway or bound_to,
        is_free=False,
    )


def of(books: Books, device: DeviceId) -> Registration:
    """Return what is known of a device: of a stranger, its name."""
    state = books.devices.get(device)
    return Registration(device, "") if state is None else state.registration


def activated(books: Books, device: DeviceId) -> Registration:
    """Return how a device is to be registered that activates now."""
    known = of(books, device)
    if known.secret and books.contract.reactivation == "same_secret":
        return known
    number = books.number("activation")
    return replace(
        known,
        secret=identifier(books.seed, str(device), "secret", number, digits=SECRET_DIGITS),
        asset_id=known.asset_id or _asset_id(books, device),
    )


def tell(books: Books, device: DeviceId) -> None:
    """Tell a device its secret; it has one."""
    state = books.devices[device]
    registration = state.registration
    message_id = str(books.number("activation message"))
    books.tell(state, ActivationInfo(message_id, registration.asset_id, registration.secret))


def _asset_id(books: Books, device: DeviceId) -> str:
    """Make up the platform's own name for a device: eight letters and digits."""
    drawn = int(identifier(books.seed, str(device), "asset"), 16)
    return "".join(
        _LETTERS[drawn // len(_LETTERS) ** place % len(_LETTERS)] for place in range(ASSET_ID_CHARS)
    )
