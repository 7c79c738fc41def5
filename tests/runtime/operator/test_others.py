import pytest

from fleet_sim.model.filters import Comparison
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    Answer,
    Call,
    Listed,
    Refusal,
    Refused,
    SearchTasks,
    TaskRow,
    TaskStatus,
)
from fleet_sim.runtime.operator import others
from fleet_sim.runtime.operator.others import OPEN, Kept, kept_busy
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import PromptDesk

OURS = frozenset(DeviceId("pk", f"d{number}") for number in range(4))


def ours(*keys: str) -> frozenset[DeviceId]:
    """Return these of our devices."""
    return frozenset(DeviceId("pk", key) for key in keys)


class Backend(PromptDesk):
    """A backend with open tasks: device key to status, one row a page."""

    def __init__(self, refusal: Refused | None = None, **rows: str) -> None:
        super().__init__(VirtualClock(), self._reply)
        self.rows = rows
        self.refusal = refusal

    def _reply(self, call: Call) -> Answer | None:
        assert isinstance(call, SearchTasks)
        assert isinstance(call.where, Comparison)
        if self.refusal is not None:
            return self.refusal
        keys = [key for key, status in self.rows.items() if status in call.where.values]
        number = call.page.number or 0
        return Listed(tuple(map(self._row, keys[number - 1 : number])), number, 1, len(keys))

    def _row(self, key: str) -> TaskRow:
        status = TaskStatus(self.rows[key])
        return TaskRow("t", "j", "pk", key, "", "1", "2", status, None, None, 0)


async def test_open_tasks_of_our_devices_are_found() -> None:
    """On every page, in every open status; what is not ours is nothing to us."""
    backend = Backend(d0="queued", d1="under_way", d2="under_way", stranger="pushed")

    found = await kept_busy(backend, OURS, page_base=1)

    assert found == Kept(by_others=ours("d0", "d1", "d2"))


async def test_a_backend_without_open_tasks_keeps_nobody() -> None:
    """One page a status is enough to know."""
    backend = Backend()

    assert await kept_busy(backend, OURS, page_base=1) == Kept()
    assert len(backend.calls) == len(OPEN)


async def test_of_no_devices_nothing_is_asked() -> None:
    """A run without jobs waits for what its backend does, whoever ordered it."""
    backend = Backend(d0="queued")

    assert await kept_busy(backend, (), page_base=1) == Kept()
    assert backend.calls == []


async def test_a_backend_that_does_not_tell_may_keep_them_all() -> None:
    """That is another fact than that it does."""
    backend = Backend(Refused(Refusal.BAD_ARGUMENT, "no such filter"))

    assert await kept_busy(backend, OURS, page_base=1) == Kept(untold=OURS)


async def test_too_many_open_tasks_leave_the_rest_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand rows are not walked; what the other statuses show is known all the same."""
    monkeypatch.setattr(others, "PAGES_MAX", 2)
    backend = Backend(x1="queued", x2="queued", x3="queued", d1="under_way")

    found = await kept_busy(backend, OURS, page_base=1)

    assert found == Kept(by_others=ours("d1"), untold=ours("d0", "d2", "d3"))
