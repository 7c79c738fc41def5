"""The same grounds without the server's end of the log: how good verdicts on strangers are."""

from __future__ import annotations

import pytest

from fleet_sim.model.record import Source
from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.judge import PromiseVerdict
from fleet_sim.oracle.outcome import Standing
from tests.planted.grounds import from_outside, run_ground
from tests.planted.seen_outside import INCONCLUSIVE, NOT_EXERCISED, strange

HELD = PromiseVerdict(Standing.HELD)
VIOLATED = PromiseVerdict(Standing.VIOLATED)
INCONCLUSIVE_WHY = PromiseVerdict(Standing.INCONCLUSIVE, reason="why")


def test_the_log_from_outside_has_no_word_of_the_server() -> None:
    """Device truth, the devices' end of the wire, control and northbound reads are left."""
    records = run_ground("two-jobs", seed=1)

    seen = from_outside(records)

    assert {one.src for one in records} - {one.src for one in seen} == {Source.SERVER}
    assert {one.side for one in seen} == {"", "device"}
    assert len(seen) < len(records)


def test_the_tables_name_promises() -> None:
    """And never two reasons for one verdict."""
    assert INCONCLUSIVE.keys() | NOT_EXERCISED.keys() <= PROMISES.keys()


@pytest.mark.parametrize(
    ("promise", "inside", "outside", "found"),
    [
        ("V03", HELD, HELD, {}),
        ("V03", HELD, INCONCLUSIVE_WHY, {"V03": "held, from outside inconclusive: why"}),
        ("V03", VIOLATED, HELD, {"V03": "violated, from outside held: "}),
        ("V03", INCONCLUSIVE_WHY, HELD, {}),
        ("V01", HELD, INCONCLUSIVE_WHY, {}),
        ("V01", HELD, VIOLATED, {"V01": "held, from outside violated: "}),
    ],
)
def test_what_no_table_allows_is_strange(
    promise: str, inside: PromiseVerdict, outside: PromiseVerdict, found: dict[str, str]
) -> None:
    """Less may be known from outside where the tables say why, and nothing else may be said."""
    assert strange({promise: inside}, {promise: outside}) == found
