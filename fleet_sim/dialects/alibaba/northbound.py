"""Alibaba's form of the RPC API, and both ends of it.

Open, and a choice of ours: a wrong parameter's code is the product's (`codes.BAD_REQUEST`) and not
one of the OTA service's own, which are in no page that could be read.

Source: "Common parameters", "Request signatures", the official SDK for 2018-01-20 and its comments.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.rpc.client import RpcOperator
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.gate import http_refusal as _http_refusal
from fleet_sim.dialects.rpc.profile import SHARED_ACTIONS, Profile
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import TaskStatus

OWN_ACTIONS = frozenset(
    {
        "CreateOTADynamicUpgradeJob",
        "UpdateOTAJob",
        "CancelOTAStrategyByJob",
        "ReupgradeOTATask",
        "GenerateDeviceNameListURL",
    }
)
PROFILE = Profile(
    name="alibaba",
    lowers_keys=False,
    folds_case=False,
    common=("SignatureVersion", "Version"),
    version="2018-01-20",
    sends=(("Version", "2018-01-20"), ("SignatureVersion", "1.0"), ("Format", "JSON")),
    takes_acs3=True,
    has_instances=True,
    gateway_statuses=True,
    actions=SHARED_ACTIONS | OWN_ACTIONS,
    sign_methods=("md5",),
    client_method="POST",
    progress_digits=2,
    percent_digits=3,
    has_dynamic_jobs=True,
    takes_job_extras=True,
    group_types=("LINK_PLATFORM", "LINK_PLATFORM_DYNAMIC"),
    reach_max=100_000,
    takes_blocks=True,
    cancels=(
        ("CancelQueuedTask", TaskStatus.QUEUED),
        ("CancelNotifiedTask", TaskStatus.PUSHED),
        ("CancelInProgressTask", TaskStatus.UNDER_WAY),
        ("CancelUnconfirmedTask", TaskStatus.UNCONFIRMED),
    ),
    cancels_planned="CancelScheduledTask",
    confirm_with_queued=True,
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
    """Make the gate of one account; `org` is the id of its instance."""
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
    """Make a client; `org` is the id of the instance, "" where the account has none."""
    return RpcOperator(org, app_key, app_secret, profile=PROFILE)


def http_refusal(status: int, reason: str) -> HttpResponse:
    """Write the answer to a request that HTTP itself refuses, in the gateway's form."""
    return _http_refusal(status, reason, profile=PROFILE)


def org_of(digits: str) -> str:
    """Return the id of an instance, from 32 hexadecimal digits."""
    return f"iot-{digits[:12]}"


def operator_key_of(digits: str) -> str:
    """Return an access key's id, or its secret, from 32 hexadecimal digits."""
    return f"LTAI{digits[:26]}"
