"""Tuya's form of the RPC API, and both ends of it.

What its pages leave open is a field of the profile: how its gateway refuses (`gateway_statuses`;
here with HTTP 200 and the usual envelope), and whether calls for whole schedules, rates and tags
exist (`takes_job_extras`; no page that could be read has them, and QueryOTAJob shows none).

Names of parameters and words are read without regard to case: the English tables say `JobID` and
`Https` where the samples and the Chinese pages say `JobId` and `HTTPS`.

Source: "Compute Signature", "ListOTATaskByJob" and its siblings.
"""

from __future__ import annotations

from functools import partial

from fleet_sim.dialects.rpc.client import RpcOperator
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.gate import http_refusal as _http_refusal
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.tuya.contract import CONTRACT

PROFILE = Profile(
    name="tuya",
    lowers_keys=True,
    folds_case=True,
    gateway_statuses=False,
    client_method="GET",
    sign_methods=("md5", "sha256"),
    default_contract=CONTRACT,
)

# The two ends of it, for one account each, and the answer to what HTTP itself refuses. Calls do not
# name the account, so `org` only tells clients apart.
gate = partial(RpcGate, profile=PROFILE)
operator = partial(RpcOperator, profile=PROFILE)
http_refusal = partial(_http_refusal, profile=PROFILE)


def org_of(digits: str) -> str:
    """Return the name of an account's host, from 32 hexadecimal digits."""
    return f"si-{digits[:20]}"


def operator_key_of(digits: str) -> str:
    """Return an access key's id, or its secret, from 32 hexadecimal digits."""
    return digits[:24]
