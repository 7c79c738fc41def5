import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.model.identity import DeviceId, Registration


@given(
    st.builds(
        DeviceId,
        st.text(st.characters(exclude_characters="/"), min_size=1),
        st.text(min_size=1),
    )
)
def test_a_device_reads_back_as_it_was_written(device: DeviceId) -> None:
    """A device key may hold a slash, a product key may not."""
    assert DeviceId.parse(str(device)) == device


@pytest.mark.parametrize("text", ["", "/", "pk", "pk/", "/dk"])
def test_a_name_without_both_keys_is_no_device(text: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match="write product_key/device_key"):
        DeviceId.parse(text)


def test_devices_sort_by_product_then_key() -> None:
    """Lists of devices have one order, whoever makes them."""
    devices = [DeviceId("b", "1"), DeviceId("a", "2"), DeviceId("a", "1")]

    assert sorted(devices) == [DeviceId("a", "1"), DeviceId("a", "2"), DeviceId("b", "1")]


def test_a_registration_does_not_show_its_secret() -> None:
    """It ends up in messages and tracebacks."""
    registration = Registration(DeviceId("pk", "dk"), secret="5e2f2dc3")

    assert repr(registration) == "Registration(pk/dk)"
