from __future__ import annotations

import json

from fleet_sim.dialects.alibaba import northbound
from fleet_sim.dialects.alibaba.contract import CONTRACT
from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.interface import Gate, Operator, Stepwise
from fleet_sim.dialects.rpc.asked import equal
from fleet_sim.model.northbound import Listed, Page, SearchTasks, TaskRow, TaskStatus

_NOW = 1_700_000_000_000


def test_a_list_of_tasks_in_this_vendors_spelling() -> None:
    """PascalCase, and a progress with two decimals, as its sample prints."""
    gate = northbound.gate("iot-1", {"k": "s"}, signed_only=True, contract=CONTRACT)
    client = northbound.operator("iot-1", "k", "s")
    asked = SearchTasks(equal("job_id", "j"), Page(1, 10))
    row = TaskRow("t", "j", "pk", "d", "i", "1", "2", TaskStatus.UNDER_WAY, 0, None, _NOW, _NOW)

    call = gate.read(client.request(asked, _NOW), _NOW)
    assert call == asked
    answer = gate.render(call, Listed((row,), 1, 10, 1), 1)
    assert isinstance(answer, HttpResponse)

    assert json.loads(answer.body)["Data"]["SimpleOTATaskInfo"][0]["Progress"] == "0.00"
    assert client.answer(asked, answer) == Listed((row,), 1, 10, 1)


def test_a_client_sends_what_this_vendor_demands() -> None:
    """Version, signature version, format and the instance's id."""
    request = northbound.operator("iot-1", "k", "s").request(
        SearchTasks(equal("job_id", "j")), _NOW
    )

    assert request.method == "POST"
    for pair in (b"Version=2018-01-20", b"SignatureVersion=1.0", b"Format=JSON",
                 b"IotInstanceId=iot-1"):  # fmt: skip
        assert pair in request.body.split(b"&")


def test_both_ends_are_what_a_dialect_offers() -> None:
    """Type by type."""
    gate: Gate = northbound.gate("o", {}, signed_only=False, contract=CONTRACT)
    operator: Operator = northbound.operator("o", "k", "s")

    assert isinstance(operator, Stepwise)
    assert gate is not None


def test_names_are_made_of_the_digits() -> None:
    """In the vendor's form, and different for different digits."""
    one, two = "0123456789abcdef" * 2, "f123456789abcdef" * 2

    assert northbound.org_of(one) == "iot-0123456789ab"
    assert northbound.operator_key_of(one).startswith("LTAI")
    assert northbound.operator_key_of(one) != northbound.operator_key_of(two)
