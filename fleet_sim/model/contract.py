"""What a vendor promises where vendors differ: the contract profile.

Each dialect has one (`dialects/<vendor>/contract.py`); the backend behaves by it and the oracles
judge by it. A scenario may override any parameter by its name (`contract: {timeout_s_min: 10}`).

Source: failure-modes file, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractProfile:
    """The parameters of one vendor's promises; knobs in `_s` are whole seconds.

    Attributes:
        upgrading_starts: What moves a task from pushed to under way.
        timeout_anchor: From where an attempt's timeout counts.
        silent_device: Whether a device that never speaks after a push times out.
        timeout_s_min: The shortest timeout a job may ask for; None where the vendor has none.
        timeout_s_max: The longest.
        timeout_s: The default; None means no limit.
        retry_count_min: The fewest retries a job with retries may ask for.
        retry_count_max: The most.
        retry_counts_allowed: The only counts there are; empty means every one in the range.
        retry_interval_s_min: The shortest gap between attempts.
        retry_interval_s_max: The longest.
        retry_intervals_s_allowed: The only gaps there are; empty means every one in the range.
        retry_on: Which ends of an attempt are tried again.
        retry_round: Whether a device's retry waits until the whole task has finished.
        foreign_version: What a report of neither the old nor the new version does.
        repush_on_reconnect: Whether a push is repeated within an attempt.
        between_attempts_status: The neutral statuses a task may show between attempts.
        slot_taken_at: When an attempt begins to count against the cap.
        slot_freed_at: When it ceases to.
        cap_default: A job's cap when it names none; None where the vendor has no cap.
        success_needs_version_report: Whether 100 % alone is no success.
        already_at_target: What becomes of a device that already runs the target.
        late_success: Whether a version report after the timeout changes a failed task.
        progress_policy: Which progress is shown.
        cancel_shows_as: The neutral status of a cancelled task.
        cancel_descs: The desc texts of a cancelled task; empty means any.
        cancellable: The neutral statuses in which a task can be cancelled.
        policy_names: The vendor's words for a frozen and an open device list; None where missing.
        visibility_s: How long a read may lag behind a write.
        page_base: The number of the first page.
        page_size_default: Rows a page when none is asked for.
        page_size_max: The most rows a page.
        busy_device: What becomes of a second task for a busy device.
        desc_limit_chars: How much of a desc is stored; None means all of it.
        must_have_reported_version: Whether only devices with a known version get a task.
        pushes_unasked: Whether a job that devices may ask for is also pushed to those that do not.
        retry_needs_source_versions: Whether a job with retries must name its source versions.
        window_min_s: The shortest schedule window; None where there is none.
        reactivation: What a device is told that has a secret and activates again.
    """

    upgrading_starts: Literal["push", "ack", "first_progress"]
    timeout_anchor: Literal["upgrading", "push"]
    silent_device: Literal["times_out", "waits"]
    timeout_s_min: int | None
    timeout_s_max: int | None
    timeout_s: int | None
    retry_count_min: int
    retry_count_max: int
    retry_counts_allowed: tuple[int, ...] = ()
    retry_interval_s_min: int = 0
    retry_interval_s_max: int | None = None
    retry_intervals_s_allowed: tuple[int, ...] = ()
    retry_on: tuple[Literal["failed", "timeout", "foreign_version"], ...]
    retry_round: Literal["per_device", "after_whole_task"]
    foreign_version: Literal["fails", "ignored"]
    repush_on_reconnect: Literal["never", "while_unanswered", "always"]
    between_attempts_status: tuple[Literal["queued", "failed"], ...]
    slot_taken_at: Literal["push", "upgrading"]
    slot_freed_at: Literal["attempt_end", "task_end"]
    cap_default: int | None
    success_needs_version_report: bool = True
    already_at_target: Literal["skip", "instant_success"]
    late_success: Literal["stick", "heal"]
    progress_policy: Literal["last", "max"]
    cancel_shows_as: Literal["failed", "cancelled"]
    cancel_descs: tuple[str, ...] = ()
    cancellable: tuple[Literal["queued", "pushed", "under_way"], ...]
    policy_names: tuple[str, str] | None
    visibility_s: int = 2
    page_base: Literal[0, 1]
    page_size_default: int
    page_size_max: int
    busy_device: Literal["refuse", "queue", "overwrite"]
    desc_limit_chars: int | None = None
    must_have_reported_version: bool
    pushes_unasked: bool = False
    retry_needs_source_versions: bool = False
    window_min_s: int | None
    reactivation: Literal["same_secret", "new_secret"] = "same_secret"
