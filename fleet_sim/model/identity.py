"""Who a device is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class DeviceId:
    """A device's identity: its product key and its device key, neither empty."""

    product_key: str
    device_key: str

    def __str__(self) -> str:
        return f"{self.product_key}/{self.device_key}"

    @classmethod
    def parse(cls, text: str) -> DeviceId:
        """Read the form that records carry, `product_key/device_key`.

        Raises:
            ValueError: One of the two keys is missing.
        """
        product_key, _, device_key = text.partition("/")
        if not product_key or not device_key:
            raise ValueError(f"{text!r} is no device; write product_key/device_key")
        return cls(product_key, device_key)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a platform knows of a device before it ever connects.

    Attributes:
        device: Its identity.
        secret: The device secret that signs its password; never printed, logged or recorded. ""
            while it has none: it gets one when it activates with its product's secret.
        asset_id: The platform's own name for it.
        attributes: Attribute name to value, for scopes by attribute.
        tags: Tag name to value, for scopes by tag.
        groups: The device groups it belongs to.
        trees: Asset tree id to the node that holds the device; a path of nodes, root first.
        gateway: The one device over whose connection it comes; None: over its own, or over that
            of any gateway that has its signature.
        is_free: Whether its owner says that it has no gateway, so that one it had is taken away;
            else None leaves that open.
    """

    device: DeviceId
    secret: str
    asset_id: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()
    trees: tuple[tuple[str, tuple[str, ...]], ...] = ()
    gateway: DeviceId | None = None
    is_free: bool = False

    def __repr__(self) -> str:
        return f"Registration({self.device})"
