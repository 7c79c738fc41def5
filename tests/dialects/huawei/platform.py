"""The whole platform in one process: a gate, and behind it a backend that goes by the contract."""

from __future__ import annotations

import json
from typing import Any

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.model.contract import ContractProfile
from tests.backend.playbook import EPOCH_MS, PRODUCT, Server
from tests.dialects.huawei.scene import BATCHES, gate_with, task_body
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

        Both have said which version they run, and have been told to upgrade.
        """
        policy = {"retry_count": 1, "retry_interval": 10}
        names = (f"{PRODUCT}_d1", f"{PRODUCT}_d2")
        body = task_body(self.server.upload("v2.0"), *names, task_policy=policy, **fields)
        made = self.ask("POST", BATCHES, body)
        self.answer("d1", "d2")
        return str(made["task_id"])

    def answer(self, *keys: str) -> None:
        """Let devices say which version they run, which they were asked for."""
        for key in keys:
            self.server.version(key, "v1.0")
