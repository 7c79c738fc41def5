from __future__ import annotations

import pytest

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.asked import (
    Asked,
    device_filter,
    equal,
    must_be_legal,
    page_of,
    together,
)
from fleet_sim.dialects.rpc.codes import RpcError
from fleet_sim.dialects.rpc.parameters import Parameters
from fleet_sim.dialects.rpc.uploads import Uploads
from fleet_sim.model.filters import AllOf
from fleet_sim.model.northbound import Page
from tests.dialects.rpc.callers import NOW, PROFILES


def _asked(**given: str) -> Asked:
    profile = PROFILES["alibaba"]
    parameters = Parameters(tuple(given.items()), folds_case=False)
    return Asked(parameters, profile, profile.default_contract, Uploads("o", 0), "", NOW)


def test_a_page_is_read_or_left_to_the_default() -> None:
    """Pages count from one."""
    assert page_of(_asked(CurrentPage="2", PageSize="100"), 100, is_needed=True) == Page(2, 100)
    assert page_of(_asked(), 100, is_needed=False) == Page()


@pytest.mark.parametrize(
    "given",
    [{"CurrentPage": "0"}, {"CurrentPage": "x"}, {"PageSize": "0"}, {"PageSize": "101"},
     {"CurrentPage": str(2**31)}],
)  # fmt: skip
def test_a_page_out_of_range_has_its_own_code(given: dict[str, str]) -> None:
    """The documented one."""
    with pytest.raises(RpcError) as wrong:
        page_of(_asked(**given), 100, is_needed=False)

    assert wrong.value.word == codes.BAD_PAGE


@pytest.mark.parametrize("name", ["CurrentPage", "PageSize"])
def test_a_page_that_is_needed_is_missed(name: str) -> None:
    """Whichever of the two is not there."""
    given = {"CurrentPage": "1", "PageSize": "10"}
    del given[name]

    with pytest.raises(RpcError) as missing:
        page_of(_asked(**given), 100, is_needed=True)

    assert missing.value.word == f"Missing{name}"


def test_the_iot_id_wins_over_the_other_two() -> None:
    """And without it, both of the others must be there."""
    both = _asked(IotId="i", ProductKey="pk", DeviceName="d")

    assert device_filter(both) == equal("asset_id", "i")
    assert device_filter(_asked(ProductKey="pk", DeviceName="d")) == AllOf(
        (equal("product_key", "pk"), equal("device_key", "d"))
    )
    with pytest.raises(RpcError, match="DeviceName"):
        device_filter(_asked(ProductKey="pk"))


def test_filters_are_joined_flat() -> None:
    """One stands for itself, none for everything."""
    one, two = equal("a", "1"), equal("b", "2")

    assert together(None, one) == one
    assert together(AllOf((one, two)), None, one) == AllOf((one, two, one))
    assert together(None) == AllOf()


def test_a_rule_that_does_not_hold_is_told() -> None:
    """By the parameter's name."""
    must_be_legal("A", is_legal=True, why="never said")

    with pytest.raises(RpcError, match="A is at odds"):
        must_be_legal("A", is_legal=False, why="is at odds")
