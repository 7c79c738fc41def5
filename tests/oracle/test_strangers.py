import pytest

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.strangers import pushed_by_others


def push(kind: str, device: str, file: str) -> Record:
    """Return one end of a push."""
    return Record(
        0, 0, Source.WIRE, kind, device=device, fields={"request": "1", "url": f"http://h/{file}"}
    )


def test_pushes_of_our_own_backend_are_in_order() -> None:
    """Twice delivered, lost, or received before its other end is read."""
    log = [
        push("push_received", "p/a", "1"),
        push("push_received", "p/a", "1"),
        push("push_sent", "p/a", "1"),
        push("push_sent", "p/b", "2"),
    ]

    assert pushed_by_others(log) == ""


def test_a_push_that_nobody_of_ours_sent_is_told() -> None:
    """Each device once, with what to do."""
    log = [
        push("push_sent", "p/a", "1"),
        push("push_received", "p/a", "1"),
        push("push_received", "p/a", "7"),
        push("push_received", "p/a", "8"),
        push("push_received", "p/b", "9"),
    ]

    told = pushed_by_others(log)

    assert told.startswith("2 devices got upgrade requests that our backend did not send")
    assert told.endswith("--seed")


@pytest.mark.parametrize(("count", "who"), [(1, "1 device got"), (1_200, "1,200 devices got")])
def test_devices_are_counted_as_people_count(count: int, who: str) -> None:
    """One is no plural, and thousands are marked."""
    log = [push("push_received", f"p/{number}", "1") for number in range(count)]

    assert pushed_by_others(log).startswith(f"{who} upgrade requests")
