"""The playbook is a tool of many tests, so it is tested itself."""

import pytest

from tests.backend.playbook import PRODUCT, Server, device, statuses


def test_the_playbook_plays_a_whole_upgrade() -> None:
    """A device, a job, progress, a report: the helpers say what happened."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()

    server.progress("d1", 50)
    server.version("d1", "2.0")

    assert statuses(server.rows_of(job_id)) == {"d1": "succeeded"}
    assert server.pushed() == ["d1"]
    assert str(device("d1")) == f"{PRODUCT}/d1"


def test_the_checks_notice_a_task_that_was_overlooked() -> None:
    """A waiting task that could be pushed fails the check, so the check is worth something."""
    server = Server()
    server.register("d1")
    server.connect("d1", version="1.0")
    server.gone("d1")
    server.job()

    server.brain._books.devices[device("d1")].is_connected = True

    with pytest.raises(AssertionError, match="overlooked"):
        server.check()


def test_the_checks_notice_a_slot_too_many() -> None:
    """A slot that no task holds fails the check."""
    server = Server()
    server.fleet("d1")
    job_id = server.job()

    server.brain._books.jobs[job_id].slots += 1

    with pytest.raises(AssertionError):
        server.check()


def test_until_fires_timers_at_their_own_instant() -> None:
    """A timeout inside the span happens at its instant, not at the end of the span."""
    server = Server()
    server.fleet("d1")
    job_id = server.job(timeout_s=300)
    server.progress("d1", 1)

    server.until(1_000_000)

    assert server.task(job_id, "d1").updated_epoch_ms == 1_700_000_000_000 + 300_000
