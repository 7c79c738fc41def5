"""What Alibaba promises, with the choices its texts leave open.

Every parameter of the profile stands here. "Not said" marks a choice that is ours; each can be
changed by a scenario (`contract: {…}`).

Source: "View update status", "OTA update overview", "FAQ about errors related to OTA updates",
"CreateOTAStaticUpgradeJob" and its siblings, "Verify an update package", the comments of the
official SDK.
"""

from __future__ import annotations

from fleet_sim.dialects.alink.blocks import FILE_BYTES_MAX
from fleet_sim.model.contract import ContractProfile

MINUTE_S = 60

CONTRACT = ContractProfile(
    upgrading_starts="first_progress",
    timeout_anchor="upgrading",  # from the first progress on; later ones do not restart it
    silent_device="waits",  # it follows: who never reports stays NOTIFIED
    timeout_s_min=MINUTE_S,
    timeout_s_max=1_440 * MINUTE_S,
    timeout_s=None,
    timeout_step_s=MINUTE_S,  # TimeoutInMinutes
    retry_count_min=1,
    retry_count_max=5,
    retry_counts_allowed=(1, 2, 5),
    retry_interval_s_min=0,
    retry_interval_s_max=1_440 * MINUTE_S,
    retry_intervals_s_allowed=tuple(minutes * MINUTE_S for minutes in (0, 10, 30, 60, 1_440)),
    retry_interval_below_timeout=True,
    retry_on=("failed", "foreign_version"),  # never a timeout, never a cancelled task
    retry_round="per_device",
    foreign_version="fails",
    old_version_after_upgrade="ignored",  # reports at the end of an upgrade look like all others
    repush_on_reconnect="always",
    connect_wait_s=2,  # within these a device is asked to report; that it is waited for, follows
    between_attempts_status=("unchanged",),
    slot_taken_at="push",  # there is no cap, so no slot either; a rate stands in for it
    slot_freed_at="attempt_end",
    cap_default=None,
    success_needs_version_report=True,  # 100 % alone is no success
    already_at_target="skip",
    target_before_push="succeeds",  # said of IN_PROGRESS alone; read as: of all that is unfinished
    unsupported_source="skip",
    late_success="stick",  # not said
    progress_policy="last",  # not said
    cancel_shows_as="cancelled",
    cancel_descs=(),  # the text is in no page
    # A job's flags name all four; the page by device leaves out what waits for consent.
    cancellable=("unconfirmed", "queued", "pushed", "under_way"),
    reopenable=("failed", "cancelled"),  # ReupgradeOTATask; of CANCELED it is not said
    policy_names=("static", "dynamic"),
    visibility_s=2,  # not said
    page_base=1,
    page_size_default=10,
    page_size_max=100,
    wide_page_size_max=200,  # ListOTAJobByFirmware and ListOTAModuleVersionsByDevice
    busy_device="refuse",  # OverwriteMode 1, the default: the new task fails
    overwritable=("unconfirmed", "queued", "pushed"),  # by OverwriteMode 2, unless IN_PROGRESS
    modules_side_by_side=False,  # unless jobs say so, by MultiModuleMode
    modules_max=10,  # CreateOTAModule; Tuya's page says the same
    answers_reports=False,  # inform and progress are one-way
    shows_progress=True,
    desc_limit_chars=None,  # not said
    must_have_reported_version=False,  # a whole image goes to devices that never said a version
    devices_may_ask=True,  # NeedPush false: they must
    pushes_unasked=False,
    offers_pushed=True,  # read from firmware/get: what waits is told to whoever asks
    source_versions_max=10,
    retry_needs_source_versions=True,  # a job that names none is not retried
    open_list_needs_source_versions=True,  # or a group, which scenarios have none of
    window_min_s=60 * MINUTE_S,
    window_lead_s=5 * MINUTE_S,
    open_list_windows=False,  # no ScheduleTime among the parameters of dynamic jobs
    reactivation="same_secret",  # not said
    asks_version=False,
    version_answer_timeout_s=None,
    online_timeout_s=None,  # who is off line stays QUEUED
    pushes_a_minute=10_000,  # what MaximumPerMinute is where a job does not say
    pushes_a_minute_min=10,
    pushes_a_minute_max=10_000,
    job_completes="all_ended",  # COMPLETED; when exactly is not said
    job_planned=True,  # PLANNED
    open_lists="newest_wins",  # and no two for the same package and source version
    open_list_matches_max=10,
    verification="by_job",  # that all devices must succeed is the console's page
    verify_pushes_always=False,  # NeedPush is a parameter of CreateOTAVerifyJob as well
    unknown_job="refused",  # not said; as of every other action that takes a JobId
    unknown_product="refused",  # iot.prod.NotExistedProduct
    blocks_bytes_max=FILE_BYTES_MAX,  # that a job for a longer one is refused is not said
    descs=(
        ("timeout", "timeout"),
        ("foreign_version", "report version is not conform"),
    ),  # the other texts are in no page
)
