from fleet_sim.device.alarms import Alarms
from fleet_sim.device.events import SetTimer, Timer


def test_a_timer_is_awaited_until_it_fires() -> None:
    """Once: what fires again was not awaited."""
    alarms = Alarms()

    effect = alarms.set(Timer.ASK, 500)

    assert effect == SetTimer(Timer.ASK, 500, 1)
    assert Timer.ASK in alarms
    assert alarms.take(Timer.ASK, 1)
    assert Timer.ASK not in alarms
    assert not alarms.take(Timer.ASK, 1)


def test_a_newer_setting_replaces_the_older() -> None:
    """There is no cancel, so the older one fires and does not count."""
    alarms = Alarms()
    alarms.set(Timer.ASK, 500)

    alarms.set(Timer.ASK, 900)

    assert not alarms.take(Timer.ASK, 1)
    assert alarms.take(Timer.ASK, 2)
    assert alarms.count == 2


def test_what_is_dropped_is_not_awaited() -> None:
    """By name, or all at once; dropping what was never set does no harm."""
    alarms = Alarms()
    for name in (Timer.ASK, Timer.FLAP, Timer.INSTALL):
        alarms.set(name, 500)

    alarms.drop(Timer.ASK, Timer.FLAP, Timer.REBOOT)

    assert [name for name in Timer if name in alarms] == [Timer.INSTALL]
    alarms.clear()
    assert not alarms.take(Timer.INSTALL, 3)
