"""What EnOS promises, with the choices its texts leave open."""

from __future__ import annotations

from fleet_sim.model.contract import ContractProfile

CONTRACT = ContractProfile(
    upgrading_starts="first_progress",  # "published" lasts until the device returns progress
    timeout_anchor="upgrading",
    silent_device="waits",  # read literally: a device that never reports never starts the timer
    timeout_s_min=300,
    timeout_s_max=172_800,
    timeout_s=7_200,
    retry_count_min=1,
    retry_count_max=5,
    retry_interval_s_min=0,
    retry_interval_s_max=86_400,
    retry_on=("failed", "timeout"),  # the pages say "failed tasks"; a timeout fails a task
    retry_round="per_device",
    foreign_version="fails",  # not said; the near-identical design of Alibaba fails the task
    repush_on_reconnect="while_unanswered",  # not said; nothing is queued for offline devices
    between_attempts_status=("queued", "failed"),
    slot_taken_at="push",
    slot_freed_at="attempt_end",
    cap_default=300,
    already_at_target="skip",
    late_success="stick",
    progress_policy="last",
    cancel_shows_as="failed",
    cancel_descs=("user cancel", "Cancelled by user"),  # the 2.2 sample, the 2.3 sample code
    cancellable=("queued", "pushed"),
    policy_names=("snapshot", "incremental"),
    page_base=1,
    page_size_default=10,
    page_size_max=200,
    busy_device="queue",  # "takes part in no other upgrade"; refused or queued is not said
    overwritable=("queued", "pushed", "under_way"),  # where a scenario has newer jobs overwrite
    must_have_reported_version=True,
    pushes_unasked=False,  # so the console; of the API is said only that devices can ask
    window_min_s=1_800,  # the console's shortest window
    reactivation="same_secret",  # not said; a device that lost its secret can so come back
)
