from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei.result_codes import CODE_OF, DOCUMENTED, cause_of
from fleet_sim.model.failure import FailureCause


def test_the_documented_codes_are_these() -> None:
    """As "Device Reporting the Upgrade Status" lists them."""
    assert sorted(DOCUMENTED) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]


@pytest.mark.parametrize("cause", FailureCause)
def test_every_cause_has_a_documented_code(cause: FailureCause) -> None:
    """And the code means the cause, but for the one that says no more than "it failed"."""
    assert CODE_OF[cause] in DOCUMENTED
    assert cause_of(CODE_OF[cause]) in {cause, FailureCause.OTHER}


def test_a_number_of_no_page_is_the_devices_own() -> None:
    """The SDKs allow such numbers."""
    assert cause_of(77) is FailureCause.OTHER
