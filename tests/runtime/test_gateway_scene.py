from fleet_sim.model.messages import (
    ChildRefusal,
    GatewayAction,
    ReportReply,
    VersionReport,
)
from tests.runtime.gateway_scene import (
    CHILD,
    GATEWAY,
    LOGIN,
    asked,
    heard,
    here,
    named,
    raw,
    replies,
    said,
    scene,
    status,
)
from tests.runtime.lone_platform import Client


def test_a_scene_has_a_gateway_that_can_ask() -> None:
    """Signed rightly unless told otherwise; the answer is taken out of what has come."""
    world, gateway = scene("c1")

    wrong = asked(world, gateway, LOGIN, CHILD, secret="wrong")
    right = asked(world, gateway, LOGIN, CHILD)

    assert wrong.refused == ((CHILD, ChildRefusal.WRONG_SIGNATURE),)
    assert right.children == (named(world, CHILD),)
    assert replies(gateway) == []
    assert here(world) == ["pk/c1", "pk/g"]


def test_who_is_here_is_who_has_not_left() -> None:
    """By the order of the records."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    asked(world, gateway, GatewayAction.LOGOUT, CHILD)
    assert here(world) == ["pk/g"]
    gateway.leave()
    assert here(world) == []


def test_a_gateway_passes_words_on_and_hears_for_its_child() -> None:
    """And nothing of what is its own."""
    world, gateway = scene("c1")
    asked(world, gateway, LOGIN, CHILD)

    said(world, gateway, CHILD, VersionReport("1", "1.0"))
    said(world, gateway, GATEWAY, VersionReport("2", "1.0"))

    assert heard(gateway, CHILD) == [ReportReply("1", VersionReport)]
    assert status(world) == []


def test_raw_is_all_that_has_come() -> None:
    """Nothing, of a client that has only just come."""
    world, _ = scene("c1")
    client = Client(world, CHILD)
    assert raw(client) == b""

    said(world, client, CHILD, VersionReport("1", "1.0"))

    assert raw(client) == b'{"id":"1","code":200,"data":{}}'
