import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import (
    Child,
    ChildRefusal,
    GatewayAction,
    GatewayReply,
    ProgressReport,
    Proof,
    ReportReply,
    UpgradeRequest,
    VersionReport,
)
from fleet_sim.mqtt import client as mqtt
from tests.runtime.gateway_scene import (
    BATCH,
    CHILD,
    CODEC,
    GATEWAY,
    LOGIN,
    OTHER,
    SIBLING,
    asked,
    heard,
    here,
    named,
    raw,
    said,
    say,
    scene,
    status,
    wire_of,
)
from tests.runtime.lone_platform import (
    PRODUCT_SECRET,
    SECRET,
    WINDOW_MS,
    Client,
    LonePlatform,
    online,
)

# --- on line ------------------------------------------------------------------------------------


def test_a_child_comes_on_line_over_its_gateways_connection() -> None:
    """As the log says from the server's side, and over which."""
    world, gateway = scene("c1")

    reply = asked(world, gateway, LOGIN, CHILD)

    assert reply == GatewayReply("7", LOGIN, (named(world, CHILD),))
    assert world.records("online")[-1] == {
        "kind": "online", "device": "pk/c1", "side": "server", "over": "pk/g",
    }  # fmt: skip


def test_what_the_gateway_says_for_a_child_is_the_childs() -> None:
    """And what the platform says to the child goes down the gateway's connection."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    said(world, gateway, CHILD, VersionReport("1", "1.0"))

    assert world.records("version_received")[0]["device"] == "pk/c1"
    assert heard(gateway, CHILD) == [ReportReply("1", VersionReport)]


def test_a_child_is_upgraded_like_any_device() -> None:
    """Pushed to without a SUBSCRIBE, on its own topic; its reports end the task."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)
    said(world, gateway, CHILD, VersionReport("1", "1.0"))
    gateway.events()

    world.order()
    (push,) = heard(gateway, CHILD)
    assert isinstance(push, UpgradeRequest)
    said(world, gateway, CHILD, ProgressReport("2", 100))
    said(world, gateway, CHILD, VersionReport("3", "2.0"))

    assert [one["device"] for one in world.records("push_sent")] == ["pk/c1"]
    assert status(world) == ["succeeded"]


def test_the_reports_of_siblings_are_not_mixed() -> None:
    """Both come by one connection, under the same ids."""
    world, gateway = scene("c1", "c2")
    asked(world, gateway, BATCH, CHILD, SIBLING)

    said(world, gateway, CHILD, VersionReport("1", "1.0"))
    said(world, gateway, SIBLING, VersionReport("1", "1.1"))

    told = [(one["device"], one["version"]) for one in world.records("version_received")]
    assert told == [("pk/c1", "1.0"), ("pk/c2", "1.1")]


def test_the_answer_comes_once_what_it_rests_on_is_durable() -> None:
    """A topology that was told is one that is kept; so is the PUBACK."""
    world, gateway = scene("c1")
    wire = wire_of(GATEWAY, GatewayAction.ADD, CHILD)

    gateway.publish(wire.topic, wire.payload)
    world.run(WINDOW_MS)
    assert world.store.is_busy
    assert gateway.events() == []
    world.store.end()

    assert [type(one) for one in gateway.events()] == [mqtt.Received, mqtt.Acknowledged]


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_child_is_refused_without_its_signature(secret: str) -> None:
    """The gateway hears why, and so does the log; the child stays off line."""
    world, gateway = scene("c1")

    reply = asked(world, gateway, LOGIN, CHILD, secret=secret)

    assert reply.refused == ((CHILD, ChildRefusal.WRONG_SIGNATURE),)
    assert here(world) == ["pk/g"]
    (refused,) = world.records("refused")
    assert (refused["device"], refused["why"]) == ("pk/g", "pk/c1: wrong_signature")


def test_of_a_batch_those_come_on_line_who_may() -> None:
    """The others are named."""
    world, gateway = scene("c1")
    stranger = DeviceId("pk", "stranger")

    reply = asked(world, gateway, BATCH, CHILD, stranger)

    assert reply.children == (named(world, CHILD),)
    assert reply.refused == ((stranger, ChildRefusal.UNKNOWN),)
    assert here(world) == ["pk/c1", "pk/g"]


def test_a_login_again_is_granted_and_changes_nothing() -> None:
    """SDKs repeat theirs after a reconnect, and users beside them."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    again = asked(world, gateway, LOGIN, CHILD)

    assert again.children == (named(world, CHILD),)
    assert [one["device"] for one in world.records("online")] == ["pk/g", "pk/c1"]
    assert world.records("offline") == []


def test_a_gateway_has_so_many_children_and_no_more() -> None:
    """A login beyond them is refused; one that leaves makes room, one that is here needs none."""
    most = CODEC.children_max
    names = [f"c{number}" for number in range(most + 1)]
    world, gateway = scene(*names)
    devices = [DeviceId("pk", name) for name in names]

    asked(world, gateway, BATCH, *devices[:most])
    beyond = asked(world, gateway, LOGIN, devices[most])
    here_already = asked(world, gateway, LOGIN, devices[0])
    asked(world, gateway, GatewayAction.LOGOUT, devices[0])
    then = asked(world, gateway, LOGIN, devices[most])

    assert beyond.refused == ((devices[most], ChildRefusal.TOO_MANY),)
    assert here_already.refused == then.refused == ()
    assert len(here(world)) == most + 1


# --- activation ---------------------------------------------------------------------------------


def test_a_child_with_its_products_secret_is_given_one_of_its_own() -> None:
    """By the reply to its gateway; from then on that signs for it."""
    world, gateway = scene()
    newcomer = DeviceId("pk", "newcomer")

    first = asked(world, gateway, LOGIN, newcomer, proof=Proof.PRODUCT, secret=PRODUCT_SECRET)
    (child,) = first.children
    asked(world, gateway, GatewayAction.LOGOUT, newcomer)
    second = asked(world, gateway, LOGIN, newcomer, secret=child.secret)

    assert child.secret
    assert second.children == (Child(newcomer, child.asset_id),)
    assert world.records("activation_sent") == []
    assert child.secret not in str(world.log.records)


def test_a_child_of_a_product_that_gives_no_secrets_is_refused() -> None:
    """770 in the tables; nothing becomes known."""
    world, gateway = scene()
    newcomer = DeviceId("other", "newcomer")

    reply = asked(world, gateway, LOGIN, newcomer, proof=Proof.PRODUCT, secret=PRODUCT_SECRET)

    assert reply.refused == ((newcomer, ChildRefusal.NO_ACTIVATION),)
    assert "newcomer" not in str(world.store.rows())


# --- off line -----------------------------------------------------------------------------------


def test_a_child_that_is_logged_out_is_gone() -> None:
    """Nothing more can be said for it, and nothing to it."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)
    said(world, gateway, CHILD, VersionReport("1", "1.0"))

    reply = asked(world, gateway, GatewayAction.LOGOUT, CHILD)
    said(world, gateway, CHILD, VersionReport("2", "6.6.6"))
    world.order()

    assert reply == GatewayReply("7", GatewayAction.LOGOUT, (Child(CHILD),))
    (offline,) = world.records("offline")
    assert (offline["device"], offline["why"]) == ("pk/c1", "its gateway logged it out")
    assert [one["version"] for one in world.records("version_received")] == ["1.0"]
    assert heard(gateway, CHILD) == []
    assert status(world) == ["queued"]


def test_a_logout_is_granted_whoever_was_on_line() -> None:
    """What it asks for is so; another gateway's child stays where it is."""
    world, gateway = scene("c1")
    other = Client(world, OTHER)
    other.events()
    asked(world, other, LOGIN, CHILD)

    for device in (CHILD, DeviceId("pk", "stranger")):
        assert asked(world, gateway, GatewayAction.LOGOUT, device).refused == ()

    assert "pk/c1" in here(world)


def test_the_end_of_a_gateway_takes_its_children_off_line() -> None:
    """Each is told of apart, before the gateway; other gateways' stay."""
    world, gateway = scene("c1", "c2", "c3")
    other = Client(world, OTHER)
    other.events()
    asked(world, gateway, BATCH, CHILD, SIBLING)
    asked(world, other, LOGIN, DeviceId("pk", "c3"))

    gateway.leave()

    gone = [(one["device"], one["side"]) for one in world.records("offline")]
    assert gone == [("pk/c1", "server"), ("pk/c2", "server"), ("pk/g", "server")]
    assert here(world) == ["pk/c3", "pk/g2"]


def test_a_task_of_a_child_waits_for_its_gateway() -> None:
    """And is pushed once the child is back and has said what it runs."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)
    said(world, gateway, CHILD, VersionReport("1", "1.0"))
    gateway.leave()
    world.order()
    assert status(world) == ["queued"]

    back = Client(world, GATEWAY)
    back.events()
    asked(world, back, LOGIN, CHILD)
    said(world, back, CHILD, VersionReport("1", "1.0"))

    assert UpgradeRequest in [type(one) for one in heard(back, CHILD)]


def test_a_gateway_that_takes_its_connection_over_has_no_children_on_it() -> None:
    """They are logged in anew."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    Client(world, GATEWAY)

    assert here(world) == ["pk/g"]


# --- elsewhere ----------------------------------------------------------------------------------


def test_a_child_moves_to_the_gateway_it_came_by_last() -> None:
    """The first may speak for it no more, and its end does not take it off line."""
    world, gateway = scene("c1")
    other = Client(world, OTHER)
    other.events()
    asked(world, gateway, LOGIN, CHILD)

    asked(world, other, LOGIN, CHILD)
    said(world, gateway, CHILD, VersionReport("1", "6.6.6"))
    gateway.leave()
    said(world, other, CHILD, VersionReport("1", "1.0"))

    (moved, _) = world.records("offline")
    assert (moved["device"], moved["why"]) == ("pk/c1", "it came by another gateway")
    assert here(world) == ["pk/c1", "pk/g2"]
    assert [one["version"] for one in world.records("version_received")] == ["1.0"]
    assert heard(other, CHILD) == [ReportReply("1", VersionReport)]


def test_a_device_that_is_logged_in_loses_the_connection_of_its_own() -> None:
    """It is in one place at a time."""
    world, gateway = scene("c1")
    own = online(world, "c1")

    asked(world, gateway, LOGIN, CHILD)

    assert own.connection.is_closing
    kinds = [one["kind"] for one in world.records("online", "offline") if one["device"] == "pk/c1"]
    assert kinds == ["online", "offline", "online"]


def test_a_child_that_connects_by_itself_leaves_its_gateway() -> None:
    """It may, as long as it is bound to none."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    own = Client(world, CHILD)
    said(world, gateway, CHILD, VersionReport("1", "6.6.6"))

    assert own.events() == [mqtt.Connected(session_present=False)]
    assert here(world) == ["pk/c1", "pk/g"]
    assert world.records("version_received") == []
    gateway.leave()
    assert here(world) == ["pk/c1"]


def test_a_way_that_is_no_broker_takes_a_child_off_its_gateway() -> None:
    """The platform says so when the child has come by another way."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    world.embedded.drop(CHILD, "it came by another way")

    assert here(world) == ["pk/g"]


# --- topology -----------------------------------------------------------------------------------


def test_a_child_that_was_added_belongs_to_its_gateway() -> None:
    """It comes by no other, nor by itself; also after a restart."""
    world, gateway = scene("c1")
    other = Client(world, OTHER)
    other.events()

    added = asked(world, gateway, GatewayAction.ADD, CHILD)
    foreign = [asked(world, other, action, CHILD) for action in (LOGIN, BATCH)]
    say(world, other, wire_of(OTHER, GatewayAction.ADD, CHILD))

    assert added == GatewayReply("7", GatewayAction.ADD)
    assert [one.refused for one in foreign] == [((CHILD, ChildRefusal.ELSEWHERE),)] * 2
    assert b'"code":740' in raw(other)
    assert Client(world, CHILD).events() == [mqtt.Refused(5)]
    again = LonePlatform()
    again.platform.resume(world.store.rows())
    assert Client(again, CHILD).events() == [mqtt.Refused(5)]
    assert asked(world, gateway, LOGIN, CHILD).refused == ()


def test_a_child_that_is_added_leaves_wherever_it_was() -> None:
    """Its own connection, or another gateway's."""
    world, gateway = scene("c1", "c2")
    other = Client(world, OTHER)
    other.events()
    own = online(world, "c1")
    asked(world, other, LOGIN, SIBLING)

    asked(world, gateway, GatewayAction.ADD, CHILD, SIBLING)

    assert own.connection.is_closing
    assert here(world) == ["pk/g", "pk/g2"]


def test_a_gateway_is_told_of_its_children() -> None:
    """On line or not, and of nobody else's."""
    world, gateway = scene("c1", "c2", "c3")
    asked(world, gateway, GatewayAction.ADD, SIBLING, CHILD)
    asked(world, gateway, LOGIN, DeviceId("pk", "c3"))

    reply = asked(world, gateway, GatewayAction.LIST)

    assert reply.children == (Child(CHILD), Child(SIBLING))


def test_a_child_that_was_removed_is_free() -> None:
    """It goes off line, and may come by itself or by anybody again."""
    world, gateway = scene("c1")
    asked(world, gateway, GatewayAction.ADD, CHILD)
    asked(world, gateway, LOGIN, CHILD)

    reply = asked(world, gateway, GatewayAction.REMOVE, CHILD)

    assert reply == GatewayReply("7", GatewayAction.REMOVE)
    assert here(world) == ["pk/g"]
    assert asked(world, gateway, GatewayAction.LIST).children == ()
    assert Client(world, CHILD).events() == [mqtt.Connected(session_present=False)]


@pytest.mark.parametrize("name", ["c1", "stranger", "g"])
def test_a_device_that_is_not_its_child_cannot_be_removed(name: str) -> None:
    """1256 in the tables."""
    world, gateway = scene("c1")
    other = Client(world, OTHER)
    other.events()
    asked(world, other, GatewayAction.ADD, CHILD)

    say(world, gateway, wire_of(GATEWAY, GatewayAction.REMOVE, DeviceId("pk", name)))

    assert b'"code":1256' in raw(gateway)
    assert asked(world, other, GatewayAction.LIST).children == (Child(CHILD),)


def test_a_device_registered_as_a_child_comes_by_its_gateway_alone() -> None:
    """As its owner may say beforehand."""
    world, gateway = scene()
    world.platform.register([Registration(CHILD, SECRET, gateway=GATEWAY)])
    world.settle()

    assert Client(world, CHILD).events() == [mqtt.Refused(5)]
    assert asked(world, gateway, LOGIN, CHILD).children == (named(world, CHILD),)


# --- what a gateway may not ---------------------------------------------------------------------


def test_a_gateway_is_not_its_own_child() -> None:
    """It would close the connection it came by."""
    world, gateway = scene()

    for action in (LOGIN, BATCH):
        reply = asked(world, gateway, action, GATEWAY)
        assert reply.refused == ((GATEWAY, ChildRefusal.ELSEWHERE),)

    assert here(world) == ["pk/g"]


def test_a_child_is_no_gateway() -> None:
    """What is asked in its name over its gateway's connection is not let through."""
    world, gateway = scene("c1", "c2")
    asked(world, gateway, LOGIN, CHILD)
    wire = wire_of(CHILD, LOGIN, SIBLING)

    say(world, gateway, wire)

    assert here(world) == ["pk/c1", "pk/g"]
    assert world.records("refused")[-1]["topic"] == wire.topic


def test_a_gateway_listens_to_its_children_while_they_are_on_line() -> None:
    """SDKs subscribe to the replies of a child, which they get once all the same."""
    world, gateway = scene("c1", "c2")
    asked(world, gateway, LOGIN, CHILD)

    gateway.session.subscribe(
        [("/sys/pk/c1/ota/device/inform_reply", 1), ("/sys/pk/c2/#", 1), ("/sys/pk/+/x/y", 1)]
    )
    gateway.flush()
    (granted,) = [one for one in gateway.events() if isinstance(one, mqtt.Subscribed)]
    said(world, gateway, CHILD, VersionReport("1", "1.0"))

    assert granted.codes == (1, 0x80, 0x80)
    assert heard(gateway, CHILD) == [ReportReply("1", VersionReport)]


def test_a_gateway_may_not_push_to_its_children() -> None:
    """What leads downstream stays the platform's."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    gateway.publish("/sys/pk/c1/ota/device/upgrade", b"{}")

    assert world.records("refused")[-1]["why"] == "no authority to publish there"


def test_a_request_that_is_none_gets_its_code() -> None:
    """And the log says what was wrong with it."""
    world, gateway = scene()

    gateway.publish(f"/ext/session/{GATEWAY}/combine/login", b'{"id":"7"}')
    world.settle()

    assert b'"code":1220' in raw(gateway)
    assert world.records("refused")[-1]["why"] == "params is missing"


def test_a_broken_message_of_a_child_is_answered_to_its_gateway() -> None:
    """On the child's reply topic."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    gateway.publish("/sys/pk/c1/ota/device/inform", b"{}")
    world.settle()

    (reply,) = heard(gateway, CHILD)
    assert isinstance(reply, ReportReply)
    assert reply.code == 1220
