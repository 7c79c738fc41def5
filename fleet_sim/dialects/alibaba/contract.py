"""What Alibaba promises, with the choices its texts leave open.

Source: "View update status", "OTA update overview", "CreateOTAStaticUpgradeJob" and its siblings,
the comments of the official SDK.
"""

from __future__ import annotations

from fleet_sim.model.contract import ContractProfile

MINUTE_S = 60

CONTRACT = ContractProfile(
    upgrading_starts="first_progress",
    timeout_anchor="upgrading",  # from the first progress on; later ones do not restart it
    silent_device="waits",  # it follows: who never reports stays NOTIFIED
    timeout_s_min=MINUTE_S,
    timeout_s_max=1_440 * MINUTE_S,
    timeout_s=None,
    retry_count_min=1,
    retry_count_max=5,
    retry_counts_allowed=(1, 2, 5),
    retry_interval_s_min=0,
    retry_interval_s_max=1_440 * MINUTE_S,
    retry_intervals_s_allowed=tuple(minutes * MINUTE_S for minutes in (0, 10, 30, 60, 1_440)),
    retry_on=("failed", "foreign_version"),  # never a timeout, never a cancelled task
    retry_round="per_device",
    foreign_version="fails",
    repush_on_reconnect="always",
    between_attempts_status=("unchanged",),
    slot_taken_at="push",  # there is no cap, so no slot either; a rate stands in for it
    slot_freed_at="attempt_end",
    cap_default=None,
    already_at_target="skip",
    late_success="stick",  # not said
    progress_policy="last",  # not said
    cancel_shows_as="cancelled",
    cancel_descs=(),  # the text is in no page
    # A job's flags name all four; the page by device leaves out what waits for consent.
    cancellable=("unconfirmed", "queued", "pushed", "under_way"),
    policy_names=("static", "dynamic"),
    page_base=1,
    page_size_default=10,
    page_size_max=100,
    busy_device="refuse",  # OverwriteMode 1, the default: the new task fails
    must_have_reported_version=False,  # a whole image goes to devices that never said a version
    retry_needs_source_versions=True,  # a job that names none is not retried
    window_min_s=60 * MINUTE_S,
    pushes_a_minute=10_000,  # what MaximumPerMinute is where a job does not say
)
