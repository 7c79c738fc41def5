"""(scenario, seed, flags) → plan."""

from __future__ import annotations

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
]
