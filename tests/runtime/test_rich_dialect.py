"""The tests' own dialect: every word of the neutral language comes through."""

import pytest

from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    Block,
    BlockRequest,
    DeviceMessage,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionReport,
)
from tests.runtime.lone_world import DEVICE
from tests.runtime.rich_dialect import RICH, firmware_hmac

IMAGE = FirmwareImage(
    "2.0", "", 4, "aa", "md5", module="mcu", hmac="bb", token="t", stream=(7, 1)
)  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        VersionReport("1", "2.0", "mcu", after_upgrade=True),
        ProgressReport("2", 40, "half", "mcu"),
        BlockRequest("3", (7, 1), 512, 256),
        UpgradeReply("4"),
    ],
)
def test_what_a_device_says_is_heard(message: DeviceMessage) -> None:
    """The words that EnOS has, and those it lacks."""
    wire = RICH.devices.encode(DEVICE, message)
    assert wire is not None

    assert RICH.server.decode(wire.topic, wire.payload) == (DEVICE, message)
    assert RICH.server.may_publish(DEVICE, wire.topic)


@pytest.mark.parametrize(
    "message",
    [
        UpgradeRequest("1", IMAGE),
        VersionAsked("2"),
        Block("3", 512, b"\0\xff", 514),
        ReportReply("4", VersionReport),
    ],
)
def test_what_the_platform_says_is_heard(message: ServerMessage) -> None:
    """Likewise the other way, token and bytes included."""
    wire = RICH.server.encode(DEVICE, message)
    assert wire is not None

    assert RICH.devices.decode(DEVICE, wire.topic, wire.payload) == message
    assert wire.topic in RICH.server.implicit(DEVICE)
    assert not RICH.server.may_publish(DEVICE, wire.topic)


def test_the_keyed_digest_is_that_of_the_vector() -> None:
    """File `hello`, secret `secret`, as its vendor's cloud was seen to make it."""
    sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    assert firmware_hmac("secret", method="sha256", digest=sha256) == (
        "6b71677e5b2b7a05f8628b014a581fbfb9589c004480d6a96dc37ece5aca90de"
    )
