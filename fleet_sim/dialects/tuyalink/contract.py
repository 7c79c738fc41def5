"""What Tuya promises of its TuyaLink devices, with the choices its texts leave open.

Their jobs are made by Tuya's RPC API, so its promises are theirs; that bridge is ours, for
TuyaLink's own platform knows no batches. What is said of devices alone is said anew here.

Source: "Protocol Access", "OTA Firmware Updates", as far as it could be read.
"""

from __future__ import annotations

from dataclasses import replace

from fleet_sim.dialects.tuya.contract import CONTRACT as _TUYA

CONTRACT = replace(
    _TUYA,
    # A report says whether it comes at a start (INIT) or after an upgrade (UPDATE). What an UPDATE
    # with the old version does is not said: as if it were a device that has not installed yet.
    old_version_after_upgrade="ignored",
    connect_wait_s=None,  # the two seconds are from a page on Alink
    reactivation="same_secret",  # not said; devices have their secrets from the start
)
