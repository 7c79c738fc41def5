from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.credentials import Credential, read_credentials
from fleet_sim.scenario.errors import ScenarioError


def refused(text: str) -> list[str]:
    """Return what is told of a file that cannot be used."""
    with pytest.raises(ScenarioError) as caught:
        read_credentials(text, "d.csv")
    return [str(mistake) for mistake in caught.value.mistakes]


def test_devices_are_read_a_line_each() -> None:
    """Heading, comments, empty lines, spaces and quotes are all usual in such files."""
    text = 'product_key,device_key,device_secret\n# ours\n\nP, d1, s1\n"P","d2","s,2",1.0\n'

    assert read_credentials(text, "d.csv") == (
        Credential(DeviceId("P", "d1"), "s1"),
        Credential(DeviceId("P", "d2"), "s,2", "1.0"),
    )


def test_every_wrong_line_is_told_without_its_secret() -> None:
    """A message may end in a CI log."""
    said = refused("P,d1\nP,d2,hush\nP,d2,hush\nP,d3,hush,1,2\nP,,hush\n")

    assert [one.split(": ")[0] for one in said] == [f"d.csv:{line}:1" for line in (1, 3, 4, 5)]
    assert not any("hush" in one for one in said)


def test_a_device_may_be_without_a_secret_where_its_products_is_at_hand() -> None:
    """It activates; its version may stand there all the same."""
    assert read_credentials("P,d1,\nP,d2,,1.0\n", "d.csv", may_activate=True) == (
        Credential(DeviceId("P", "d1"), ""),
        Credential(DeviceId("P", "d2"), "", "1.0"),
    )


def test_a_device_without_a_secret_is_told_otherwise() -> None:
    """One sentence each: which device, in which line, and what would help."""
    (said,) = refused("P,d1,s1\nP,d2,\n")

    assert said == (
        "d.csv:2:1: the device P/d2 has no secret; write it, or set FLEET_SIM_PRODUCT_SECRET so "
        "that it activates"
    )


def test_a_line_without_keys_is_no_device_even_so() -> None:
    """There is nobody to activate."""
    with pytest.raises(ScenarioError) as caught:
        read_credentials("P,,\n,d,\nP,d\n", "d.csv", may_activate=True)

    assert [one.line for one in caught.value.mistakes] == [1, 2, 3]


def test_no_line_of_the_file_may_be_shown() -> None:
    """Whatever is wrong with it: secrets stand in all of them."""
    with pytest.raises(ScenarioError) as caught:
        read_credentials("P,d1\nP,d2,hush\nP,d2,hush\nP,a/b,hush\nP,d3,\n", "d.csv")

    assert [one.line for one in caught.value.mistakes] == [1, 3, 4, 5]
    assert all(one.is_secret for one in caught.value.mistakes)


def test_an_empty_file_is_told() -> None:
    """A run without devices would be green for nothing."""
    assert refused("# none\n") == ["d.csv: no devices are in this file"]


def test_a_secret_is_not_in_what_is_printed() -> None:
    """Neither in logs nor in a failing test."""
    assert "hush" not in repr(Credential(DeviceId("P", "d"), "hush"))


@given(st.text(max_size=200))
def test_any_text_is_read_or_told(text: str) -> None:
    """No file brings a traceback."""
    with suppress(ScenarioError):
        assert read_credentials(text, "d.csv")


@pytest.mark.parametrize("key", ["a/b", "a+", "#", "a\x07b"])
def test_a_key_that_no_topic_can_hold_is_refused(key: str) -> None:
    """It would reach into other devices' topics, or into none."""
    with pytest.raises(ScenarioError, match="cannot be part of an MQTT topic") as told:
        read_credentials(f"pk,{key},s3cret\n", "devices.csv")

    assert "s3cret" not in str(told.value)
