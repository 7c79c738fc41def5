from __future__ import annotations

import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.talk import ApiError, Asked
from fleet_sim.dialects.huawei.v5_values import (
    BUCKET,
    DEVICE,
    NAME_36,
    OBJECT_KEY,
    REGION,
    SIGN,
    TASK_NAME,
    VERSION,
    Form,
    query_value,
    read_value,
)
from fleet_sim.dialects.wire import DialectError
from tests.dialects.huawei.shelf import NOW


def _asked(value: str) -> Asked:
    return Asked(HttpRequest("GET", "/", (("x", value),)), (), CONTRACT, NOW, "")


@pytest.mark.parametrize(
    ("form", "right", "wrong"),
    [
        (NAME_36, ["a", "a_B-1", "a" * 36], ["", "a.b", "a\n", "a" * 37, "ä"]),
        (DEVICE, ["p_d", "d" * 128], ["", "p d", "d" * 129]),
        (VERSION, ["1.0", "v_1-b", "v" * 256], ["", "1,0", "v" * 257]),
        (TASK_NAME, ["t", "升级_1", "t" * 128], ["", "t-1", "t 1", "t" * 129]),
        (REGION, ["cn-north-4", "r" * 256], ["", "cn_north", "r" * 257]),
        (BUCKET, ["abc", "a.b-3", "b" * 63], ["", "ab", "A-b", "b" * 64]),
        (OBJECT_KEY, ["k", "a/b c", "k" * 1_024], ["", "k" * 1_025]),
        (SIGN, ["aB" * 32], ["", "a" * 63, "g" * 64, "a" * 65]),
    ],
)
def test_each_form_ends_where_the_page_says(form: Form, right: list[str], wrong: list[str]) -> None:
    """In a body and in a query; an empty text in a query is none at all."""
    for text in right:
        assert read_value({"x": text}, "x", form) == text
        assert query_value(_asked(text), "x", form) == text
    for text in wrong:
        with pytest.raises(DialectError, match="x is not"):
            read_value({"x": text}, "x", form)
    for text in filter(None, wrong):
        with pytest.raises(ApiError, match=r"Invalid input\. x is not"):
            query_value(_asked(text), "x", form)
    assert query_value(_asked(""), "x", form) == ""


def test_what_may_be_left_out_has_no_form() -> None:
    """Absent, null and empty are one; without a default it is missing."""
    for fields in ({}, {"x": None}, {"x": ""}):
        assert read_value(fields, "x", NAME_36, default="") == ""
    with pytest.raises(DialectError, match="x is missing"):
        read_value({}, "x", NAME_36)
