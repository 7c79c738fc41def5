"""What a call is read by, once its caller has been let in; and the paging that calls share."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.codes import miss, refuse
from fleet_sim.dialects.rpc.parameters import Parameters
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.uploads import Uploads
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.filters import AllOf, Comparison, Filter, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import Page

PAGE_NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was let in.

    Attributes:
        given: Its parameters.
        profile: The vendor's form.
        contract: The vendor's ranges; a scenario may have changed some.
        uploads: The files that have come in.
        default_product: The product of a firmware that names none.
        epoch_ms: The wall clock.
    """

    given: Parameters
    profile: Profile
    contract: ContractProfile
    uploads: Uploads
    default_product: str
    epoch_ms: int


def page_of(asked: Asked, most: int, *, is_needed: bool) -> Page:
    """Read the paging.

    Args:
        asked: The call.
        most: Rows a page.
        is_needed: Whether both parameters must be there.

    Raises:
        RpcError: One is missing, or out of its range.
    """
    given, base = asked.given, asked.contract.page_base
    number = given.whole("CurrentPage", base, PAGE_NUMBER_MAX, word=codes.BAD_PAGE)
    size = given.whole("PageSize", 1, most, word=codes.BAD_PAGE)
    if is_needed and number is None:
        miss("CurrentPage")
    if is_needed and size is None:
        miss("PageSize")
    return Page(number, size)


def device_filter(asked: Asked) -> Filter:
    """Read which device is meant: `IotId`, or `ProductKey` with `DeviceName`; `IotId` wins.

    Raises:
        RpcError: Neither is whole.
    """
    iot_id = asked.given.text("IotId")
    if iot_id:
        return equal("asset_id", iot_id)
    device = DeviceId(asked.given.required("ProductKey"), asked.given.required("DeviceName"))
    return AllOf((equal("product_key", device.product_key), equal("device_key", device.device_key)))


def equal(field: str, value: str) -> Comparison:
    """Compare a field with one value."""
    return Comparison(field, Operator.EQUAL, (value,))


def together(*parts: Filter | None) -> Filter:
    """Demand all of these; one alone stands for itself."""
    given = tuple(part for part in parts if part is not None)
    flat = tuple(
        inner for part in given for inner in (part.parts if isinstance(part, AllOf) else (part,))
    )
    return flat[0] if len(flat) == 1 else AllOf(flat)


def must_be_legal(name: str, *, is_legal: bool, why: str) -> None:
    """Refuse a parameter unless a rule holds.

    Raises:
        RpcError: It does not.
    """
    if not is_legal:
        refuse(name, why)
