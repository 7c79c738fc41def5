"""The values that cross MQTT, and the one error a codec raises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WireMessage:
    """A topic and the bytes on it, ready to be published."""

    topic: str
    payload: bytes
    qos: int = 1


class DialectError(Exception):
    """The peer said something that its own vendor's rules do not allow.

    Attributes:
        code: The vendor's number for this mistake, None where it has none.
        message_id: The id of the message at fault, None where it could not be read.
    """

    def __init__(
        self, text: str, *, code: int | None = None, message_id: str | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.message_id = message_id

    def about(self, message_id: str | None = None, *, code: int | None = None) -> DialectError:
        """Return the same mistake, found in the message of this id; to be raised from this one.

        Args:
            message_id: None where the id could not be read.
            code: The vendor's number for a mistake that has none yet.
        """
        known = code if self.code is None else self.code
        return DialectError(str(self), code=known, message_id=message_id)
