"""Calls about a product's modules, and their rows, at the server's end.

`default` is the device as a whole: every product has it, and no call makes, changes or deletes it.
The pages do not say whether it is listed, nor whether a package may be for a module that nobody
made. Decided here: it is not listed, since it has no times to show; and a package may.

Source: "CreateOTAModule", "UpdateOTAModule", "DeleteOTAModule", "ListOTAModuleByProduct" (both
vendors). That a module with packages stays is Alibaba's; of Tuya it is not said, and decided so.
"""

from __future__ import annotations

import re
from typing import Any

from fleet_sim.dialects.rpc.asked import Asked
from fleet_sim.dialects.rpc.codes import miss, refuse
from fleet_sim.dialects.rpc.times import minute_of
from fleet_sim.model.northbound import (
    Call,
    CreateModule,
    DeleteModule,
    ListModules,
    ModuleRow,
    UpdateModule,
)

DEFAULT = "default"
NAME_CHARS_MAX = 64
ALIAS_CHARS_MAX = 64
DESC_CHARS_MAX = 100

_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_ALIAS = re.compile(r"[\w.-]+")  # letters of every script


def create(asked: Asked) -> Call:
    """Read CreateOTAModule."""
    product, module = _which(asked)
    return CreateModule(product, module, alias=_alias(asked), desc=_desc(asked))


def update(asked: Asked) -> Call:
    """Read UpdateOTAModule; what is not given stays as it is."""
    product, module = _which(asked)
    return UpdateModule(product, module, alias=_alias(asked) or None, desc=_desc(asked) or None)


def delete(asked: Asked) -> Call:
    """Read DeleteOTAModule."""
    return DeleteModule(*_which(asked))


def search(asked: Asked) -> Call:
    """Read ListOTAModuleByProduct, which has no paging."""
    return ListModules(asked.given.required("ProductKey"))


def named(asked: Asked) -> str:
    """Return the neutral name of the module that a call may name: "" for the default one.

    Raises:
        RpcError: No module can have such a name.
    """
    name = asked.given.text("ModuleName", longest=NAME_CHARS_MAX)
    if name and not _NAME.fullmatch(name):
        refuse("ModuleName", "may hold letters, digits, points, hyphens and underscores")
    return neutral(name)


def neutral(name: str) -> str:
    """Return the neutral name of a module: "" for the default one."""
    return "" if name.lower() == DEFAULT else name


def fields(row: ModuleRow) -> dict[str, Any]:
    """Write a module."""
    return {
        "AliasName": row.alias or None,
        "Desc": row.desc or None,
        "GmtCreate": minute_of(row.created_epoch_ms),
        "GmtModified": minute_of(row.updated_epoch_ms),
        "ModuleName": row.module,
        "ProductKey": row.product_key,
    }


def _which(asked: Asked) -> tuple[str, str]:
    product = asked.given.required("ProductKey")
    if not asked.given.text("ModuleName"):
        miss("ModuleName")
    return product, named(asked)


def _alias(asked: Asked) -> str:
    alias = asked.given.text("AliasName", longest=ALIAS_CHARS_MAX)
    if alias and not _ALIAS.fullmatch(alias):
        refuse("AliasName", "may hold letters, digits, points, hyphens and underscores")
    return alias


def _desc(asked: Asked) -> str:
    return asked.given.text("Desc", longest=DESC_CHARS_MAX)
