from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fleet_sim.model.northbound import Listed, SearchJobs
from fleet_sim.runtime.cloud import Cloud, clouds_of
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.platform.child import platform_children
from fleet_sim.runtime.run_log import part_path
from fleet_sim.runtime.sites import met, started
from fleet_sim.runtime.target.target import OperatorKeys
from fleet_sim.scenario.plan import TargetPlan
from tests.runtime.plans import TWO_VENDORS, planned
from tests.runtime.platforms import calling, running


@pytest.mark.usefixtures("acme_everywhere")
async def test_every_cloud_has_a_platform_of_its_own(tmp_path: Path) -> None:
    """With its own account, ports and part of the log; each answers its own operator."""
    clouds = clouds_of(planned(**TWO_VENDORS))

    async with platform_children(2) as children:
        sites = await started(clouds, children, folder=tmp_path, access=None)
        ready = [child.ready for child in children]
        for one in ready:
            async with calling(one) as caller:
                assert await caller.ask(SearchJobs()) == Listed((), 1, 10, 0)

    assert [site.cloud for site in sites] == list(clouds)
    assert [site.target.backend for site in sites] == [one["http"] for one in ready]
    assert [site.met for site in sites] == [None, None]
    for name in ("mqtt", "http", "org", "app_key", "app_secret"):
        assert ready[0][name] != ready[1][name]
    by_part = sorted(read_run(tmp_path), key=lambda one: one.part)
    assert [one["dialect"] for one in by_part] == [site.cloud.dialect.name for site in sites]
    assert part_path(tmp_path, 1).exists()
    assert part_path(tmp_path, 2).exists()


async def test_a_platform_that_cannot_start_is_told_by_itself(tmp_path: Path) -> None:
    """No group of errors, though all start at a time."""
    clouds = clouds_of(planned())

    async with platform_children(1) as children:
        with pytest.raises(TargetError, match="cannot start: there is no dialect 'nobodys'"):
            await started(
                [_of_an_unknown_vendor(clouds[0])],
                children,
                folder=tmp_path,
                access=None,
            )


def _of_an_unknown_vendor(cloud: Cloud) -> Cloud:
    """Return a cloud of which a child knows nothing."""
    plan, name = cloud.plan, "nobodys"
    return replace(
        cloud,
        dialect=replace(cloud.dialect, name=name),
        plan=replace(plan, contracts={name: plan.contracts["enos"]}),
    )


async def test_a_target_by_url_is_met_before_the_run() -> None:
    """It has no child; what it said is kept for the run."""
    async with running(signed_only=True) as ready:
        target = TargetPlan(broker=ready["mqtt"], backend=ready["http"], org=ready["org"])
        (cloud,) = clouds_of(replace(planned(), target=target))
        keys = OperatorKeys(app_key=ready["app_key"], app_secret=ready["app_secret"])

        site = await met(cloud, keys=keys, login=None, stop=asyncio.Event(), say=lambda _: None)

    assert site.cloud == cloud
    assert site.child is None
    assert site.met is not None
    assert site.met.known == ()
    assert site.target.subscribes
