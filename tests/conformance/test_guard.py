from pathlib import Path

import pytest

from fleet_sim.mqtt.authority import Admission
from fleet_sim.mqtt.kinds import Connect
from tests.conformance.guard import Guard, guard_files
from tests.conformance.octets import connack, connect
from tests.conformance.stage import Stage


@pytest.mark.parametrize(
    ("user", "password"),
    [("writer", b"reading"), ("nobody", b"writing"), ("", b""), ("writer", b"")],
)
def test_who_does_not_know_the_password_stays_out(
    guarded: Stage, user: str, password: bytes
) -> None:
    """Both brokers say 5."""
    client = guarded.dial()

    client.say(connect("c", username=user, password=password))

    assert client.until_closed() == [connack(5)]


def test_who_brings_nothing_stays_out(guarded: Stage) -> None:
    """Nor is anybody let in without a name."""
    client = guarded.dial()

    client.say(connect("c"))

    assert client.until_closed() == [connack(5)]


def test_the_rules_are_those_of_the_table() -> None:
    """Who may publish and hear where."""
    rules = Guard()
    writer, reader = ("writer", "c"), ("reader", "c")

    assert rules.admit(Connect("c", "writer", b"writing"), "") == Admission(writer)
    assert [rules.may_publish(writer, topic) for topic in ("open/a", "a")] == [True, False]
    assert [rules.may_publish(reader, topic) for topic in ("open/a", "a")] == [False, False]
    assert [rules.may_subscribe(writer, topic) for topic in ("open/#", "#")] == [True, False]
    assert [rules.may_subscribe(reader, topic) for topic in ("open/#", "#")] == [True, True]


def test_mosquitto_s_files_hold_no_password_in_clear(tmp_path: Path) -> None:
    """Its own program has made hashes of them."""
    settings = guard_files(tmp_path)

    assert settings[0] == "allow_anonymous false"
    words = (tmp_path / "passwords").read_text(encoding="utf-8")
    assert words.startswith("writer:$")
    assert "writing" not in words
