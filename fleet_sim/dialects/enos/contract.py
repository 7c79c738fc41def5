"""What EnOS promises, with the choices its texts leave open.

Every parameter of the profile stands here. "Not said" marks a choice that is ours; each can be
changed by a scenario (`contract: {…}`).

Source: "V2.1 Create OTA Job" and its siblings, "Firmware OTA Upgrade Overview", "Managing OTA
Jobs".
"""

from __future__ import annotations

from fleet_sim.model.contract import ContractProfile

CONTRACT = ContractProfile(
    upgrading_starts="first_progress",  # "published" lasts until the device returns progress
    timeout_anchor="upgrading",
    silent_device="waits",  # read literally: a device that never reports never starts the timer
    timeout_s_min=300,
    timeout_s_max=172_800,
    timeout_s=7_200,
    timeout_step_s=1,
    retry_count_min=1,
    retry_count_max=5,
    retry_counts_allowed=(),
    retry_interval_s_min=0,
    retry_interval_s_max=86_400,
    retry_intervals_s_allowed=(),
    retry_interval_below_timeout=False,
    retry_on=("failed", "timeout"),  # the pages say "failed tasks"; a timeout fails a task
    retry_round="per_device",
    foreign_version="fails",  # not said; the near-identical design of Alibaba fails the task
    old_version_after_upgrade="ignored",  # not said; until it times out
    repush_on_reconnect="while_unanswered",  # not said; nothing is queued for offline devices
    connect_wait_s=None,  # not said
    between_attempts_status=("queued", "failed"),
    slot_taken_at="push",
    slot_freed_at="attempt_end",
    cap_default=300,
    success_needs_version_report=True,
    already_at_target="skip",
    target_before_push="fails",  # not said; there is nothing left to push
    unsupported_source="skip",
    late_success="stick",
    progress_policy="last",
    cancel_shows_as="failed",
    cancel_descs=("user cancel", "Cancelled by user"),  # the 2.2 sample, the 2.3 sample code
    cancellable=("queued", "pushed"),
    reopenable=("failed",),  # which a cancelled task is, too
    policy_names=("snapshot", "incremental"),
    visibility_s=2,
    page_base=1,
    page_size_default=10,
    page_size_max=200,
    wide_page_size_max=None,
    busy_device="queue",  # "takes part in no other upgrade"; refused or queued is not said
    overwritable=("queued", "pushed", "under_way"),  # where a scenario has newer jobs overwrite
    modules_side_by_side=False,  # there are no modules
    modules_max=None,  # there is no call to name one
    answers_reports=True,  # `…_reply`, with a code
    shows_progress=True,
    desc_limit_chars=None,  # not said
    must_have_reported_version=True,
    devices_may_ask=True,  # enableUpgradeRequest
    pushes_unasked=False,  # so the console; of the API is said only that devices can ask
    offers_pushed=False,
    source_versions_max=None,
    retry_needs_source_versions=False,
    open_list_needs_source_versions=False,
    window_min_s=1_800,  # the console's shortest window
    window_lead_s=None,
    open_list_windows=True,
    reactivation="same_secret",  # not said; a device that lost its secret can so come back
    asks_version=False,
    version_answer_timeout_s=None,
    online_timeout_s=None,  # who is off line waits, and is pushed to when it connects
    pushes_a_minute=None,  # there is a cap instead
    pushes_a_minute_min=None,
    pushes_a_minute_max=None,
    job_completes="never",  # a job is started or stopped
    job_planned=False,
    open_lists="independent",  # not said
    open_list_matches_max=1,  # one task a device and job
    verification="by_devices",  # minSuccessForVerified
    verify_pushes_always=True,  # not said
    unknown_job="no_rows",  # a search by expression, which nothing matches
    unknown_product="taken",  # there is no code for it
    blocks_bytes_max=None,  # there are no such jobs
    descs=(),  # not said; a cancelled task's stands above
)
