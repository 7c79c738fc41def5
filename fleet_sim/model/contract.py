"""What a vendor promises where vendors differ: the contract profile.

Each dialect has one (`dialects/<vendor>/contract.py`); the backend behaves by it and the oracles
judge by it. A scenario may override any parameter by its name (`contract: {timeout_s_min: 10}`).

Source: failure-modes file, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

# What a server says of its own when it ends a task:
#   timeout          the attempt took too long
#   version_timeout  the device did not say which version it runs
#   online_timeout   the device did not come on line
#   foreign_version  it runs a version that is neither the old nor the new one, or not supported
#   old_version      it ended its upgrade and runs the old version still
#   already_there    it runs the target, and nobody pushed
#   out_of_scope     it has left the scope of the job
#   busy             it had another task, and kept that
#   overwritten      a newer job took it over
DescOf: TypeAlias = Literal[
    "timeout",
    "version_timeout",
    "online_timeout",
    "foreign_version",
    "old_version",
    "already_there",
    "out_of_scope",
    "busy",
    "overwritten",
]


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
        timeout_step_s: In which steps timeouts are counted, and the gaps between attempts.
        retry_count_min: The fewest retries a job with retries may ask for.
        retry_count_max: The most.
        retry_counts_allowed: The only counts there are; empty means every one in the range.
        retry_interval_s_min: The shortest gap between attempts.
        retry_interval_s_max: The longest.
        retry_intervals_s_allowed: The only gaps there are; empty means every one in the range.
        retry_interval_below_timeout: Whether a gap must be shorter than the job's timeout.
        retry_on: Which ends of an attempt are tried again.
        retry_round: Whether a device's retry waits until the whole task has finished.
        foreign_version: What a report of neither the old nor the new version does.
        old_version_after_upgrade: What a report of the old version does that a device sends at the
            end of an upgrade, where the vendor tells such reports apart.
        repush_on_reconnect: Whether a push is repeated within an attempt.
        connect_wait_s: How long a fresh connection is given to report its version before it is
            pushed to, or its push repeated; None where the vendor does not say.
        between_attempts_status: The neutral statuses a task may show between attempts; `unchanged`
            stands for the one it had.
        slot_taken_at: When an attempt begins to count against the cap.
        slot_freed_at: When it ceases to.
        cap_default: A job's cap when it names none; None where the vendor has no cap.
        success_needs_version_report: Whether 100 % alone is no success.
        already_at_target: What becomes of a device that already runs the target.
        target_before_push: What becomes of a task whose device comes to run the target before it
            was ever pushed.
        unsupported_source: What becomes of a device whose version the firmware does not apply to.
        late_success: Whether a version report after the timeout changes a failed task.
        progress_policy: Which progress is shown.
        cancel_shows_as: The neutral status of a cancelled task.
        cancel_descs: The desc texts of a cancelled task; empty means any.
        cancellable: The neutral statuses in which a task can be cancelled. One that waits for
            consent can be where a queued one can, and where it is named itself.
        reopenable: The neutral statuses from which an operator may have a task tried again;
            `retry_due` stands for one that is to be tried again by itself, whatever it shows.
        policy_names: The vendor's words for a frozen and an open device list; None where missing.
        visibility_s: How long a read may lag behind a write.
        page_base: The number of the first page.
        page_size_default: Rows a page when none is asked for.
        page_size_max: The most rows a page.
        wide_page_size_max: The same of lists of jobs, and of what modules run, where those have
            larger pages; None: as the others.
        busy_device: What becomes of a second task for a busy device: it has failed at once, it
            waits, or it takes the device over. A job that says so takes over under each.
        overwritable: The neutral statuses in which a task can be taken over; where another one
            stands otherwise, the second has failed at once.
        modules_side_by_side: Whether tasks for different modules of a device may run at once.
        modules_max: How many modules of a product operators may name; None: any number.
        answers_reports: Whether the server answers what a device reports; where not, its silence
            tells nothing.
        shows_progress: Whether rows show a task's progress, and so the code of its failure.
        desc_limit_chars: How much of a desc is stored; None means all of it.
        must_have_reported_version: Whether only devices with a known version get a task.
        devices_may_ask: Whether there are jobs that devices have to ask for.
        pushes_unasked: Whether a job that devices may ask for is also pushed to those that do not.
        offers_pushed: Whether a device that asks is also offered what a job pushes.
        source_versions_max: How many source versions a job may name, 0 where it has none to name;
            None: any number.
        retry_needs_source_versions: Whether a job with retries must name its source versions.
        open_list_needs_source_versions: Whether a job with an open list must.
        window_min_s: The shortest schedule window; None where there are no windows.
        window_lead_s: How long after its order a job's window may open at the soonest; None where
            it may have opened before.
        open_list_windows: Whether a job with an open list may have a window.
        reactivation: What a device is told that has a secret and activates again.
        asks_version: Whether a device is asked for its version before each attempt's push.
        version_answer_timeout_s: How long it may take to answer; None: for ever.
        online_timeout_s: How long a task waits for its device to come on line; None: for ever.
        pushes_a_minute: A job's rate when it names none; None where jobs have none to name.
        pushes_a_minute_min: The lowest rate that a job may name; None: any.
        pushes_a_minute_max: The highest.
        job_completes: When a job shows as finished: never, or once its list is closed and all its
            tasks have ended.
        job_planned: Whether a job shows as planned before its window opens for the first time.
        open_lists: Whether open lists know of one another: where the newest wins, a device joins
            the newest it matches, and no two are for the same firmware and source version.
        open_list_matches_max: How often a device may get a task in one open list.
        verification: When firmware is verified: once enough devices have succeeded, in whichever
            jobs to verify; or once all devices of one job have, and then there is no second job
            while one is under way or after it has succeeded.
        verify_pushes_always: Whether a job to verify pushes although its devices were to ask.
        unknown_job: What a search for the tasks of a job comes to that is not there.
        unknown_product: What becomes of firmware, a job or a module for a product that is not.
        blocks_bytes_max: The longest file that a job may have devices fetch over MQTT; None: any.
        descs: The vendor's own words for what ended a task; see `DescOf`.
    """

    upgrading_starts: Literal["push", "ack", "first_progress"]
    timeout_anchor: Literal["upgrading", "push"]
    silent_device: Literal["times_out", "waits"]
    timeout_s_min: int | None
    timeout_s_max: int | None
    timeout_s: int | None
    timeout_step_s: int = 1
    retry_count_min: int
    retry_count_max: int
    retry_counts_allowed: tuple[int, ...] = ()
    retry_interval_s_min: int = 0
    retry_interval_s_max: int | None = None
    retry_intervals_s_allowed: tuple[int, ...] = ()
    retry_interval_below_timeout: bool = False
    retry_on: tuple[Literal["failed", "timeout", "foreign_version"], ...]
    retry_round: Literal["per_device", "after_whole_task"]
    foreign_version: Literal["fails", "ignored"]
    old_version_after_upgrade: Literal["fails", "ignored"] = "ignored"
    repush_on_reconnect: Literal["never", "while_unanswered", "always"]
    connect_wait_s: int | None = None
    between_attempts_status: tuple[Literal["queued", "failed", "unchanged"], ...]
    slot_taken_at: Literal["push", "upgrading"]
    slot_freed_at: Literal["attempt_end", "task_end"]
    cap_default: int | None
    success_needs_version_report: bool = True
    already_at_target: Literal["skip", "instant_success"]
    target_before_push: Literal["fails", "succeeds"] = "fails"
    unsupported_source: Literal["skip", "fails"] = "skip"
    late_success: Literal["stick", "heal"]
    progress_policy: Literal["last", "max"]
    cancel_shows_as: Literal["failed", "cancelled"]
    cancel_descs: tuple[str, ...] = ()
    cancellable: tuple[Literal["unconfirmed", "queued", "pushed", "under_way"], ...]
    reopenable: tuple[Literal["failed", "cancelled", "retry_due"], ...] = ("failed",)
    policy_names: tuple[str, str] | None
    visibility_s: int = 2
    page_base: Literal[0, 1]
    page_size_default: int
    page_size_max: int
    wide_page_size_max: int | None = None
    busy_device: Literal["refuse", "queue", "overwrite"]
    overwritable: tuple[Literal["unconfirmed", "queued", "pushed", "under_way"], ...] = (
        "unconfirmed",
        "queued",
        "pushed",
    )
    modules_side_by_side: bool = False
    modules_max: int | None = None
    answers_reports: bool = True
    shows_progress: bool = True
    desc_limit_chars: int | None = None
    must_have_reported_version: bool
    devices_may_ask: bool = True
    pushes_unasked: bool = False
    offers_pushed: bool = False
    source_versions_max: int | None = None
    retry_needs_source_versions: bool = False
    open_list_needs_source_versions: bool = False
    window_min_s: int | None
    window_lead_s: int | None = None
    open_list_windows: bool = True
    reactivation: Literal["same_secret", "new_secret"] = "same_secret"
    asks_version: bool = False
    version_answer_timeout_s: int | None = None
    online_timeout_s: int | None = None
    pushes_a_minute: int | None = None
    pushes_a_minute_min: int | None = None
    pushes_a_minute_max: int | None = None
    job_completes: Literal["never", "all_ended"] = "never"
    job_planned: bool = False
    open_lists: Literal["independent", "newest_wins"] = "independent"
    open_list_matches_max: int = 1
    verification: Literal["by_devices", "by_job"] = "by_devices"
    verify_pushes_always: bool = True
    unknown_job: Literal["no_rows", "refused"] = "no_rows"
    unknown_product: Literal["taken", "refused"] = "taken"
    blocks_bytes_max: int | None = None
    descs: tuple[tuple[DescOf, str], ...] = ()

    def __post_init__(self) -> None:
        """Take pairs as JSON has them: a profile in a log or a setting is read back as it was."""
        pairs = tuple((what, text) for what, text in self.descs)
        object.__setattr__(self, "descs", pairs)

    @property
    def seen_between_attempts(self) -> frozenset[str]:
        """What a task can show between attempts: queued as well, while its device is asked."""
        asked = {"queued"} if self.asks_version else set()
        return frozenset(self.between_attempts_status) | asked

    @property
    def wide_rows_max(self) -> int:
        """The most rows a page of the lists that may have larger pages than the others."""
        wide = self.wide_page_size_max
        return self.page_size_max if wide is None else wide
