"""The whole platform in one process: a gate, and behind it a backend that goes by the contract."""

from __future__ import annotations

import json
from typing import Any

from fleet_sim.dialects.http import HttpPart, HttpRequest
from fleet_sim.dialects.huawei import envelope
from fleet_sim.dialects.huawei.admin import PACKAGES_PATH
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.names import up_topic
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.messages import parts_of
from tests.backend.playbook import EPOCH_MS, PRODUCT, Server, device
from tests.dialects.huawei.scene import BATCHES, FILE, gate_with, task_body
from tests.dialects.huawei.shelf import held


class Platform:
    """See the module; its devices `d1` and `d2` are on line and run v1.0."""

    def __init__(self, contract: ContractProfile = CONTRACT) -> None:
        self.server, self.gate = Server(contract), gate_with(contract)
        self.server.fleet("d1", "d2", version="v1.0")

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Ask with a JSON body; return the JSON of an answer that is no error."""
        content = b"" if body is None else json.dumps(body).encode()
        request = HttpRequest(method, path, body=content)
        response = held(self.gate, self.server.call, request, EPOCH_MS + self.server.now_ms)
        assert response.status < 300, response.body
        return json.loads(response.body)

    def batched(self, **fields: object) -> str:
        """Make a batch task for both devices, with one more try after ten minutes; return its id.

        Unless `fields` say otherwise. Both have said which version they run, and have been told to
        upgrade.
        """
        order = {"task_policy": {"retry_count": 1, "retry_interval": 10}, **fields}
        names = (f"{PRODUCT}_d1", f"{PRODUCT}_d2")
        body = task_body(self.server.upload("v2.0"), *names, **order)
        made = self.ask("POST", BATCHES, body)
        self.answer("d1", "d2")
        return str(made["task_id"])

    def software(self, version: str) -> str:
        """Upload a software package as the console does; return its id."""
        package = json.dumps({"model": PRODUCT, "version": version, "fileType": "softwarePackage"})
        parts = (HttpPart("package", package.encode()), HttpPart("file", FILE, "sw.bin"))
        request = HttpRequest("POST", PACKAGES_PATH, parts=parts)
        response = held(self.gate, self.server.call, request, EPOCH_MS + self.server.now_ms)
        return str(json.loads(response.body)["fileId"])

    def says(self, key: str, kind: str, **paras: object) -> None:
        """Let a device say something, in Huawei's words."""
        payload = envelope.write("", kind, paras, self.server.fresh())
        _, message = HuaweiServer().decode(up_topic(device(key)), payload)
        for part in parts_of(message):
            self.server.say(key, part)

    def pushed(self, key: str) -> list[str]:
        """Return the types of the upgrade events that a device was sent, oldest first."""
        wires = (HuaweiServer().encode(device(key), one) for one in self.server.requests(key))
        bodies = (json.loads(wire.payload) for wire in wires if wire is not None)
        return [str(body["services"][0]["event_type"]) for body in bodies]

    def answer(self, *keys: str) -> None:
        """Let devices say which version they run, which they were asked for."""
        for key in keys:
            self.server.version(key, "v1.0")
