import pytest

from fleet_sim.mqtt.limits import BrokerLimits


@pytest.mark.parametrize(
    ("lowest", "highest", "allowed", "refused"),
    [
        (None, None, [0, 1, 65_535], []),
        (30, 1_200, [30, 1_200], [0, 29, 1_201]),
        (60, None, [60, 65_535], [0, 59]),
        (None, 300, [1, 300], [0, 301]),
    ],
)
def test_keep_alives_are_held_to_the_bounds(
    lowest: int | None, highest: int | None, allowed: list[int], refused: list[int]
) -> None:
    """Both ends belong; none at all is outside of any bounds."""
    limits = BrokerLimits(keep_alive_s_min=lowest, keep_alive_s_max=highest)

    assert [limits.allows_keep_alive(s) for s in allowed] == [True] * len(allowed)
    assert [limits.allows_keep_alive(s) for s in refused] == [False] * len(refused)


def test_vendors_switches_are_off() -> None:
    """Without being asked, no broker refuses a connect for its rate or its keep alive."""
    limits = BrokerLimits()

    assert limits.connect_rates == ()
    assert limits.allows_keep_alive(0)


@pytest.mark.parametrize(("inflight_max", "waiting_max"), [(0, 10), (1, 65_535), (40_000, 40_000)])
def test_every_message_of_a_client_can_have_an_identifier(
    inflight_max: int, waiting_max: int
) -> None:
    """There are 65,535, and somebody must be able to get one."""
    with pytest.raises(ValueError, match="no more identifiers"):
        BrokerLimits(inflight_max=inflight_max, waiting_max=waiting_max)


def test_all_that_is_under_way_fits_into_one_output() -> None:
    """As it is written again at once when a client is back."""
    limits = BrokerLimits()

    assert limits.inflight_bytes_max * 2 <= limits.output_bytes_max
