from __future__ import annotations

import pytest

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.model.northbound import GetJob
from tests.dialects.rpc.callers import NOW, asking, called, gate_of, refused, signed, uploaded


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
def test_a_call_signed_by_hand_is_let_in(vendor: str) -> None:
    """The common parameters are those of both vendors together; neither minds the other's."""
    request = signed(asking("QueryOTAJob", JobId="j1"))

    assert called(gate_of(vendor, signed_only=True).read(request, NOW)) == GetJob("j1")


def test_refusals_of_both_forms_are_read() -> None:
    """The gateway's and the product's."""
    missing = asking("QueryOTAJob")

    assert refused(gate_of("alibaba").read(missing, NOW))[:2] == (400, "MissingJobId")
    assert refused(gate_of("tuya").read(missing, NOW))[:2] == (200, "MissingJobId")


def test_what_is_no_call_fails_the_test() -> None:
    """So that no test takes a refusal for a call, or the other way round."""
    with pytest.raises(AssertionError):
        called(HttpResponse(200, b"{}"))
    with pytest.raises(AssertionError):
        refused(GetJob("j1"))


def test_an_uploaded_file_has_an_address() -> None:
    """At the server that was asked."""
    assert uploaded(gate_of("tuya")).startswith("http://10.0.0.1:8080/ota/")
