from fractions import Fraction

import pytest

from fleet_sim.device.personas import bind
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.scenario.contracts import LOWEST, replaced
from tests.scenario.writing import loaded, told

SMALL = 'fleets: {a: {devices: 1, firmware: "1"}}'


def test_a_fleet_and_its_firmware_are_all_one_must_say() -> None:
    """Everything else has a default that the scenario reference names."""
    scenario = loaded(SMALL)

    fleet = scenario.fleets["a"]
    assert (fleet.dialect, fleet.network) == ("enos", (("ethernet_lab", Fraction(100)),))
    assert fleet.personas == ((bind("healthy"), Fraction(100)),)
    assert (fleet.install_ms, fleet.reboot_ms, fleet.connect.over_ms) == (1000, 1000, 5000)
    assert (scenario.duration_ms, scenario.seed, scenario.observe.every_ms) == (600_000, 1, 1000)
    assert (scenario.jobs, scenario.events, scenario.expect) == ((), (), ())


def test_jobs_may_be_an_empty_list() -> None:
    """Devices wait, and whatever the backend pushes is judged."""
    assert loaded(f"{SMALL}\njobs: []").jobs == ()


def test_firmware_may_be_one_version_or_a_mix() -> None:
    """A lone name is all of it."""
    fleets = loaded(
        'fleets: {a: {devices: 1, firmware: "1"}, b: {devices: 1, firmware: {"1": 25%, "2": 75%}}}'
    ).fleets

    assert fleets["a"].versions == ("1",)
    assert fleets["b"].firmware == (("1", Fraction(25)), ("2", Fraction(75)))


def test_contract_overrides_keep_their_types() -> None:
    """They can be put into a profile as they are."""
    text = "contract: {timeout_s: null, retry_on: [failed], success_needs_version_report: false}"

    profile = replaced(CONTRACT, loaded(f"{SMALL}\n{text}").contract)

    assert profile.timeout_s is None
    assert profile.retry_on == ("failed",)
    assert profile.success_needs_version_report is False


@pytest.mark.parametrize("knob", sorted(LOWEST))
def test_a_contract_of_nothing_is_refused_with_the_range(knob: str) -> None:
    """Pages without rows would be asked for one after another without end."""
    (sentence,) = told(f"{SMALL}\ncontract: {{{knob}: 0}}")

    assert f"contract.{knob} is 0; it goes from 1 to 1,000,000,000" in sentence


def test_a_fleet_whose_name_is_none_is_told_once() -> None:
    """Not again at the job and the event that name it."""
    text = (
        'fleets: {5: {devices: 1, firmware: "1"}}\n'
        'jobs: [{at: 1m, upgrade: 5, to: "2"}]\n'
        "events: [{at: 2m, disconnect: 5, for: 1s}]"
    )

    (sentence,) = told(text)

    assert "fleets.5 is no name here; a name has 1 to 32 letters" in sentence


@pytest.mark.parametrize("override", ["between_attempts_status: under_way", "cancellable: gone"])
def test_a_status_that_nobody_can_show_is_refused(override: str) -> None:
    """A backend that showed it would be convicted of what the contract says it may do."""
    (sentence,) = told(f"{SMALL}\ncontract: {{{override}}}")

    knob, _, value = override.partition(": ")
    assert f'contract.{knob} is "{value}"; known are: ' in sentence


def test_an_own_link_starts_from_the_perfect_one() -> None:
    """Without `like`, only what is said is bad."""
    link = loaded(f"networks: {{x: {{rtt_ms: 99}}}}\n{SMALL}").networks["x"]

    assert (link.rtt_ms, link.loss_percent, link.down_kbps) == (99, 0, 94_000)
