"""Dynamic registration: what the platform gives to a device that came by its product's secret.

    register   /ext/register   {"deviceSecret"}
    regnwl     /ext/regnwl     {"clientId", "productKey", "deviceName", "deviceToken"}

Neither topic names a device: what is published there goes to one connection alone, the one that has
just registered. A broker that delivers by subscription would give everybody's secrets to everybody,
so nobody subscribes to these.

There is no id in either message and no answer to it, so the neutral message comes out of it with
neither. What `clientId` is filled with is nowhere said; here it is the platform's own name for the
device, and the device leaves it alone.

Source: C Link SDK 4.1.
"""

from __future__ import annotations

from fleet_sim.dialects.alink.signature import AuthType
from fleet_sim.dialects.fields import Fields, read_string, write_object
from fleet_sim.dialects.wire import DialectError, WireMessage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ActivationInfo

REGISTERED = "/ext/register"
REGISTERED_UNKNOWN = "/ext/regnwl"

TOPICS = (REGISTERED, REGISTERED_UNKNOWN)


def write_info(device: DeviceId, info: ActivationInfo, auth_type: AuthType) -> WireMessage:
    """Write what a device is given that has shown `REGISTER` or `REGISTER_UNKNOWN`."""
    if auth_type is AuthType.REGISTER:
        return WireMessage(REGISTERED, write_object({"deviceSecret": info.secret}))
    body = {
        "clientId": info.asset_id,
        "productKey": device.product_key,
        "deviceName": device.device_key,
        "deviceToken": info.secret,
    }
    return WireMessage(REGISTERED_UNKNOWN, write_object(body))


def read_info(device: DeviceId, topic: str, body: Fields) -> ActivationInfo:
    """Read what this device is given, on one of `TOPICS`.

    Raises:
        DialectError: A field is missing, or it is another device's.
    """
    if topic == REGISTERED:
        return ActivationInfo("", "", _filled(body, "deviceSecret"))
    told = DeviceId(read_string(body, "productKey"), read_string(body, "deviceName"))
    if told != device:
        raise DialectError(f"the token is that of {told}, not of {device}")
    asset_id = read_string(body, "clientId", default="")
    return ActivationInfo("", asset_id, _filled(body, "deviceToken"))


def _filled(body: Fields, name: str) -> str:
    value = read_string(body, name)
    if not value:
        raise DialectError(f"{name} is empty")
    return value
