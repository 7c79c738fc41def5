"""Gateways on the vendor's Device SDK: children log in over them and are upgraded through them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import TaskStatus
from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.kinds import Packet
from fleet_sim.mqtt.packets import Publish, Subscribe
from tests.vendors.enos.beside import until
from tests.vendors.enos.device_sdk import sdk_device
from tests.vendors.enos.gateway import asked, bring, report_for
from tests.vendors.enos.scene import Scene, scene
from tests.vendors.proxy import Proxy, proxied
from tests.vendors.stranger import Stranger

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environment.

PRODUCT = "meters00"
GATEWAY = Registration(DeviceId("gateway0", "gw-1"), "s3cret of the gateway")
OTHER = Registration(DeviceId("gateway0", "gw-2"), "s3cret of the other")
CHILD = Registration(DeviceId(PRODUCT, "child-1"), "s3cret of the child")
FORGED = Registration(CHILD.device, "another secret")
STRANGE = Registration(DeviceId(PRODUCT, "nobody"), "s3cret")


@contextlib.asynccontextmanager
async def gateway(
    here: Scene,
    folder: Path,
    who: Registration = GATEWAY,
    **settings: Any,  # noqa: ANN401 - JSON
) -> AsyncIterator[Stranger]:
    """Start a gateway and connect it."""
    url = settings.pop("url", here.url)
    async with sdk_device(url, who.device, who.secret, folder, **settings) as one:
        await one.tell(do="connect")
        await one.hear("connected")
        yield one


async def test_a_child_is_upgraded_over_its_gateway(tmp_path: Path) -> None:
    """Logged in, it is pushed to on its own topic over the gateway's connection."""
    async with scene(GATEWAY, CHILD) as here, gateway(here, tmp_path) as one:
        await bring(one, CHILD, "1.0")
        await here.order(PRODUCT)
        pushed = await one.hear("pushed")
        await one.hear("upgraded", device="child-1", version="2.0")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert pushed["device"] == "child-1"
    assert "unanswered" not in {event["event"] for event in one.heard}


async def test_the_answer_names_the_child(tmp_path: Path) -> None:
    """The SDK's accessors read the child's keys from the answers to login and logout."""
    async with scene(GATEWAY, CHILD) as here, gateway(here, tmp_path) as one:
        told = [await asked(one, what, CHILD) for what in ("login", "logout", "login_batch")]

    keys = {"productKey": PRODUCT, "deviceKey": "child-1"}
    assert [answer["code"] for answer in told] == [200, 200, 200]
    assert keys.items() <= told[0]["data"].items()
    assert keys.items() <= told[1]["data"].items()
    assert [keys.items() <= one.items() for one in told[2]["data"]["loginedSubDevices"]] == [True]


async def test_a_batch_brings_children_on_line(tmp_path: Path) -> None:
    """As one login each would."""
    async with scene(GATEWAY, CHILD) as here, gateway(here, tmp_path) as one:
        assert (await asked(one, "login_batch", CHILD))["code"] == 200
        await report_for(one, CHILD, "1.0")
        await here.order(PRODUCT)
        await one.hear("upgraded", device="child-1")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")


@pytest.mark.parametrize(("child", "code"), [(FORGED, 742), (STRANGE, 705)])
async def test_who_cannot_prove_it_stays_out(
    child: Registration, code: int, tmp_path: Path
) -> None:
    """A wrong signature and a stranger are told apart, by the codes of the tables."""
    async with scene(GATEWAY, CHILD) as here, gateway(here, tmp_path) as one:
        answer = await asked(one, "login", child)

    assert answer["code"] == code


async def test_a_child_that_was_logged_out_is_off_line(tmp_path: Path) -> None:
    """Its task waits; when it is back, the push comes."""
    async with scene(GATEWAY, CHILD) as here, gateway(here, tmp_path) as one:
        await bring(one, CHILD, "1.0")
        await asked(one, "logout", CHILD)
        await here.order(PRODUCT)
        meanwhile = await here.outcome()
        await bring(one, CHILD, "1.0")
        await one.hear("upgraded", device="child-1")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert meanwhile == (TaskStatus.QUEUED, None, None)


async def test_after_a_cut_the_sdk_logs_its_children_in_again(tmp_path: Path) -> None:
    """By itself, and without subscribing again; the upgrade then goes on where it stood."""
    async with scene(GATEWAY, CHILD) as here, proxied(here.url) as proxy:
        url = f"mqtt://127.0.0.1:{proxy.port}"
        async with gateway(here, tmp_path, url=url, hold_at="downloaded") as one:
            await bring(one, CHILD, "1.0")
            await here.order(PRODUCT)
            await one.hear("held")
            proxy.cut()
            await one.hear("connected")
            await until(partial(has_logged_in, proxy))
            await report_for(one, CHILD, "1.0")
            await one.tell(do="go")
            await one.hear("upgraded", device="child-1", attempt=1)

            assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert not any(isinstance(packet, Subscribe) for packet in packets_again(proxy))


def packets_again(proxy: Proxy) -> list[Packet]:
    """Return what the SDK sent over its second connection."""
    return Decoder(1 << 20).feed(bytes(proxy.sent[1]))


async def has_logged_in(proxy: Proxy) -> bool:
    """Tell whether the SDK has logged the child in over its second connection."""
    login = "/ext/session/gateway0/gw-1/combine/login"
    said = (packet for packet in packets_again(proxy) if isinstance(packet, Publish))
    return any(packet.topic == login for packet in said)


async def test_a_child_moves_to_the_gateway_that_brings_it(tmp_path: Path) -> None:
    """Pushes go where it came on line last."""
    async with (
        scene(GATEWAY, OTHER, CHILD) as here,
        gateway(here, tmp_path) as one,
        gateway(here, tmp_path, OTHER) as other,
    ):
        await bring(one, CHILD, "1.0")
        await bring(other, CHILD, "1.0")
        await here.order(PRODUCT)
        await other.hear("upgraded", device="child-1")

    assert "pushed" not in {event["event"] for event in one.heard}


async def test_a_topology_binds_a_child(tmp_path: Path) -> None:
    """Once told whose it is, the platform lets no other gateway bring it, until it is set free."""
    async with (
        scene(GATEWAY, OTHER, CHILD) as here,
        gateway(here, tmp_path) as one,
        gateway(here, tmp_path, OTHER) as other,
    ):
        added = await asked(one, "topo_add", CHILD)
        mine = await asked(one, "topo_get")
        theirs = await asked(other, "topo_get")
        refused = await asked(other, "login", CHILD)
        removed = await asked(one, "topo_delete", CHILD)
        freed = await asked(other, "login", CHILD)

    assert [answer["code"] for answer in (added, mine, theirs, removed, freed)] == [200] * 5
    assert mine["data"] == [{"productKey": PRODUCT, "deviceKey": "child-1"}]
    assert theirs["data"] == []
    assert refused["code"] == 740
