from fleet_sim.mqtt.connection import Connection
from fleet_sim.mqtt.limits import BrokerLimits
from fleet_sim.mqtt.session import SESSION_BYTES, Session

LIMITS = BrokerLimits()


def session() -> Session:
    """Return a session of nobody's."""
    return Session("c", "p", LIMITS)


def test_a_message_that_is_settled_needs_no_second_word() -> None:
    """Taken, then released; its identifier is free again and nothing is left."""
    mine = session()
    mine.take(5, None)

    assert mine.has_taken(5)
    assert (mine.incoming_count, mine.owed_count) == (1, 0)
    assert mine.settle(5) is None
    assert mine.let_go(5)
    assert not mine.has_taken(5)
    assert mine._incoming is None


def test_a_claimed_message_waits_for_the_platform_before_its_release() -> None:
    """The connection that waits is told once; a release before that is a mistake."""
    mine, connection = session(), Connection("", LIMITS)
    mine.take(5, connection)

    assert mine.owed_count == 1
    assert not mine.let_go(5)
    assert mine.settle(5) is connection
    assert mine.settle(5) is None
    assert mine.owed_count == 0
    assert mine.let_go(5)


def test_a_copy_is_answered_now_or_when_the_platform_says_so() -> None:
    """Then on the connection it came over last."""
    mine, old, new = session(), Connection("", LIMITS), Connection("", LIMITS)
    mine.take(5, old)

    assert not mine.ask_again(5, new)
    assert mine.settle(5) is new
    assert mine.ask_again(5, new)


def test_releasing_what_is_unknown_does_no_harm() -> None:
    """A client that never heard the last answer asks again."""
    assert session().let_go(7)


def test_its_weight_grows_with_what_it_holds() -> None:
    """Filters, open identifiers, messages."""
    mine = session()
    bare = mine.weigh()
    mine.subscribed, mine.implicit = {"a": None}, ("b",)
    filtered = mine.weigh()
    mine.take(1, None)
    taken = mine.weigh()
    mine.outbox.keep("t", b"x", 1, is_ours=False)

    assert bare == SESSION_BYTES
    assert bare < filtered < taken < mine.weigh()


def test_a_session_shows_whose_it_is() -> None:
    """For whoever reads a log."""
    mine = session()
    assert repr(mine) == "<Session 'c' of 'p', away>"
    mine.connection = Connection("", LIMITS)
    assert repr(mine) == "<Session 'c' of 'p', here>"
