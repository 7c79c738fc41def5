"""What the server says of its own when it ends a task: the vendor's words, else ours.

Ours are sentences of nobody's: a vendor's text stands in its contract and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_sim.backend.books import Books
from fleet_sim.model.contract import DescOf

# Where a contract has none.
DESCS: Mapping[DescOf, str] = {
    "timeout": "the time for the upgrade is up",
    "version_timeout": "the device did not say which version it runs",
    "online_timeout": "the device did not come on line",
    "foreign_version": "the device runs a version that the job is not for",
    "old_version": "the device runs the old version after its upgrade",
    "already_there": "already runs the target version",
    "out_of_scope": "the device has left the scope of the job",
    "busy": "the device has another task",
    "overwritten": "overwritten by a newer job",
}
USER_CANCEL = "an operator has cancelled the task"  # where the contract names no text of its own


def desc_of(books: Books, what: DescOf) -> str:
    """Return the server's own words for what ended a task: the vendor's, else ours."""
    return dict(books.contract.descs).get(what) or DESCS[what]
