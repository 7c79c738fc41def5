"""Tuya's form of the RPC API, and both ends of it.

What its pages leave open is a field of the profile: how its gateway refuses (`gateway_statuses`;
here with HTTP 200 and the usual envelope), and whether calls for whole schedules, rates and tags
exist (`takes_job_extras`; no page that could be read has them, and QueryOTAJob shows none).

Names of parameters and words are read without regard to case: the English tables say `JobID` and
`Https` where the samples and the Chinese pages say `JobId` and `HTTPS`.

Source: "Compute Signature", "ListOTATaskByJob" and its siblings.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.rpc.client import RpcOperator
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.gate import http_refusal as _http_refusal
from fleet_sim.dialects.rpc.profile import SHARED_ACTIONS, Profile
from fleet_sim.dialects.tuya.contract import CONTRACT
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import TaskStatus

PROFILE = Profile(
    name="tuya",
    lowers_keys=True,
    folds_case=True,
    common=(),
    version="",
    sends=(),
    takes_acs3=False,
    has_instances=False,
    gateway_statuses=False,
    actions=SHARED_ACTIONS,
    sign_methods=("md5", "sha256"),
    client_method="GET",
    progress_digits=0,
    percent_digits=0,  # an integer, as text
    has_dynamic_jobs=False,
    takes_job_extras=False,
    group_types=(),
    reach_max=0,
    takes_blocks=False,
    cancels=(
        ("CancelQueuedTask", TaskStatus.QUEUED),
        ("CancelNotifiedTask", TaskStatus.PUSHED),
        ("CancelUnconfirmedTask", TaskStatus.UNCONFIRMED),
    ),
    cancels_planned="",
    confirm_with_queued=False,
    default_contract=CONTRACT,
)


def gate(
    org: str,
    keys: Mapping[str, str],
    *,
    signed_only: bool,
    contract: ContractProfile,
    seed: int = 0,
    default_product: str = "",
) -> RpcGate:
    """Make the gate of one account."""
    return RpcGate(
        org,
        keys,
        profile=PROFILE,
        signed_only=signed_only,
        contract=contract,
        seed=seed,
        default_product=default_product,
    )


def operator(org: str, app_key: str, app_secret: str) -> RpcOperator:
    """Make a client; calls do not name the account, so `org` only tells clients apart."""
    return RpcOperator(org, app_key, app_secret, profile=PROFILE)


def http_refusal(status: int, reason: str) -> HttpResponse:
    """Write the answer to a request that HTTP itself refuses, in the form of every other answer."""
    return _http_refusal(status, reason, profile=PROFILE)


def org_of(digits: str) -> str:
    """Return the name of an account's host, from 32 hexadecimal digits."""
    return f"si-{digits[:20]}"


def operator_key_of(digits: str) -> str:
    """Return an access key's id, or its secret, from 32 hexadecimal digits."""
    return digits[:24]
