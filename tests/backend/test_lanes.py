import pytest

from fleet_sim.backend.lanes import lane_of
from fleet_sim.model.northbound import JobOrder, Retry, Scope, TaskStatus
from tests.backend.playbook import Server, contract

QUEUED, PUSHED = TaskStatus.QUEUED, TaskStatus.PUSHED
SUCCEEDED = TaskStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("by_contract", "by_order", "lane"),
    [(False, False, ""), (False, True, "mcu"), (True, False, "mcu"), (True, True, "mcu")],
)
def test_a_lane_is_a_modules_where_somebody_says_so(
    *, by_contract: bool, by_order: bool, lane: str
) -> None:
    """Else it is the whole device's."""
    order = JobOrder("f", "upgrade", Scope(), side_by_side=by_order)

    assert lane_of(contract(modules_side_by_side=by_contract), order, "mcu") == lane


def _two_jobs(*, asked_for: bool = False) -> tuple[Server, str, str]:
    """Let an ordinary job for `mcu` wait for its retry, and one side by side for `wifi` begin."""
    server = Server()
    server.fleet("a")
    for module in ("mcu", "wifi"):
        server.version("a", "1.0", module=module)
    mcu, wifi = server.upload("2.0", module="mcu"), server.upload("3.0", module="wifi")
    first = server.job(firmware_id=mcu, retry=Retry(1, 60), devices_must_ask=asked_for)
    if asked_for:
        server.ask("a", module="mcu")
    server.failure("a", module="mcu")
    second = server.job(firmware_id=wifi, side_by_side=True)
    return server, first, second


def test_a_retry_waits_for_whatever_it_may_not_run_beside() -> None:
    """A job that did not say that it runs side by side is pushed to a device that runs nothing."""
    server, first, second = _two_jobs()
    server.after(60_000)
    meanwhile = [server.status(job_id, "a") for job_id in (first, second)]

    server.version("a", "3.0", module="wifi")

    assert [one.image.module for one in server.requests("a")] == ["mcu", "wifi", "mcu"]
    assert meanwhile == [QUEUED, PUSHED]
    assert [server.status(job_id, "a") for job_id in (first, second)] == [PUSHED, SUCCEEDED]


def test_nor_is_a_device_offered_what_it_may_not_run_meanwhile() -> None:
    """It gets nothing by asking until the other attempt has ended."""
    server, first, second = _two_jobs(asked_for=True)
    server.after(60_000)

    server.ask("a", module="mcu")
    meanwhile = [server.status(job_id, "a") for job_id in (first, second)]
    server.version("a", "3.0", module="wifi")
    server.ask("a", module="mcu")

    assert meanwhile == [QUEUED, PUSHED]
    assert [server.status(job_id, "a") for job_id in (first, second)] == [PUSHED, SUCCEEDED]
