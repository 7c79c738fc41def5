from fleet_sim.scenario.placing import connect_at_ms, device_ids, product_key


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
