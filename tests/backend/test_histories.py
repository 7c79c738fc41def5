from fleet_sim.model.northbound import CancelTasks, Scope, StopJob
from tests.backend.histories import KEYS, confirm, fresh, play
from tests.backend.playbook import CONTRACT, contract


def _ordered(**order: object) -> tuple[object, ...]:
    return ("job", "2.0", {"scope": Scope(), **order})


def test_a_fresh_server_has_its_devices() -> None:
    """All connected, with a version."""
    assert fresh(CONTRACT).brain.is_connected(next(iter(fresh(CONTRACT).brain._books.devices)))
    assert len(fresh(CONTRACT).rows["devices"]) == len(KEYS)


def test_moves_are_made() -> None:
    """Each by its name; those that fit nothing change nothing."""
    server = fresh(CONTRACT)
    play(server, ("job_call", StopJob, 0))
    play(server, ("reply", "a", 200))
    play(server, _ordered())
    play(server, ("failure", "a"))
    play(server, ("task_call", CancelTasks, 0, ("b",)))

    (job_id,) = server.rows["jobs"]
    shown = {row.device_key: row.desc for row in server.rows_of(job_id)}
    assert shown == {"a": "no room", "b": "user cancel", "c": None}


def test_a_device_may_have_a_part() -> None:
    """Whose version it reports, and for which there are jobs."""
    server = fresh(CONTRACT)
    play(server, ("part", "a", "1.0"))
    play(server, _ordered(module="mcu", side_by_side=True))
    play(server, _ordered())
    play(server, ("part", "a", "2.0"))

    (row, *_) = server.rows["jobs"].values()
    assert (row["module"], row["lane"]) == ("mcu", "mcu")
    assert [one.image.module for one in server.requests("a")] == ["mcu", ""]


def test_an_order_that_the_contract_does_not_take_is_left() -> None:
    """A second open list for the same versions, say."""
    server = fresh(contract(open_lists="newest_wins"))
    for _ in range(2):
        play(server, _ordered(scope=Scope(versions=("1.0",)), open_list=True))

    assert len(server.rows["jobs"]) == 1


def test_everything_that_waits_for_consent_gets_it() -> None:
    """And jobs are changed as the move says."""
    server = fresh(CONTRACT)
    play(server, _ordered(needs_confirmation=True, open_list=True))
    confirm(server)
    play(server, ("update", 0, 5, "1.0"))
    play(server, ("cancel_all", 0, (), True))

    (job_id,) = server.rows["jobs"]
    row = server.rows["jobs"][job_id]
    assert server.pushed() == list(KEYS)
    assert (row["order"]["pushes_a_minute"], row["is_list_over"]) == (5, True)
