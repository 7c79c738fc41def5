from __future__ import annotations

import pytest

from fleet_sim.dialects.tuyalink import codes
from fleet_sim.model.failure import FailureCause


@pytest.mark.parametrize("cause", FailureCause)
def test_the_number_of_a_cause_means_that_cause(cause: FailureCause) -> None:
    """There and back."""
    assert codes.cause_of(codes.error_of(cause, None)) is cause


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (40, FailureCause.OTHER),
        (41, FailureCause.DECLINED),
        (42, FailureCause.DOWNLOAD),
        (43, FailureCause.DOWNLOAD),
        (44, FailureCause.DOWNLOAD),
        (45, FailureCause.VERIFY),
        (46, FailureCause.DECLINED),
        (47, FailureCause.FLASH),
        (48, FailureCause.UPGRADE),
        (49, FailureCause.VERIFY),
        (50, FailureCause.DECLINED),
        (1, FailureCause.OTHER),
        (51, FailureCause.OTHER),
    ],
)
def test_every_number_has_a_cause(error: int, cause: FailureCause) -> None:
    """Those without a meaning are the device's own."""
    assert codes.cause_of(error) is cause


def test_in_the_neutral_words_failures_are_below_nothing() -> None:
    """Or 44 would read as 44 %."""
    assert codes.code_of(44) == -44
    assert codes.error_of(FailureCause.OTHER, -44) == 44


def test_the_platforms_numbers_have_a_sentence() -> None:
    """Others have none."""
    assert codes.meaning_of(1004) == "there is no such device"
    assert codes.meaning_of(7) == ""
