from __future__ import annotations

import pytest

from fleet_sim.dialects.fields import Number
from fleet_sim.dialects.tuyalink.channels import Channels
from fleet_sim.dialects.wire import DialectError


@pytest.mark.parametrize(
    ("module", "number"), [("", 0), ("1", 1), ("3", 3), ("9", 9), ("10", 10), ("19", 19)]
)
def test_a_module_is_the_number_of_its_channel(module: str, number: int) -> None:
    """The main one has no name."""
    assert Channels().number_of(module) == number
    assert Channels().name_of(number) == module
    assert Channels().module_of({"channel": Number(str(number))}) == module


def test_a_message_without_a_channel_is_about_the_main_one() -> None:
    """As devices with one module have it."""
    assert Channels().module_of({}) == ""


def test_modules_may_have_names() -> None:
    """For a northbound where a user names them."""
    channels = Channels({"MCU": 9})

    assert channels.number_of("MCU") == 9
    assert channels.number_of("9") == 9
    assert channels.module_of({"channel": "9"}) == "MCU"


@pytest.mark.parametrize("module", ["MCU", "0", "20", "-1"])
def test_other_modules_are_no_channels(module: str) -> None:
    """The sentence says which are."""
    with pytest.raises(DialectError, match=r"channels are 1 to 19, BLE$"):
        Channels({"BLE": 1}).number_of(module)


@pytest.mark.parametrize("channel", ["20", "-1", "x", True])
def test_other_channels_are_refused(channel: object) -> None:
    """Beyond the range, or no number."""
    with pytest.raises(DialectError, match="channel is"):
        Channels().module_of({"channel": channel})
