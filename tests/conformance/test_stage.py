import pytest

from tests.conformance.raw_client import RawClient
from tests.conformance.stage import Stage


def test_names_are_a_test_s_own(embedded_port: int) -> None:
    """The same word on two stages is two names, on one stage one."""
    one, two = Stage(embedded_port, "embedded"), Stage(embedded_port, "embedded")

    assert one.name("a") == one.name("a") != two.name("a")
    assert one.name("a") != one.name("b")


def test_a_stage_is_left_empty(embedded_port: int) -> None:
    """Every connection is closed, one that was never accepted too."""
    made = Stage(embedded_port, "embedded")
    clients: list[RawClient] = [made.dial(), made.client("c")]

    made.clear()

    for client in clients:
        with pytest.raises(OSError, match="Bad file descriptor"):
            client.hear()
