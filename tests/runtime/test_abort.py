from __future__ import annotations

from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.abort import EVERY_MS, AbortWatch
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import Plan, plan

TEXT = """
duration: 5m
fleets:
  meters: {devices: 20, firmware: "1.2.0", personas: {healthy: 50%, bad_digest: 50%}}
jobs:
  - {at: 6s, upgrade: meters, to: "1.3.0", image: {size: 64KiB}, concurrency: 2, timeout: 5m}
expect:
  - {that: failed < 20%, abort: true, after: 8s}
"""


def planned(text: str = TEXT) -> Plan:
    """Return the plan of a run that becomes hopeless after some seconds."""
    return plan(load(text, "abort.yaml"))


def test_a_hopeless_run_ends_early() -> None:
    """The run ends with its first look after the expectation failed, long before its bound."""
    ran = run_virtually(planned())

    assert ran.why == "aborted"
    assert ran.records[-1].t < 60_000


def test_without_abort_the_run_goes_on() -> None:
    """The same expectation without `abort` is judged at the end only."""
    ran = run_virtually(planned(TEXT.replace(", abort: true, after: 8s", "")))

    assert ran.why == "settled"


def test_nothing_is_looked_at_before_its_time() -> None:
    """`after` holds the first look back; later looks keep their distance."""
    watch = AbortWatch(planned(), VIRTUAL_TIME)

    looks = [watch.is_due(at_ms) for at_ms in (0, 7_999, 8_000, 8_001, 8_000 + EVERY_MS)]

    assert looks == [False, False, True, False, True]


def test_a_plan_without_abort_needs_no_watch() -> None:
    """Then nothing is kept in memory for it."""
    text = TEXT.replace(", abort: true, after: 8s", "")

    assert not AbortWatch(planned(text), VIRTUAL_TIME).is_needed


def test_a_run_without_jobs_can_be_given_up_too() -> None:
    """Its devices wait for what the backend does by itself, and an expectation may tire of it."""
    text = TEXT[: TEXT.index("jobs:")] + TEXT[TEXT.index("expect:") :]

    assert run_virtually(planned(text.replace("failed < 20%", "updated > 0%"))).why == "aborted"


def test_what_must_be_so_by_an_instant_has_until_then() -> None:
    """`updated >= 10% by 20s` is not yet so at the start; the run goes on and meets it in time."""
    text = TEXT.replace(
        "failed < 20%, abort: true, after: 8s", "updated >= 10% by 20s, abort: true"
    )
    watch = AbortWatch(planned(text), VIRTUAL_TIME)

    assert [watch.is_due(at_ms) for at_ms in (0, 19_999, 20_000)] == [False, False, True]
    assert run_virtually(planned(text)).why == "settled"
    assert run_virtually(planned(text.replace("by 20s", "by 7s"))).why == "aborted"
