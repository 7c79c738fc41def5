from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.http_channel_sessions import Sessions
from fleet_sim.model.identity import DeviceId

_ONE = DeviceId("pk1", "dk1")
_OTHER = DeviceId("pk1", "dk2")
_EPOCH_MS = 1_700_000_000_000


def _sessions(seed: int = 7, epoch_ms: int = _EPOCH_MS) -> Sessions:
    return Sessions(seed=seed, epoch_ms=epoch_ms)


def test_a_session_is_its_devices_alone() -> None:
    """Another device cannot use it, nor the device another id."""
    sessions = _sessions()
    mine = sessions.open(_ONE, "s1", 1_000, 0)
    theirs = sessions.open(_OTHER, "s2", 1_000, 0)

    assert sessions.touch(_ONE, mine, 10)
    assert not sessions.touch(_OTHER, mine, 10)
    assert not sessions.touch(_ONE, theirs, 10)
    assert not sessions.touch(_ONE, "", 10)


def test_ids_look_like_the_pages_and_never_come_twice() -> None:
    """A UUID, other ones after a restart, for another secret and for another platform."""
    first, second = _sessions(), _sessions()
    ids = [first.open(_ONE, "s1", 1_000, 0), first.open(_ONE, "s1", 1_000, 0),
           second.open(_ONE, "s2", 1_000, 0), _sessions(8).open(_ONE, "s1", 1_000, 0),
           _sessions(epoch_ms=_EPOCH_MS + 1).open(_ONE, "s1", 1_000, 0)]  # fmt: skip

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", one)
               for one in ids)  # fmt: skip


def test_a_device_has_one_session() -> None:
    """A newer login ends the older one."""
    sessions = _sessions()
    old = sessions.open(_ONE, "s1", 1_000, 0)
    new = sessions.open(_ONE, "s1", 1_000, 500)

    assert not sessions.touch(_ONE, old, 600)
    assert sessions.touch(_ONE, new, 600)
    assert sessions.expire(1_000) == ()
    assert sessions.expire(1_600) == (_ONE,)


def test_silence_ends_a_session_and_words_put_it_off() -> None:
    """The end is one lifetime after the last request, to the millisecond."""
    sessions = _sessions()
    mine = sessions.open(_ONE, "s1", 1_000, 0)
    sessions.open(_OTHER, "s2", 1_000, 0)
    assert sessions.touch(_ONE, mine, 600)

    assert sessions.next_at_ms == 1_000
    assert sessions.expire(999) == ()
    assert sessions.expire(1_000) == (_OTHER,)
    assert sessions.next_at_ms == 1_600
    assert sessions.touch(_ONE, mine, 1_599)
    assert sessions.expire(1_600) == ()
    assert sessions.expire(2_599) == (_ONE,)
    assert sessions.next_at_ms is None


def test_an_expired_session_is_of_no_use_before_anybody_noticed() -> None:
    """The clock decides, not the alarm."""
    sessions = _sessions()
    mine = sessions.open(_ONE, "s1", 1_000, 0)

    assert not sessions.touch(_ONE, mine, 1_000)
    assert sessions.expire(1_000) == (_ONE,)


def test_a_device_that_logs_in_without_end_fills_nothing() -> None:
    """Ended sessions are cleared out long before their lifetimes are over."""
    sessions = _sessions()
    for number in range(10_000):
        sessions.open(_ONE, "s1", 86_400_000, number)

    assert len(sessions._due) < 100


@given(st.lists(st.tuples(st.sampled_from(["open", "touch"]), st.integers(0, 2),
                          st.integers(1, 50), st.integers(0, 30)), max_size=40))  # fmt: skip
def test_each_session_ends_one_lifetime_after_its_last_word(
    steps: list[tuple[str, int, int, int]],
) -> None:
    """Against a model that looks at every millisecond."""
    sessions = _sessions()
    now = 0
    ends: dict[DeviceId, tuple[str, int, int]] = {}
    for what, number, lifetime, wait in steps:
        for instant in range(now + 1, now + wait + 1):
            due = {device for device, (_, _, end) in ends.items() if end <= instant}
            assert set(sessions.expire(instant)) == due
            ends = {device: one for device, one in ends.items() if device not in due}
        now += wait
        device = DeviceId("pk", f"d{number}")
        if what == "open":
            ends[device] = (sessions.open(device, "s", lifetime, now), lifetime, now + lifetime)
        elif device in ends:
            name, its_lifetime, _ = ends[device]
            assert sessions.touch(device, name, now)
            ends[device] = (name, its_lifetime, now + its_lifetime)
