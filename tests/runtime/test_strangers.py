from fleet_sim.model.record import Record, Source
from fleet_sim.runtime.strangers import pushed_by_others


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
