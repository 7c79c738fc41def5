from fleet_sim.report.run import NorthboundFigures


def test_figures_of_several_sessions_add_up() -> None:
    """Each by itself; nothing at all changes nothing."""
    one = NorthboundFigures(requests=7, throttled=1, failed=2)
    other = NorthboundFigures(requests=3, failed=1)

    assert one + other == NorthboundFigures(requests=10, throttled=1, failed=3)
    assert sum([one], NorthboundFigures()) == one
