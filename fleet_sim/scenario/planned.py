"""What will happen in a run, as data one can print: devices, jobs, events and what must be true.

Made by `scenario.plan`, read by `runtime/`. Instants count from the start of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fleet_sim.device.conduct import Persona
from fleet_sim.device.timings import Timings
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.identity import DeviceId
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.oracle.thresholds import Expectation

EventKind = Literal["disconnect", "cancel", "stop", "retry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """One device.

    Attributes:
        device: Its identity.
        secret: Its device secret; never printed, logged or recorded.
        fleet: The fleet's name.
        dialect: The vendor it speaks like.
        version: The firmware version it runs when it is switched on.
        link: How bad its link is.
        persona: How it misbehaves, with its knobs bound.
        timings: How long it installs and reboots.
        connect_at_ms: When it is switched on.
        attributes: Attribute name and value, sorted by name.
        tags: Tag name and value, sorted by name.
    """

    device: DeviceId
    secret: str = field(repr=False)
    fleet: str
    dialect: str
    version: str
    link: LinkProfile
    persona: Persona
    timings: Timings
    connect_at_ms: int
    attributes: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """One fleet.

    Attributes:
        name: As the scenario calls it.
        dialect: The vendor its devices speak like.
        product_key: Its product: eight letters and digits, or what the device file says ("" where
            the file's rows for this fleet belong to several products).
        devices: How many.
        connect_over_ms: Over which span from the start they are switched on.
    """

    name: str
    dialect: str
    product_key: str
    devices: int
    connect_over_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """The firmware of a job: ours of this size, or one that the backend already has."""

    size_bytes: int = 0
    firmware_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """When pushes are allowed, from the run's start; the ends belong to it."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One job to be ordered, already within what its vendor can express.

    Attributes:
        at_ms: When it is ordered.
        fleet: For the devices of this fleet.
        to_version: The target version.
        image: Its firmware.
        concurrency: The cap; None: the vendor's default.
        timeout_s: An attempt's timeout in whole seconds; None: the vendor's default.
        retry_count: Attempts after the first; 0: no retry policy is sent.
        retry_interval_s: The gap between attempts in whole seconds.
        from_versions: The source versions to be sent; empty: any.
        must_ask: Devices ask for the upgrade; nothing is pushed unasked.
        window: When pushes are allowed; None: always.
        open_list: Devices that come to match later get a task as well.
        pushes_a_minute: How many devices may be pushed to in a minute; None: the vendor's default.
    """

    at_ms: int
    fleet: str
    to_version: str
    image: ImagePlan
    concurrency: int | None = None
    timeout_s: int | None = None
    retry_count: int = 0
    retry_interval_s: int = 0
    from_versions: tuple[str, ...] = ()
    must_ask: bool = False
    window: WindowPlan | None = None
    open_list: bool = False
    pushes_a_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlan:
    """Something that happens meanwhile.

    Attributes:
        at_ms: When.
        kind: `disconnect`: these devices lose their connection and stay off line for `for_ms`.
            `cancel`, `retry`: the operator does so for these devices' tasks in the fleet's latest
            job. `stop`: that job is stopped; `devices` is then the whole fleet.
        fleet: Whose devices.
        devices: Which, in the plan's order; never empty.
        for_ms: How long, for `disconnect`; else 0.
    """

    at_ms: int
    kind: EventKind
    fleet: str
    devices: tuple[DeviceId, ...]
    for_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """Where the devices go: nothing set means the embedded platform.

    Attributes:
        broker: `mqtt://` or `mqtts://`.
        backend: `http://` or `https://`.
        ca: File of the authority that vouches for both.
        cert: File of our own certificate.
        key: File of its key.
        org: The organization at the backend.
        devices: CSV file of device credentials.
        plant: Bugs to be switched on in the reference backend, sorted.
    """

    broker: str | None = None
    backend: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    org: str | None = None
    devices: str | None = None
    plant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that can be known before the run.

    Attributes:
        name: The scenario's name.
        about: What it shows, or "".
        duration_ms: The upper bound of the run.
        seed: What every draw is keyed by.
        fleets: In the scenario's order.
        devices: Fleet by fleet, in each by number.
        jobs: By `at_ms`, then in the scenario's order.
        events: Likewise.
        expectations: In the scenario's order.
        contracts: Dialect to what its vendor promises, with the scenario's overrides.
        overrides: One sentence for each value that is not the vendor's or not the scenario's own.
        notes: One sentence for each thing worth knowing before a run.
        observe_every_ms: How often open jobs are polled.
        target: Where the devices go.
    """

    name: str
    about: str
    duration_ms: int
    seed: int
    fleets: tuple[FleetPlan, ...]
    devices: tuple[DevicePlan, ...]
    jobs: tuple[JobPlan, ...]
    events: tuple[EventPlan, ...]
    expectations: tuple[Expectation, ...]
    contracts: Mapping[str, ContractProfile]
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    observe_every_ms: int = 1000
    target: TargetPlan = TargetPlan()
