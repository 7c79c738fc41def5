import pytest

from fleet_sim.backend.events import Forget, Keep
from fleet_sim.model.messages import VersionReport
from tests.runtime.lone_platform import Client, LonePlatform, SlowStore, online


def test_a_slow_store_ends_its_commits_when_it_is_told() -> None:
    """And refuses a second one meanwhile."""
    store = SlowStore()
    ended: list[int] = []

    store.commit([], lambda: ended.append(1))
    assert store.is_busy
    with pytest.raises(AssertionError, match="two commits"):
        store.commit([], lambda: None)
    store.end()

    assert ended == [1]
    assert not store.is_busy


def test_a_slow_store_loads_what_its_commits_left() -> None:
    """Of one key the last wins, and what was forgotten is gone."""
    store = SlowStore()
    store.is_quick = True

    store.commit([Keep("t", "a", {"n": 1}), Keep("t", "b", {"n": 2})], lambda: None)
    store.commit([Keep("t", "a", {"n": 3}), Forget("t", "b")], lambda: None)

    assert store.rows() == {"t": [{"n": 3}]}


def test_a_client_speaks_with_the_platforms_own_broker() -> None:
    """It hears nothing before the commit, and everything after it."""
    world = LonePlatform()
    (device,) = world.register("d1")
    client = Client(world, device)
    client.events()

    client.say(VersionReport("1", "1.0"))
    assert client.heard() == []
    world.settle()

    assert [one.message_id for one in client.heard()] == ["1"]


def test_a_device_on_line_has_reported_its_version() -> None:
    """And what the platform answered has been heard."""
    world = LonePlatform()

    client = online(world, "d7", version="1.5")

    assert client.events() == []
    assert [one["version"] for one in world.records("version_received")] == ["1.5"]
