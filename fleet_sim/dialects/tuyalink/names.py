"""Devices' names: two neutral keys, one id on the wire.

A TuyaLink topic names a device by an id that is unique on the whole platform, and no product. The
neutral keys are unique only together, so an id is made of both, the product first:

    DeviceId("p1", "dev1")   p1.dev1

Dots and percent signs of the product are written as `%2E` and `%25`. A platform that has given out
ids of its own is spoken to with `Names(product)`: then the device key is the id, and all devices
are of that one product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId

# What would end an id early: in a topic, in the username, or in the text that is signed.
_UNFIT = re.compile(r"[/+#|,\x00]")


@dataclass(frozen=True, slots=True)
class Names:
    """How devices are called.

    Attributes:
        product: The one product there is; "" where ids tell the product.
    """

    product: str = ""

    def id_of(self, device: DeviceId) -> str:
        """Return the id on the wire."""
        if self.product:
            return device.device_key
        product = device.product_key.replace("%", "%25").replace(".", "%2E")
        return f"{product}.{device.device_key}"

    def device_of(self, device_id: str) -> DeviceId:
        """Return the device of an id.

        Raises:
            DialectError: It is no id: a part is missing, or holds what no part can hold.
        """
        if self.product:
            product, device_key = self.product, device_id
        else:
            product, _, device_key = device_id.partition(".")
            product = product.replace("%2E", ".").replace("%25", "%")
        device = DeviceId(product, device_key)
        if not (product and device_key) or _UNFIT.search(device_id):
            raise DialectError(f"{device_id!r} is no device id")
        if self.id_of(device) != device_id:
            raise DialectError(f"{device_id!r} is another spelling of {self.id_of(device)!r}")
        return device

    def is_fit(self, device: DeviceId) -> bool:
        """Tell whether a device can be called by its id, and by nothing else."""
        try:
            return self.device_of(self.id_of(device)) == device
        except DialectError:
            return False
