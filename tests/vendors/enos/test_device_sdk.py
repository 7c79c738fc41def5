"""The vendor's Device SDK against the embedded platform."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import Retry, TaskStatus
from fleet_sim.mqtt.decoding import Decoder
from fleet_sim.mqtt.packets import Connect, Publish, Subscribe
from tests.vendors.enos.beside import until
from tests.vendors.enos.device_sdk import come_on_line, sdk_device
from tests.vendors.enos.scene import scene
from tests.vendors.proxy import proxied
from tests.vendors.stranger import Stranger

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environment.

PRODUCT = "meters00"
METER = Registration(DeviceId(PRODUCT, "sdk-1"), "s3cret")
DONE = ("answered", "report", 200)


@contextlib.asynccontextmanager
async def meter(url: str, folder: Path, **settings: Any) -> AsyncIterator[Stranger]:  # noqa: ANN401 - JSON
    """Start the device and bring it on line with 1.0."""
    async with sdk_device(url, METER.device, METER.secret, folder, **settings) as one:
        await come_on_line(one, "1.0")
        yield one


def story(one: Stranger) -> list[tuple[Any, ...]]:
    """Return what it told since it came on line, shortened: each event with its main word."""
    words = {"answered": ("what", "code"), "upgraded": ("attempt",), "gave_up": ("code", "text")}
    told = [
        (event["event"], *(event[word] for word in words.get(event["event"], ())))
        for event in one.heard
    ]
    return told[told.index(DONE) + 1 :]


def packets(sent: bytes, kind: type[Any]) -> int:
    """Count the packets of a kind in what a client sent."""
    return sum(isinstance(packet, kind) for packet in Decoder(1 << 20).feed(sent))


async def test_a_push_is_carried_out(tmp_path: Path) -> None:
    """It comes unasked on a topic the SDK never subscribes to, and every report is answered."""
    async with scene(METER) as here, meter(here.url, tmp_path) as one:
        await here.order(PRODUCT)
        await one.hear("upgraded", version="2.0")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert story(one) == [
        ("pushed",),
        ("answered", "progress 10", 200),
        ("answered", "progress 50", 200),
        ("answered", "progress 100", 200),
        DONE,
        ("upgraded", 1),
    ]


async def test_a_reply_to_the_push_may_come_last(tmp_path: Path) -> None:
    """The SDK sends what its handler returns when that returns: after the upgrade is over."""
    async with scene(METER) as here, meter(here.url, tmp_path, handler="answers") as one:
        await here.order(PRODUCT)
        await one.hear("upgraded")
        await one.tell(do="report", version="2.0")  # behind the reply, on the same connection
        await one.hear("answered", what="report")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")


@pytest.mark.parametrize(("handler", "code"), [("none", "1101"), ("raises", "500")])
async def test_a_device_that_cannot_take_a_push_keeps_it(
    handler: str, code: str, tmp_path: Path
) -> None:
    """The SDK answers for it, with its code as text; the task waits for progress all the same."""
    async with scene(METER) as here, proxied(here.url) as proxy:
        url = f"mqtt://127.0.0.1:{proxy.port}"
        async with meter(url, tmp_path, handler=handler) as one:
            await here.order(PRODUCT)
            replies: list[Any] = []

            async def has_replied() -> bool:
                replies[:] = [
                    json.loads(packet.payload)
                    for packet in Decoder(1 << 20).feed(bytes(proxy.sent[0]))
                    if isinstance(packet, Publish) and packet.topic.endswith("/upgrade_reply")
                ]
                return bool(replies)

            await until(has_replied)
            await one.tell(do="report", version="1.0")  # behind the reply, on the same connection
            await one.hear("answered", what="report", code=200)

            assert await here.outcome() == (TaskStatus.PUSHED, None, None)
    assert [reply["code"] for reply in replies] == [code]


async def test_a_device_that_must_ask_is_not_pushed(tmp_path: Path) -> None:
    """It asks, is offered the one version there is, and carries it out as if it were pushed."""
    async with scene(METER) as here, meter(here.url, tmp_path) as one:
        await one.tell(do="ask")
        nothing = await one.hear("offered")
        await here.order(PRODUCT, devices_must_ask=True)
        before = await here.task()
        await one.tell(do="ask")
        offered = await one.hear("offered")
        await one.hear("upgraded", version="2.0")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert nothing["versions"] == []
    assert before.status is TaskStatus.QUEUED
    assert offered["versions"] == ["2.0"]
    assert ("pushed",) not in story(one)


async def test_a_damaged_image_is_tried_again(tmp_path: Path) -> None:
    """The device finds the wrong digest itself; the retry policy pushes again, and all is well."""
    async with scene(METER) as here, meter(here.url, tmp_path, corrupt=[1]) as one:
        await here.order(PRODUCT, retry=Retry(2, 0))
        failed = await one.hear("gave_up")
        await one.hear("upgraded", attempt=2)

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert (failed["code"], failed["text"]) == ("-3", "digest mismatch")
    assert ("answered", "progress -3", 200) in story(one)
    assert story(one).count(("pushed",)) == 2


async def test_retries_end(tmp_path: Path) -> None:
    """An image that is damaged each time ends the task with the device's own code and words."""
    async with scene(METER) as here, meter(here.url, tmp_path, corrupt=[1, 2]) as one:
        await here.order(PRODUCT, retry=Retry(1, 0))
        await one.hear("gave_up")
        await one.hear("gave_up")

        assert await here.outcome() == (TaskStatus.FAILED, -3, "digest mismatch")
    assert story(one).count(("pushed",)) == 2


@pytest.mark.parametrize(("hold_at", "pushes"), [("pushed", 2), ("downloaded", 1)])
async def test_a_cut_in_mid_upgrade_is_survived(hold_at: str, pushes: int, tmp_path: Path) -> None:
    """The SDK reconnects and believes it is still subscribed; its replies come all the same.

    A task that has shown no progress is pushed again; one under way is not.
    """
    async with scene(METER) as here, proxied(here.url) as proxy:
        url = f"mqtt://127.0.0.1:{proxy.port}"
        async with meter(url, tmp_path, hold_at=hold_at) as one:
            await here.order(PRODUCT)
            await one.hear("held")
            proxy.cut()
            await one.hear("connected")
            await one.tell(do="report", version="1.0")  # as after every connection
            if pushes > 1:
                await one.hear("pushed")
            await one.tell(do="go")
            await one.hear("upgraded", attempt=1)

            assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    first, second = (bytes(sent) for sent in proxy.sent)
    assert story(one).count(("pushed",)) == pushes
    assert "unanswered" not in {event["event"] for event in one.heard}
    assert packets(first, Subscribe) > 0
    assert (packets(second, Connect), packets(second, Subscribe)) == (1, 0 if pushes == 1 else 1)


async def test_a_device_is_activated_by_its_products_secret(tmp_path: Path) -> None:
    """Nobody knew it: it is given a secret of its own, and comes by that from then on."""
    async with scene() as here:
        device = DeviceId(here.ready["product_key"], "new-1")
        secret = here.ready["product_secret"]
        async with sdk_device(here.url, device, "", tmp_path, product_secret=secret) as one:
            await one.tell(do="connect")
            given = (await one.hear("activated"))["secret"]
            await one.tell(do="close")
            await one.hear("closed")
        async with sdk_device(here.url, device, given, tmp_path) as one:
            await come_on_line(one, "1.0")
            await here.order(device.product_key)
            await one.hear("upgraded", version="2.0")

        assert await here.outcome() == (TaskStatus.SUCCEEDED, 100, "installed")
    assert given not in {"", secret}


async def test_a_device_keeps_the_secret_it_was_given(tmp_path: Path) -> None:
    """Activated again, as the SDK does on each reconnect, it is told the same."""
    async with scene() as here, proxied(here.url) as proxy:
        device = DeviceId(here.ready["product_key"], "new-1")
        secret = here.ready["product_secret"]
        url = f"mqtt://127.0.0.1:{proxy.port}"
        async with sdk_device(url, device, "", tmp_path, product_secret=secret) as one:
            await one.tell(do="connect")
            first = await one.hear("activated")
            proxy.cut()
            second = await one.hear("activated")

    assert first["secret"] == second["secret"]
