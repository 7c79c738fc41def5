from __future__ import annotations

import pytest

from fleet_sim.dialects.enos import codes
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.northbound import Refusal


@pytest.mark.parametrize("cause", list(FailureCause))
def test_every_cause_has_a_step_that_means_it(cause: FailureCause) -> None:
    """A device's own cause survives the wire."""
    assert codes.cause_of(codes.STEP_OF[cause]) is cause


@pytest.mark.parametrize("step", [-6, -7, -1000])
def test_custom_steps_have_a_cause_of_their_own(step: int) -> None:
    """Below -5 the number is the device maker's, so nothing is read into it."""
    assert codes.cause_of(step) is FailureCause.OTHER


def test_some_refusals_are_other_vendors() -> None:
    """No EnOS call names a device, task or module by itself; none is put off by the backend.

    Nor is a firmware verified by one job alone, and there is no code for an unknown product.
    """
    others = {Refusal.NO_SUCH_DEVICE, Refusal.NO_SUCH_TASK, Refusal.THROTTLED}
    others |= {Refusal.VERIFY_RUNNING, Refusal.VERIFY_DONE}
    others |= {one for one in Refusal if "module" in one or "product" in one}

    assert set(codes.REFUSALS) == set(Refusal) - others


@pytest.mark.parametrize("reason", list(codes.REFUSALS))
def test_every_refusal_has_a_number_that_means_it(reason: Refusal) -> None:
    """What the backend refuses for arrives at the client as the same reason."""
    code, _ = codes.REFUSALS[reason]

    assert codes.reason_of(code, missing=Refusal.NO_SUCH_JOB) in {reason, Refusal.NO_SUCH_JOB}
    assert (code == 24404) == (reason in {Refusal.NO_SUCH_FIRMWARE, Refusal.NO_SUCH_JOB})


def test_not_found_means_what_the_call_names() -> None:
    """24404 stands for a firmware and for a job; 99404 is the gateway's word for both."""
    for code in (24404, 99404):
        assert codes.reason_of(code, Refusal.NO_SUCH_FIRMWARE) is Refusal.NO_SUCH_FIRMWARE
        assert codes.reason_of(code, Refusal.NO_SUCH_JOB) is Refusal.NO_SUCH_JOB


def test_a_number_of_no_page_is_the_targets_own_trouble() -> None:
    """24605 is listed nowhere."""
    assert codes.reason_of(24605, Refusal.NO_SUCH_JOB) is Refusal.INTERNAL


def test_the_gaps_of_two_messages_are_filled() -> None:
    """The most devices of a verify job, and the argument at fault in the API's own words."""
    assert codes.message_of(Refusal.VERIFY_TOO_MANY, "5") == (
        "Exceeded max verification deviceKeys, max[5]"
    )
    assert codes.message_of(Refusal.BAD_ARGUMENT, "page_size") == (
        "Invalid Argument pagination.pageSize"
    )
    assert codes.message_of(Refusal.BAD_ARGUMENT, "device_keys: d9 has no task in the job") == (
        "Invalid Argument deviceKeys: d9 has no task in the job"
    )
    assert codes.message_of(Refusal.BAD_ARGUMENT, "noSuchField") == "Invalid Argument noSuchField"


def test_other_messages_tell_no_detail() -> None:
    """The page's sentence stands alone."""
    assert codes.message_of(Refusal.JOB_STOPPED, "j1") == "Job has stopped"
    assert codes.message_of(Refusal.BAD_ARGUMENT, "") == "Invalid Argument"
