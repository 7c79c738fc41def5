"""Payloads of EnOS: objects of a limited size, and the platform's numbers for what is none."""

from __future__ import annotations

from fleet_sim.dialects import fields
from fleet_sim.dialects.enos import codes
from fleet_sim.dialects.fields import Fields
from fleet_sim.dialects.wire import DialectError

PAYLOAD_BYTES_MAX = 512 * 1024  # the platform's limit, and a constant of the SDKs


def read_object(payload: bytes) -> Fields:
    """Read a payload that must be a JSON object.

    Raises:
        DialectError: 1008 too large, 1251 empty, 1220 anything else.
    """
    try:
        return fields.read_object(payload, bytes_max=PAYLOAD_BYTES_MAX)
    except DialectError as error:
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise error.about(code=codes.PAYLOAD_TOO_LARGE) from error
        if not payload.strip():
            raise DialectError("the payload is empty", code=codes.PAYLOAD_EMPTY) from error
        raise error.about(code=codes.PAYLOAD_NOT_JSON) from error
