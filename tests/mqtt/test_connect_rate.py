from fleet_sim.mqtt.connect_rate import ConnectRates
from fleet_sim.mqtt.limits import ConnectRate

# EnOS: once a second; more than four attempts in two minutes are refused for five.
ENOS = (ConnectRate(1, 1_000), ConnectRate(4, 120_000, 300_000))


def answers(rates: ConnectRates, instants: list[int], who: str = "d1") -> list[bool]:
    """Ask at each instant."""
    return [rates.admits(who, at_ms) for at_ms in instants]


def test_without_rates_everybody_is_let_in() -> None:
    """Off by default, and nothing is kept."""
    rates = ConnectRates(())

    assert answers(rates, [0] * 50) == [True] * 50
    assert rates._attempts == {}


def test_a_second_connect_within_the_window_is_refused() -> None:
    """The window ends with the attempt: after a whole second the next one is in."""
    rates = ConnectRates((ConnectRate(1, 1_000),))

    assert answers(rates, [0, 999, 1_999, 2_998]) == [True, False, True, False]


def test_one_too_many_blocks_for_the_whole_span() -> None:
    """Four in two minutes are let in, the fifth is out for five minutes, then all is forgiven."""
    rates = ConnectRates(ENOS)
    blocked = 40_000 + 300_000

    assert answers(rates, [0, 10_000, 20_000, 30_000, 40_000]) == [True] * 4 + [False]
    assert answers(rates, [41_000, 100_000, blocked - 1]) == [False] * 3
    assert answers(rates, [blocked, blocked + 2_000]) == [True, True]


def test_attempts_while_blocked_do_not_prolong_it() -> None:
    """A device that retries in good faith gets back in."""
    rates = ConnectRates((ConnectRate(1, 1_000, 5_000),))

    assert answers(rates, [0, 500, 1_000, 3_000, 5_499, 5_500]) == [True, *[False] * 4, True]


def test_refused_attempts_count_against_the_longer_rate() -> None:
    """The vendor counts attempts, not successes."""
    rates = ConnectRates(ENOS)

    assert answers(rates, [0, 100, 200, 300, 400, 60_000]) == [True, *[False] * 5]


def test_principals_do_not_disturb_one_another() -> None:
    """One device's storm is its own."""
    rates = ConnectRates((ConnectRate(1, 1_000, 60_000),))

    assert answers(rates, [0, 1], "a") == [True, False]
    assert answers(rates, [2], "b") == [True]


def test_old_attempts_are_forgotten() -> None:
    """Principals that came once do not stay for ever, nor do served blocks."""
    rates = ConnectRates((ConnectRate(1, 1_000, 2_000),))
    answers(rates, [0, 1], "blocked once")
    for number in range(5_000):
        rates.admits(f"d{number}", 10_000 + number)

    assert len(rates._attempts) < 3_000
    assert rates._blocked_until_ms == {}


def test_a_stubborn_principal_costs_no_more_than_a_patient_one() -> None:
    """What is kept of one principal is bounded by the rates."""
    rates = ConnectRates((ConnectRate(3, 1_000_000),))

    answers(rates, list(range(1_000)))

    assert len(rates._attempts["d1"]) == 4
