"""Modules of a device: numbered channels on the wire, text in the neutral words.

    0    ""      the main module, which is the device as a whole
    1    "1"     Bluetooth
    3    "3"     Zigbee
    9    "9"     the MCU
    10   "10"    an extension, up to 19

Other numbers below 20 are taken as they are; a codec may be given names of its own for any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet_sim.dialects.fields import Fields, read_whole
from fleet_sim.dialects.wire import DialectError

CHANNEL_MAX = 19

MAIN = 0


_NUMBERS: Mapping[str, int] = {
    "": MAIN,
    **{str(number): number for number in range(1, CHANNEL_MAX + 1)},
}


@dataclass(frozen=True, slots=True)
class Channels:
    """Which module is which channel.

    Attributes:
        named: Module to number, for names other than the numbers' own text.
    """

    named: Mapping[str, int] = field(default_factory=dict)

    def number_of(self, module: str) -> int:
        """Return the channel of a module.

        Raises:
            DialectError: It has none.
        """
        number = self.named.get(module, _NUMBERS.get(module))
        if number is None:
            known = ", ".join([f"1 to {CHANNEL_MAX}", *sorted(self.named)])
            raise DialectError(f"module {module!r} is no channel; channels are {known}")
        return number

    def module_of(self, fields: Fields) -> str:
        """Read the channel of a message, the main one where it is absent, as a module.

        Raises:
            DialectError: It is no whole number, or beyond the range.
        """
        number = read_whole(fields, "channel", default=MAIN)
        if not 0 <= number <= CHANNEL_MAX:
            raise DialectError(f"channel is {number}; channels are 0 to {CHANNEL_MAX}")
        return self.name_of(number)

    def name_of(self, number: int) -> str:
        """Return the module of a channel."""
        for module, named in self.named.items():
            if named == number:
                return module
        return str(number) if number else ""
