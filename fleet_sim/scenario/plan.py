"""(scenario, seed, flags) → plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from fleet_sim.model.contract import ContractProfile
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.asking import with_asking
from fleet_sim.scenario.carried import carried, sayable
from fleet_sim.scenario.contracts import misfits, overridden, replaced
from fleet_sim.scenario.credentials import Credential
from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.events import events_from
from fleet_sim.scenario.kinds import DEVICES_MAX
from fleet_sim.scenario.models import Scenario
from fleet_sim.scenario.notes import notes_on
from fleet_sim.scenario.ordering import Ordered, ordered_from
from fleet_sim.scenario.placing import device_ids, divided, place
from fleet_sim.scenario.planned import (
    DevicePlan,
    EventKind,
    EventPlan,
    FleetPlan,
    ImagePlan,
    JobPlan,
    Plan,
    TargetPlan,
    WindowPlan,
)
from fleet_sim.scenario.shares import apportion

__all__ = [
    "DevicePlan",
    "EventKind",
    "EventPlan",
    "FleetPlan",
    "ImagePlan",
    "JobPlan",
    "Plan",
    "TargetPlan",
    "WindowPlan",
    "of_dialect",
    "plan",
    "share_of",
]


def plan(
    scenario: Scenario,
    *,
    seed: int | None = None,
    devices: int | None = None,
    dialect: str | None = None,
    registered: Sequence[Credential] = (),
) -> Plan:
    """Make the plan of a run.

    Args:
        scenario: What `load` returned.
        seed: Instead of the scenario's.
        devices: How many in all; each fleet is scaled in proportion and keeps at least one.
        dialect: Instead of every fleet's own; a name of `dialects.registry`.
        registered: Devices of the target's own (`target.devices`), in the order of the file; see
            `placing.divided`.

    Raises:
        ScenarioError: Fewer devices are asked for, or registered, than the fleets need; there is no
            such dialect; or the fleets speak several to a target by URL, which speaks one.
    """
    if dialect is not None:
        _check_dialect(dialect, scenario)
    key = scenario.seed if seed is None else seed
    dialects = {name: dialect or fleet.dialect for name, fleet in scenario.fleets.items()}
    _check_target(scenario, dialects)
    overridden_to = {
        name: replaced(vocabulary.contract(name), scenario.contract)
        for name in dict.fromkeys(dialects.values())
    }
    contracts = {
        name: carried(vocabulary.contract(name), mine) for name, mine in overridden_to.items()
    }
    contract_of = {fleet: contracts[spoken] for fleet, spoken in dialects.items()}
    hands = _hands(scenario, _counts(scenario, devices), key, registered)
    placed = _placed(scenario, dialects, hands, key)
    ordered = _ordered(scenario, dialects, overridden_to, placed)
    jobs = tuple(sorted((one.job for one in ordered), key=lambda job: job.at_ms))
    meanwhile = events_from(scenario.events, placed, contract_of, seed=key)
    made = Plan(
        name=scenario.name,
        about=scenario.about,
        duration_ms=scenario.duration_ms,
        seed=key,
        fleets=tuple(_fleets(scenario, dialects, placed)),
        devices=tuple(
            device
            for name, fleet in placed.items()
            for device in _asking(fleet, jobs, scenario.duration_ms, contract_of[name])
        ),
        jobs=jobs,
        events=meanwhile.events,
        expectations=scenario.expect,
        contracts=contracts,
        overrides=(
            *_changed_contracts(overridden_to),
            *(sentence for one in ordered for sentence in one.said),
            *meanwhile.said,
        ),
        observe_every_ms=scenario.observe.every_ms,
        target=TargetPlan(**scenario.target.model_dump()),
    )
    cut = {one.job: one.cut for one in ordered}
    return replace(made, notes=notes_on(made, cut))


def share_of(whole: Plan, part: int, parts: int) -> Plan:
    """Return what one of several workers runs: every `parts`-th device, from the `part`-th on.

    Jobs, expectations and fleets stay whole; events keep those of their devices that are here.
    Each worker computes its own share from the whole plan, and no two have a device in common.
    """
    devices = whole.devices[part::parts]
    here = {device.device for device in devices}
    events = (
        replace(event, devices=tuple(one for one in event.devices if one in here))
        for event in whole.events
    )
    return replace(whole, devices=devices, events=tuple(one for one in events if one.devices))


def of_dialect(whole: Plan, dialect: str) -> Plan:
    """Return what concerns one vendor: its fleets, and what becomes of their devices.

    Expectations, notes and target stay whole; a plan of one dialect stays as it is.
    """
    fleets = tuple(fleet for fleet in whole.fleets if fleet.dialect == dialect)
    mine = {fleet.name for fleet in fleets}
    return replace(
        whole,
        fleets=fleets,
        devices=tuple(device for device in whole.devices if device.fleet in mine),
        jobs=tuple(job for job in whole.jobs if job.fleet in mine),
        events=tuple(event for event in whole.events if event.fleet in mine),
        contracts={dialect: whole.contracts[dialect]},
    )


def _check_target(scenario: Scenario, dialects: Mapping[str, str]) -> None:
    """Refuse several vendors at one broker: the embedded platforms alone are one a vendor."""
    spoken = tuple(dict.fromkeys(dialects.values()))
    if scenario.target.broker is None or len(spoken) == 1:
        return
    text = (
        f"a target by URL speaks one dialect, but the fleets speak {', '.join(spoken)}; give all "
        "fleets one (--dialect), or leave out the target, and each gets a platform of its own"
    )
    raise ScenarioError([Mistake("target", 0, 0, "", text)])


def _check_dialect(dialect: str, scenario: Scenario) -> None:
    """Refuse a vendor that is not known, or whose contract the scenario's overrides do not fit."""
    flag = f"--dialect {dialect}"
    fault = vocabulary.dialect_fault(dialect)
    if fault:
        raise ScenarioError([Mistake(flag, 0, 0, "", fault)])
    wrong = [
        Mistake(flag, 0, 0, f"contract.{knob}", text)
        for knob, text in misfits(
            dialect, vocabulary.contract(dialect), scenario.contract, vocabulary.speech(dialect)
        )
    ]
    if wrong:
        raise ScenarioError(wrong)


def _counts(scenario: Scenario, devices: int | None) -> dict[str, int]:
    """Return how many devices each fleet has; none is scaled away."""
    sizes = {name: fleet.devices for name, fleet in scenario.fleets.items()}
    if devices is None:
        return sizes
    most = DEVICES_MAX * len(sizes)
    if devices > most:
        text = f"there may be {DEVICES_MAX:,} devices in a fleet, so {most:,} in all"
        raise ScenarioError([Mistake(f"--devices {devices}", 0, 0, "", text)])
    if devices < len(sizes):
        text = f"there are {len(sizes)} fleets, and each needs a device"
        raise ScenarioError([Mistake(f"--devices {devices}", 0, 0, "", text)])
    spread = apportion(devices - len(sizes), [Fraction(max(0, n)) for n in sizes.values()])
    exact = apportion(devices, [Fraction(n) for n in sizes.values()])
    parts = exact if all(exact) else [1 + more for more in spread]
    return dict(zip(sizes, parts, strict=True))


def _hands(
    scenario: Scenario, counts: Mapping[str, int], seed: int, registered: Sequence[Credential]
) -> dict[str, tuple[Credential, ...]]:
    """Give each fleet its identities: made-up ones, or the registered."""
    if not registered:
        return {name: tuple(device_ids(name, count, seed)) for name, count in counts.items()}
    ordered = {job.upgrade for job in scenario.jobs}
    return divided(registered, counts, ordered, scenario.target.devices or "the device file")


def _placed(
    scenario: Scenario,
    dialects: Mapping[str, str],
    hands: Mapping[str, Sequence[Credential]],
    seed: int,
) -> dict[str, tuple[DevicePlan, ...]]:
    """Make each fleet's devices of its identities."""
    links = _links(scenario)
    return {
        name: place(name, fleet, hands[name], seed=seed, dialect=dialects[name], links=links)
        for name, fleet in scenario.fleets.items()
    }


def _links(scenario: Scenario) -> Mapping[str, LinkProfile]:
    own = {name: replaced(link, {"name": name}) for name, link in scenario.networks.items()}
    return {**vocabulary.links(), **own}


def _fleets(
    scenario: Scenario,
    dialects: Mapping[str, str],
    placed: Mapping[str, Sequence[DevicePlan]],
) -> Iterator[FleetPlan]:
    for name, fleet in scenario.fleets.items():
        products = {device.device.product_key for device in placed[name]}
        yield FleetPlan(
            name=name,
            dialect=dialects[name],
            product_key=products.pop() if len(products) == 1 else "",
            devices=len(placed[name]),
            connect_over_ms=fleet.connect.over_ms,
        )


def _asking(
    fleet: Sequence[DevicePlan],
    jobs: Sequence[JobPlan],
    duration_ms: int,
    contract: ContractProfile,
) -> Iterator[DevicePlan]:
    """Have a fleet's devices ask if one of its jobs waits for that; they share their timings."""
    own, name = fleet[0].timings, fleet[0].fleet
    timings = with_asking(own, jobs, name, duration_ms=duration_ms, contract=contract)
    return (device if timings is own else replace(device, timings=timings) for device in fleet)


def _ordered(
    scenario: Scenario,
    dialects: Mapping[str, str],
    overridden_to: Mapping[str, ContractProfile],
    placed: Mapping[str, Sequence[DevicePlan]],
) -> list[Ordered]:
    """Bring each job within what its vendor's API can say, with the scenario's overrides."""
    said = {name: sayable(vocabulary.contract(name), mine) for name, mine in overridden_to.items()}
    return [
        ordered_from(job, said[dialects[job.upgrade]], _running(scenario, job.upgrade, placed))
        for job in scenario.jobs
    ]


def _running(
    scenario: Scenario, fleet: str, placed: Mapping[str, Sequence[DevicePlan]]
) -> tuple[str, ...]:
    """Return the versions that a fleet's devices run: what it says, and what the file says."""
    found = dict.fromkeys(device.version for device in placed[fleet])
    own = [version for version in scenario.fleets[fleet].versions if version in found]
    return tuple(dict.fromkeys((*own, *found)))


def _changed_contracts(contracts: Mapping[str, ContractProfile]) -> Iterator[str]:
    for dialect, profile in contracts.items():
        own, speech = vocabulary.contract(dialect), vocabulary.speech(dialect)
        yield from overridden(dialect, own, profile, speech)
