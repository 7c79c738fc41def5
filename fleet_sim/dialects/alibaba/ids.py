"""How Alibaba's ids look: about 26 digits and letters of either case, the same for each kind.

Ours count in the last six.

Source: the samples in the pages of "ListOTATaskByJob" and its siblings, whose last four are hidden.
"""

from __future__ import annotations

from string import ascii_letters, digits

from fleet_sim.model.ids import IdForm, IdForms

_FORM = IdForm(alphabet=digits + ascii_letters, counted=6, drawn=20, drawn_first=True)

IDS = IdForms(firmware=_FORM, job=_FORM, task=_FORM)
