from __future__ import annotations

from dataclasses import replace

import pytest

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.registry import get
from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario.carried import sayable
from fleet_sim.scenario.ordering import Ordered, ordered_from
from fleet_sim.scenario.planned import WindowPlan
from tests.scenario.writing import loaded

FLEET = 'fleets: {a: {devices: 4, firmware: "1"}}\n'
TEN = tuple(f"0.{number}" for number in range(10))


def ordered(keys: str, contract: ContractProfile = CONTRACT, *versions: str) -> Ordered:
    """Order one job for a fleet that runs these versions."""
    [job] = loaded(f'{FLEET}jobs: [{{at: 1m, upgrade: a, to: "3"{keys}}}]').jobs
    return ordered_from(job, contract, versions or ("1", "2"))


def test_what_the_vendor_can_express_is_ordered_as_it_stands() -> None:
    """Nothing is said of it."""
    keys = ", timeout: 5m, retries: 2, retry_interval: 10s, ask: true, incremental: true"

    found = ordered(f"{keys}, window: {{start: 1m, end: 2h}}")

    assert found.said == ()
    assert (found.job.must_ask, found.job.open_list, found.job.from_versions) == (True, True, ())
    assert found.job.window is not None


@pytest.mark.parametrize(
    ("keys", "lacking"),
    [
        (", concurrency: 5", {"cap_default": None}),
        (", timeout: 5m", {"timeout_s_min": None, "timeout_s_max": None}),
        (", ask: true", {"devices_may_ask": False}),
        (", incremental: true", {"policy_names": None}),
        (", rate: 20", {"pushes_a_minute": None}),
        (', from: ["1"]', {"source_versions_max": 0}),
        (", window: {start: 1m, end: 2h}", {"window_min_s": None}),
    ],
)
def test_a_key_that_the_vendor_lacks_is_left_out_and_told(
    keys: str, lacking: dict[str, object]
) -> None:
    """The job is ordered as if the scenario did not say it."""
    vendor = replace(CONTRACT, **lacking)  # type: ignore[arg-type]
    name = keys[2:].partition(":")[0]

    found = ordered(keys, vendor)

    assert found.said == (f"job for a: {name} is left out, as the vendor has none.",)
    assert found.job == ordered("", vendor).job


@pytest.mark.parametrize(
    ("keys", "override"),
    [
        (", timeout: 20s", {"timeout_s_min": 10}),
        (", concurrency: 5", {"cap_default": 300}),
        (", rate: 20", {"pushes_a_minute": 12}),
        (', from: ["1"]', {"source_versions_max": None}),
    ],
)
def test_an_override_gives_the_vendor_no_word(keys: str, override: dict[str, object]) -> None:
    """What no request can carry is left out; the backend would be held to what it never heard."""
    vendor = get("huawei").contract
    name = keys[2:].partition(":")[0]

    found = ordered(keys, sayable(vendor, replace(vendor, **override)))  # type: ignore[arg-type]

    assert found.said == (f"job for a: {name} is left out, as the vendor has none.",)
    assert found.job == ordered("", vendor).job


def test_an_override_gives_no_gap_to_a_vendor_that_has_none() -> None:
    """A gap is brought to the nearest that its requests can carry, which is none."""
    vendor = get("huawei").contract
    longer = replace(vendor, retry_interval_s_max=60)

    found = ordered(", retries: 1, retry_interval: 30s", sayable(vendor, longer))

    assert found.said == ("job for a: retry_interval 30s becomes 0s.",)


def test_a_window_that_has_begun_begins_anew_where_none_may_have() -> None:
    """A request that names what lies behind it is refused, and what is left may be too short."""
    found = ordered(", window: {start: 30s, end: 330s}", get("huawei").contract)

    assert found.job.window == WindowPlan(start_ms=70_000, end_ms=370_000)
    assert found.said == (
        "job for a: window's start 30s becomes 70s.",
        "job for a: window's end 330s becomes 370s.",
    )


def test_a_window_for_an_open_list_may_be_what_the_vendor_lacks() -> None:
    """For a frozen one it has it."""
    vendor = replace(CONTRACT, open_list_windows=False)
    keys = ", window: {start: 1m, end: 2h}"

    found = ordered(f"{keys}, incremental: true", vendor)

    assert found.job.window is None
    assert found.said == (
        "job for a: window is left out, as the vendor has none for incremental jobs.",
    )
    assert ordered(keys, vendor).job.window is not None


@pytest.mark.parametrize(
    ("keys", "needing", "sources"),
    [
        (", retries: 1", {"retry_needs_source_versions": True}, ("1", "2")),
        (", incremental: true", {"retry_needs_source_versions": True}, ()),
        (", incremental: true", {"open_list_needs_source_versions": True}, ("1", "2")),
        (", retries: 1", {"open_list_needs_source_versions": True}, ()),
        (', retries: 1, from: ["0"]', {"retry_needs_source_versions": True}, ("0",)),
        (', incremental: true, from: "0"', {"open_list_needs_source_versions": True}, ("0",)),
    ],
)
def test_source_versions_are_the_fleets_own_where_the_vendor_needs_some(
    keys: str, needing: dict[str, bool], sources: tuple[str, ...]
) -> None:
    """But the target; and those that the scenario names, if it names any."""
    vendor = replace(CONTRACT, **needing)  # type: ignore[arg-type]

    assert ordered(keys, vendor, "1", "2", "3").job.from_versions == sources


def test_source_versions_beyond_what_the_vendor_takes_are_cut_and_told() -> None:
    """The scenario's, or the fleet's."""
    vendor = replace(CONTRACT, source_versions_max=10, retry_needs_source_versions=True)

    found = ordered(", retries: 1", vendor, *TEN, "1", "2")

    assert found.job.from_versions == TEN
    assert found.cut == ("1", "2")
    assert found.said == (
        "job for a: from is cut to the first 10 of 12 versions, as the vendor takes no more.",
    )


@pytest.mark.parametrize(
    ("key", "more", "knob"),
    [
        ("retries", ": 1, retry_interval: 10s", "retry_needs_source_versions"),
        ("incremental", ": true", "open_list_needs_source_versions"),
    ],
)
def test_what_goes_with_source_versions_is_left_out_where_there_are_none(
    key: str, more: str, knob: str
) -> None:
    """All devices run the target: an order that names it is refused, and one without names too."""
    vendor = replace(CONTRACT, **{knob: True})  # type: ignore[arg-type]

    found = ordered(f", {key}{more}", vendor, "3")

    [said] = found.said
    assert said == (
        f"job for a: {key} is left out, as the vendor wants source versions with it, and all "
        "devices run 3 already."
    )
    assert found.job == ordered("", vendor, "3").job
    assert ordered(f', {key}{more}, from: "0"', vendor, "3").job.from_versions == ("0",)


def test_a_list_that_the_vendor_does_not_have_is_left_out_for_that_alone() -> None:
    """What it would need is of no account."""
    vendor = replace(CONTRACT, policy_names=None, open_list_needs_source_versions=True)

    found = ordered(", incremental: true", vendor, "3")

    assert found.said == ("job for a: incremental is left out, as the vendor has none.",)
