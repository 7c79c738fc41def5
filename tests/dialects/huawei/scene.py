"""A gate with a backend behind it, and somebody who asks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from fleet_sim.dialects.http import HttpPart, HttpRequest
from fleet_sim.dialects.huawei.admin import OBJECTS_PATH, PACKAGES_PATH
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.gate import HuaweiGate
from fleet_sim.dialects.huawei.oceanconnect import OPERATIONS
from fleet_sim.model.contract import ContractProfile
from tests.dialects.huawei.shelf import NOW, Shelf, ask

ORG = "0123456789abcdef" * 2
FILE = b"firmware"
SIGN = hashlib.sha256(FILE).hexdigest()
BATCHES = f"/v5/iot/{ORG}/batchtasks"
PACKAGES = f"/v5/iot/{ORG}/ota-upgrades/packages"


def gate_with(contract: ContractProfile = CONTRACT) -> HuaweiGate:
    """Make a gate that goes by this contract."""
    return HuaweiGate(ORG, {"A": "s"}, signed_only=False, contract=contract, seed=7)


@dataclass(slots=True)
class Scene:
    """See the module."""

    gate: HuaweiGate = field(default_factory=gate_with)
    shelf: Shelf = field(default_factory=Shelf)

    def ask(self, method: str, path: str, body: object = None, /, **query: str) -> tuple[int, Any]:
        """Ask with a JSON body; return the status and the answer's JSON, None for no body."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = b"" if body is None else content
        return self.send(HttpRequest(method, path, tuple(query.items()), body=given))

    def send(self, request: HttpRequest, at_ms: int = NOW) -> tuple[int, Any]:
        """The same with a request that is put together elsewhere."""
        response = ask(self.gate, self.shelf, request, at_ms)
        return response.status, json.loads(response.body) if response.body else None

    def uploaded(self, version: str = "v2.0", **fields: object) -> str:
        """Upload a package by the console's way; return its id."""
        package = json.dumps({"model": "p1", "version": version, **fields}).encode()
        parts = (HttpPart("package", package), HttpPart("file", FILE, "fw.bin"))
        status, body = self.send(HttpRequest("POST", PACKAGES_PATH, parts=parts))
        assert status == 201, body
        return str(body["fileId"])

    def ordered(self, *devices: str, **policy: object) -> str:
        """Create an operation for these devices with a package of its own; return its id."""
        file_id = self.uploaded(f"v{len(self.shelf.firmware) + 2}.0")
        body = {"fileId": file_id, "targets": {"devices": list(devices)}, "policy": policy}
        status, made = self.ask("POST", f"{OPERATIONS}/firmwareUpgrade", body)
        assert status == 200, made
        return str(made["operationId"])

    def packed(self, version: str = "v2.0", **fields: object) -> str:
        """Make a package of v5 from an object; return its id."""
        self.ask("PUT", f"{OBJECTS_PATH}bucket/dir/fw.bin", FILE)
        status, body = self.ask("POST", PACKAGES, package_body(version, **fields))
        assert status == 201, body
        return str(body["package_id"])

    def batched(self, *devices: str, **fields: object) -> str:
        """Create a batch task for these devices with a package of its own; return its id."""
        package_id = self.packed(f"v{len(self.shelf.firmware) + 2}.0")
        status, body = self.ask("POST", BATCHES, task_body(package_id, *devices, **fields))
        assert status == 201, body
        return str(body["task_id"])


def package_body(version: str = "v2.0", **changes: object) -> dict[str, object]:
    """Return the body that makes a package of v5."""
    place = {"region_name": "r", "bucket_name": "bucket", "object_key": "dir/fw.bin",
             "sign_method": "SHA256", "sign": SIGN}  # fmt: skip
    body = {"app_id": "app", "package_type": "firmwarePackage", "product_id": "p1",
            "version": version, "file_location": {"obs_location": place}}  # fmt: skip
    return body | changes


def task_body(package_id: str, *devices: str, **changes: object) -> dict[str, object]:
    """Return the body that makes a batch task."""
    body = {"task_name": "t", "task_type": "firmwareUpgrade", "targets": list(devices),
            "document": {"package_ids": [package_id]}}  # fmt: skip
    return {name: value for name, value in (body | changes).items() if value is not None}
