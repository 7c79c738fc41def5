from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.kinds import Connack, Connect, Pingreq
from tests.runtime.lone_world import LoneWorld


def test_the_broker_on_strings_answers_as_brokers_do() -> None:
    """CONNECT, a report at QoS 1, and a ping."""
    world = LoneWorld()
    rig = world.rig()
    rig.start()
    world.run(1_000)

    rig.line.ping()
    world.run(2_000)

    assert [one["kind"] for one in world.records("online", "delivered")] == ["online", "delivered"]
    assert len(world.wires[0].packets(Connect)) == 1
    assert len(world.wires[0].packets(Pingreq)) == 1
    assert rig.line._session is not None
    assert not rig.line._session.awaits_pong


def test_a_mute_broker_hears_and_says_nothing() -> None:
    """Until the test says something for it."""
    world = LoneWorld()
    world.is_mute = True
    rig = world.rig()
    rig.start()
    world.run(1_000)
    assert not rig.is_online
    assert len(world.wires[0].packets(Connect)) == 1

    world.wires[0].say(encode(Connack(0)))
    world.run(2_000)

    assert rig.is_online


def test_the_clock_stands_where_it_was_told_to() -> None:
    """Whether or not there was work to do."""
    world = LoneWorld()

    world.run(1_234)

    assert world.clock.now_ms() == 1_234
