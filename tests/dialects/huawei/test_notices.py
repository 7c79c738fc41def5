from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei.notices import notice_fields, read_extra, read_notice
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.messages import GatewayNotice


def test_a_notice_has_the_keys_of_the_page() -> None:
    """Without an object of the operator's that key is left out; nothing has no keys."""
    whole = notice_fields(GatewayNotice("t", 3, '{"a":[1]}'))

    assert whole == {"task_id": "t", "sub_device_count": 3, "task_ext_info": {"a": [1]}}
    assert notice_fields(GatewayNotice("t", 0)) == {"task_id": "t", "sub_device_count": 0}
    assert notice_fields(None) == {}


def test_a_notice_is_known_by_its_task() -> None:
    """The rest may be missing, in the words of the SDKs' models."""
    assert read_notice({"task_id": "t"}) == GatewayNotice("t", 0)
    assert read_notice({"sub_device_count": 3}) is None


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("task_id", 7, "task_id is no string"),
        ("sub_device_count", "3", "sub_device_count is no whole number"),
        ("task_ext_info", "{}", "task_ext_info is no object"),
        ("task_ext_info", {"a": float("inf")}, "task_ext_info holds a number beyond all others"),
    ],
)
def test_a_malformed_notice_is_refused(name: str, value: object, told: str) -> None:
    """Each field has its type, and an object can be written again."""
    with pytest.raises(DialectError, match=told):
        read_notice({"task_id": "t", name: value})


def test_an_object_of_a_thousand_levels_is_refused() -> None:
    """By us, not by Python."""
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}

    with pytest.raises(DialectError, match="too many levels"):
        read_extra({"task_ext_info": deep})
