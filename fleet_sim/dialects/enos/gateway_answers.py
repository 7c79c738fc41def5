"""What a platform answers to a gateway: a code, and who is meant by it.

    login         {"assetId", "productKey", "deviceKey"[, "deviceSecret"]}
    login/batch   {"loginedSubDevices": [as above, …], "failedSubDevices": [{both keys}, …]}
    logout        {both keys}, or nothing
    topo/get      [{both keys}, …]

All is well with 200. A batch with another code still lists whom it let in; its text tells of each
of the others. `deviceSecret` stands only where the login has activated the child.

Source: as in `gateways`.
"""

from __future__ import annotations

from typing import Any

from fleet_sim.dialects.enos import codes, envelope
from fleet_sim.dialects.enos.children import device_fields, read_device
from fleet_sim.dialects.fields import Fields, read_fields, read_list, read_text
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import Child, ChildRefusal, GatewayAction, GatewayReply

Answer = tuple[tuple[Child, ...], tuple[tuple[DeviceId, ChildRefusal], ...]]


def outcome(reply: GatewayReply) -> tuple[int, str]:
    """Return the code of the first child that was refused, and a phrase for each of them."""
    if not reply.refused:
        return envelope.SUCCESS, ""
    if reply.action is GatewayAction.REMOVE:
        code = codes.REMOVE_FAILED
    else:
        code = codes.CHILD_REFUSALS[reply.refused[0][1]][0]
    told = (
        f"{device.product_key}&{device.device_key} has error: {codes.CHILD_REFUSALS[why][1]};"
        for device, why in reply.refused
    )
    return code, " ".join(told)


def data_of(reply: GatewayReply) -> dict[str, Any] | list[dict[str, str]]:
    """Return a reply's `data`; who was refused a login is named there too."""
    match reply.action:
        case GatewayAction.BATCH_LOGIN:
            refused = tuple(device for device, _ in reply.refused)
            return batch_fields(reply.children, refused)
        case GatewayAction.LOGIN | GatewayAction.LOGOUT:
            one = next(iter(reply.children), None)
            if one is not None:
                return _child_fields(one)
            return device_fields(reply.refused[0][0]) if reply.refused else {}
        case GatewayAction.LIST:
            return [device_fields(child.device) for child in reply.children]
        case _:
            return {}


def batch_fields(children: tuple[Child, ...], refused: tuple[DeviceId, ...]) -> dict[str, Any]:
    """Return the `data` of a batch: who came on line, and who did not."""
    return {
        "loginedSubDevices": [_child_fields(child) for child in children],
        "failedSubDevices": [device_fields(device) for device in refused],
    }


def _child_fields(child: Child) -> dict[str, str]:
    """Write a child; a secret is told only where it was given just now."""
    fields = device_fields(child.device)
    if child.asset_id:
        fields["assetId"] = child.asset_id
    if child.secret:
        fields["deviceSecret"] = child.secret
    return fields


def read(action: GatewayAction, body: Fields) -> Answer:
    """Read whom a reply grants its request, and whom not.

    Raises:
        DialectError: Not well formed; or refused as a whole, with the platform's code.
    """
    code, text = envelope.read_outcome(body)
    why = codes.CHILD_REFUSAL_OF.get(code)
    if action is GatewayAction.BATCH_LOGIN and (code == envelope.SUCCESS or why is not None):
        return _read_batch(read_fields(body, "data"), why or ChildRefusal.UNKNOWN)
    if action is GatewayAction.LOGIN and why is not None and body.get("data"):
        return (), ((read_device(read_fields(body, "data")), why),)
    if code != envelope.SUCCESS:
        raise DialectError(f"{action.value} was refused with {code} {text}".rstrip(), code=code)
    match action:
        case GatewayAction.LOGIN:
            return (_read_child(read_fields(body, "data")),), ()
        case GatewayAction.LOGOUT:
            data = body.get("data")
            return ((_read_child(data),) if isinstance(data, dict) and data else ()), ()
        case GatewayAction.LIST:
            return tuple(_read_child(one) for one in read_list(body, "data")), ()
        case _:
            return (), ()


def _read_batch(data: Fields, why: ChildRefusal) -> Answer:
    children = tuple(_read_child(one) for one in read_list(data, "loginedSubDevices"))
    refused = tuple((read_device(one), why) for one in read_list(data, "failedSubDevices"))
    return children, refused


def _read_child(fields: Fields) -> Child:
    return Child(
        read_device(fields),
        asset_id=read_text(fields, "assetId", default=""),
        secret=read_text(fields, "deviceSecret", default=""),
    )
