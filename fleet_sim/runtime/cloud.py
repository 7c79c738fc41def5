"""What of a run belongs to one vendor: a cloud, with a platform and an operator of its own."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.dialects import registry
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.chance import identifier
from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario.plan import Plan, of_dialect

_SEED_DIGITS = 15  # 60 bits: every database and every reader of JSON has room for them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One vendor's share of a run.

    Attributes:
        dialect: The vendor.
        plan: Its fleets and their devices, jobs and events; all else as in the whole plan.
        part: The number of the log's part that its platform writes, where that is another process;
            from 1, as part 0 is the fleet's.
        seed: What its platform and its operator draw from. No two clouds have one in common: their
            jobs and firmware would go by the same ids, which every record is read by.
    """

    dialect: Dialect
    plan: Plan
    part: int
    seed: int

    @property
    def contract(self) -> ContractProfile:
        """What the vendor promises, as the scenario changed it."""
        return self.plan.contracts[self.dialect.name]


def clouds_of(plan: Plan) -> tuple[Cloud, ...]:
    """Divide a plan among the vendors of its fleets, in the order of their first ones.

    The first draws from the run's own seed, so that a run of one vendor is what it always was.
    """
    spoken = dict.fromkeys(fleet.dialect for fleet in plan.fleets)
    return tuple(
        Cloud(
            dialect=registry.get(name),
            plan=of_dialect(plan, name),
            part=part,
            seed=plan.seed if part == 1 else _seed(plan.seed, name),
        )
        for part, name in enumerate(spoken, start=1)
    )


def _seed(seed: int, dialect: str) -> int:
    return int(identifier(seed, "cloud", dialect, digits=_SEED_DIGITS), 16)
