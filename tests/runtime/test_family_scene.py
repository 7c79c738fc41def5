import pytest

from fleet_sim.dialects.huawei import gateways
from tests.runtime.family_scene import (
    CHILD,
    GATEWAY,
    OTHER,
    connected,
    details,
    event,
    family,
    hears,
    ordered,
    presence,
    says,
)
from tests.runtime.gateway_scene import here
from tests.runtime.lone_platform import Client

VERSION = event("version_report", {"fw_version": "1.0"})
DONE = event("upgrade_progress_report", {"result_code": 0, "progress": 100, "version": "2.0"})
ANSWERED = "sub_device_update_status_response"

# --- on line ------------------------------------------------------------------------------------


def test_a_child_is_on_line_when_its_gateway_says_so() -> None:
    """Over the gateway's connection; the gateway is answered, and a second time changes nothing."""
    world, gateway = family()

    says(world, gateway, presence(c1="ONLINE"))
    says(world, gateway, presence(c1="ONLINE"))

    done = {"successful_devices": [{"device_id": "pk_c1", "status": "ONLINE"}]}
    assert hears(gateway) == [("pk_g", ANSWERED, {**done, "failed_devices": []})] * 2
    assert world.records("online")[1:] == [
        {"kind": "online", "device": "pk/c1", "side": "server", "over": "pk/g"}
    ]


def test_a_child_is_off_line_when_its_gateway_says_so() -> None:
    """One of two, in one message; the other comes on line by it."""
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE"))

    says(world, gateway, presence(c1="OFFLINE", c2="ONLINE"))

    assert here(world) == ["pk/c2", "pk/g"]
    (offline,) = world.records("offline")
    assert (offline["device"], offline["why"]) == ("pk/c1", "its gateway logged it out")


def test_a_child_that_speaks_is_on_line() -> None:
    """Whether or not that was told before; its words come after."""
    world, gateway = family()

    says(world, gateway, VERSION, of="c1")
    says(world, gateway, VERSION, of="c1")

    told = [(one["kind"], one["device"]) for one in world.records("online", "version_received")]
    assert told == [
        ("online", "pk/g"), ("online", "pk/c1"), *[("version_received", "pk/c1")] * 2,
    ]  # fmt: skip


def test_a_status_and_a_version_may_come_in_one_message() -> None:
    """Each is taken; a version about nobody by name is the gateway's own."""
    world, gateway = family()

    says(world, gateway, VERSION, presence(c1="ONLINE"))

    assert here(world) == ["pk/c1", "pk/g"]
    assert [one["device"] for one in world.records("version_received")] == ["pk/g"]
    assert [kind for _, kind, _ in hears(gateway)] == [ANSWERED]


def test_the_end_of_a_gateway_takes_its_children_off_line() -> None:
    """However they came; when it is back, they are told of anew."""
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE"))
    says(world, gateway, VERSION, of="c2")

    gateway.leave()

    gone = [one["device"] for one in world.records("offline")]
    assert gone == ["pk/c1", "pk/c2", "pk/g"]
    back = connected(world, GATEWAY)
    assert here(world) == ["pk/g"]
    says(world, back, presence(c1="ONLINE"))
    assert here(world) == ["pk/c1", "pk/g"]


# --- upgrades -----------------------------------------------------------------------------------


def test_a_child_is_upgraded_by_its_gateway() -> None:
    """It is asked, pushed to and ends by the gateway's topics, under its own name."""
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE"))
    hears(gateway)

    task_id = ordered(world, "c1")
    (asked,) = hears(gateway)
    says(world, gateway, VERSION, of="c1")
    (pushed,) = hears(gateway)
    says(world, gateway, DONE, of="c1")

    assert asked == ("pk_c1", "version_query", {})
    assert pushed[:2] == ("pk_c1", "firmware_upgrade_v2")
    assert pushed[2].keys() == {"version", "url", "file_size", "file_name", "sign"}
    assert details(world, task_id) == {"pk_c1": "Success"}


def test_a_task_of_a_child_waits_for_it() -> None:
    """Until it is on line; its gateway alone is not enough."""
    world, gateway = family()

    task_id = ordered(world, "c1")
    assert (hears(gateway), details(world, task_id)) == ([], {"pk_c1": "Waitting"})
    says(world, gateway, presence(c1="ONLINE"))

    assert [kind for _, kind, _ in hears(gateway)] == [ANSWERED, "version_query"]


def test_children_of_one_gateway_are_told_apart() -> None:
    """Both are under way at a time, and one of them fails."""
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE", c2="ONLINE"))
    task_id = ordered(world, "c1", "c2")
    for key in ("c1", "c2"):
        says(world, gateway, VERSION, of=key)

    says(world, gateway, DONE, of="c2")
    failure = {"result_code": 5, "progress": 0, "version": "1.0"}
    says(world, gateway, event("upgrade_progress_report", failure), of="c1")

    assert details(world, task_id) == {"pk_c1": "Fail", "pk_c2": "Success"}


def test_a_task_of_gateways_tells_them_of_itself() -> None:
    """With each question and push: which it is, for how many children, the operator's words."""
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE", c2="ONLINE"))
    hears(gateway)

    extra = {"a": [1]}
    task_id = ordered(world, "c1", "c2", task_mode="GATEWAY", task_ext_info=extra)
    asked = hears(gateway)
    says(world, gateway, VERSION, of="c2")
    (pushed,) = hears(gateway)

    notice = {"task_id": task_id, "sub_device_count": 2, "task_ext_info": extra}
    assert asked == [(f"pk_{key}", "version_query", notice) for key in ("c1", "c2")]
    assert notice.items() <= pushed[2].items()


# --- what a gateway may not ---------------------------------------------------------------------


@pytest.mark.parametrize("word", ["ONLINE", "OFFLINE"])
def test_a_gateway_tells_nothing_of_anothers_child(word: str) -> None:
    """It hears so, the log says so, and nothing changes; its own in the same message are heard."""
    world, gateway = family()
    other = connected(world, OTHER)
    says(world, gateway, presence(c1="ONLINE"))

    says(world, other, presence(c1=word, g=word, nobody=word))

    ((_, kind, paras),) = hears(other)
    failed = [(one["device_id"], one["error_code"]) for one in paras["failed_devices"]]
    assert (kind, paras["successful_devices"]) == (ANSWERED, [])
    assert failed == [
        ("pk_c1", "IOTDA.900422"), ("pk_g", "IOTDA.900422"), ("pk_nobody", "IOTDA.900421"),
    ]  # fmt: skip
    assert [(one["device"], one["why"]) for one in world.records("refused")] == [
        ("pk/g2", "pk/c1: elsewhere"), ("pk/g2", "pk/g: elsewhere"),
        ("pk/g2", "pk/nobody: unknown"),
    ]  # fmt: skip
    assert here(world) == ["pk/c1", "pk/g", "pk/g2"]


def test_a_gateway_says_nothing_for_anothers_child() -> None:
    """It is refused in the log; the child is neither on line by it nor of another version."""
    world, _ = family()
    other = connected(world, OTHER)

    says(world, other, VERSION, of="c1")

    assert here(world) == ["pk/g", "pk/g2"]
    assert world.records("version_received") == []
    (refused,) = world.records("refused")
    assert (refused["device"], refused["why"]) == ("pk/g2", "pk/g2 may not speak for 'pk_c1'")


def test_a_gateway_has_so_many_children_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """One beyond them is not brought by a status nor by its words, which count all the same."""
    monkeypatch.setattr(gateways, "CHILDREN_MAX", 1)
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE"))
    hears(gateway)

    says(world, gateway, VERSION, of="c2")
    says(world, gateway, presence(c2="ONLINE"))

    ((_, _, paras),) = hears(gateway)
    assert [one["error_code"] for one in paras["failed_devices"]] == ["IOTDA.900423"]
    assert here(world) == ["pk/c1", "pk/g"]
    assert [one["device"] for one in world.records("version_received")] == ["pk/c2"]


def test_a_child_has_no_connection_and_no_topics() -> None:
    """It may not connect, and its gateway may not use what would be its own."""
    world, gateway = family()
    says(world, gateway, presence(c1="ONLINE"))

    gateway.publish("$oc/devices/pk_c1/sys/events/up", b"{}")
    gateway.session.subscribe([("$oc/devices/pk_c1/sys/events/down", 1)])
    gateway.flush()

    assert Client(world, CHILD).connection.is_closing
    assert [one["topic"] for one in world.records("refused")] == [
        "$oc/devices/pk_c1/sys/events/up", "$oc/devices/pk_c1/sys/events/down", "",
    ]  # fmt: skip


def test_a_malformed_status_is_refused() -> None:
    """The log says what was wrong; there is nobody to answer for."""
    world, gateway = family()

    says(world, gateway, presence(c1="online"))

    assert hears(gateway) == []
    (refused,) = world.records("refused")
    assert refused["why"] == "status is 'online', neither ONLINE nor OFFLINE"
    assert here(world) == ["pk/g"]
