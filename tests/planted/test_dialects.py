"""Every planted bug with every vendor: convicted by its promise, or told to plant nothing there.

One small ground a bug. Between vendors nothing changes but the dialect, and how long Huawei's
attempts last, which no job of its can name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fleet_sim.backend.planted import PLANTED
from fleet_sim.oracle.judge import Judgement, judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import Plan, plan
from fleet_sim.scenario.plants import barren
from tests.planted.convictions import CONVICTED, NOT_ON_GROUNDS
from tests.planted.grounds import MIXED

DIALECTS = ("alibaba", "enos", "huawei", "tuya", "tuyalink")
SHORT = ("contract.timeout_s_min=10",)
SETS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(DIALECTS, SHORT),
    "huawei": (
        *SHORT,
        "contract.timeout_s=120",
        "contract.version_answer_timeout_s=30",
        "contract.online_timeout_s=900",
    ),
}

FLEET = {"devices": 6, "firmware": "1.0", "connect": {"over": "2s"}}
ANY_JOB = {
    "at": "5s",
    "upgrade": "field",
    "to": "2.0",
    "image": {"size": "16KiB"},
    "timeout": "1m",
}
JOB = {**ANY_JOB, "from": ["1.0"]}
FAILS = {"bad_digest": {"share": "100%", "desc_chars": 400}}


def ground(
    fleet: Mapping[str, Any],
    *jobs: Mapping[str, Any],
    last_at: str = "8m",
    **nouns: Any,  # noqa: ANN401 - JSON
) -> str:
    """Return a ground of a fleet with these jobs; another fleet's keeps the run going until then.

    What a backend leaves undone shows only in what comes, or does not come, afterwards.
    """
    last = [{**JOB, "at": last_at, "upgrade": "other"}] if last_at else []
    others = {"other": {**FLEET, "devices": 1}} if last_at else {}
    return json.dumps(
        {
            "name": "small",
            "duration": "1h",
            "seed": 1,
            "fleets": {"field": {**FLEET, **fleet}, **others},
            "jobs": [*jobs, *last],
            **nouns,
        }
    )


def away(until_s: int) -> dict[str, Any]:
    """Return the personas of a fleet that is off line until then."""
    return {"offline_at_push": {"share": "100%", "until_s": until_s}}


def cut(at: str, length: str) -> list[dict[str, str]]:
    """Return events in which the whole fleet loses its connection."""
    return [{"at": at, "disconnect": "field", "for": length}]


PLAIN = ground({}, JOB)
FAILING = ground({"personas": FAILS}, {**JOB, "retries": 2})
SLOW = ground(
    {"network": "nb_iot"}, {**JOB, "at": "30s", "image": {"size": "640KiB"}}, last_at="40m"
)
OUTAGES = ground({}, JOB, events=[*cut("6s", "10s"), *cut("1m", "10s")])
LATE_COMERS = {"connect": {"over": "60s"}, "devices": 12}
# Each page is short of one, so that what it says of the others counts.
PAGED = ground(
    {"devices": 25}, JOB, last_at="", contract={"page_size_max": 10, "page_size_default": 10}
)

GROUNDS: Mapping[str, str] = {
    "B01": ground({}, {**JOB, "concurrency": 2}),
    "B02": ground({"personas": FAILS}, {**JOB, "concurrency": 2, "retries": 2}),
    "B06": MIXED,
    "B07": SLOW,
    "B08": ground({"personas": "no_ack"}, JOB),
    "B10": FAILING,
    "B11": FAILING,
    "B13": ground(
        {"personas": FAILS},
        {**JOB, "timeout": "20m", "retries": 1, "retry_interval": "10m"},
        last_at="30m",
    ),
    "B14": ground(
        {"personas": away(60)},
        {**JOB, "at": "20s", "retries": 2},
        events=[{"at": "25s", "cancel": "field"}],
    ),
    "B15": ground({"personas": "silent_success"}, JOB),
    "B16": ground(
        {"network": "regular_3g"}, {**JOB, "image": {"size": "512KiB"}}, events=cut("8s", "3s")
    ),
    "B18": SLOW,
    "B20": ground({"personas": "progress_dup"}, JOB, last_at=""),  # such a run waits for copies
    "B23": FAILING,
    "B27": ground({"personas": away(50)}, JOB),
    "B28": OUTAGES,
    "B29": ground(LATE_COMERS, {**JOB, "at": "20s"}),
    "B30": ground(LATE_COMERS, {**JOB, "at": "20s", "incremental": True}),
    "B38": PAGED,
    "B41": PLAIN,
    "B43": PLAIN,
    "B48": ground({"firmware": {"1.0": "50%", "2.0": "50%"}}, ANY_JOB),
    "B51": ground({}, {**JOB, "ask": True}),
    "B53": ground({"devices": 25}, {**JOB, "rate": 10}),
    "B60": ground(
        {"network": "regular_3g"},
        {**JOB, "at": "20s", "image": {"size": "256KiB"}},
        {**JOB, "at": "22s", "to": "3.0"},
    ),
    "B61": ground({"firmware": {"1.0": "50%", "1.1": "50%"}}, JOB),
    # Without a push that crosses the report as the device is back, and hides what became of it.
    "B62": ground({}, JOB, events=cut("6s", "10s"), contract={"repush_on_reconnect": "never"}),
    "B63": OUTAGES,
    "B64": FAILING,
    "B65": PLAIN,
    "B66": PLAIN,
    "B67": PAGED,
    "B68": ground({"personas": away(20)}, JOB, {**JOB, "at": "7s", "to": "3.0", "ask": True}),
}

# What a vendor lacks, so that nothing can be planted in it.
BARREN: Mapping[str, frozenset[str]] = {
    "alibaba": frozenset({"B01", "B02", "B08", "B43", "B68"}),
    "enos": frozenset({"B08", "B53"}),
    "huawei": frozenset(
        {"B01", "B02", "B13", "B15", "B29", "B30", "B41", "B43", "B51", "B53", "B61", "B64", "B68"}
    ),
    "tuya": frozenset({"B01", "B02", "B08", "B30", "B43", "B53", "B68"}),
    "tuyalink": frozenset({"B01", "B02", "B08", "B30", "B43", "B53", "B68"}),
}
PAIRS = [(bug, dialect) for bug in GROUNDS for dialect in DIALECTS if bug not in BARREN[dialect]]
# What a contract other than EnOS' changes most: whose timer it is, what becomes of the busy,
# and what a report is taken for.
QUICK = [
    (bug, dialect)
    for bug, dialect in PAIRS
    if dialect != "enos" and bug in {"B07", "B08", "B11", "B14", "B20", "B60"}
]


def planned(bug: str, dialect: str, *, is_clean: bool = False) -> Plan:
    """Return the plan of a bug's ground with one vendor, with the bug or without."""
    plant = [] if is_clean else [bug]
    scenario = load(GROUNDS[bug], bug, sets=SETS[dialect], flags={"plant": plant})
    return plan(scenario, dialect=dialect)


def judged(made: Plan) -> Judgement:
    """Run a plan, and judge it."""
    return judge(run_virtually(made).records, made.contracts, tolerance=VIRTUAL_TIME)


def test_every_bug_has_its_ground() -> None:
    """But those that no scenario can bring about."""
    assert GROUNDS.keys() == PLANTED.keys() - NOT_ON_GROUNDS.keys()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_vendor_lacks_is_told_and_nothing_else(dialect: str) -> None:
    """In a sentence that names both, when the run is planned."""
    told = {bug: barren(planned(bug, dialect)) for bug in GROUNDS}

    assert {bug for bug, sentences in told.items() if sentences} == BARREN[dialect]
    assert all(
        sentence.startswith(f"{bug} plants nothing with {dialect}, which has no ")
        for bug, sentences in told.items()
        for sentence in sentences
    )


@pytest.mark.parametrize(("bug", "dialect"), QUICK)
def test_a_bug_of_the_timer_the_busy_or_copies_is_convicted_with_each_vendor(
    bug: str, dialect: str
) -> None:
    """By its own promise."""
    _convict(bug, dialect)


@pytest.mark.long
@pytest.mark.parametrize(("bug", "dialect"), PAIRS)
def test_a_bug_is_convicted_with_each_vendor(bug: str, dialect: str) -> None:
    """The long lane: `./test -m long tests/planted`."""
    _convict(bug, dialect)


@pytest.mark.long
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("bug", GROUNDS)
def test_the_clean_backend_is_acquitted_on_the_same_grounds(bug: str, dialect: str) -> None:
    """The long lane: `./test -m long tests/planted`."""
    promises = judged(planned(bug, dialect, is_clean=True)).promises

    violated = [name for name, one in promises.items() if one.standing is Standing.VIOLATED]
    assert violated == []


def _convict(bug: str, dialect: str) -> None:
    found = judged(planned(bug, dialect)).promises[CONVICTED[bug][0]]

    assert found.standing is Standing.VIOLATED
    assert found.witness is not None
    assert found.witness.records
