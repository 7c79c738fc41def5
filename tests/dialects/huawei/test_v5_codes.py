from __future__ import annotations

import pytest

from fleet_sim.dialects.huawei import v5_codes
from fleet_sim.model.northbound import Refusal


@pytest.mark.parametrize("reason", Refusal)
def test_every_refusal_has_a_number_in_the_pages_form(reason: Refusal) -> None:
    """`IOTDA.` and six digits."""
    code = v5_codes.code_of(reason)

    assert code.status >= 400
    assert code.code.startswith("IOTDA.")
    assert len(code.code) == 12


@pytest.mark.parametrize(
    "reason",
    [Refusal.DENIED, Refusal.BAD_ARGUMENT, Refusal.NO_SUCH_JOB, Refusal.NO_SUCH_FIRMWARE,
     Refusal.VERSION_EXISTS, Refusal.FIRMWARE_IN_USE, Refusal.INTERNAL],
)  # fmt: skip
def test_a_number_means_what_it_was_given_for(reason: Refusal) -> None:
    """There and back."""
    code = v5_codes.code_of(reason).code

    assert v5_codes.reason_of(code, Refusal.TASK_NOT_FAILED) is reason


def test_a_tasks_state_means_what_the_call_makes_of_it() -> None:
    """One number for all of them."""
    code = v5_codes.code_of(Refusal.JOB_RUNNING).code

    assert v5_codes.reason_of(code, Refusal.TASK_NOT_FAILED) is Refusal.TASK_NOT_FAILED
    assert v5_codes.reason_of("IOTDA.000001", Refusal.TASK_NOT_FAILED) is Refusal.INTERNAL
