from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.northbound import CreateFirmware, FirmwareOrder, Names, plain


def test_mappings_freeze_in_one_order() -> None:
    """Two mappings with the same entries are the same value, whatever order they came in."""
    assert plain({"b": "2", "a": "1"}) == plain({"a": "1", "b": "2"}) == (("a", "1"), ("b", "2"))


def test_an_upload_does_not_show_its_file() -> None:
    """A megabyte of firmware has no place in a message."""
    order = FirmwareOrder("pk", Names("fw"), "2.0", "aa", "md5", "fw.bin")

    assert "secret bytes" not in repr(CreateFirmware(order, b"secret bytes"))


def test_equal_images_are_one_key() -> None:
    """Values of the model can stand in sets and dictionaries."""
    one, other = (FirmwareImage("2.0", "http://h/f", 1, "aa", "md5") for _ in range(2))

    assert {one: 1}[other] == 1
