"""What Huawei promises, with the choices its texts leave open.

Where the two generations differ the older one's word stands, for that is what operators are spoken
to in. Every parameter of the profile stands here; [U] marks what no page says, and each can be
changed by a scenario (`contract: {…}`).

    wait online          25 h     "Waiting for the device online timeout"
    version query        3 min    "Waiting for report device firmware version timeout"
    notice to result     24 h     "Wait for the device to report upgrade result timeout"

Source: "OTA Upgrade for MQTT Devices", "OTA Upgrades" (FAQ), "Creating a Firmware Upgrade Task",
"Stop, Re-Execute / Confirm a Batch Task".
"""

from __future__ import annotations

from fleet_sim.model.contract import ContractProfile

HOUR_S = 3_600

CONTRACT = ContractProfile(
    upgrading_starts="push",  # the notice with the address of the file
    timeout_anchor="push",
    silent_device="times_out",
    timeout_s_min=None,  # a job cannot ask for one
    timeout_s_max=None,
    timeout_s=24 * HOUR_S,  # for download and reports; the steps before have limits of their own
    timeout_step_s=1,
    retry_count_min=1,
    retry_count_max=5,
    retry_counts_allowed=(),
    retry_interval_s_min=0,
    retry_interval_s_max=0,  # the older API has no gap; the newer one's is checked by its gate
    retry_intervals_s_allowed=(),
    retry_interval_below_timeout=False,
    retry_on=("failed",),  # "failed subtasks"; that a timeout is none, as its counter is apart: [U]
    retry_round="after_whole_task",
    foreign_version="fails",
    old_version_after_upgrade="ignored",  # [U] an SDK's sample says 100 % before its reboot
    repush_on_reconnect="never",  # [U]
    connect_wait_s=0,  # a device that waits is asked as soon as it connects
    between_attempts_status=("unchanged", "queued"),  # [U] "processing or wait"; v5 FailWaitRetry
    slot_taken_at="push",
    slot_freed_at="attempt_end",
    cap_default=None,  # only cells of LwM2M devices have one
    success_needs_version_report=True,  # the result names the version
    already_at_target="instant_success",
    target_before_push="succeeds",  # who answers with the target's version has succeeded
    unsupported_source="fails",
    late_success="stick",  # [U]
    progress_policy="last",  # [U] no row shows progress
    cancel_shows_as="cancelled",
    cancel_descs=(),  # [U]
    cancellable=("unconfirmed", "queued", "pushed", "under_way"),  # "stop": all that has not ended
    reopenable=("failed", "cancelled", "retry_due"),  # v5 "retry": Fail, Stopped, FailWaitRetry
    policy_names=None,  # the devices of a task are those it was made with
    visibility_s=2,  # [U]
    page_base=0,
    page_size_default=10,
    page_size_max=100,
    wide_page_size_max=None,
    busy_device="refuse",  # "Task Conflict"
    overwritable=("unconfirmed", "queued", "pushed"),  # where a scenario has newer jobs overwrite
    modules_side_by_side=False,  # software and firmware conflict, too
    modules_max=None,  # there is no call to name one
    answers_reports=False,  # events go up, and nothing comes back
    shows_progress=False,  # a subtask has its status and a text
    desc_limit_chars=None,  # [U]
    must_have_reported_version=False,  # it is asked before each upgrade
    devices_may_ask=False,  # there is no such event
    pushes_unasked=False,
    offers_pushed=False,
    source_versions_max=0,  # they are a package's, not a task's
    retry_needs_source_versions=False,
    open_list_needs_source_versions=False,
    window_min_s=300,
    window_lead_s=0,  # 123033: a window may not have begun before
    open_list_windows=True,
    reactivation="same_secret",  # there is no activation
    asks_version=True,
    version_answer_timeout_s=180,
    online_timeout_s=25 * HOUR_S,
    pushes_a_minute=None,
    pushes_a_minute_min=None,
    pushes_a_minute_max=None,
    job_completes="all_ended",  # success, failed
    job_planned=True,  # wait, Waitting
    open_lists="independent",
    open_list_matches_max=1,
    verification="by_devices",  # there are no jobs to verify, so neither says anything
    verify_pushes_always=True,
    unknown_job="no_rows",  # of a search; who asks for the job itself is refused
    unknown_product="taken",  # there is no code for it
    blocks_bytes_max=None,  # there are no such jobs
    descs=(
        ("timeout", "Wait for the device to report upgrade result timeout"),
        ("version_timeout", "Waiting for report device firmware version timeout"),
        ("online_timeout", "Waiting for the device online timeout"),
        ("busy", "Task Conflict"),
    ),  # [U] for the others
)
