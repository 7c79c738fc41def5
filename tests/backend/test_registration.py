import pytest

from fleet_sim.backend.events import DeviceActivated, DeviceBound, Keep, Registered, Tell
from fleet_sim.model.identity import Registration
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    UpgradeRequest,
    VersionReport,
)
from tests.backend.playbook import Server, contract, device


def _activate(server: Server, key: str) -> ActivationInfo:
    """Let a device in by its product's secret; return what it is told."""
    told = [one.message for one in server.do(DeviceActivated(device(key))) if isinstance(one, Tell)]
    (info,) = told
    assert isinstance(info, ActivationInfo)
    return info


def test_a_stranger_is_registered_before_it_is_told() -> None:
    """Its secret stands in an urgent row that comes before the message with it."""
    server = Server()

    effects = server.do(DeviceActivated(device("d1")))

    rows = [one for one in effects if isinstance(one, Keep) and one.table == "devices"]
    (told,) = [one for one in effects if isinstance(one, Tell)]
    assert isinstance(told.message, ActivationInfo)
    assert rows[0].urgent
    assert effects.index(rows[0]) < effects.index(told)
    assert rows[0].row["registration"]["secret"] == told.message.secret
    assert server.brain.secret_of(device("d1")) == told.message.secret


def test_every_device_gets_a_secret_of_its_own() -> None:
    """And a name at the platform, and a message with an id of its own."""
    server = Server()

    infos = [_activate(server, key) for key in ("d1", "d2", "d3")]

    for values in (
        {one.secret for one in infos},
        {one.asset_id for one in infos},
        {one.message_id for one in infos},
    ):
        assert len(values) == 3
    assert {len(one.secret) for one in infos} == {32}
    assert {len(one.asset_id) for one in infos} == {8}


def test_a_device_that_activates_again_gets_the_same_secret() -> None:
    """Also from a server that was started again meanwhile."""
    server = Server()
    first = _activate(server, "d1")

    second = _activate(server, "d1")
    server.restart()
    third = _activate(server, "d1")

    assert first.secret == second.secret == third.secret
    assert first.asset_id == second.asset_id == third.asset_id
    assert len({first.message_id, second.message_id, third.message_id}) == 3


def test_a_contract_may_want_a_new_secret_each_time() -> None:
    """The older one is worth nothing from then on, and stays so after a restart."""
    server = Server(contract(reactivation="new_secret"))
    first = _activate(server, "d1")

    second = _activate(server, "d1")
    server.restart()

    assert first.secret != second.secret
    assert first.asset_id == second.asset_id
    assert server.brain.secret_of(device("d1")) == second.secret


def test_a_device_that_was_registered_with_a_secret_keeps_it() -> None:
    """It may have lost it; the platform has not."""
    server = Server()
    server.register("d1", tags=(("site", "north"),))

    info = _activate(server, "d1")

    assert info.secret == "secret of d1"
    known = server.brain.registration_of(device("d1"))
    assert known is not None
    assert known.tags == (("site", "north"),)


def test_what_an_owner_leaves_open_stays_as_it_is() -> None:
    """A list of devices that is read anew at each start takes no secret and no gateway away."""
    server = Server()
    info = _activate(server, "d1")
    server.do(DeviceBound(device("d1"), device("g")))

    server.do(Registered(Registration(device("d1"), "", tags=(("site", "north"),))))

    assert server.brain.registration_of(device("d1")) == Registration(
        device("d1"), info.secret, info.asset_id, tags=(("site", "north"),), gateway=device("g")
    )


@pytest.mark.parametrize("restarts", [False, True])
def test_an_owner_may_say_that_there_is_no_gateway(*, restarts: bool) -> None:
    """Whoever named it: the list of devices before, or the gateway; it may be bound again."""
    server = Server()
    server.register("d1", gateway=device("g"))
    server.register("d2")
    server.do(DeviceBound(device("d2"), device("g")))
    if restarts:
        server.restart()

    server.register("d1", "d2", "d3", is_free=True)
    server.restart()
    left = server.brain.children_of(device("g"))
    server.do(DeviceBound(device("d1"), device("g")))
    server.register("d1")

    assert list(left) == []
    assert [one.device for one in server.brain.children_of(device("g"))] == [device("d1")]


def test_what_an_owner_says_counts() -> None:
    """More than what a device was given."""
    server = Server()
    _activate(server, "d1")

    server.register("d1")

    assert server.brain.secret_of(device("d1")) == "secret of d1"


def test_a_device_may_be_bound_and_set_free() -> None:
    """A stranger becomes known by it; the rest of what is known stays, also after a restart."""
    server = Server()
    server.register("d1", tags=(("site", "north"),))

    for key in ("d1", "stranger"):
        server.do(DeviceBound(device(key), device("g")))
    server.restart()
    bound = server.brain.children_of(device("g"))
    server.do(DeviceBound(device("d1"), None))

    assert [one.device.device_key for one in bound] == ["d1", "stranger"]
    assert bound[0].tags == (("site", "north"),)
    assert server.brain.secret_of(device("stranger")) is None
    left = server.brain.children_of(device("g"))
    assert [one.device.device_key for one in left] == ["stranger"]


def test_a_gateways_child_is_not_told() -> None:
    """Its gateway hears of its secret."""
    server = Server()

    effects = server.do(DeviceActivated(device("d1"), is_told=False))

    assert [one for one in effects if isinstance(one, Tell)] == []
    assert server.brain.secret_of(device("d1"))


def test_an_activated_device_is_upgraded_like_any_other() -> None:
    """A job that stays open takes it in as soon as it says what it runs."""
    server = Server()
    server.job("2.0", open_list=True)

    _activate(server, "d1")
    server.connect("d1")
    server.say("d1", ActivationReply("1"))
    server.version("d1", "1.0")

    assert [type(one) for _, key, one in server.told if key == "d1"][-1] is UpgradeRequest


def test_what_a_device_says_of_its_secret_changes_nothing() -> None:
    """A refusal neither: the device comes again."""
    server = Server()
    info = _activate(server, "d1")
    server.connect("d1", version="1.0")

    assert server.say("d1", ActivationReply(info.message_id, 500, "no room")) == ()
    assert server.brain.secret_of(device("d1")) == info.secret
    assert server.say("d1", VersionReport("9", "1.0"))


def test_every_registered_device_has_a_name_at_the_platform() -> None:
    """Its owner need not give one; what he gives stands, and what it has stays."""
    server = Server()
    for key, asset_id in (("d1", ""), ("d2", ""), ("d3", "theowns3")):
        server.do(Registered(Registration(device(key), "s", asset_id=asset_id)))

    names = [server.brain.registration_of(device(key)) for key in ("d1", "d2", "d3")]
    server.do(Registered(Registration(device("d1"), "other")))

    given = [one.asset_id for one in names if one is not None]
    assert len(set(given)) == 3
    assert [len(one) for one in given] == [8, 8, 8]
    assert given[2] == "theowns3"
    again = server.brain.registration_of(device("d1"))
    assert again is not None
    assert again.asset_id == given[0]
