"""Which products there are: those that the server was told of, and those of its devices."""

from __future__ import annotations

from fleet_sim.backend.books import Books
from fleet_sim.model.northbound import Refusal, Refused


def unknown(books: Books, *product_keys: str) -> Refused | None:
    """Return why a call about these products is refused, "" standing for none; None: it is not."""
    if books.contract.unknown_product != "refused":
        return None
    stranger = next((key for key in product_keys if key and not _is_known(books, key)), None)
    return None if stranger is None else Refused(Refusal.NO_SUCH_PRODUCT, stranger)


def _is_known(books: Books, product_key: str) -> bool:
    """Look among the few products first, and then at the devices only until one is of it."""
    return product_key in books.products or any(
        device.product_key == product_key for device in books.devices
    )
