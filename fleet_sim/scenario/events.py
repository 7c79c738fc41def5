"""What happens meanwhile, planned: whom each event hits, and which have no call at their vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.happenings import Happening
from fleet_sim.scenario.planned import DevicePlan, EventPlan
from fleet_sim.scenario.shares import picked
from fleet_sim.scenario.units import say_duration


@dataclass(frozen=True, slots=True)
class Events:
    """The planned events of a run.

    Attributes:
        events: They, in order of time.
        said: One sentence for each that is left out.
    """

    events: tuple[EventPlan, ...]
    said: tuple[str, ...]


def events_from(
    happenings: Sequence[Happening],
    placed: Mapping[str, Sequence[DevicePlan]],
    contracts: Mapping[str, ContractProfile],
    *,
    seed: int,
) -> Events:
    """Pick each event's devices, and leave out those for which a vendor has no call.

    What is drawn depends on an event's place in the list, not on others.

    Args:
        happenings: As the scenario has them.
        placed: Fleet to its devices.
        contracts: Fleet to what its vendor promises.
        seed: The plan's.
    """
    drawn = [
        EventPlan(
            at_ms=happening.at_ms,
            kind=happening.verb,
            fleet=happening.fleet,
            devices=_hit(placed[happening.fleet], happening, seed, index),
            for_ms=happening.for_ms or 0,
        )
        for index, happening in enumerate(happenings)
    ]
    drawn.sort(key=lambda event: event.at_ms)
    return Events(
        tuple(one for one in drawn if _is_spoken(one, contracts[one.fleet])),
        tuple(_left_out(one) for one in drawn if not _is_spoken(one, contracts[one.fleet])),
    )


def _hit(
    fleet: Sequence[DevicePlan], happening: Happening, seed: int, index: int
) -> tuple[DeviceId, ...]:
    devices = [device.device for device in fleet]
    return picked(
        devices, happening.share, seed=seed, who=happening.fleet, purpose=f"event {index}"
    )


def _is_spoken(event: EventPlan, contract: ContractProfile) -> bool:
    """Tell whether a vendor has any call for what an operator does there."""
    states = {"cancel": contract.cancellable, "retry": contract.reopenable}
    return bool(states.get(event.kind, True))


def _left_out(event: EventPlan) -> str:
    at = say_duration(event.at_ms)
    return f"{event.kind} of {event.fleet} at {at} is left out, as the vendor has none."
