"""Which parameters a vendor's contract gives a value of its own, by its source."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from types import ModuleType

from fleet_sim.model.contract import ContractProfile

ALL = {one.name for one in fields(ContractProfile)}


def parameters_named(module: ModuleType) -> set[str]:
    """Return the names of the arguments by which a module makes its contract."""
    tree = ast.parse(inspect.getsource(module))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {one.arg for call in calls for one in call.keywords if one.arg in ALL}
