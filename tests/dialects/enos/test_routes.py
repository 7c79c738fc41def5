from __future__ import annotations

from typing import get_args

from fleet_sim.dialects.enos.routes import CALL_OF, ROUTE_OF
from fleet_sim.model.northbound import (
    Call,
    CancelJob,
    ConfirmTasks,
    CreateModule,
    DeleteModule,
    ListModules,
    SearchReported,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
)


def test_every_call_has_a_route_of_its_own() -> None:
    """Sixteen calls, sixteen resources and actions; nine calls are other vendors'."""
    others = {CancelJob, ConfirmTasks, SearchReported, UpdateFirmware, UpdateJob}
    modules = {CreateModule, DeleteModule, ListModules, UpdateModule}

    assert set(ROUTE_OF) == set(get_args(Call)) - others - modules
    assert len(CALL_OF) == len(ROUTE_OF) == 16
