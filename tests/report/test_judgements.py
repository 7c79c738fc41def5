from fleet_sim.oracle.catalogue import PROMISES
from fleet_sim.oracle.outcome import Standing
from tests.report.judgements import judgement, mixed


def test_the_samples_are_whole_judgements() -> None:
    """Every promise has a standing, and the totals of the fleets add up."""
    sample = judgement()

    assert list(sample.promises) == list(PROMISES)
    for name in ("devices", "updated", "failed", "waiting", "stuck"):
        fleets = sum(totals.as_dict()[name] for totals in sample.fleets.values())
        assert fleets == sample.totals.as_dict()[name]


def test_the_mixed_sample_has_every_standing() -> None:
    """What is tested on it is tested on all five."""
    assert {one.standing for one in mixed().promises.values()} == set(Standing)
