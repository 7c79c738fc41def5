"""What Huawei promises, with the choices its texts leave open.

Where the two generations differ the older one's word stands, for that is what operators are spoken
to in; [U] marks what no page says.
"""

from __future__ import annotations

from fleet_sim.model.contract import ContractProfile

CONTRACT = ContractProfile(
    upgrading_starts="push",  # the notice with the address of the file
    timeout_anchor="push",
    silent_device="times_out",
    timeout_s_min=None,  # a job cannot ask for one
    timeout_s_max=None,
    timeout_s=86_400,  # for download and reports; the steps before have limits of their own
    retry_count_min=1,
    retry_count_max=5,
    retry_interval_s_min=0,
    retry_interval_s_max=0,  # the older API has no gap; the newer one's is checked by its gate
    retry_on=("failed",),
    retry_round="after_whole_task",
    foreign_version="fails",
    repush_on_reconnect="never",  # [U]
    between_attempts_status=("queued",),  # "wait or processing"
    slot_taken_at="push",
    slot_freed_at="attempt_end",
    cap_default=None,  # only cells of LwM2M devices have one
    already_at_target="instant_success",
    late_success="stick",
    progress_policy="last",
    cancel_shows_as="cancelled",
    cancellable=("queued", "pushed", "under_way"),  # "stop": all that has not ended
    policy_names=None,
    page_base=0,
    page_size_default=10,
    page_size_max=100,
    busy_device="refuse",  # "Task Conflict"
    shows_progress=False,  # a subtask has its status and a text
    must_have_reported_version=False,  # it is asked before each upgrade
    window_min_s=300,
)
