from __future__ import annotations

import pytest

from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateModule,
    DeleteFirmware,
    DeleteModule,
    Done,
    GetFirmware,
    ListModules,
    ModuleRow,
    Modules,
    Refusal,
    Refused,
    Shown,
    TaskStatus,
    UpdateModule,
)
from tests.backend.playbook import EPOCH_MS, PRODUCT, Server, contract

_LIST = ListModules(PRODUCT)


def _named(server: Server, *names: str) -> None:
    for name in names:
        assert server.call(CreateModule(PRODUCT, name)) == Done()


def _names(server: Server) -> list[str]:
    found = server.call(_LIST)
    assert isinstance(found, Modules)
    return [row.module for row in found.rows]


def test_a_module_is_named_changed_and_forgotten() -> None:
    """What is not given stays as it is; each change leaves its instant."""
    server = Server()
    server.now_ms = 5
    made = server.call(CreateModule(PRODUCT, "mcu", alias="MCU", desc="the small one"))
    server.now_ms = 9
    changed = server.call(UpdateModule(PRODUCT, "mcu", alias="core"))
    shown = server.call(_LIST)
    gone = server.call(DeleteModule(PRODUCT, "mcu"))

    row = ModuleRow(PRODUCT, "mcu", "core", "the small one", EPOCH_MS + 5, EPOCH_MS + 9)
    assert shown == Modules((row,))
    assert (made, changed, gone) == (Done(), Done(), Done())
    assert server.call(_LIST) == Modules(())
    assert server.rows["modules"] == {}


def test_letters_case_tells_no_two_apart() -> None:
    """A module is found by any spelling, and keeps its own."""
    server = Server()
    _named(server, "Scanner")

    again = server.call(CreateModule(PRODUCT, "scanner"))

    assert again == Refused(Refusal.MODULE_EXISTS, "scanner")
    assert server.call(UpdateModule(PRODUCT, "SCANNER", desc="d")) == Done()
    assert _names(server) == ["Scanner"]
    assert server.call(CreateModule("other", "scanner")) == Done()
    assert server.call(DeleteModule(PRODUCT, "scannER")) == Done()


def test_a_product_has_so_many_and_no_more() -> None:
    """As many as the contract says; one that is forgotten makes room."""
    server = Server(contract(modules_max=3))
    _named(server, "m0", "m1", "m2")

    more = server.call(CreateModule(PRODUCT, "more"))
    elsewhere = server.call(CreateModule("other", "m0"))

    assert (more, elsewhere) == (Refused(Refusal.MODULES_TOO_MANY, "3"), Done())
    assert server.call(DeleteModule(PRODUCT, "m1")) == Done()
    _named(server, "more")
    assert _names(server) == ["m0", "m2", "more"]


def test_where_the_contract_names_no_limit_there_is_none() -> None:
    """Twenty, say."""
    server = Server(contract(modules_max=None))

    _named(server, *(f"m{n}" for n in range(20)))

    assert len(_names(server)) == 20


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        (CreateModule(PRODUCT, ""), Refused(Refusal.MODULE_EXISTS, "")),
        (UpdateModule(PRODUCT, "no"), Refused(Refusal.NO_SUCH_MODULE, "no")),
        (DeleteModule(PRODUCT, "no"), Refused(Refusal.NO_SUCH_MODULE, "no")),
        (DeleteModule("other", "mcu"), Refused(Refusal.NO_SUCH_MODULE, "mcu")),
        (UpdateModule(PRODUCT, ""), Refused(
            Refusal.BAD_ARGUMENT, "module: the device as a whole stays as it is")),
        (DeleteModule(PRODUCT, ""), Refused(
            Refusal.BAD_ARGUMENT, "module: the device as a whole stays as it is")),
    ],
)  # fmt: skip
def test_what_is_not_there_or_always_there_is_refused(call: Call, refused: Answer) -> None:
    """Nothing is written."""
    server = Server()
    _named(server, "mcu")
    before = dict(server.rows["modules"])

    assert server.call(call) == refused
    assert server.rows["modules"] == before


def test_a_module_stays_as_long_as_firmware_is_for_it() -> None:
    """Of its own product, in whatever letters; the firmware keeps its own."""
    server = Server()
    _named(server, "Mcu", "radio")
    firmware_id = server.upload("2.0", module="mcu")
    server.upload("2.0", product_key="other", module="radio")

    shown = server.call(GetFirmware(firmware_id))
    in_use = server.call(DeleteModule(PRODUCT, "mcu"))

    assert isinstance(shown, Shown)
    assert getattr(shown.row.order, "module", None) == "mcu"
    assert in_use == Refused(Refusal.MODULE_IN_USE, "Mcu")
    assert server.call(DeleteModule(PRODUCT, "radio")) == Done()
    assert server.call(DeleteFirmware(firmware_id)) == Done()
    assert server.call(DeleteModule(PRODUCT, "mcu")) == Done()


@pytest.mark.parametrize("sources", [(), ("1.0",)])
def test_naming_a_module_changes_nothing_for_devices(sources: tuple[str, ...]) -> None:
    """Firmware is for the module that devices report, in their letters, not in the name's."""
    server = Server()
    _named(server, "Mcu")
    server.fleet("a")
    server.version("a", "1.0", module="mcu")
    job_id = server.job(firmware_id=server.upload(module="mcu", from_versions=sources))

    (pushed,) = server.requests("a")
    at_first = server.task(job_id, "a")
    server.version("a", "2.0", module="mcu")

    assert pushed.image.module == "mcu"
    assert (at_first.from_version, at_first.status) == ("1.0", TaskStatus.PUSHED)
    assert server.status(job_id, "a") is TaskStatus.SUCCEEDED


def test_modules_survive_a_restart() -> None:
    """With their order, their texts and their instants; what is forgotten stays so."""
    server = Server()
    _named(server, "b", "a", "c")
    server.now_ms = 7
    server.call(UpdateModule(PRODUCT, "a", alias="A", desc="d"))
    server.call(DeleteModule(PRODUCT, "b"))
    before = server.call(_LIST)

    server.restart()

    assert server.call(_LIST) == before
    assert _names(server) == ["a", "c"]
    assert server.call(CreateModule(PRODUCT, "A")) == Refused(Refusal.MODULE_EXISTS, "A")
    _named(server, "d")
    assert _names(server) == ["a", "c", "d"]


def test_a_rows_key_is_the_name_in_small_letters() -> None:
    """So that the store itself has room for one of them only."""
    server = Server()
    server.call(CreateModule(PRODUCT, "Mcu"))

    (key,) = server.rows["modules"]

    assert key == f"{PRODUCT}/mcu"
    assert server.rows["modules"][key] == {
        "key": key,
        "number": 1,
        "product_key": PRODUCT,
        "name": "Mcu",
        "alias": "",
        "desc": "",
        "created_epoch_ms": EPOCH_MS,
        "updated_epoch_ms": EPOCH_MS,
    }
