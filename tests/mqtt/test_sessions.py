from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.outbox import MESSAGE_BYTES
from fleet_sim.mqtt.session import SESSION_BYTES, Session
from fleet_sim.mqtt.sessions import Sessions


def sessions(**limits: int) -> Sessions:
    """Return an empty table with these limits."""
    return Sessions(BrokerLimits(**limits))  # type: ignore[arg-type]


def left(table: Sessions, client_id: str, now_ms: int = 0) -> list[str]:
    """Have a new client come and go; returns who had to go for it."""
    session = Session(client_id, client_id, BrokerLimits())
    table.add(session)
    return [gone.client_id for gone in table.leave(session, now_ms)]


def queued(table: Sessions, client_id: str, payload: bytes = b"x") -> bool:
    """Keep a message for an absent client and say whether there was room."""
    session = table.of(client_id)
    assert session is not None
    return table.queue(session, "t", payload, 1, is_ours=False) is not None


def test_who_is_back_is_no_longer_away() -> None:
    """What it held no longer counts."""
    table = sessions()
    left(table, "a")
    session = table.of("a")
    assert session is not None
    assert (table.away_count, table.away_bytes) == (1, SESSION_BYTES)

    table.come_back(session)

    assert (table.of("a"), table.next_at_ms, len(table)) == (session, None, 1)
    assert (table.away_count, table.away_bytes) == (0, 0)


def test_the_absent_expire_in_the_order_they_left() -> None:
    """Not a moment too early."""
    table = sessions(session_expiry_ms=100)
    left(table, "a", 0)
    left(table, "b", 50)

    instants, gone = [table.next_at_ms], []
    for now_ms in (99, 100, 1_000):
        gone.append([session.client_id for session in table.expire(now_ms)])
        instants.append(table.next_at_ms)

    assert gone == [[], ["a"], ["b"]]
    assert instants == [100, 100, 150, None]
    assert (len(table), table.away_bytes) == (0, 0)


def test_leaving_again_counts_anew() -> None:
    """Who was back for a moment has its whole time again."""
    table = sessions(session_expiry_ms=100)
    left(table, "a", 0)
    left(table, "b", 10)
    session = table.of("a")
    assert session is not None
    table.come_back(session)
    table.leave(session, 20)

    assert table.next_at_ms == 110
    assert [gone.client_id for gone in table.expire(115)] == ["b"]


def test_who_was_away_for_longest_makes_room() -> None:
    """By number."""
    table = sessions(sessions_max=2)

    assert [left(table, name) for name in "abc"] == [[], [], ["a"]]
    assert table.of("a") is None
    assert table.away_count == 2


def test_who_was_away_for_longest_makes_room_for_bytes() -> None:
    """The newcomer stays whatever it weighs, as it may be back at once."""
    table = sessions(sessions_bytes_max=2 * SESSION_BYTES + 10)
    heavy = Session("heavy", "heavy", BrokerLimits())
    heavy.outbox.keep("t", bytes(10_000), 1, is_ours=False)
    left(table, "a")
    left(table, "b")
    table.add(heavy)

    assert [gone.client_id for gone in table.leave(heavy, 0)] == ["a", "b"]
    assert table.of("heavy") is heavy
    assert table.away_bytes == heavy.weigh()


def test_messages_for_the_absent_count_together() -> None:
    """One message fits; the next one of anybody does not, until somebody is back."""
    table = sessions(sessions_bytes_max=2 * SESSION_BYTES + MESSAGE_BYTES + 2)
    left(table, "a")
    left(table, "b")

    assert [queued(table, "a"), queued(table, "a"), queued(table, "b")] == [True, False, False]
    first = table.of("a")
    assert first is not None
    assert table.away_bytes == first.weigh() + SESSION_BYTES
    table.come_back(first)
    assert table.away_bytes == SESSION_BYTES
    assert queued(table, "b")


def test_a_full_queue_of_one_costs_the_others_nothing() -> None:
    """What it did not take is not counted."""
    table = sessions()
    full = Session("a", "a", BrokerLimits(waiting_max=1))
    table.add(full)
    table.leave(full, 0)

    assert [queued(table, "a"), queued(table, "a")] == [True, False]
    assert table.away_bytes == full.weigh()


def test_a_dropped_session_is_gone_wherever_it_was() -> None:
    """Here or away."""
    table = sessions()
    left(table, "away")
    here = Session("here", "here", BrokerLimits())
    table.add(here)
    away = table.of("away")
    assert away is not None

    for session in (here, away):
        table.drop(session)

    assert (len(table), table.away_count, table.away_bytes) == (0, 0, 0)
