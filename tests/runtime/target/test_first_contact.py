import asyncio
from typing import Any

import pytest

from fleet_sim.runtime.mqtt_client import DeviceConnection
from fleet_sim.runtime.target.broker_access import BrokerAccess
from fleet_sim.runtime.target.first_contact import (
    DEVICES_ENOUGH,
    PATIENCE_MS,
    SILENT_MS,
    FirstContact,
)
from fleet_sim.runtime.virtual_time import VirtualClock

ACCESS = BrokerAccess(host="h", port=1883)


class Watched:
    """A watch, and a clock to move."""

    def __init__(self, devices: int) -> None:
        self.clock = VirtualClock()
        self.contact = FirstContact(ACCESS, self.clock, devices=devices)

    def later(self, ms: int) -> str:
        """Let time pass, and return what it has come to."""
        self.clock.call_at(self.clock.now_ms() + ms, lambda: None)
        self.clock.step()
        return self.contact.verdict()


def connection(*, has_written: bool) -> DeviceConnection:
    """Return a connection that has sent CONNECT, or not yet."""
    loop: Any = asyncio.new_event_loop()
    loop.close()
    made = DeviceConnection(loop, listener=None)  # type: ignore[arg-type]
    made.has_written = has_written
    return made


def test_ten_that_are_turned_away_speak_for_a_thousand() -> None:
    """At once, when what turns them away cannot pass by itself; nine do not."""
    watched = Watched(1000)
    for number in range(DEVICES_ENOUGH - 1):
        watched.contact.answered(f"d{number}", 5)
    before = watched.contact.verdict()

    watched.contact.answered("last", 5)

    assert before == ""
    assert watched.contact.verdict().startswith("the broker at h:1883 denies access")
    assert f"each of the first {DEVICES_ENOUGH} devices" in watched.contact.verdict()


def test_one_device_turned_away_again_and_again_is_one_device() -> None:
    """Its back-off brings it back; it says nothing of the others."""
    watched = Watched(2)

    for _ in range(50):
        watched.contact.answered("d1", 4)

    assert watched.later(60_000) == ""


def test_a_fleet_of_one_needs_no_more() -> None:
    """And the sentence does not speak of devices in the plural."""
    watched = Watched(1)

    watched.contact.answered("d1", 4)

    assert watched.contact.verdict().endswith("so it went for the only device, and none was let in")


def test_one_that_is_let_in_ends_the_watch() -> None:
    """Whatever the others meet, the way is proven."""
    watched = Watched(3)
    watched.contact.answered("d1", 4)
    watched.contact.answered("d2", 0)

    watched.contact.answered("d3", 4)
    watched.contact.ended("d1", "closed by the broker")

    assert not watched.contact.is_open
    assert watched.later(60_000) == ""


@pytest.mark.parametrize("how", ["code 3", "cut", "not opened"])
def test_what_may_pass_is_given_a_while(how: str) -> None:
    """A broker that is just starting refuses, cuts or is not there; five seconds later it is."""
    watched = Watched(2)
    for who in ("d1", "d2"):
        if how == "code 3":
            watched.contact.answered(who, 3)
        elif how == "cut":
            watched.contact.ended(who, "closed by the broker")
        else:
            watched.contact.not_opened(who, "h:1883 cannot be reached", may_pass=True)

    assert watched.later(PATIENCE_MS - 1) == ""
    assert watched.later(1) != ""


def test_a_certificate_that_is_not_accepted_does_not_pass() -> None:
    """It is told at once, in its own sentence."""
    watched = Watched(1)

    watched.contact.not_opened("d1", "the certificate was not accepted", may_pass=False)

    assert watched.contact.verdict().startswith("the certificate was not accepted: so it went")


def test_the_commonest_failure_is_told() -> None:
    """Where devices met different ones."""
    watched = Watched(3)
    watched.contact.answered("d1", 2)
    watched.contact.answered("d2", 4)
    watched.contact.answered("d3", 4)

    assert "user name or password" in watched.contact.verdict()


def test_a_broker_that_never_answers_is_told() -> None:
    """Counted from when CONNECT has left: a slow link is no silent broker."""
    watched = Watched(2)
    asked, waiting = connection(has_written=True), connection(has_written=False)
    watched.contact.opened("d1", asked)
    watched.contact.opened("d2", waiting)
    watched.contact.verdict()

    early = watched.later(SILENT_MS)
    waiting.has_written = True
    watched.contact.verdict()
    late = watched.later(SILENT_MS)

    assert early == ""
    assert "does not answer CONNECT within 15 s" in late


def test_a_device_that_leaves_by_itself_counts_for_nothing() -> None:
    """Its link broke: the broker had no time to answer."""
    watched = Watched(1)
    watched.contact.opened("d1", connection(has_written=True))
    watched.contact.verdict()

    watched.contact.left("d1")

    assert watched.later(10 * SILENT_MS) == ""
