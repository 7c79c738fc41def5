from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei import oc_codes
from fleet_sim.dialects.huawei.talk import Code
from fleet_sim.model.northbound import Refusal

_CODES = [one for one in vars(oc_codes).values() if isinstance(one, Code)]


@pytest.mark.parametrize(
    ("status", "numbers"),
    [
        (
            400,
            {
                "120015", "123029", "123016", "123019", "123020", "123021", "123022", "123023",
                "123024", "123025", "123026", "123028", "123032", "123033", "123034", "102202",
            },
        ),
        (401, {"100208", "100025"}),
        (403, {"1010009", "1010005"}),
        (404, {"123002", "123009", "120015"}),
        (500, {"50252"}),
    ],
)  # fmt: skip
def test_the_documented_numbers_come_with_their_status(status: int, numbers: set[str]) -> None:
    """As the error tables have them."""
    assert {one.code for one in _CODES if one.status == status} == numbers


@pytest.mark.parametrize("reason", Refusal)
def test_every_refusal_has_a_number(reason: Refusal) -> None:
    """What no table has is a bad request."""
    assert oc_codes.code_of(reason).status >= 400


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("123009", Refusal.NO_SUCH_JOB),
        ("123002", Refusal.NO_SUCH_FIRMWARE),
        ("1010005", Refusal.DENIED),
        ("1010009", Refusal.THROTTLED),
        ("123028", Refusal.BAD_ARGUMENT),
        ("120015", Refusal.BAD_ARGUMENT),
        ("100001", Refusal.INTERNAL),
        ("7", Refusal.INTERNAL),
    ],
)
def test_a_number_has_a_meaning(code: str, reason: Refusal) -> None:
    """One of no table is the target's own trouble."""
    assert oc_codes.reason_of(code) is reason
