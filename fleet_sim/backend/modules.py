"""Module calls: name the parts of a product's devices, show them, forget them.

The device as a whole, "", is a module of every product without being named: it is not listed, and
nobody makes, changes or deletes it.

Letters' case tells no two names apart here, nor two images of one version. What devices report and
what firmware is for compare letter by letter: to name a module changes nothing for them.
"""

from __future__ import annotations

from typing import assert_never

from fleet_sim.backend import products
from fleet_sim.backend.books import Books
from fleet_sim.backend.state import ModuleState
from fleet_sim.model.northbound import (
    Answer,
    CreateModule,
    DeleteModule,
    Done,
    ListModules,
    ModuleRow,
    Modules,
    Refusal,
    Refused,
    UpdateModule,
)


def answer(
    books: Books, call: CreateModule | UpdateModule | DeleteModule | ListModules, now_ms: int
) -> Answer:
    """Answer a call about modules."""
    unknown = products.unknown(books, call.product_key)
    if unknown:
        return unknown
    match call:
        case CreateModule():
            return _create(books, call, now_ms)
        case UpdateModule():
            return _update(books, call, now_ms)
        case DeleteModule():
            return _delete(books, call)
        case ListModules(product_key):
            return Modules(tuple(_row_of(books, one) for one in _of(books, product_key)))
        case _:
            assert_never(call)


def _create(books: Books, call: CreateModule, now_ms: int) -> Answer:
    if not call.module or (call.product_key, call.module.lower()) in books.modules:
        return Refused(Refusal.MODULE_EXISTS, call.module)
    most = books.contract.modules_max
    if most is not None and len(_of(books, call.product_key)) >= most:
        return Refused(Refusal.MODULES_TOO_MANY, str(most))
    module = ModuleState(
        product_key=call.product_key,
        name=call.module,
        number=books.number("module"),
        alias=call.alias,
        desc=call.desc,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    books.modules[module.key] = module
    books.keep(module)
    return Done()


def _update(books: Books, call: UpdateModule, now_ms: int) -> Answer:
    module = _found(books, call.product_key, call.module)
    if isinstance(module, Refused):
        return module
    module.alias = module.alias if call.alias is None else call.alias
    module.desc = module.desc if call.desc is None else call.desc
    module.updated_at_ms = now_ms
    books.keep(module)
    return Done()


def _delete(books: Books, call: DeleteModule) -> Answer:
    module = _found(books, call.product_key, call.module)
    if isinstance(module, Refused):
        return module
    orders = (firmware.order for firmware in books.firmware.values())
    if any((order.product_key, order.module.lower()) == module.key for order in orders):
        return Refused(Refusal.MODULE_IN_USE, module.name)
    del books.modules[module.key]
    books.forget(module)
    return Done()


def _found(books: Books, product_key: str, name: str) -> ModuleState | Refused:
    if not name:
        return Refused(Refusal.BAD_ARGUMENT, "module: the device as a whole stays as it is")
    module = books.modules.get((product_key, name.lower()))
    return Refused(Refusal.NO_SUCH_MODULE, name) if module is None else module


def _of(books: Books, product_key: str) -> list[ModuleState]:
    return [one for one in books.modules.values() if one.product_key == product_key]


def _row_of(books: Books, module: ModuleState) -> ModuleRow:
    return ModuleRow(
        product_key=module.product_key,
        module=module.name,
        alias=module.alias,
        desc=module.desc,
        created_epoch_ms=books.epoch_ms + module.created_at_ms,
        updated_epoch_ms=books.epoch_ms + module.updated_at_ms,
    )
