"""A gateway of Huawei's on a real socket, octet by octet, takes an upgrade for its two children."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fleet_sim.cli.sources import read_devices
from fleet_sim.model.identity import Registration
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.run_log import part_path
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.scenario.credentials import Families
from tests.conformance.octets import connack, connect, publish
from tests.conformance.raw_client import RawClient
from tests.runtime.mosquitto import mosquitto
from tests.runtime.platforms import running
from tests.topologies.commands import serving

DEVICES = """\
product_key,device_key,device_secret,gateway
pk,gw,s3cret,
pk,one,,pk/gw
pk,two,,pk/gw
"""
FILE = b"firmware" * 4_096
UP, DOWN = (f"$oc/devices/pk_gw/sys/events/{way}" for way in ("up", "down"))
HOUR = "2026030101"
EXTRA = {"shift": "night"}

Json = Any  # what a JSON text holds


@dataclass(slots=True)
class Gateway:
    """One that says what it is told to, for itself or for a child."""

    line: RawClient

    def says(self, kind: str, paras: Json, *, of: str = "", service: str = "$ota") -> None:
        """Publish an event at QoS 0, about a child or about nobody by name."""
        event = {"service_id": service, "event_type": kind, "paras": paras}
        named = {"object_device_id": f"pk_{of}"} if of else {}
        self.line.say(publish(UP, json.dumps({**named, "services": [event]}).encode()))

    def hears(self) -> tuple[str, str, Json]:
        """Wait for the next event; return whom it is for, its kind and its paras."""
        message = self.line.hear_message()
        assert message.topic == DOWN
        body = json.loads(message.payload)
        (event,) = body["services"]
        return body["object_device_id"], event["event_type"], event["paras"]


@contextlib.contextmanager
def gateway(port: int, *, subscribes: bool) -> Iterator[Gateway]:
    """Connect with a signature made by hand; subscribe where nothing comes otherwise."""
    signature = hmac.new(HOUR.encode(), b"s3cret", "sha256").hexdigest()
    line = RawClient(port, "pk_gw")
    try:
        line.say(
            connect(
                f"pk_gw_0_0_{HOUR}", keep_alive_s=120, username="pk_gw", password=signature.encode()
            )
        )
        assert line.hear() == connack()
        if subscribes:
            line.subscribe((DOWN, 1))
        yield Gateway(line)
    finally:
        line.close()


@dataclass(frozen=True, slots=True)
class Operator:
    """One who asks IoTDA v5."""

    ready: Mapping[str, Any]

    def asks(self, method: str, path: str, body: bytes | Json = b"") -> Json:
        """Make a request; return the answer's JSON, or its bytes where it is none."""
        line = HTTPConnection(urlsplit(self.ready["http"]).netloc, timeout=30)
        try:
            line.request(method, path, body if isinstance(body, bytes) else json.dumps(body))
            answer = line.getresponse()
            content = answer.read()
            assert answer.status < 300, content
            is_json = answer.headers.get_content_type() == "application/json"
            return json.loads(content) if is_json else content
        finally:
            line.close()

    def orders(self, *targets: str) -> str:
        """Order 2.0 for these devices, in a task for gateways; return its id."""
        root = f"/v5/iot/{self.ready['org']}"
        self.asks("PUT", "/fleet-sim/objects/bucket/fw.bin", FILE)
        place = {
            "region_name": "r", "bucket_name": "bucket", "object_key": "fw.bin",
            "sign_method": "SHA256", "sign": hashlib.sha256(FILE).hexdigest(),
        }  # fmt: skip
        package = {
            "package_type": "firmwarePackage", "product_id": "pk", "version": "2.0",
            "file_location": {"obs_location": place},
        }  # fmt: skip
        packed = self.asks("POST", f"{root}/ota-upgrades/packages", package)
        task = {
            "task_name": "t", "task_type": "firmwareUpgrade", "task_mode": "GATEWAY",
            "task_ext_info": EXTRA, "targets": list(targets),
            "document": {"package_ids": [packed["package_id"]]},
        }  # fmt: skip
        return str(self.asks("POST", f"{root}/batchtasks", task)["task_id"])

    def sees(self, task_id: str) -> tuple[str, dict[str, str]]:
        """Return a task's status, and target to status."""
        shown = self.asks("GET", f"/v5/iot/{self.ready['org']}/batchtasks/{task_id}")
        details = {one["target"]: one["status"] for one in shown["task_details"]}
        return shown["batchtask"]["status"], details


def upgrade(one: Gateway, operator: Operator, notice: Json, child: str) -> None:
    """Answer the question for a child's version, fetch the file and report, all in its name."""
    assert one.hears() == (f"pk_{child}", "version_query", notice)
    one.says("version_report", {"fw_version": "1.0"}, of=child)
    target, kind, paras = one.hears()
    assert (target, kind) == (f"pk_{child}", "firmware_upgrade_v2")
    assert notice.items() <= paras.items()
    content = operator.asks("GET", urlsplit(paras["url"]).path)
    assert (content, paras["sign"]) == (FILE, hashlib.sha256(FILE).hexdigest())
    for percent, version in ((40, "1.0"), (100, "2.0")):
        report = {"result_code": 0, "progress": percent, "version": version}
        one.says("upgrade_progress_report", report, of=child)


def whole_story(port: int, ready: Mapping[str, Any], *, subscribes: bool) -> None:
    """Bring one child by its status and the other by its words; upgrade both."""
    operator = Operator(ready)
    with gateway(port, subscribes=subscribes) as one:
        statuses = [{"device_id": f"pk_{key}", "status": "ONLINE"} for key in ("one", "stranger")]
        one.says(
            "sub_device_update_status", {"device_statuses": statuses}, service="$sub_device_manager"
        )
        target, kind, paras = one.hears()
        assert (target, kind) == ("pk_gw", "sub_device_update_status_response")
        assert paras["successful_devices"] == statuses[:1]
        assert [failed["device_id"] for failed in paras["failed_devices"]] == ["pk_stranger"]

        task_id = operator.orders("pk_one", "pk_two")
        notice = {"task_id": task_id, "sub_device_count": 2, "task_ext_info": EXTRA}
        upgrade(one, operator, notice, "one")
        one.says("version_report", {"fw_version": "1.0"}, of="two")
        upgrade(one, operator, notice, "two")
        # What is answered now was said after the reports.
        one.says("sub_device_update_status", {"device_statuses": []}, service="$sub_device_manager")
        one.hears()
        assert operator.sees(task_id) == ("Success", {"pk_one": "Success", "pk_two": "Success"})


async def test_children_are_upgraded_behind_a_gateway_of_serve(tmp_path: Path) -> None:
    """The platform is a process of its own, told by a file whose children they are."""
    devices = tmp_path / "devices.csv"
    devices.write_text(DEVICES)
    async with serving("--dialect", "huawei", "--devices", str(devices)) as ready:
        port = urlsplit(ready["mqtt"]).port
        assert port is not None

        await asyncio.to_thread(whole_story, port, ready, subscribes=False)


async def test_children_are_upgraded_over_a_stock_broker(tmp_path: Path) -> None:
    """Where the gateway subscribes to its own topic, as on any broker; the log names it."""
    devices = tmp_path / "devices.csv"
    devices.write_text(DEVICES)
    known = [
        Registration(one.device, one.secret, gateway=one.gateway)
        for one in read_devices(str(devices), families=Families.TRUSTED)
    ]
    with mosquitto(tmp_path, "allow_anonymous true") as port:
        settings = {"broker": BrokerAccess(host="127.0.0.1", port=port), "dialect": "huawei"}
        async with running(devices=known, log=part_path(tmp_path, 1), **settings) as ready:
            await asyncio.to_thread(whole_story, port, ready, subscribes=True)

    online = [
        (one.device, one.fields.get("over")) for one in read_run(tmp_path) if one.kind == "online"
    ]
    assert online == [("pk/gw", None), ("pk/one", "pk/gw"), ("pk/two", "pk/gw")]
