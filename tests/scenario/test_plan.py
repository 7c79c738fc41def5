import hashlib
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.credentials import Credential
from fleet_sim.scenario.errors import ScenarioError
from fleet_sim.scenario.load import load
from fleet_sim.scenario.plan import (
    ImagePlan,
    JobPlan,
    Plan,
    TargetPlan,
    WindowPlan,
    of_dialect,
    plan,
    share_of,
)
from tests.scenario.writing import FULL, loaded

SCENARIOS = sorted(Path(__file__).parents[2].glob("scenarios/*.yaml"))
ONE = 'fleets: {a: {devices: 4, firmware: {"1": 50%, "2": 50%}}}\n'


def planned(text: str = FULL, **options: object) -> Plan:
    """Plan a text that must be good."""
    return plan(loaded(text), **options)  # type: ignore[arg-type]


def refused(text: str = FULL, **options: object) -> str:
    """Return the sentence for a plan that cannot be made."""
    with pytest.raises(ScenarioError) as caught:
        planned(text, **options)
    return str(caught.value)


def test_shares_are_exact_numbers_of_devices() -> None:
    """Twenty per cent of twenty devices are four, on every seed."""
    for seed in range(5):
        field = [one for one in planned(seed=seed).devices if one.fleet == "field"]
        assert Counter(one.version for one in field) == {"1.1.0": 4, "1.2.0": 16}
        assert Counter(one.link.name for one in field) == {"wifi_good": 12, "shed": 8}
        assert Counter(one.persona.name for one in field) == {"healthy": 18, "brick": 1, "flap": 1}


def test_fleets_are_products_with_numbered_devices() -> None:
    """Device keys are the fleet's name and a number; product keys are eight letters and digits."""
    made = planned()

    keys = [one.device.device_key for one in made.devices]
    assert keys[0] == "meters-00001"
    assert keys[-1] == "field-00020"
    products = {fleet.product_key for fleet in made.fleets}
    assert len(products) == 2
    assert all(len(product) == 8 and product.isalnum() for product in products)
    assert {one.device.product_key for one in made.devices} == products


def test_devices_carry_what_their_fleet_says() -> None:
    """Attributes, tags and timings are the fleet's; secrets are each device's own."""
    made = planned()

    last = made.devices[-1]
    assert last.attributes == (("model", "m1"),)
    assert last.tags == (("site", "north"),)
    assert (last.timings.install_ms, last.timings.reboot_ms) == (2000, 500)
    assert len({one.secret for one in made.devices}) == len(made.devices)


def test_a_secret_is_not_in_what_is_printed() -> None:
    """A plan may be printed, logged and shown in a failing test."""
    device = planned().devices[0]

    assert device.secret not in repr(device)


def test_connects_are_spread_evenly_over_the_span() -> None:
    """Every tenth of the span sees a tenth of the fleet, in no order of the device keys."""
    text = 'fleets: {a: {devices: 100, firmware: "1", connect: {over: 10s}}}'

    instants = [one.connect_at_ms for one in planned(text).devices]

    assert Counter(instant // 1000 for instant in instants) == dict.fromkeys(range(10), 10)
    assert instants != sorted(instants)


def test_a_fleet_connects_over_five_seconds_unless_it_says() -> None:
    """The default of the scenario's reference."""
    assert max(one.connect_at_ms for one in planned(ONE).devices) < 5000


def test_a_custom_link_is_a_known_one_with_knobs_turned() -> None:
    """It carries its own name, so that reports can tell it from the one it is like."""
    made = planned()
    shed = next(one.link for one in made.devices if one.link.name == "shed")

    assert (shed.rtt_ms, shed.loss_percent, shed.down_kbps) == (400, 2, 700)


def test_jobs_are_planned_as_they_stand() -> None:
    """Numbers in whole seconds; what is not said is left to the vendor."""
    first, second = planned().jobs

    assert first == JobPlan(
        at_ms=30_000,
        fleet="meters",
        to_version="1.3.0",
        image=ImagePlan(size_bytes=262_144),
        concurrency=30,
        timeout_s=300,
    )
    assert second == JobPlan(
        at_ms=40_000,
        fleet="field",
        to_version="1.3.0",
        image=ImagePlan(size_bytes=262_144),
        retry_count=2,
        retry_interval_s=10,
        from_versions=("1.1.0",),
    )


def test_jobs_come_in_the_order_of_their_instants() -> None:
    """A runtime walks them once."""
    text = ONE + 'jobs:\n  - {at: 2m, upgrade: a, to: "4"}\n  - {at: 1m, upgrade: a, to: "3"}\n'

    assert [job.to_version for job in planned(text).jobs] == ["3", "4"]


def test_what_a_vendor_cannot_express_becomes_the_nearest_and_is_told() -> None:
    """Two minutes are below EnOS' shortest timeout, seven retries above its most."""
    job = '{at: 9s, upgrade: a, to: "3", timeout: 2m, retries: 7, retry_interval: 1500ms}'

    made = planned(f"{ONE}jobs: [{job}]")

    assert (made.jobs[0].timeout_s, made.jobs[0].retry_count) == (300, 5)
    assert made.jobs[0].retry_interval_s == 2
    assert made.overrides == (
        "job for a: timeout 120s becomes 300s.",
        "job for a: retries 7 becomes 5.",
        "job for a: retry_interval 1.5s becomes 2s.",
    )


def test_a_contract_override_widens_what_is_legal_and_is_told() -> None:
    """Then a short timeout can be tried in real time."""
    job = '{at: 9s, upgrade: a, to: "3", timeout: 20s}'

    made = planned(f"{ONE}jobs: [{job}]\ncontract: {{timeout_s_min: 10}}")

    assert made.jobs[0].timeout_s == 20
    assert made.contracts["enos"].timeout_s_min == 10
    assert made.overrides == ("enos: timeout_s_min is 10 by contract override, not 300.",)


def test_a_window_is_widened_to_the_vendors_shortest() -> None:
    """Half an hour on EnOS; the start stays where it is."""
    job = '{at: 9s, upgrade: a, to: "3", window: {start: 10s, end: 1m}}'

    made = planned(f"{ONE}jobs: [{job}]")

    assert made.jobs[0].window == WindowPlan(start_ms=10_000, end_ms=1_810_000)


def test_source_versions_are_sent_where_retries_need_them() -> None:
    """The fleet's own, as the scenario says nothing else."""
    job = '{at: 9s, upgrade: a, to: "3", retries: 1}'

    made = planned(f"{ONE}jobs: [{job}]\ncontract: {{retry_needs_source_versions: true}}")

    assert made.jobs[0].from_versions == ("1", "2")


def test_devices_scale_every_fleet_in_proportion() -> None:
    """Ten and twenty become a hundred and two hundred."""
    assert [fleet.devices for fleet in planned(devices=300).fleets] == [100, 200]


@given(st.integers(2, 400))
@settings(max_examples=25, deadline=None)
def test_scaling_is_exact_and_leaves_no_fleet_out(devices: int) -> None:
    """As many devices as asked for, and at least one of each fleet."""
    counts = [fleet.devices for fleet in planned(devices=devices).fleets]

    assert sum(counts) == devices
    assert min(counts) >= 1


def test_a_tiny_fleet_survives_scaling_down() -> None:
    """One device of a thousand is still one of ten."""
    text = 'fleets: {a: {devices: 999, firmware: "1"}, b: {devices: 1, firmware: "1"}}'

    assert [fleet.devices for fleet in planned(text, devices=10).fleets] == [9, 1]


def test_fewer_devices_than_fleets_are_refused() -> None:
    """The flag is named, since the file is not to blame."""
    assert refused(devices=1) == "--devices 1: there are 2 fleets, and each needs a device"


def test_more_devices_than_the_fleets_may_have_are_refused() -> None:
    """A slip of the finger must not eat the machine's memory."""
    said = refused(devices=2_000_001)

    assert said.endswith("there may be 1,000,000 devices in a fleet, so 2,000,000 in all")


def test_an_unknown_dialect_is_refused() -> None:
    """The flag is named here too."""
    assert refused(dialect="enoss").startswith("--dialect enoss: there is no such dialect; did you")


def test_a_contract_must_fit_the_dialect_of_the_flag_alone() -> None:
    """EnOS asks no device for its version, Huawei does; the flag is named where it is to blame."""
    asks = load(f"{ONE}contract: {{asks_version: true}}", "a.yaml", dialect="huawei")

    with pytest.raises(ScenarioError) as caught:
        plan(asks, dialect="enos")

    assert plan(asks, dialect="huawei").contracts["huawei"].asks_version
    assert str(caught.value) == (
        "--dialect enos: contract.asks_version must be left out, as enos has no word for asking a "
        "device for its version"
    )


_TWO = """
fleets:
  meters: {devices: 3, firmware: "1.2.0"}
  gauges: {devices: 2, firmware: "1.2.0", dialect: acme}
jobs:
  - {at: 10s, upgrade: meters, to: "1.3.0"}
  - {at: 20s, upgrade: gauges, to: "1.3.0"}
events:
  - {at: 30s, disconnect: gauges, share: 50%, for: 5s}
  - {at: 40s, stop: meters}
"""
_AT_A_BROKER = _TWO + "target: {broker: 'mqtt://host'}\n"


@pytest.mark.usefixtures("acme")
def test_a_vendors_share_is_its_fleets_and_what_becomes_of_them() -> None:
    """No two have anything in common, and together they are the plan."""
    whole = planned(_TWO)

    enos, acme = (of_dialect(whole, name) for name in ("enos", "acme"))

    assert [fleet.name for fleet in enos.fleets] == ["meters"]
    assert {device.fleet for device in acme.devices} == {"gauges"}
    assert {job.fleet for job in acme.jobs} == {"gauges"}
    assert [event.kind for event in enos.events] == ["stop"]
    assert [event.kind for event in acme.events] == ["disconnect"]
    assert (*enos.devices, *acme.devices) == whole.devices
    assert acme.contracts == {"acme": whole.contracts["acme"]}
    assert (acme.name, acme.seed, acme.duration_ms) == (whole.name, whole.seed, whole.duration_ms)


def test_a_plan_of_one_vendor_is_its_own_share() -> None:
    """Nothing is left out."""
    whole = planned()

    assert of_dialect(whole, "enos") == whole


@pytest.mark.usefixtures("acme")
def test_several_vendors_do_not_fit_one_target() -> None:
    """A broker by URL is one vendor's; of our own there is one each."""
    assert refused(_AT_A_BROKER) == (
        "target: a target by URL speaks one dialect, but the fleets speak enos, acme; give all "
        "fleets one (--dialect), or leave out the target, and each gets a platform of its own"
    )
    assert {one.dialect for one in planned(_AT_A_BROKER, dialect="acme").fleets} == {"acme"}


def test_registered_devices_are_taken_in_order() -> None:
    """A target's own devices keep their identity, secret and version."""
    rows = [Credential(DeviceId("P", f"d{n}"), f"s{n}", "7" if n else "") for n in range(5)]

    made = planned(ONE, registered=rows)

    assert [str(one.device) for one in made.devices] == ["P/d0", "P/d1", "P/d2", "P/d3"]
    assert [one.secret for one in made.devices] == ["s0", "s1", "s2", "s3"]
    assert made.devices[0].version in {"1", "2"}
    assert made.devices[1].version == "7"
    assert made.fleets[0].product_key == "P"


def test_too_few_registered_devices_are_refused() -> None:
    """Made-up devices would only be turned away by the target."""
    rows = [Credential(DeviceId("P", "d"), "s")]

    text = ONE + "target: {broker: mqtt://here, devices: d.csv}\n"
    assert refused(text, registered=rows).startswith("d.csv: has 1 device, but the fleets need 4;")


def test_the_source_versions_of_a_job_are_those_of_the_file() -> None:
    """Where a vendor retries only tasks from versions that the job names."""
    rows = [Credential(DeviceId("P", f"d{n}"), "s", "7" if n else "") for n in range(4)]
    rest = 'jobs: [{at: 20s, upgrade: a, to: "9", retries: 1}]\n'
    rest += "contract: {retry_needs_source_versions: true}\n"

    def sources(text: str) -> tuple[str, ...]:
        return planned(text + rest, registered=rows).jobs[0].from_versions

    assert sources('fleets: {a: {devices: 4, firmware: "1"}}\n') == ("1", "7")
    assert sources('fleets: {a: {devices: 3, firmware: "1"}}\n') == ("1", "7")
    rows = rows[1:]
    assert sources('fleets: {a: {devices: 3, firmware: "1"}}\n') == ("7",)


def test_the_target_is_handed_on() -> None:
    """Nothing set is the embedded platform; bugs are sorted."""
    assert planned().target == TargetPlan(plant=("B01",))
    assert planned(ONE).target == TargetPlan()


@given(st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_shares_of_a_plan_are_the_whole_and_overlap_nowhere(parts: int) -> None:
    """Each worker computes its own; together they have every device and event once."""
    whole = planned()

    shares = [share_of(whole, part, parts) for part in range(parts)]

    devices = [device.device for share in shares for device in share.devices]
    assert sorted(devices) == sorted(device.device for device in whole.devices)
    assert len({len(share.devices) for share in shares}) <= 2
    hit = Counter(device for share in shares for one in share.events for device in one.devices)
    assert hit == Counter(device for one in whole.events for device in one.devices)


def test_a_share_of_everything_is_the_plan() -> None:
    """One worker runs it all."""
    assert share_of(planned(), 0, 1) == planned()


def test_seeds_change_what_is_drawn_and_nothing_else() -> None:
    """The same numbers of everything, for other devices."""
    one, other = planned(seed=1), planned(seed=2)

    assert [device.secret for device in one.devices] != [device.secret for device in other.devices]
    assert replace(one, seed=2, fleets=(), devices=(), events=()) == replace(
        other, fleets=(), devices=(), events=()
    )


def _digest_under(hash_seed: str) -> str:
    code = (
        "from tests.scenario.test_plan import planned;"
        "from tests.scenario.writing import FULL;"
        "import sys; sys.stdout.write(repr(planned(FULL)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=True,
    )
    return hashlib.sha256(found.stdout).hexdigest()


def test_a_plan_does_not_depend_on_the_hash_seed() -> None:
    """Two interpreters with other string hashes make the same plan to the letter."""
    assert _digest_under("1") == _digest_under("2")


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_bundled_scenarios_can_be_planned_without_a_note(path: Path) -> None:
    """What ships is right, called as its file, says what it is about, and hides no surprise."""
    scenario = load(path.read_text(encoding="utf-8"), str(path))

    made = plan(scenario)

    assert made.name == path.stem
    assert made.about
    assert made.notes == ()
    assert made.expectations


def test_four_scenarios_are_bundled() -> None:
    """A missing folder must not make the test above pass for nothing."""
    assert {path.stem for path in SCENARIOS} >= {
        "flaky-field",
        "happy-path",
        "overbooked",
        "silent-devices",
    }
