import dataclasses
import gc
import hashlib
from typing import Any

import pytest

from fleet_sim.device.personas import PERSONAS
from fleet_sim.model.record import Record
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.settled import JobTerms
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.conductor import Snapshot
from fleet_sim.runtime.operator.images import image_content
from fleet_sim.runtime.virtual_run import GROWING_HEAP, VirtualRun, run_virtually
from fleet_sim.scenario.plan import Plan
from tests.runtime.plans import FLEET, JOB, TWO_VENDORS, planned

TERMS = JobTerms(cap=None, timeout_ms=None, silent_times_out=False)

QUICK = {"timeout_s_min": 10}
# 8 bytes a millisecond: the image of 32 KiB takes about four seconds.
SLOW = {"slow": {"like": "ethernet_lab", "down_kbps": 64}}


def statuses(run: VirtualRun) -> dict[str, str]:
    """Return each device key's last status as the northbound showed it."""
    return {
        row["device_key"]: row["status"]
        for one in run.records
        if one.kind == "rows" and not one["probe"]
        for row in one["rows"]
    }


def of(run: VirtualRun, *kinds: str) -> list[Record]:
    """Return the records of these kinds."""
    return [one for one in run.records if one.kind in kinds]


def story(run: VirtualRun, side: str) -> list[str]:
    """Return what one end tells from the push on, receipts left out."""
    ends = [one for one in run.records if (one.src == "D" and side == "device") or one.side == side]
    kinds = [one.kind for one in ends if one.kind not in {"delivered", "file_sent"}]
    first = next(at for at, kind in enumerate(kinds) if kind.startswith("push"))
    return kinds[first:]


def versions(plan: Plan, run: VirtualRun) -> list[str]:
    """Return what each device runs in the end, by its own word."""
    found = {one.device: one["version"] for one in of(run, "boot")}
    return [found[str(one.device)] for one in plan.devices]


def test_healthy_devices_take_the_upgrade() -> None:
    """Every one runs the new version, and the server knows."""
    plan = planned()

    run = run_virtually(plan)

    assert (run.why, run.refusals) == ("settled", ())
    assert versions(plan, run) == ["1.3.0"] * 6
    assert set(statuses(run).values()) == {"succeeded"}
    assert len(statuses(run)) == 6


def test_an_upgrade_is_told_from_push_to_version_report() -> None:
    """By either end, in the order it happened there."""
    meter = {"meters": FLEET | {"devices": 1}}

    run = run_virtually(planned(fleets=meter, jobs=[JOB | {"image": {"size": "64KiB"}}]))

    assert story(run, "device") == [
        "push_received", "push_replied", "progress_sent", "download_start",
        "progress_sent", "progress_sent", "progress_sent", "download_end", "progress_sent",
        "offline", "flash", "boot", "online", "version_sent",
    ]  # fmt: skip
    assert story(run, "server") == [
        "push_sent", "push_acked", *["progress_received"] * 5,
        "offline", "online", "version_received",
    ]  # fmt: skip
    assert [one["step"] for one in of(run, "progress_sent")] == [0, 25, 50, 75, 100]


def test_the_bytes_held_are_those_of_the_image() -> None:
    """Whole, and by every device."""
    plan = planned()
    run = run_virtually(plan)

    product = plan.fleets[0].product_key
    content = image_content(plan.seed, product, "1.3.0", 32_768)
    held = {(one["sha256"], one["size"]) for one in of(run, "download_end")}
    assert held == {(hashlib.sha256(content).hexdigest(), 32_768)}


def test_the_same_seed_gives_the_same_bytes() -> None:
    """And another seed others."""
    nouns: dict[str, Any] = {
        "fleets": {"meters": FLEET | {"network": "wifi_edge", "personas": {"healthy": "50%",
                                                                         "flap": "50%"}}},
        "events": [{"at": "4s", "disconnect": "meters", "share": "50%", "for": "3s"}],
    }  # fmt: skip

    first, again = (run_virtually(planned(**nouns)) for _ in range(2))
    other = run_virtually(planned(seed=8, **nouns))

    assert first.sha256 == again.sha256
    assert first.records == again.records
    assert other.sha256 != first.sha256


def test_records_are_numbered_without_a_gap_and_in_order() -> None:
    """One part, whose clock never goes back."""
    run = run_virtually(planned())

    assert [one.seq for one in run.records] == list(range(len(run.records)))
    assert [one.t for one in run.records] == sorted(one.t for one in run.records)


def test_a_download_that_is_cut_goes_on_from_the_bytes_it_holds() -> None:
    """Those of before and after make the whole image, by its digest."""
    plan = planned(
        networks=SLOW,
        fleets={"meters": FLEET | {"network": "slow"}},
        events=[{"at": "4s", "disconnect": "meters", "for": "2s"}],
    )

    run = run_virtually(plan)

    cuts = {one.device: one for one in of(run, "download_cut")}
    assert len(cuts) == 6
    for device, cut in cuts.items():
        assert 0 < cut["offset"] < 32_768
        starts = [one["offset"] for one in of(run, "download_start") if one.device == device]
        assert starts == [0, cut["offset"]]
    resumed = [one for one in of(run, "file_sent") if one["status"] == 206]
    assert sorted(one["offset"] for one in resumed) == sorted(
        cut["offset"] for cut in cuts.values()
    )
    assert all(one["size"] == 32_768 - one["offset"] for one in resumed)
    content = image_content(plan.seed, plan.fleets[0].product_key, "1.3.0", 32_768)
    assert {one["sha256"] for one in of(run, "download_end")} == {
        hashlib.sha256(content).hexdigest()
    }
    assert set(statuses(run).values()) == {"succeeded"}


@pytest.mark.parametrize("kind", ["rst", "fin", "half_open", "freeze"])
def test_a_fleet_on_links_that_keep_breaking_gets_there(kind: str) -> None:
    """Whatever the outages do to the connections."""
    network = {"like": "slow_4g", "down_kbps": 64, "up_mean_s": 5, "outage_mean_s": 3,
               "outage_kind": kind}  # fmt: skip
    plan = planned(
        duration="60m",
        networks={"breaking": network},
        fleets={"meters": FLEET | {"network": "breaking"}},
        jobs=[JOB | {"at": "10s", "timeout": "40m"}],
    )

    run = run_virtually(plan)

    assert versions(plan, run) == ["1.3.0"] * 6
    assert set(statuses(run).values()) == {"succeeded"}
    assert bool(of(run, "download_cut")) is (kind != "freeze")


# --- every way to fail --------------------------------------------------------------------------

# Persona, what its tasks come to, and what its devices run in the end.
ENDS = {
    "healthy": ("succeeded", "1.3.0"),
    "brick": ("failed", "1.2.0"),
    "bad_digest": ("failed", "1.2.0"),
    "stuck_at_n": ("failed", "1.2.0"),
    "progress_dup": ("succeeded", "1.3.0"),
    "silent_success": ("failed", "1.3.0"),
    "offline_at_push": ("succeeded", "1.3.0"),
    "no_ack": ("pushed", "1.2.0"),
    "ack_then_silent": ("pushed", "1.2.0"),
    "flap": ("succeeded", "1.3.0"),
}
KNOBS = {"offline_at_push": {"until_s": 20}, "flap": {"up_s": 5, "down_s": 2}}


def ill(persona: str, **job: Any) -> Plan:  # noqa: ANN401 - JSON
    """Return a plan whose devices all have this persona, and a short timeout."""
    personas = {persona: {"share": "100%", **KNOBS.get(persona, {})}}
    return planned(
        fleets={"meters": FLEET | {"devices": 3, "personas": personas}},
        jobs=[JOB | {"timeout": "10s", **job}],
        contract=QUICK,
    )


@pytest.mark.parametrize("persona", PERSONAS)
def test_who_falls_silent_has_no_end_without_a_timeout(persona: str) -> None:
    """And everybody else has: a plan is noted by that."""
    run = run_virtually(ill(persona, timeout="20m"))

    has_ended = set(statuses(run).values()) <= {"succeeded", "failed"}
    assert has_ended is not PERSONAS[persona].falls_silent


def test_every_persona_has_an_end_here() -> None:
    """A new one needs its line above."""
    assert set(ENDS) == set(PERSONAS)


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_persona_comes_to_its_end(persona: str) -> None:
    """On the server and on the device, and long before the run's upper bound."""
    plan = ill(persona)

    run = run_virtually(plan)

    status, version = ENDS[persona]
    assert set(statuses(run).values()) == {status}
    assert versions(plan, run) == [version] * 3
    assert run.why == "settled"


@pytest.mark.parametrize("persona", ["stuck_at_n", "silent_success", "bad_digest"])
def test_a_second_attempt_mends_what_only_the_first_one_did(persona: str) -> None:
    """The fault hits the first attempt, the retry succeeds."""
    once = {persona: {"share": "100%", "attempts": 1}}
    plan = planned(
        fleets={"meters": FLEET | {"devices": 3, "personas": once}},
        jobs=[JOB | {"timeout": "10s", "retries": 1, "retry_interval": "2s"}],
        contract=QUICK,
    )

    run = run_virtually(plan)

    assert set(statuses(run).values()) == {"succeeded"}
    assert len(of(run, "push_sent")) == 6


def test_a_failure_is_told_with_cause_and_code() -> None:
    """By the device to itself, on the wire, and by the server to the operator."""
    run = run_virtually(ill("bad_digest"))

    assert {one["cause"] for one in of(run, "upgrade_failed")} == {"verify"}
    sent = {one["step"] for one in of(run, "progress_sent") if one.get("cause")}
    (code,) = sent
    assert code < 0
    shown = [row for one in of(run, "rows") for row in one["rows"] if row["status"] == "failed"]
    assert {row["progress"] for row in shown} == {code}


def test_a_run_with_silent_devices_ends_once_their_finding_is_due() -> None:
    """Nothing moves any more, and nothing is said; it does not take the whole duration."""
    run = run_virtually(ill("no_ack"))

    last_push_ms = max(one.t for one in of(run, "push_received"))
    due_ms = last_push_ms + 10_000 + TERMS.finding_due_ms
    assert due_ms <= of(run, "settle")[0].t <= due_ms + 10_000


# --- devices that ask ---------------------------------------------------------------------------


def test_devices_that_have_to_ask_are_offered_their_upgrade() -> None:
    """Before there is a job they are offered nothing; nobody is pushed, and all succeed."""
    plan = planned(jobs=[JOB | {"ask": True}])

    run = run_virtually(plan)

    offered = [one["versions"] for one in of(run, "offer_sent")]
    assert offered[:6] == [[]] * 6
    assert offered.count(["1.3.0"]) == 6
    assert len(of(run, "request_sent")) == len(of(run, "offer_received")) == len(offered)
    assert of(run, "push_sent") == []
    assert versions(plan, run) == ["1.3.0"] * 6
    assert set(statuses(run).values()) == {"succeeded"}


def test_a_fleet_does_not_ask_all_at_once() -> None:
    """About a minute after each connected, and no two together."""
    run = run_virtually(planned(jobs=[JOB | {"ask": True}]))

    again = sorted(one.t for one in of(run, "request_sent") if 2_000 < one.t < 80_000)
    firsts = again[:6]
    assert all(48_000 <= at_ms <= 72_500 for at_ms in firsts)
    assert firsts[-1] - firsts[0] > 5_000


def test_devices_that_nobody_waits_for_do_not_ask() -> None:
    """A job that pushes needs none of it."""
    assert of(run_virtually(planned()), "request_sent") == []


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_persona_that_has_to_ask_comes_to_the_same_end(persona: str) -> None:
    """As when it is pushed."""
    plan = ill(persona, ask=True)

    run = run_virtually(plan)

    status, version = ENDS[persona]
    assert set(statuses(run).values()) == {status}
    assert versions(plan, run) == [version] * 3
    assert (run.why, of(run, "push_sent")) == ("settled", [])


@pytest.mark.parametrize("persona", ["stuck_at_n", "silent_success", "bad_digest"])
def test_a_second_attempt_that_was_asked_for_mends_what_the_first_did(persona: str) -> None:
    """Also one that had fallen silent asks again, when its attempt has timed out."""
    once = {persona: {"share": "100%", "attempts": 1}}
    plan = planned(
        fleets={"meters": FLEET | {"devices": 3, "personas": once}},
        jobs=[JOB | {"timeout": "10s", "retries": 1, "retry_interval": "2s", "ask": True}],
        contract=QUICK,
    )

    run = run_virtually(plan)

    assert set(statuses(run).values()) == {"succeeded"}
    assert len([one for one in of(run, "offer_sent") if one["versions"]]) == 6
    assert run.why == "settled"


def test_a_run_of_devices_that_ask_ends_when_nothing_can_move() -> None:
    """Bricks of a job with retries never ask for them."""
    run = run_virtually(ill("brick", ask=True, retries=1))

    assert run.why == "settled"
    assert set(statuses(run).values()) == {"queued"}
    assert of(run, "settle")[0].t < 180_000


# --- what operators do --------------------------------------------------------------------------


def test_a_cap_holds_devices_back() -> None:
    """Never more than so many between push and end."""
    plan = planned(jobs=[JOB | {"concurrency": 2}])

    run = run_virtually(plan)

    open_now = most = 0
    for one in run.records:
        open_now += (one.kind == "push_sent") - (one.kind == "version_received" and one.t > 2_000)
        most = max(most, open_now)
    assert most == 2
    assert set(statuses(run).values()) == {"succeeded"}


def test_an_open_list_is_waited_for_until_its_fleet_has_come() -> None:
    """Devices that connect after the first are done join still; a frozen list has had its own."""
    meters = {"meters": FLEET | {"connect": {"over": "60s"}}}

    open_, frozen = (
        run_virtually(planned(fleets=meters, jobs=[JOB | {"at": "15s", "incremental": joins}]))
        for joins in (True, False)
    )

    assert (open_.why, len(statuses(open_))) == ("settled", 6)
    assert set(statuses(open_).values()) == {"succeeded"}
    assert 90_000 < open_.records[-1].t < 110_000
    assert 0 < len(statuses(frozen)) < 6
    assert frozen.records[-1].t < 30_000


def test_cancelled_tasks_are_never_pushed() -> None:
    """Those that wait for a slot when the operator cancels all there is."""
    plan = planned(
        jobs=[JOB | {"concurrency": 1}], events=[{"at": "3s", "cancel": "meters", "share": "50%"}]
    )

    run = run_virtually(plan)

    hit = {device.device_key for device in plan.events[0].devices}
    pushed = {one.device.partition("/")[2] for one in of(run, "push_sent")}
    assert len(hit) == 3
    assert pushed == {one.device.device_key for one in plan.devices} - hit
    assert {key for key, status in statuses(run).items() if status == "failed"} == hit


def test_a_planted_bug_is_in_the_platform() -> None:
    """One push more than the cap allows."""
    plan = planned(jobs=[JOB | {"concurrency": 2}], target={"plant": ["B01"]})

    run = run_virtually(plan)

    first = of(run, "push_sent")[:3]
    done = [one for one in of(run, "version_received") if one.t > 2_000]
    assert len(first) == 3
    assert first[2].t < done[0].t


def test_who_watches_is_told_how_it_stands() -> None:
    """At least at the end."""
    seen: list[Snapshot] = []

    run = run_virtually(planned(), seen.append)

    assert seen[-1].by_status == {"succeeded": 6}
    assert seen[-1].updated == 6
    assert seen[-1].records == len(run.records)


def test_the_collector_looks_seldom_while_a_log_grows() -> None:
    """And afterwards as often as before, since more than one run may fit in a process."""
    before, during = gc.get_threshold(), set[tuple[int, int, int]]()

    run_virtually(planned(), lambda _: during.add(gc.get_threshold()))

    assert during == {GROWING_HEAP}
    assert gc.get_threshold() == before


def test_a_refused_job_ends_the_run_with_a_sentence() -> None:
    """The backend would not do what the plan wants."""
    fleets = {"meters": FLEET, "gauges": FLEET}
    jobs = [JOB, JOB | {"upgrade": "gauges", "retries": 1}]
    plan = planned(fleets=fleets, jobs=jobs, contract={"retry_needs_source_versions": True})
    # A plan names the source versions that a job with retries has to name; this one does not.
    first, second = plan.jobs
    plan = dataclasses.replace(plan, jobs=(first, dataclasses.replace(second, from_versions=())))

    run = run_virtually(plan)

    assert run.why == "refused"
    assert len(run.refusals) == 1
    assert "create_job" in run.refusals[0]


@pytest.mark.usefixtures("acme")
def test_two_vendors_share_a_heap_and_nothing_else() -> None:
    """Each device takes its upgrade from its own vendor's platform, by jobs of different ids."""
    plan = planned(**TWO_VENDORS)

    run = run_virtually(plan)

    assert (run.why, run.refusals) == ("settled", ())
    assert sorted(statuses(run).values()) == ["failed"] + ["succeeded"] * 9
    assert versions(plan, run).count("1.3.0") == 9
    jobs = [one.job for one in of(run, "api_ok") if one["call"] == "create_job"]
    firmware = [one["firmware"] for one in of(run, "api_ok") if one["call"] == "create_firmware"]
    assert len(set(jobs)) == len(set(firmware)) == 2
    found = judge(run.records, plan.contracts, tolerance=VIRTUAL_TIME).promises
    assert {one.standing for one in found.values()} & {Standing.VIOLATED} == set()
    assert found["V34"].by_dialect == {"enos": Standing.HELD, "acme": Standing.HELD}
    assert found["V35"].by_dialect == {"enos": Standing.HELD, "acme": Standing.HELD}


@pytest.mark.usefixtures("acme")
def test_two_vendors_leave_the_same_bytes_again() -> None:
    """One heap, one order, whatever platforms there are."""
    first, again = (run_virtually(planned(**TWO_VENDORS)) for _ in range(2))
    other = run_virtually(planned(seed=8, **TWO_VENDORS))

    assert first.sha256 == again.sha256
    assert other.sha256 != first.sha256


@pytest.mark.usefixtures("acme")
def test_a_planted_bug_is_in_every_vendors_platform() -> None:
    """The cap lets one too many through, and each of them is convicted."""
    small_cap = {"concurrency": 1}
    jobs = [{**job, **small_cap} for job in TWO_VENDORS["jobs"]]
    plan = planned(**{**TWO_VENDORS, "jobs": jobs, "target": {"plant": ["B01"]}})

    run = run_virtually(plan)

    found = judge(run.records, plan.contracts, tolerance=VIRTUAL_TIME).promises["V01"]
    assert found.by_dialect == {"enos": Standing.VIOLATED, "acme": Standing.VIOLATED}
