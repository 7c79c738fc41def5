import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.dialects.enos.signature import Claim, client_id_of, sign, username_of
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import (
    ProgressReport,
    ReportReply,
    UpgradeReply,
    UpgradeRequest,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    FirmwareOrder,
    JobCreated,
    JobOrder,
    Listed,
    Names,
    Scope,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    StopJob,
    Window,
)
from fleet_sim.mqtt import client as mqtt
from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.kinds import Connack, Connect
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.real_time import epoch_ms
from fleet_sim.runtime.run_log import part_path
from tests.dialects.enos.hostile import HOSTILE
from tests.runtime.hostile import (
    AFTER_CONNECT,
    BEFORE_CONNECT,
    FILTERS,
    GATEWAY,
    PAYLOADS,
    PROGRESS,
    SIGNED,
    TOPICS,
)
from tests.runtime.platforms import WAIT_S, Caller, Line, Talker, calling, running

PRODUCT = "product0"
SECRETS = {DeviceId(PRODUCT, name): f"{name} secret" for name in ("victim", "enemy")}
VICTIM, ENEMY = SECRETS
CONTENT = b"firmware"


@dataclass(slots=True)
class Scene:
    """A running platform, its operator, and a healthy device that is on line throughout."""

    ready: Mapping[str, Any]
    caller: Caller
    victim: Talker

    async def enemy(self) -> Talker:
        """Return the other device, on line."""
        return await Talker.connect(self.ready["mqtt"], ENEMY, SECRETS[ENEMY])

    async def totals(self) -> list[int]:
        """Count all that can be listed."""
        found = [
            await self.caller.ask(call)
            for call in (SearchJobs(), SearchFirmware(), SearchTasks(), SearchDevices())
        ]
        return [one.total for one in found if isinstance(one, Listed)]

    async def firmware(self, version: str, *, needs_verification: bool = False) -> str:
        """Upload an image; return its id."""
        content = CONTENT + version.encode()
        order = FirmwareOrder(
            PRODUCT, Names(f"fw {version}"), version, hashlib.sha256(content).hexdigest(),
            "sha256", "fw.bin", needs_verification=needs_verification,
        )  # fmt: skip
        answer = await self.caller.ask(CreateFirmware(order, content))
        assert isinstance(answer, FirmwareCreated)
        return answer.firmware_id

    async def job(self, firmware_id: str, **changes: Any) -> str:  # noqa: ANN401 - of an order
        """Order a job for the victim; return its id."""
        scope = Scope(total=False, device_keys=(VICTIM.device_key,))
        order = JobOrder(firmware_id, "upgrade", scope, Names("job"), **changes)
        answer = await self.caller.ask(CreateJob(order))
        assert isinstance(answer, JobCreated)
        return answer.job_id

    async def upgrade(self) -> None:
        """Take the victim to another version, as on any other day."""
        await self.job(await self.firmware("7.0"))
        push = await self.push()
        self.victim.say(UpgradeReply(push.message_id))
        self.victim.say(ProgressReport("90", 0))
        self.victim.say(ProgressReport("91", 100))
        self.victim.say(VersionReport("92", "7.0"))
        await self.victim.until(mqtt.Acknowledged, 4)
        found = await self.caller.ask(SearchTasks())
        assert isinstance(found, Listed)
        assert "succeeded" in str(found.rows)

    async def push(self) -> UpgradeRequest:
        """Wait for the victim's next push; nobody else's message comes before it."""
        (heard,) = await self.victim.hear()
        assert isinstance(heard, UpgradeRequest)
        return heard


@contextlib.asynccontextmanager
async def scene(**settings: Any) -> AsyncIterator[Scene]:  # noqa: ANN401 - of all types
    """Run a platform, with the victim on line and its version known."""
    devices = [Registration(device, secret) for device, secret in SECRETS.items()]
    async with running(devices=devices, **settings) as ready, calling(ready) as caller:
        victim = await Talker.connect(ready["mqtt"], VICTIM, SECRETS[VICTIM])
        victim.say(VersionReport("1", "1.0"))
        await victim.hear()
        await victim.until(mqtt.Acknowledged)
        made = Scene(ready, caller, victim)
        try:
            yield made
        finally:
            await made.victim.close()


# --- HTTP ---------------------------------------------------------------------------------------


async def test_every_wrong_request_gets_its_code_and_leaves_no_trace() -> None:
    """Over real HTTP, against real rows; afterwards an upgrade goes as on any other day."""
    async with scene() as here:
        firmware_id = await here.firmware("2.0")
        later = Window(epoch_ms() + 3_600_000, epoch_ms() + 7_200_000)
        job_id = await here.job(firmware_id, window=later)
        stopped_job_id = await here.job(firmware_id, window=later)
        await here.caller.ask(StopJob(stopped_job_id))
        ids = {
            "org": here.ready["org"],
            "firmware_id": firmware_id,
            "unverified_firmware_id": await here.firmware("3.0", needs_verification=True),
            "job_id": job_id,
            "stopped_job_id": stopped_job_id,
            "device_key": VICTIM.device_key,
            "product_key": PRODUCT,
        }
        before = await here.totals()

        wrong = []
        for case in HOSTILE:
            response = await here.caller.send(case.request(ids))
            code = json.loads(response.body)["code"]
            if (response.status, code) != (200, case.code):
                wrong.append((case.name, case.code, response.status, response.body))

        assert wrong == []
        assert await here.totals() == before
        await here.upgrade()


# --- MQTT ---------------------------------------------------------------------------------------


async def test_rubbish_instead_of_a_connect_is_closed() -> None:
    """Nobody is let in by it, and nobody else notices."""
    async with scene() as here:
        let_in = []
        for name, data in BEFORE_CONNECT:
            line = await Line.open(here.ready["mqtt"])
            line.write(data)
            said = await line.end()
            if any(not isinstance(one, Connack) or one.code == 0 for one in said):
                let_in.append((name, said))
            await line.close()

        assert let_in == []
        await here.upgrade()


async def test_a_connect_that_never_ends_holds_nobody_up() -> None:
    """Half a packet on many connections; they end with the platform."""
    async with scene() as here:
        lines = [await Line.open(here.ready["mqtt"]) for _ in range(50)]
        for line in lines:
            line.write(b"\x10\x7f\x00\x04MQTT")

        await here.upgrade()

        for line in lines:
            await line.close()


async def test_a_signature_of_nobody_who_may_lets_nobody_in() -> None:
    """Right by its own secret, and still of no use."""
    async with scene() as here:
        let_in = []
        for name, mode, who, secret in SIGNED:
            device = DeviceId.parse(_of_enemy(who))
            claim = Claim("x", mode, "sha256", "1")
            line = await Line.open(here.ready["mqtt"])
            password = sign(device, claim, _of_enemy(secret)).encode()
            line.write(encode(Connect(client_id_of(claim), username_of(device), password)))
            said = await line.end()
            if [one.code for one in said if isinstance(one, Connack)] not in ([4], [5]):
                let_in.append((name, said))
            await line.close()

        assert let_in == []
        await here.upgrade()


def _of_enemy(text: str) -> str:
    """Fill in what stands for the enemy's own: its name, its product and its secret."""
    filled = text.replace("{own}", str(ENEMY)).replace("{secret}", SECRETS[ENEMY])
    return filled.replace("{product}", PRODUCT)


async def test_a_gateway_gets_nobody_but_its_children() -> None:
    """Each request gets its code; the victim stays on line, and is upgraded as on any other day."""
    async with scene() as here:
        enemy = await here.enemy()
        wrong = []
        for name, leaf, text, code in GATEWAY:
            root = "/sys/" if leaf.startswith("thing") else "/ext/session/"
            about = text.replace("<product>", PRODUCT).replace("<key>", VICTIM.device_key)
            enemy.publish(f"{root}{ENEMY}/{leaf}", about.encode())
            await enemy.until(mqtt.Acknowledged)
            (reply,) = await enemy.until(mqtt.Received)
            if (reply.topic, _code(reply)) != (f"{root}{ENEMY}/{leaf}_reply", code):
                wrong.append((name, code, reply))

        assert wrong == []
        await here.upgrade()
        assert enemy.pending(mqtt.Received) == []
        await enemy.close()
        again = await Talker.connect(here.ready["mqtt"], VICTIM, SECRETS[VICTIM])
        await again.close()


def _code(reply: mqtt.Received) -> int:
    return int(json.loads(reply.payload)["code"])


async def test_who_breaks_the_protocol_is_closed() -> None:
    """That connection alone; the device may come back."""
    async with scene() as here:
        for _, data in AFTER_CONNECT:
            enemy = await here.enemy()
            enemy.line.write(data)
            await asyncio.wait_for(enemy.line.end(), WAIT_S)
            await enemy.close()

        await here.upgrade()


@pytest.mark.parametrize(("leaf", "cases"), [("inform", PAYLOADS), ("progress", PROGRESS)])
async def test_every_wrong_payload_gets_its_code(
    leaf: str, cases: tuple[tuple[str, bytes, int], ...]
) -> None:
    """And its PUBACK; the same connection goes on to the next."""
    async with scene() as here:
        enemy = await here.enemy()
        before = await here.totals()
        wrong = []
        for name, payload, code in cases:
            packet_id = enemy.publish(f"/sys/{ENEMY}/ota/device/{leaf}", payload)
            (acknowledged,) = await enemy.until(mqtt.Acknowledged)
            (reply,) = await enemy.hear()
            assert isinstance(reply, ReportReply)
            if (reply.code, acknowledged.packet_id) != (code, packet_id):
                wrong.append((name, code, reply))

        assert wrong == []
        assert await here.totals() == before
        await here.upgrade()
        await enemy.close()


async def test_a_reply_that_is_none_is_met_with_silence() -> None:
    """Replies get no replies; the PUBACK is all that comes."""
    async with scene() as here:
        enemy = await here.enemy()
        topic = f"/sys/{ENEMY}/ota/device/upgrade_reply"
        for _, payload, _ in PAYLOADS:
            enemy.publish(topic, payload)
        await enemy.until(mqtt.Acknowledged, len(PAYLOADS))
        enemy.session.ping()
        enemy.flush()

        events = await enemy.until(mqtt.Ponged)

        assert len(events) == 1
        assert enemy.pending(mqtt.Received) == []
        await here.upgrade()
        await enemy.close()


async def test_other_topics_are_out_of_reach() -> None:
    """What is published there reaches nobody; no filter leads there either."""
    async with scene() as here:
        enemy = await here.enemy()
        payload = b'{"id":"66","params":{"version":"6.6.6","step":"66"}}'
        for topic in _filled(TOPICS):
            enemy.publish(topic, payload)
        await enemy.until(mqtt.Acknowledged, len(TOPICS))
        for topic_filter in _filled(FILTERS):
            enemy.session.subscribe([(topic_filter, 1)])
            enemy.flush()
        subscribed = await enemy.until(mqtt.Subscribed, len(FILTERS))

        assert [one.codes for one in subscribed] == [(0x80,)] * len(FILTERS)
        devices = await here.caller.ask(SearchDevices())
        assert "6.6.6" not in str(devices)
        await here.upgrade()
        assert enemy.pending(mqtt.Received) == []
        await enemy.close()


def _filled(texts: tuple[str, ...]) -> list[str]:
    return [text.replace("{own}", str(ENEMY)).replace("{other}", str(VICTIM)) for text in texts]


async def test_a_newer_connection_of_the_same_device_takes_over() -> None:
    """The older one is closed; the newer one gets the push."""
    async with scene() as here:
        older = here.victim
        here.victim = await Talker.connect(here.ready["mqtt"], VICTIM, SECRETS[VICTIM])
        assert await older.line.end() == []
        here.victim.say(VersionReport("1", "1.0"))
        await here.victim.hear()
        await here.victim.until(mqtt.Acknowledged)

        await here.upgrade()
        await older.close()


async def test_hostile_words_leave_a_log_that_can_be_read(tmp_path: Path) -> None:
    """Each is in it as refused, whatever characters it is made of."""
    async with scene(log=part_path(tmp_path, 1)) as here:
        enemy = await here.enemy()
        for leaf, cases in (("inform", PAYLOADS), ("progress", PROGRESS)):
            for _, payload, _ in cases:
                enemy.publish(f"/sys/{ENEMY}/ota/device/{leaf}", payload)
                await enemy.until(mqtt.Acknowledged)
        enemy.publish("a\u2028b/\x85/\U0001f600", b"x")
        await enemy.until(mqtt.Acknowledged)
        await enemy.close()

    found = read_run(tmp_path)
    refused = [one for one in found if one.kind == "refused"]
    accepted = sum(code == 200 for _, _, code in PROGRESS)
    assert len(refused) == len(PAYLOADS) + len(PROGRESS) - accepted + 1
    assert refused[-1]["topic"] == "a\u2028b/\x85/\U0001f600"
    assert max(len(str(one["why"])) for one in refused) < 1_000
    descs = [one["desc"] for one in found if one.kind == "progress_received"]
    assert "a\u2028b\x85c" in descs
