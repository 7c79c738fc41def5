import pytest

from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.credentials import Credential
from fleet_sim.scenario.errors import ScenarioError
from fleet_sim.scenario.placing import connect_at_ms, device_ids, divided, product_key


def test_a_product_key_depends_on_fleet_and_seed() -> None:
    """Eight letters and digits, the same each time."""
    key = product_key("meters", 1)

    assert key == product_key("meters", 1)
    assert len({key, product_key("meters", 2), product_key("field", 1)}) == 3
    assert len(key) == 8
    assert key.isascii()
    assert key.isalnum()


def test_devices_are_numbered_and_have_secrets() -> None:
    """Beyond 99,999 the number grows a digit."""
    devices = list(device_ids("a", 100_000, 1))

    assert devices[0].device.device_key == "a-00001"
    assert devices[-1].device.device_key == "a-100000"
    assert len({one.secret for one in devices}) == 100_000


def test_each_device_has_its_own_slice_of_the_span() -> None:
    """The drawing in the docstring: four devices, a slice each."""
    for index in range(4):
        at_ms = connect_at_ms(index, 4, 4000, seed=1, who=f"d{index}")
        assert 1000 * index <= at_ms < 1000 * (index + 1)


def test_no_span_is_all_at_once() -> None:
    """A reconnect storm from the first instant."""
    assert connect_at_ms(3, 4, 0, seed=1, who="d") == 0


def rows(devices: str) -> list[Credential]:
    """Return a file's devices: `A1 A2 B1` are two of the product A and one of B."""
    return [Credential(DeviceId(one[0], one[1:]), "s") for one in devices.split()]


def shared(devices: str, ordered: str = "ab", **counts: int) -> dict[str, str]:
    """Return which fleet has which devices, written the same way."""
    hands = divided(rows(devices), counts, ordered, "d.csv")
    return {
        name: " ".join(one.device.product_key + one.device.device_key for one in hand)
        for name, hand in hands.items()
    }


def test_fleets_take_the_devices_of_a_file_in_order() -> None:
    """Of one product they share it; what is left over takes no part."""
    assert shared("A1 A2 A3 A4 A5 A6", a=3, b=2) == {"a": "A1 A2 A3", "b": "A4 A5"}


def test_a_fleet_is_of_the_first_product_that_has_enough() -> None:
    """However the products are mixed in the file."""
    assert shared("A1 B1 A2 B2 B3 A3", a=2, b=2) == {"a": "A1 A2", "b": "B1 B2"}
    assert shared("A1 B1 A2 B2 B3", a=3, b=2) == {"a": "B1 B2 B3", "b": "A1 A2"}


def test_only_a_fleet_without_a_job_may_be_of_several_products() -> None:
    """Nothing is uploaded for it."""
    assert shared("A1 B1 A2 B2", ordered="b", a=3, b=1) == {"a": "A1 A2 B1", "b": "B2"}
    with pytest.raises(ScenarioError) as caught:
        shared("A1 B1 A2 B2 C1", ordered="a", b=1, a=3)

    assert str(caught.value) == (
        "d.csv: the fleet a needs 3 devices of one product, as a job is for one; left are 1 of A, "
        "2 of B, 1 of C; --devices N scales them down"
    )


def test_a_long_list_of_products_is_cut_short() -> None:
    """A file with a product a device."""
    with pytest.raises(ScenarioError, match="1 of E, …; --devices"):
        shared("A1 B1 C1 D1 E1 F1", a=2)


@pytest.mark.parametrize(("devices", "have"), [("A1", "1 device,"), ("A1 B1", "2 devices,")])
def test_too_few_devices_are_told(devices: str, have: str) -> None:
    """With what would help."""
    with pytest.raises(ScenarioError) as caught:
        shared(devices, a=1000, b=234)

    assert str(caught.value) == (
        f"d.csv: has {have} but the fleets need 1,234; --devices {have[0]} scales them down"
    )
