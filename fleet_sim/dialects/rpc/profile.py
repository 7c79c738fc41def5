"""What one vendor's form of the API is made of."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import TaskStatus

UPLOAD_LIST = "GenerateDeviceNameListURL"  # which one of the two has
# What both vendors have.
SHARED_ACTIONS = frozenset(
    {
        "GenerateOTAUploadURL",
        "CreateOTAFirmware",
        "QueryOTAFirmware",
        "ListOTAFirmware",
        "DeleteOTAFirmware",
        "ModifyOTAFirmware",
        "CreateOTAModule",
        "UpdateOTAModule",
        "DeleteOTAModule",
        "ListOTAModuleByProduct",
        "CreateOTAVerifyJob",
        "CreateOTAStaticUpgradeJob",
        "QueryOTAJob",
        "ListOTAJobByFirmware",
        "ListOTAJobByDevice",
        "ListOTATaskByJob",
        "CancelOTATaskByJob",
        "CancelOTATaskByDevice",
        "ConfirmOTATask",
        "ListOTAUnfinishedTaskByDevice",
        "ListOTAModuleVersionsByDevice",
    }
)
# Flags of CancelOTATaskByJob, and the status that each names.
SHARED_CANCELS = (
    ("CancelQueuedTask", TaskStatus.QUEUED),
    ("CancelNotifiedTask", TaskStatus.PUSHED),
    ("CancelUnconfirmedTask", TaskStatus.UNCONFIRMED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The differences between vendors, as data: what a vendor does not name, it does not have.

    Attributes:
        name: The dialect's.
        lowers_keys: Whether answers are spelled with a small first letter.
        folds_case: Whether names of parameters, and words among their values, are read without
            regard to case.
        common: Parameters that a signed call must carry besides those that its signature needs.
        version: The API's version; "" where it has none.
        sends: Common parameters that a client adds, name to value, beside those of the signature.
        takes_acs3: Whether calls may be signed in headers.
        has_instances: Whether `IotInstanceId` says whose a call is.
        gateway_statuses: Whether the gateway refuses with HTTP 4xx and a body of its own form;
            False: with HTTP 200 and the form of every other answer.
        actions: The actions there are, by name.
        sign_methods: The digests that `SignMethod` knows, the default first; lower case.
        client_method: What a client sends by; long calls go as POST whatever this says.
        progress_digits: Digits after the point of a task's progress.
        percent_digits: Digits after the point that the share of a gray job may have.
        has_dynamic_jobs: Whether jobs may have an open list, and rows say so.
        takes_job_extras: Whether jobs take a schedule, a rate, an overwrite mode, tags and a
            file of device names.
        group_types: What `GroupType` must say beside the group of a static and of a dynamic job;
            none where there is no such parameter.
        reach_max: The last row that pages of ListOTATaskByJob reach; 0: every one.
        takes_blocks: Whether devices may fetch files over MQTT.
        cancels: The flags of CancelOTATaskByJob, as in `SHARED_CANCELS`; without any of these flags
            the call is refused for want of the first.
        cancels_planned: The flag for batches that wait for their time; "" where there is none.
        confirm_with_queued: Whether a set queued flag cancels what waits for consent as well, as
            long as the flag for that is not given.
        default_contract: What the vendor promises.
    """

    name: str
    lowers_keys: bool
    folds_case: bool
    gateway_statuses: bool
    client_method: str
    sign_methods: tuple[str, ...]
    default_contract: ContractProfile
    common: tuple[str, ...] = ()
    version: str = ""
    sends: tuple[tuple[str, str], ...] = ()
    takes_acs3: bool = False
    has_instances: bool = False
    actions: frozenset[str] = SHARED_ACTIONS
    progress_digits: int = 0
    percent_digits: int = 0
    has_dynamic_jobs: bool = False
    takes_job_extras: bool = False
    group_types: tuple[str, ...] = ()
    reach_max: int = 0
    takes_blocks: bool = False
    cancels: tuple[tuple[str, TaskStatus], ...] = SHARED_CANCELS
    cancels_planned: str = ""
    confirm_with_queued: bool = False
