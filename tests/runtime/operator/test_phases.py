from fleet_sim.runtime.operator.phases import MOVES, Phase


def test_every_phase_has_its_row() -> None:
    """None is forgotten."""
    assert set(MOVES) == set(Phase)


def test_every_phase_can_be_reached() -> None:
    """From the first, over listed moves."""
    reached = {Phase.POLLING}
    for _ in Phase:
        reached |= {after for phase in reached for after in MOVES[phase]}

    assert reached == set(Phase)


def test_no_phase_comes_back_and_each_leads_to_the_end() -> None:
    """Every move goes on in the order of their names; only the last leads nowhere."""
    order = list(Phase)

    for phase, row in MOVES.items():
        assert all(order.index(after) > order.index(phase) for after in row)
        assert bool(row) == (phase is not Phase.FINISHED)
