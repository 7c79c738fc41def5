"""Alibaba's form of the RPC API, and both ends of it.

Open, and a choice of ours: a wrong parameter's code is the product's (`codes.BAD_REQUEST`) and not
one of the OTA service's own, which are in no page that could be read.

Source: "Common parameters", "Request signatures", the official SDK for 2018-01-20 and its comments.
"""

from __future__ import annotations

from functools import partial

from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.rpc.client import RpcOperator
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.rpc.gate import http_refusal as _http_refusal
from fleet_sim.dialects.rpc.profile import SHARED_ACTIONS, SHARED_CANCELS, Profile
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
    cancels=(*SHARED_CANCELS, ("CancelInProgressTask", TaskStatus.UNDER_WAY)),
    cancels_planned="CancelScheduledTask",
    confirm_with_queued=True,
    default_contract=CONTRACT,
)


# The two ends of it, for one account each, and the answer to what HTTP itself refuses. `org` is the
# id of the account's instance; a client's may be "", where the account has none.
gate = partial(RpcGate, profile=PROFILE)
operator = partial(RpcOperator, profile=PROFILE)
http_refusal = partial(_http_refusal, profile=PROFILE)


def org_of(digits: str) -> str:
    """Return the id of an instance, from 32 hexadecimal digits."""
    return f"iot-{digits[:12]}"


def operator_key_of(digits: str) -> str:
    """Return an access key's id, or its secret, from 32 hexadecimal digits."""
    return f"LTAI{digits[:26]}"
