"""How Tuya's ids look: decimal digits.

    firmware    136, 167                    a short number that counts up
    job         183634077921266****         19 digits
    task        18363407798669****          18 digits

The last four are hidden on the page. Job and task begin alike, as numbers do that count a clock's
ticks; ours begin so, too, and count the things themselves. Both fit the signed 64 bits that clients
may keep them in.

Source: "ListOTATaskByJob", its sample answer; of firmware its table as well.
"""

from __future__ import annotations

from fleet_sim.model.ids import IdForm, IdForms

_DIGITS = "0123456789"
_BEGINNING = 1_836_340_779
_COUNTED = 10

IDS = IdForms(
    firmware=IdForm(alphabet=_DIGITS, counted=1, before_first=100),
    job=IdForm(alphabet=_DIGITS, counted=_COUNTED, drawn=9, before_first=_BEGINNING),
    task=IdForm(alphabet=_DIGITS, counted=_COUNTED, drawn=8, before_first=_BEGINNING),
)
