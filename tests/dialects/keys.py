"""What a platform knows of devices, written down by a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet_sim.model.identity import DeviceId


@dataclass(frozen=True, slots=True)
class Keys:
    """See `Keyring`: secrets of devices and of products, and who comes over which gateway."""

    secrets: Mapping[DeviceId, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    gateways: Mapping[DeviceId, DeviceId] = field(default_factory=dict)

    def secret_of(self, device: DeviceId) -> str | None:
        """Return a device's own secret."""
        return self.secrets.get(device)

    def product_secret_of(self, product_key: str) -> str | None:
        """Return a product's secret."""
        return self.products.get(product_key)

    def gateway_of(self, device: DeviceId) -> DeviceId | None:
        """Return the gateway that a device is bound to."""
        return self.gateways.get(device)
