from __future__ import annotations

import pytest

from fleet_sim.model.northbound import (
    Call,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteModule,
    Done,
    FirmwareCreated,
    JobCreated,
    JobOrder,
    ListModules,
    Modules,
    Refusal,
    Refused,
    Scope,
    UpdateModule,
)
from tests.backend.playbook import CONTENT, PRODUCT, Server, contract, firmware_order

_STRICT = contract(unknown_product="refused")
_TABLES = ("firmware", "jobs", "modules", "counters")


def _calls(product_key: str, firmware_id: str) -> tuple[Call, ...]:
    """Return each call that may name a product."""
    return (
        CreateFirmware(firmware_order("3.0", product_key=product_key), CONTENT),
        CreateJob(JobOrder(firmware_id, "upgrade", Scope(product_key))),
        CreateModule(product_key, "mcu"),
        UpdateModule(product_key, "mcu", desc="d"),
        DeleteModule(product_key, "mcu"),
        ListModules(product_key),
    )


@pytest.mark.parametrize("number", range(6))
def test_nothing_comes_of_a_product_that_nobody_knows(number: int) -> None:
    """Neither a row nor a number is given."""
    server = Server(_STRICT)
    anyones = server.upload(product_key="")
    before = {name: dict(server.rows.get(name, {})) for name in _TABLES}

    found = server.call(_calls("other", anyones)[number])

    assert found == Refused(Refusal.NO_SUCH_PRODUCT, "other")
    assert {name: dict(server.rows.get(name, {})) for name in _TABLES} == before


def test_a_product_is_known_by_what_the_server_was_told_and_by_its_devices() -> None:
    """One without devices has jobs, firmware and modules as any other has."""
    server = Server(_STRICT)
    found = [server.call(call) for call in _calls(PRODUCT, server.upload(product_key=""))]

    assert [type(one) for one in found] == [
        *(FirmwareCreated, JobCreated, Done, Done, Done),
        Modules,
    ]


def test_a_job_names_no_product_where_its_firmware_does() -> None:
    """So there is none to look for."""
    server = Server(_STRICT)

    assert server.job()


def test_a_vendor_without_a_code_for_it_takes_any_product() -> None:
    """It may be one whose first device is yet to come."""
    server = Server()

    assert server.call(CreateModule("other", "mcu")) == Done()
