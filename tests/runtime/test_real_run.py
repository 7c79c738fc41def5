import asyncio
import hashlib
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import psutil
import pytest
from aiohttp.test_utils import unused_port

from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import JobRow, JobStatus, Listed, SearchFirmware, SearchJobs
from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.outcome import Standing
from fleet_sim.oracle.tolerance import REAL_TIME
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime import generator, real_run
from fleet_sim.runtime.conductor import Snapshot
from fleet_sim.runtime.errors import BrokenError, TargetError
from fleet_sim.runtime.file_handles import OTHER_FILES
from fleet_sim.runtime.fleet.mount import mount, registrations
from fleet_sim.runtime.fleet.rig import Rig
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.operator import others
from fleet_sim.runtime.operator.images import image_content
from fleet_sim.runtime.platform.child import PlatformChild, platform_child
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.real_run import RealRun
from fleet_sim.runtime.real_world import RealWorld
from fleet_sim.runtime.run_log import part_path
from fleet_sim.runtime.target.target import OperatorKeys
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.plan import DevicePlan, Plan, TargetPlan
from tests.runtime.brisk import (
    BRISK,
    BRISK_ALIKE,
    MIXED,
    SLOW,
    SOON,
    brisk,
    carried_out,
    of,
    statuses,
)
from tests.runtime.plans import JOB, TWO_VENDORS
from tests.runtime.platforms import WAIT_S, calling, running

Worlds: TypeAlias = Mapping[str, RealWorld]

HOST = "127.0.0.1"


async def test_both_worlds_come_to_the_same_end(tmp_path: Path) -> None:
    """The same scenario, the same statuses; and the whole log is in the folder."""
    plan = brisk(**MIXED)
    seen: list[Snapshot] = []

    real = await carried_out(plan, tmp_path, on_snapshot=seen.append)
    virtual = run_virtually(plan)

    assert (real.why, virtual.why) == ("settled", "settled")
    assert (real.refusals, virtual.refusals) == ((), ())
    assert statuses(real.records) == statuses(virtual.records)
    assert sorted(statuses(real.records).values()) == ["failed"] * 2 + ["succeeded"] * 6
    assert read_run(tmp_path) == real.records
    assert {one.part for one in real.records} == {0, 1}
    assert seen[-1].by_status == {"failed": 2, "succeeded": 6}
    assert seen[-1].updated == 6
    _check_sources(real)
    _check_figures(real)


async def test_devices_that_ask_come_to_the_same_end_in_both_worlds(tmp_path: Path) -> None:
    """A short absence of all makes them ask again, in seconds; nobody is pushed."""
    ask = SOON | {"ask": True}
    absence = {"at": "4s", "for": "500ms"}
    plan = brisk(
        fleets=MIXED["fleets"],
        jobs=[ask, ask | {"upgrade": "gauges"}],
        events=[absence | {"disconnect": "meters"}, absence | {"disconnect": "gauges"}],
    )

    real = await carried_out(plan, tmp_path)
    virtual = run_virtually(plan)

    assert (real.why, virtual.why) == ("settled", "settled")
    assert statuses(real.records) == statuses(virtual.records)
    assert sorted(statuses(real.records).values()) == ["failed"] * 2 + ["succeeded"] * 6
    assert of(real, "push_sent") == []
    offered = [one["versions"] for one in of(real, "offer_received")]
    assert offered.count([]) >= 8
    assert offered.count(["1.3.0"]) == 8
    promises = judge(real.records, plan.contracts, tolerance=REAL_TIME).promises
    assert promises["V06"].standing is Standing.HELD
    assert all(one.standing is not Standing.VIOLATED for one in promises.values())


def _check_sources(run: RealRun) -> None:
    """Each end of the wire stands in its own part, with the same count of what went over it."""
    sides = {(one.part, one.side) for one in run.records if one.side}
    assert sides == {(0, "device"), (1, "server")}
    for sent, received in (("push_sent", "push_received"), ("push_replied", "push_acked"),
                           ("progress_sent", "progress_received"),
                           ("version_sent", "version_received")):  # fmt: skip
        assert len(of(run, sent)) == len(of(run, received)), sent


def _check_figures(run: RealRun) -> None:
    """The simulator tells what it cost, and how late it was."""
    assert set(run.generator) == {
        "slip_p99_ms", "slip_max_ms", "sends", "sends_late", "platform_slip_max_ms",
        "fleet_cpu_s", "fleet_rss_bytes", "fleet_cpu_us_per_device", "fleet_kib_per_device",
        "platform_cpu_s", "platform_rss_bytes",
    }  # fmt: skip
    assert run.generator["sends"] > 0
    assert run.generator["platform_rss_bytes"] > 1 << 20
    assert run.lag_ms >= run.generator["slip_max_ms"]
    # Whether the machine was quick enough is its own affair; that the run says so is ours.
    is_late = run.generator["slip_p99_ms"] > 1_000
    is_late |= run.generator["sends_late"] > 0.01 * run.generator["sends"]
    assert bool(run.invalid_reason) == is_late


async def test_a_download_that_is_cut_goes_on_from_the_bytes_it_holds(tmp_path: Path) -> None:
    """Over real HTTP: a range from there on, and the digest of the whole."""
    # About four seconds a download, cut in its last: it may begin more than two seconds late.
    plan = brisk(
        networks={"slow": SLOW["slow"] | {"down_kbps": 64}},
        fleets={"meters": BRISK | {"devices": 3, "network": "slow"}},
        events=[{"at": "5s", "disconnect": "meters", "for": "500ms"}],
    )

    run = await carried_out(plan, tmp_path)

    cuts = {one.device: one["offset"] for one in of(run, "download_cut")}
    assert len(cuts) == 3
    assert all(0 < offset < 32_768 for offset in cuts.values())
    resumed = [one for one in of(run, "file_sent") if one["status"] == 206]
    assert sorted(one["offset"] for one in resumed) == sorted(cuts.values())
    content = image_content(plan.seed, plan.fleets[0].product_key, "1.3.0", 32_768)
    assert [one["sha256"] for one in of(run, "download_end")] == [
        hashlib.sha256(content).hexdigest()
    ] * 3
    assert set(statuses(run.records).values()) == {"succeeded"}


async def test_an_interrupted_run_ends_in_good_order(tmp_path: Path) -> None:
    """Long before its job, with its last record, and with no process left."""
    stop = asyncio.Event()
    plan = brisk(jobs=[JOB | {"at": "50s"}])

    run = await carried_out(plan, tmp_path, stop=stop, on_snapshot=lambda _: stop.set())

    assert run.why == "interrupted"
    assert [one["why"] for one in of(run, "end")] == ["interrupted"]
    assert list(children()) == []


async def test_a_run_that_is_held_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    """Everything has settled, and somebody still looks around: the end is as it would have been."""
    stop = asyncio.Event()

    def watch(seen: Snapshot) -> None:
        if seen.is_held:
            stop.set()

    plan = brisk(fleets={"meters": BRISK | {"devices": 1}})
    run = await carried_out(plan, tmp_path, holds=True, stop=stop, on_snapshot=watch)

    assert run.why == "settled"
    assert [one["why"] for one in of(run, "end")] == ["settled"]
    assert any(one["probe"] for one in of(run, "rows"))
    assert statuses(run.records) == {"meters-00001": "succeeded"}


async def test_a_held_run_that_is_stopped_too_soon_was_interrupted(tmp_path: Path) -> None:
    """Its job is still to come."""
    stop = asyncio.Event()
    plan = brisk(jobs=[JOB | {"at": "50s"}])

    run = await carried_out(plan, tmp_path, holds=True, stop=stop, on_snapshot=lambda _: stop.set())

    assert run.why == "interrupted"


async def test_a_simulator_that_was_too_slow_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures are worthless, whatever they are."""
    monkeypatch.setattr(generator, "SLIP_MS_MAX", -1)
    stop = asyncio.Event()

    run = await carried_out(brisk(), tmp_path, stop=stop, on_snapshot=lambda _: stop.set())

    assert run.invalid_reason.startswith("the simulator was the bottleneck")


def children() -> Iterator[psutil.Process]:
    """Yield this process' own platforms."""
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            if "fleet_sim.runtime.platform.process" in process.cmdline():
                yield process


async def test_a_fleet_that_takes_long_to_get_ready_is_not_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run begins when all stands ready: no device is powered on late, none misses its job."""
    hour_ms = 3_600_000

    def slowly(devices: Iterable[DevicePlan], worlds: Worlds, *, seed: int) -> Any:  # noqa: ANN401
        worlds["enos"].clock.origin_ns -= hour_ms * 1_000_000
        return mount(devices, worlds, seed=seed)

    monkeypatch.setattr(real_run, "mount", slowly)

    run = await carried_out(brisk(), tmp_path)

    assert run.generator["slip_max_ms"] < hour_ms
    assert all(one.t < hour_ms for one in run.records)
    assert list(statuses(run.records).values()) == ["succeeded"] * 6


async def test_a_platform_that_ends_in_the_midst_ends_the_run(tmp_path: Path) -> None:
    """That is no verdict on anybody's backend; the log up to then is kept."""

    def kill(_: Snapshot) -> None:
        for process in children():
            process.send_signal(signal.SIGKILL)

    with pytest.raises(BrokenError, match="ended in the midst"):
        await carried_out(brisk(), tmp_path, on_snapshot=kill)

    assert read_run(tmp_path)


# --- several vendors ----------------------------------------------------------------------------

BRISK_TWO: Mapping[str, Any] = {
    "fleets": {name: fleet | BRISK_ALIKE for name, fleet in TWO_VENDORS["fleets"].items()},
    "jobs": [job | {"at": SOON["at"]} for job in TWO_VENDORS["jobs"]],
}


@pytest.mark.usefixtures("acme_everywhere")
async def test_two_vendors_come_to_the_same_end_in_both_worlds(tmp_path: Path) -> None:
    """A platform, a part of the log and a session with its API for each; one verdict."""
    plan = brisk(**BRISK_TWO)

    real = await carried_out(plan, tmp_path)
    virtual = run_virtually(plan)

    assert (real.why, virtual.why) == ("settled", "settled")
    assert (real.refusals, virtual.refusals) == ((), ())
    assert statuses(real.records) == statuses(virtual.records)
    assert sorted(statuses(real.records).values()) == ["failed"] + ["succeeded"] * 9
    assert {one.part for one in real.records} == {0, 1, 2}
    pushed = {(one.part, one.device.partition("/")[0]) for one in of(real, "push_sent")}
    products = [fleet.product_key for fleet in plan.fleets]
    assert pushed == {(1, products[0]), (2, products[1])}
    promises = judge(real.records, plan.contracts, tolerance=REAL_TIME).promises
    assert all(one.standing is not Standing.VIOLATED for one in promises.values())
    assert promises["V35"].by_dialect == {"enos": Standing.HELD, "acme": Standing.HELD}
    pages = sum(len(one["pages"]) for one in of(real, "rows")) + len(of(real, "refused_query"))
    logins, writes = 2, len(of(real, "api_invoke"))
    assert real.northbound == NorthboundFigures(requests=logins + writes + pages)
    assert list(children()) == []


@pytest.mark.usefixtures("acme_everywhere")
async def test_one_platform_that_ends_in_the_midst_ends_the_run(tmp_path: Path) -> None:
    """Though the other vendor's goes on."""

    def kill_one(_: Snapshot) -> None:
        for process in list(children())[:1]:
            process.send_signal(signal.SIGKILL)

    with pytest.raises(BrokenError, match="ended in the midst"):
        await carried_out(brisk(**BRISK_TWO), tmp_path, on_snapshot=kill_one)

    assert list(children()) == []


# --- somebody else's target ---------------------------------------------------------------------


def aimed(plan: Plan, ready: Mapping[str, Any]) -> tuple[Plan, OperatorKeys]:
    """Return a plan for a platform by URL, and what the environment would say of its operator."""
    target = TargetPlan(broker=ready["mqtt"], backend=ready["http"], org=ready["org"])
    keys = OperatorKeys(app_key=ready["app_key"], app_secret=ready["app_secret"])
    return replace(plan, target=target), keys


async def test_a_target_by_url_is_upgraded_and_left_clean(tmp_path: Path) -> None:
    """The devices subscribe for themselves; our image is gone afterwards."""
    plan = brisk()
    async with running(devices=registrations(plan.devices), signed_only=True) as ready:
        aimed_plan, keys = aimed(plan, ready)
        run = await carried_out(aimed_plan, tmp_path, keys=keys)
        async with calling(ready) as caller:
            images, jobs = await caller.ask(SearchFirmware()), await caller.ask(SearchJobs())

    assert (run.why, run.refusals) == ("settled", ())
    assert set(statuses(run.records).values()) == {"succeeded"}
    assert {one.part for one in run.records} == {0}
    assert images == Listed((), 1, 10, 0)
    assert isinstance(jobs, Listed)
    assert jobs.total == 1
    assert run.generator["platform_rss_bytes"] == 0
    assert of(run, "kept_by_others") == []


async def test_what_a_backend_does_not_tell_of_other_jobs_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from what it does tell; the run goes on."""
    monkeypatch.setattr(others, "PAGES_MAX", 0)
    plan = brisk()
    async with running(devices=registrations(plan.devices), signed_only=True) as ready:
        aimed_plan, keys = aimed(plan, ready)
        run = await carried_out(aimed_plan, tmp_path, keys=keys)

    (kept,) = of(run, "kept_by_others")
    assert kept.fields == {
        "devices": [],
        "untold": sorted(str(one.device) for one in plan.devices),
    }
    assert (run.why, run.refusals) == ("settled", ())


async def test_a_fleet_that_needs_more_files_than_there_are_is_refused_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a backend by URL every device may download, whatever the cap of our job."""
    monkeypatch.setattr(real_run, "raise_limit", lambda: OTHER_FILES + 6 + 2)
    capped = brisk(jobs=[SOON | {"concurrency": 2}])
    with pytest.raises(TargetError, match="with up to 6 downloads at a time"):
        await carried_out(replace(capped, target=TargetPlan(backend="http://h:1")), tmp_path)

    run = await carried_out(capped, tmp_path)

    assert run.why == "settled"


async def test_files_within_the_vendors_platform_are_fetched_as_its_devices_do(
    tmp_path: Path,
) -> None:
    """Each device logs in over HTTP, and stays on line over MQTT meanwhile."""
    plan = brisk()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    async with running(
        devices=registrations(plan.devices), vendor_files=True, log=part_path(theirs, 0)
    ) as ready:
        aimed_plan, keys = aimed(plan, ready)
        run = await carried_out(aimed_plan, tmp_path, keys=keys)

    assert set(statuses(run.records).values()) == {"succeeded"}
    assert {one["status"] for one in read_run(theirs) if one.kind == "file_sent"} <= {200, 206}
    # Twice each: when it was switched on, and after it had rebooted into the new version.
    assert [one.kind for one in read_run(theirs)].count("online") == 2 * len(plan.devices)


async def test_devices_without_a_secret_activate_and_are_upgraded(tmp_path: Path) -> None:
    """Strangers to the platform but for their product; no secret stands in the log."""
    plan = brisk()
    product = plan.devices[0].device.product_key
    bare = replace(plan, devices=tuple(replace(one, secret="") for one in plan.devices))
    async with running(products={product: "of meters"}, signed_only=True) as ready:
        aimed_plan, keys = aimed(bare, ready)
        run = await carried_out(aimed_plan, tmp_path, keys=keys, product_secret="of meters")

    assert (run.why, run.refusals) == ("settled", ())
    assert set(statuses(run.records).values()) == {"succeeded"}
    assert len(statuses(run.records)) == len(plan.devices)
    # Once each: after the reboot every one of them signs with its own.
    assert len(of(run, "activation_received")) == len(plan.devices)
    assert len(of(run, "online")) == 2 * len(plan.devices)
    assert "of meters" not in part_path(tmp_path, 0).read_text(encoding="latin-1")
    assert "of meters" not in str(run.records)


async def test_a_wrong_key_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    """Before any device connects; the sentence holds no secret."""
    plan = brisk()
    async with running(devices=registrations(plan.devices), signed_only=True) as ready:
        aimed_plan, _ = aimed(plan, ready)
        wrong = OperatorKeys(app_key=ready["app_key"], app_secret="wrong")
        with pytest.raises(TargetError, match="does not let us in: no token: 1003") as told:
            await carried_out(aimed_plan, tmp_path, keys=wrong)

    assert "wrong" not in str(told.value)
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path)


async def test_a_fleet_that_nobody_lets_in_ends_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    """The backend knows the devices under other secrets; what was made there is taken back.

    The job may have been made by then, or not yet.
    """
    plan = brisk(jobs=[JOB | {"at": "0s"}])
    known = [replace(one, secret="another") for one in registrations(plan.devices)]
    async with running(devices=known, signed_only=True) as ready:
        aimed_plan, keys = aimed(plan, ready)
        with pytest.raises(TargetError, match="refuses user name or password") as told:
            await carried_out(aimed_plan, tmp_path, keys=keys)
        async with calling(ready) as caller:
            images, jobs = await caller.ask(SearchFirmware()), await caller.ask(SearchJobs())

    assert "none was let in" in str(told.value)
    assert images == Listed((), 1, 10, 0)
    assert isinstance(jobs, Listed)
    assert {one.status for one in jobs.rows if isinstance(one, JobRow)} <= {JobStatus.STOPPED}


@pytest.mark.parametrize("what", ["broker", "backend"])
async def test_a_target_that_is_not_there_is_told_before_anything_starts(
    tmp_path: Path, what: str
) -> None:
    """In one sentence, not by each device."""
    async with running() as ready:
        urls = {"broker": ready["mqtt"], "backend": ready["http"]}
        urls[what] = f"{urlsplit(urls[what]).scheme}://{HOST}:{unused_port()}"
        plan = replace(brisk(), target=TargetPlan(**urls))

        with pytest.raises(TargetError, match=rf"the {what} at {HOST}:\d+ cannot be reached"):
            await carried_out(plan, tmp_path)

    with pytest.raises(FileNotFoundError):
        read_run(tmp_path)


# --- kill -9 ------------------------------------------------------------------------------------


async def test_a_job_survives_the_death_of_its_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with downloads under way, started again on the same store and ports."""
    plan = brisk(
        networks=SLOW,
        fleets={"meters": BRISK | {"devices": 5, "network": "slow"}},
        jobs=[SOON | {"concurrency": 3}],
    )
    store = f"sqlite:///{tmp_path / 'platform.sqlite'}"
    is_under_way = asyncio.Event()
    rigs: dict[DeviceId, Rig] = {}

    def mounted(devices: Iterable[DevicePlan], worlds: Worlds, *, seed: int) -> Any:  # noqa: ANN401
        rigs.update(mount(devices, worlds, seed=seed))
        return rigs

    def watch(_: Snapshot) -> None:
        # The devices' own word: the observer's comes when a download may be over.
        held = [one._download.held_bytes for one in rigs.values() if one._download is not None]
        if sum(0 < some < 32_768 for some in held) >= 3:
            is_under_way.set()

    monkeypatch.setattr(real_run, "mount", mounted)

    async with platform_child() as first, platform_child() as second:
        known: dict[str, Any] = {"store": store, "devices": registrations(plan.devices)}
        await first.start(PlatformSettings(**known, log=part_path(tmp_path, 1)))
        ready = first.ready
        aimed_plan, keys = aimed(plan, ready)
        async with asyncio.TaskGroup() as tasks:
            running_fleet = tasks.create_task(
                carried_out(aimed_plan, tmp_path, keys=keys, on_snapshot=watch)
            )
            await asyncio.wait_for(is_under_way.wait(), WAIT_S)
            await kill(first)
            ports: dict[str, Any] = {
                "mqtt_port": urlsplit(ready["mqtt"]).port,
                "http_port": urlsplit(ready["http"]).port,
            }
            await second.start(
                PlatformSettings(**known, **ports, log=part_path(tmp_path, 2), part=2)
            )
        run = running_fleet.result()

    assert run.why == "settled"
    assert list(statuses(run.records).values()) == ["succeeded"] * 5
    dropped = {one.device for one in of(run, "offline") if one["why"] != "reboot"}
    assert len(dropped) == 5
    assert len(of(run, "download_cut")) >= 3
    assert {one["status"] for one in of(run, "file_sent")} >= {200, 206}
    pushes = of(run, "push_received")
    assert len({(one.device, one["request"]) for one in pushes}) == 5


async def kill(child: PlatformChild) -> None:
    """Kill a platform without a word, and see it dead."""
    psutil.Process(child._process.pid).send_signal(signal.SIGKILL)
    await asyncio.wait_for(child._process.wait(), WAIT_S)
