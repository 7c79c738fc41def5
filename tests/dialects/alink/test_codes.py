from __future__ import annotations

import pytest

from fleet_sim.dialects.alink import codes
from fleet_sim.model.failure import FailureCause


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (-1, FailureCause.UPGRADE),
        (-2, FailureCause.DOWNLOAD),
        (-3, FailureCause.VERIFY),
        (-4, FailureCause.FLASH),
        (-5, FailureCause.OTHER),
        (-(10**9), FailureCause.OTHER),
    ],
)
def test_four_steps_have_a_meaning(step: int, cause: FailureCause) -> None:
    """As in "OTA updates"; what is below them is the device's own."""
    assert codes.cause_of(step) is cause


def test_every_cause_has_a_step() -> None:
    """What has no number of its own is a failed upgrade."""
    assert {cause: codes.STEP_OF[cause] for cause in FailureCause} == {
        FailureCause.UPGRADE: -1,
        FailureCause.DOWNLOAD: -2,
        FailureCause.VERIFY: -3,
        FailureCause.FLASH: -4,
        FailureCause.DECLINED: -1,
        FailureCause.OTHER: -1,
    }


def test_the_documented_numbers_have_a_sentence() -> None:
    """Those of "Error codes for device SDKs"; others have none."""
    assert {400, 429, 460, 500, 5005, 6100, 6203, 6204, 6250} == set(codes.MEANINGS)
    assert codes.meaning_of(6204) == "the device is disabled"
    assert codes.meaning_of(1) == ""
