from __future__ import annotations

import pytest

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.codes import RpcError, miss, reason_of, refuse, word_and_text
from fleet_sim.model.northbound import Refusal


@pytest.mark.parametrize("reason", list(Refusal))
def test_every_refusal_has_a_code_that_leads_back_to_it(reason: Refusal) -> None:
    """So that our client understands our gate."""
    word, text = word_and_text(reason, "x")

    assert reason_of(word) is reason
    assert text.endswith(": x")
    assert word_and_text(reason, "") == (word, text.removesuffix(": x"))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("InvalidAccessKeyId.NotFound", Refusal.DENIED),
        ("SignatureDoesNotMatch", Refusal.DENIED),
        ("InvalidTimeStamp.Expired", Refusal.DENIED),
        ("SignatureNonceUsed", Refusal.DENIED),
        ("MissingJobId", Refusal.BAD_ARGUMENT),
        ("InvalidAction.NotFound", Refusal.BAD_ARGUMENT),
        ("Throttling.User", Refusal.THROTTLED),
        ("Throttling.Api", Refusal.THROTTLED),
        ("iot.common.RamActionPermissionDeny", Refusal.DENIED),
        ("iot.common.InvalidPageParams", Refusal.BAD_ARGUMENT),
        ("iot.prod.NotExistedProduct", Refusal.NO_SUCH_PRODUCT),
        ("iot.prod.whatever", Refusal.BAD_ARGUMENT),
        ("iot.system.SystemException", Refusal.INTERNAL),
        ("iot.Sre.whatever", Refusal.INTERNAL),
        ("", Refusal.INTERNAL),
    ],
)
def test_documented_codes_are_understood(word: str, reason: Refusal) -> None:
    """And unknown ones by the family they are of."""
    assert reason_of(word) is reason


def test_a_page_out_of_range_has_its_own_code() -> None:
    """Where it is the backend that finds it so."""
    assert word_and_text(Refusal.BAD_ARGUMENT, "page_size")[0] == codes.BAD_PAGE


def test_the_two_layers_refuse_in_their_own_ways() -> None:
    """A wrong value is the product's affair, a missing one the gateway's."""
    with pytest.raises(RpcError, match="PageSize is too large") as wrong:
        refuse("PageSize", "is too large", codes.BAD_PAGE)
    with pytest.raises(RpcError, match="JobId is mandatory") as missing:
        miss("JobId")

    assert (wrong.value.word, wrong.value.status) == (codes.BAD_PAGE, 200)
    assert (missing.value.word, missing.value.status) == ("MissingJobId", 400)
