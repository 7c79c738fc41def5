"""A lone platform of Huawei's, gateways on it that speak for their children, and batch tasks.

What a gateway says and hears is written out as JSON, by no codec of ours.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fleet_sim.dialects import registry
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.mqtt import client as mqtt
from tests.runtime.lone_platform import CONTENT, ORG, SECRET, Client, LonePlatform

HUAWEI = registry.get("huawei")
GATEWAY, OTHER, CHILD, SIBLING = (DeviceId("pk", name) for name in ("g", "g2", "c1", "c2"))

Json = Any  # what a JSON text holds


def family() -> tuple[LonePlatform, Client]:
    """Return a platform that knows two gateways and the first one's two children; that is on it."""
    world = LonePlatform(HUAWEI.contract, dialect=HUAWEI)
    world.platform.register([
        *(Registration(one, SECRET) for one in (GATEWAY, OTHER)),
        *(Registration(one, "", gateway=GATEWAY) for one in (CHILD, SIBLING)),
    ])  # fmt: skip
    world.settle()
    return world, connected(world, GATEWAY)


def connected(world: LonePlatform, device: DeviceId) -> Client:
    """Connect a device; what the broker said to that is taken out."""
    client = Client(world, device)
    assert client.events() == [mqtt.Connected(session_present=False)]
    return client


def event(kind: str, paras: Json, *, service: str = "$ota") -> Json:
    """Return one event."""
    return {"service_id": service, "event_type": kind, "event_id": "7", "paras": paras}


def presence(**words: str) -> Json:
    """Return the event that tells which children are on line: device key to `ONLINE` or not."""
    statuses = [{"device_id": f"pk_{key}", "status": word} for key, word in words.items()]
    paras = {"device_statuses": statuses}
    return event("sub_device_update_status", paras, service="$sub_device_manager")


def says(world: LonePlatform, gateway: Client, *services: Json, of: str = "") -> None:
    """Have a gateway publish events on its topic, about a child or about nobody by name."""
    named = {"object_device_id": f"pk_{of}"} if of else {}
    payload = json.dumps({**named, "services": services}).encode()
    gateway.publish(f"$oc/devices/pk_{gateway.device.device_key}/sys/events/up", payload)
    world.settle()


def hears(gateway: Client) -> list[tuple[str, str, Json]]:
    """Return what has come down a gateway's topic: whom it is for, its kind and its paras."""
    found = []
    for one in gateway.events():
        if isinstance(one, mqtt.Received):
            assert one.topic == f"$oc/devices/pk_{gateway.device.device_key}/sys/events/down"
            body = json.loads(one.payload)
            (said,) = body["services"]
            found.append((body["object_device_id"], said["event_type"], said["paras"]))
    return found


def asks(world: LonePlatform, method: str, path: str, body: Json) -> Json:
    """Ask something of IoTDA v5; bytes are sent as they are."""
    answers: list[HttpResponse | HttpFile] = []
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    world.platform.http(HttpRequest(method, path, body=content), answers.append)
    while not answers:
        world.settle()
    (answer,) = answers
    assert isinstance(answer, HttpResponse)
    assert answer.status < 300, answer.body
    return json.loads(answer.body) if answer.body else None


def ordered(world: LonePlatform, *keys: str, **changes: Json) -> str:
    """Order 2.0 for these devices by a batch task, and return its id."""
    asks(world, "PUT", "/fleet-sim/objects/bucket/fw.bin", CONTENT)
    place = {
        "region_name": "r", "bucket_name": "bucket", "object_key": "fw.bin",
        "sign_method": "SHA256", "sign": hashlib.sha256(CONTENT).hexdigest(),
    }  # fmt: skip
    package = {
        "package_type": "firmwarePackage", "product_id": "pk", "version": "2.0",
        "file_location": {"obs_location": place},
    }  # fmt: skip
    packed = asks(world, "POST", f"/v5/iot/{ORG}/ota-upgrades/packages", package)
    task = {
        "task_name": "t", "task_type": "firmwareUpgrade", "targets": [f"pk_{key}" for key in keys],
        "document": {"package_ids": [packed["package_id"]]}, **changes,
    }  # fmt: skip
    made = asks(world, "POST", f"/v5/iot/{ORG}/batchtasks", task)
    world.settle()
    return str(made["task_id"])


def details(world: LonePlatform, task_id: str) -> dict[str, str]:
    """Return target to status, as the task shows them."""
    shown = asks(world, "GET", f"/v5/iot/{ORG}/batchtasks/{task_id}", b"")
    return {one["target"]: one["status"] for one in shown["task_details"]}
