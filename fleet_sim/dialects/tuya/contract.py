"""What Tuya promises, with the choices its texts leave open.

Tuya documents less than Alibaba, whose platform its own succeeds: where its pages are silent, the
values are Alibaba's.
"""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.dialects.alibaba.contract import CONTRACT as _ALIBABA

CONTRACT = replace(
    _ALIBABA,
    cancellable=("unconfirmed", "queued", "pushed"),  # CancelOTATaskByJob has no fourth flag
    reopenable=(),  # there is no ReupgradeOTATask
    policy_names=None,  # there is no call for dynamic jobs
    open_list_needs_source_versions=False,
    open_list_windows=True,
    open_lists="independent",
    open_list_matches_max=1,
    pushes_a_minute=None,  # nor a rate
    pushes_a_minute_min=None,
    pushes_a_minute_max=None,
    window_min_s=None,  # nor a schedule among the parameters that could be read
    window_lead_s=None,
)
