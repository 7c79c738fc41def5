from fleet_sim.model.record import CLOSED_BY_BROKER, Record, Source
from fleet_sim.oracle.take_overs import taken_over
from tests.oracle.logs import Log


def cut(log: Log, at: int, key: str, why: str = CLOSED_BY_BROKER) -> None:
    """Have the broker cut a device off and let it in again."""
    log.offline(at, key, why)
    log.online(at + 50, key)


def test_who_is_cut_off_again_and_again_may_have_been_two() -> None:
    """Once may be a restart; and whoever lost its link was not taken over."""
    log = Log(is_foreign=True)
    log.devices("d1", "d2", "d3")
    for at, key, why in (
        (200, "d1", CLOSED_BY_BROKER),
        (300, "d1", CLOSED_BY_BROKER),
        (200, "d2", CLOSED_BY_BROKER),
        (200, "d3", "link"),
        (300, "d3", "link"),
    ):
        cut(log, at, key, why)

    assert taken_over(log.in_order()) == {"p/d1": 2}


def test_who_is_not_let_in_again_was_turned_away_and_not_taken_over() -> None:
    """Nobody else can tell what another client did before."""
    log = Log(is_foreign=True)
    log.devices("d1")
    log.offline(200, "d1", CLOSED_BY_BROKER)
    log.offline(300, "d1", CLOSED_BY_BROKER)

    assert taken_over(log.in_order()) == {}


def test_a_platform_of_ours_tells_for_itself() -> None:
    """Its own end of the wire shows what reached it."""
    log = Log(is_foreign=True)
    log.devices("d1")
    cut(log, 200, "d1")
    cut(log, 300, "d1")

    records = [*log.in_order(), Record(400, 0, Source.SERVER, "started")]

    assert taken_over(records) == {}
