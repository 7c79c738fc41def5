from dataclasses import replace
from typing import Any

import pytest

from fleet_sim.model.northbound import (
    CancelJob,
    CreateJob,
    JobCreated,
    JobOrder,
    Refusal,
    Refused,
    Scope,
)
from tests.backend.playbook import CONTENT, Server, contract

LENGTH = len(CONTENT)


def _refusal(server: Server, **order: Any) -> str:  # noqa: ANN401 - as ordered
    """Order a job and return why it was refused, "" if it was not."""
    plain = {"firmware_id": server.upload(), "kind": "upgrade", "scope": Scope()}
    answer = server.call(CreateJob(JobOrder(**{**plain, **order})))
    if isinstance(answer, JobCreated):
        return ""
    assert isinstance(answer, Refused)
    assert answer.reason is Refusal.BAD_ARGUMENT
    return answer.detail


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"skips_present": True}, "skips_present: the job's list is not open"),
        ({"scope": Scope(millipercent=0)}, "millipercent: it is from 1 to 100000"),
        ({"scope": Scope(millipercent=100_001)}, "millipercent: it is from 1 to 100000"),
        (
            {"scope": Scope(millipercent=500), "open_list": True},
            "millipercent: an open list has no share",
        ),
        ({"scope": Scope(millipercent=100_000)}, ""),
        ({"skips_present": True, "open_list": True}, ""),
    ],
)
def test_a_list_that_cannot_be_is_refused(order: dict[str, object], why: str) -> None:
    """With what is wrong, and nothing is made."""
    server = Server()

    assert _refusal(server, **order) == why
    assert len(server.rows.get("jobs", {})) == (not why)


@pytest.mark.parametrize(("most", "is_taken"), [(LENGTH, True), (LENGTH - 1, False), (None, True)])
@pytest.mark.parametrize("kind", ["upgrade", "verify"])
def test_a_file_is_no_longer_than_devices_can_have_by_blocks(
    most: int | None, is_taken: bool, kind: str
) -> None:
    """A job for it could never end; by an address they have files of any length."""
    server = Server(contract(blocks_bytes_max=most))
    order = {"kind": kind, "scope": Scope(total=False, device_keys=("d1",))}

    why = _refusal(server, by_blocks=True, **order)

    assert why == (
        "" if is_taken
        else f"by_blocks: the file has {LENGTH} bytes; over MQTT it may have {LENGTH - 1}"
    )  # fmt: skip
    assert bool(server.rows.get("jobs")) is is_taken
    assert _refusal(Server(contract(blocks_bytes_max=most)), **order) == ""


def test_a_device_that_nobody_knows_may_be_a_reason_to_refuse() -> None:
    """Then nothing is made for the others either; elsewhere it is passed over."""
    server = Server()
    server.fleet("a")
    order = JobOrder(server.upload(), "upgrade", Scope(total=False, device_keys=("a", "b")))

    answer = server.call(CreateJob(replace(order, devices_must_exist=True)))

    assert answer == Refused(Refusal.NO_SUCH_DEVICE, "b")
    assert not server.rows.get("jobs")
    assert isinstance(server.call(CreateJob(order)), JobCreated)


def test_two_open_lists_for_one_version_are_rivals_where_the_newest_wins() -> None:
    """Until the first list is ended; and one for another version is none."""
    server = Server(contract(open_lists="newest_wins"))
    firmware_id = server.upload()
    first = server.job(firmware_id=firmware_id, scope=Scope(versions=("1.0",)), open_list=True)

    def another(*versions: str) -> str:
        order = JobOrder(firmware_id, "upgrade", Scope(versions=versions), open_list=True)
        answer = server.call(CreateJob(order))
        return answer.detail if isinstance(answer, Refused) else ""

    refused = another("0.9", "1.0")
    other = another("0.9")
    server.call(CancelJob(first, ends_list=True))
    after = another("1.0")

    assert refused == "versions: another open list is for one of them"
    assert (other, after) == ("", "")


def test_independent_lists_are_no_rivals() -> None:
    """As where the vendor says nothing of the kind."""
    server = Server()
    firmware_id = server.upload()

    for _ in range(2):
        server.job(firmware_id=firmware_id, scope=Scope(versions=("1.0",)), open_list=True)

    assert len(server.rows["jobs"]) == 2
