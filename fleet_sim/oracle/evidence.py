"""What a log shows, before anybody asks what it means: devices, jobs, pushes, reports, polls.

`reading` fills these in one pass; nothing here knows a contract. Instants that the evidence cannot
pin down are pairs `lo`, `hi`: it happened no earlier and no later.

A message's way to the server can be seen at two ends. With the server's end in the log (our own
platform) its arrival is exact. With the devices' end alone (a foreign broker) it arrived after it
was sent and before it was acknowledged; without an acknowledgement, perhaps never.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fleet_sim.model.record import Record

FOREVER = 1 << 60  # later than any log: an instant that never came


@dataclass(slots=True)
class Push:
    """One upgrade request, as the server sent it: unasked, or offered to a device that asked.

    Attributes:
        record: `push_sent`, or `push_received` where the server's end is not in the log; of an
            offer the same.
        lo: The earliest instant at which it left the server.
        hi: The latest.
        request: Its id; copies of one push that the network made carry the same.
        version: The target.
        is_copy: Whether an earlier push carried the same id: perhaps only delivered again.
        is_unseen: Whether only a read shows it, which is then the record; see `from_outside`.
        after_poll: The last poll of its job that certainly showed its task as before it; -1 where
            that is known by instants alone.
        is_offer: Whether it answers the device's own question.
        is_choice: Whether that answer held other versions as well, and the device may take any.
        module: Which part of the device it is for; "" where the log does not say, or the whole.
    """

    record: Record
    lo: int
    hi: int
    request: str
    version: str
    is_copy: bool = False
    is_unseen: bool = False
    after_poll: int = -1
    is_offer: bool = False
    is_choice: bool = False
    module: str = ""

    @property
    def deed(self) -> str:
        """What was done to the device, in a word."""
        return "offered" if self.is_offer else "pushed"


@dataclass(slots=True)
class Ask:
    """One question of a device: what may I upgrade to?

    Attributes:
        record: Where it was seen: arriving, else leaving.
        message: The device's own id of it.
        lo: The earliest instant at which the server can have answered.
        hi: The latest; `FOREVER` where no answer is in the log.
        offered: The versions in the answer, perhaps none; None without an answer.
        offer: The answer.
    """

    record: Record
    message: str
    lo: int
    hi: int = FOREVER
    offered: tuple[str, ...] | None = None
    offer: Record | None = None


@dataclass(slots=True)
class Report:
    """One message of a device: a progress, a failure, a version, or a push's reply.

    Attributes:
        kind: What it is; a negative `step`, or none, makes a progress a failure.
        record: Where it was seen last: arriving, else leaving.
        message: The device's own id of it.
        step: Percent or negative code, None where the device left the code to its dialect and the
            server's end is not in the log; 0 for the others.
        version: For `version`.
        desc: For `progress`.
        request: The upgrade request that the device was serving; "" if it does not say.
        sent_at_ms: When it left the device; None if that end is not in the log.
        received_at_ms: When it arrived, by the server's end.
        delivered_at_ms: When the device had its acknowledgement, perhaps a broker's.
        answered_at_ms: When it had the server's own reply, where the log tells those.
        is_refused: Whether that reply said no.
        lo: The earliest instant at which it can have arrived.
        hi: The latest; `FOREVER` where it may not have.
        is_copy: Whether it arrived before.
        module: Which part of the device it is about; "" for the device as a whole.
    """

    kind: Literal["progress", "version", "ack"]
    record: Record
    message: str
    step: int | None = 0
    version: str = ""
    desc: str | None = None
    request: str = ""
    sent_at_ms: int | None = None
    received_at_ms: int | None = None
    delivered_at_ms: int | None = None
    answered_at_ms: int | None = None
    is_refused: bool = False
    lo: int = 0
    hi: int = FOREVER
    is_copy: bool = False
    module: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether it certainly arrived."""
        return self.hi < FOREVER

    def is_about(self, module: str) -> bool:
        """Tell whether it is about a module; progress may leave it out where there is no doubt."""
        return self.module == module or (self.kind != "version" and not self.module)

    @property
    def is_failure(self) -> bool:
        """Whether the device says that the upgrade failed."""
        return self.kind == "progress" and (self.step is None or self.step < 0)


@dataclass(slots=True)
class Presence:
    """When a device was connected, by one end of the wire: instants and states, in order."""

    at_ms: list[int] = field(default_factory=list)
    is_online: list[bool] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def note(self, at_ms: int, *, is_online: bool, why: str = "") -> None:
        """Add a change."""
        self.at_ms.append(at_ms)
        self.is_online.append(is_online)
        self.why.append(why)

    def is_online_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether the device was connected all the time from `lo` to `hi`."""
        first = bisect_right(self.at_ms, lo) - 1
        last = bisect_right(self.at_ms, hi)
        return first >= 0 and all(self.is_online[first:last])

    def is_touched(self, lo: int, hi: int) -> bool:
        """Tell whether it connected or disconnected from `lo` to `hi`."""
        return bisect_right(self.at_ms, lo - 1) != bisect_right(self.at_ms, hi)

    def absence_ms_max(self, lo: int, hi: int) -> int:
        """Return for how long at a stretch the device was away from `lo` to `hi`."""
        first, last = bisect_right(self.at_ms, lo), bisect_right(self.at_ms, hi)
        is_online = first > 0 and self.is_online[first - 1]
        longest, since_ms = 0, lo
        for at_ms, is_next in zip(self.at_ms[first:last], self.is_online[first:last], strict=True):
            if not is_online:
                longest = max(longest, at_ms - since_ms)
            since_ms = at_ms if is_online else since_ms
            is_online = is_next
        return longest if is_online else max(longest, hi - since_ms)

    def touched_last_ms(self, by_ms: int) -> int:
        """Return when it last connected or disconnected, by an instant; 0 if it did not."""
        found = bisect_right(self.at_ms, by_ms)
        return self.at_ms[found - 1] if found else 0

    def came_online(self, lo: int, hi: int) -> bool:
        """Tell whether it connected from `lo` to `hi`."""
        first, last = bisect_right(self.at_ms, lo - 1), bisect_right(self.at_ms, hi)
        return any(self.is_online[first:last])


@dataclass(slots=True)
class Device:
    """All that a log shows of one device.

    Attributes:
        name: `product_key/device_key`.
        fleet: From its first boot; "" where it never booted.
        dialect: The same.
        boots: Device truth: each boot with its version, in order.
        flashes: Device truth: each flash.
        gone: Device truth: it never comes back.
        silences: Device truth: attempts about which it says nothing.
        downloads: Downloads begun at byte 0.
        connected_at_ms: When it asked for its last connection; where no record says so, when it
            was let in.
        presence: `device` and `server` end to what each saw; an end that saw nothing is missing.
        pushes: In order, offers among them; what the network may have doubled is marked.
        asks: When it asked what it may upgrade to, in order.
        questioned_at_ms: When the server's end of the wire asked it for its version, in order.
        reports: In order of `lo`.
        round_trip_ms: The longest that a message of it waited for its acknowledgement; `FOREVER`
            where none was acknowledged.
    """

    name: str
    fleet: str = ""
    dialect: str = ""
    boots: list[Record] = field(default_factory=list)
    flashes: list[Record] = field(default_factory=list)
    gone: Record | None = None
    silences: list[Record] = field(default_factory=list)
    downloads: int = 0
    connected_at_ms: int = 0
    presence: dict[str, Presence] = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    questioned_at_ms: list[int] = field(default_factory=list)
    round_trip_ms: int = FOREVER

    @property
    def product(self) -> str:
        """The product key."""
        return self.name.partition("/")[0]

    @property
    def key(self) -> str:
        """The device key."""
        return self.name.partition("/")[2]

    def is_online_throughout(self, lo: int, hi: int) -> bool:
        """Tell whether every end that watched saw it connected from `lo` to `hi`."""
        ends = self.presence.values()
        return bool(ends) and all(end.is_online_throughout(lo, hi) for end in ends)

    def is_touched(self, lo: int, hi: int) -> bool:
        """Tell whether any end saw it connect or disconnect from `lo` to `hi`."""
        return any(end.is_touched(lo, hi) for end in self.presence.values())

    def absence_ms_max(self, lo: int, hi: int) -> int:
        """Return for how long at a stretch an end saw it away; where none watched, all along."""
        return max((end.absence_ms_max(lo, hi) for end in self.presence.values()), default=hi - lo)

    def touched_last_ms(self, by_ms: int) -> int:
        """Return when an end last saw it connect or disconnect, by an instant; 0 if none did."""
        return max((end.touched_last_ms(by_ms) for end in self.presence.values()), default=0)

    def came_online(self, lo: int, hi: int) -> bool:
        """Tell whether any end saw it connect from `lo` to `hi`."""
        return any(end.came_online(lo, hi) for end in self.presence.values())


@dataclass(slots=True)
class Call:
    """One northbound write: it took effect between `lo` and `hi`, if at all.

    Attributes:
        record: Its invoke.
        name: `create_job`, `cancel_tasks`, …
        job: The job it is about; for `create_job` the one it made.
        device_keys: The devices it names; None means it names none.
        outcome: `open` while no answer stands in the log.
    """

    record: Record
    name: str
    job: str
    device_keys: frozenset[str] | None
    outcome: Literal["ok", "fail", "unknown", "open"] = "open"
    lo: int = 0
    hi: int = FOREVER

    @property
    def may_have_worked(self) -> bool:
        """Whether it can have taken effect."""
        return self.outcome != "fail"

    def names(self, device_key: str) -> bool:
        """Tell whether the device is among those it names."""
        return self.device_keys is None or device_key in self.device_keys


@dataclass(slots=True)
class Poll:
    """One look at all tasks of a job: asked at `t0`, answered at `t1`.

    Attributes:
        record: Its `rows`.
        t0: See above.
        t1: See above.
        is_whole: Whether it walked over every task known by then, so that a task without a row in
            it was seen unchanged.
        changed: How many rows it brought.
    """

    record: Record
    t0: int
    t1: int
    is_whole: bool
    changed: int


@dataclass(slots=True)
class Sighting:
    """A task as a poll first showed it; it stood so in every later poll until the next sighting."""

    poll: int
    t0: int
    t1: int
    row: Mapping[str, Any]
    record: Record

    @property
    def status(self) -> str:
        """The neutral status."""
        return str(self.row.get("status", ""))

    @property
    def progress(self) -> int | None:
        """0 to 100, a negative code, or None."""
        found = self.row.get("progress")
        return found if isinstance(found, int) else None

    @property
    def desc(self) -> str | None:
        """The free text."""
        found = self.row.get("desc")
        return found if isinstance(found, str) else None


@dataclass(slots=True)
class Job:
    """An order over many devices, as it was given.

    Attributes:
        id: The server's id; `?` and the call's number where no answer told it.
        fleet: Whose job it is.
        product: Its product key.
        to_version: The target.
        from_versions: The source versions; empty means any.
        device_keys: The devices it names; None means all.
        concurrency: The cap asked for; None for the vendor's default.
        timeout_s: The same for the timeout.
        retry_count: Attempts after the first.
        retry_interval_s: Between two attempts.
        window: `start_ms`, `end_ms`, `repeat_daily`; None means always.
        kind: `upgrade` or `verify`.
        is_open_list: Whether later devices join.
        must_ask: Whether devices are to ask for the upgrade themselves.
        module: Which part of the devices it is for; "" is the device as a whole.
        pushes_a_minute: The rate asked for; None for the vendor's default.
        create: The call that made it.
        calls: Every later call about it, in order.
        polls: Every look at its tasks, in order.
        seen: Device to the task ids shown for it, each with its sightings, in order.
        unread: The record that its last look, after the end, showed nothing; None where it did.
    """

    id: str
    fleet: str
    product: str
    to_version: str
    from_versions: frozenset[str]
    device_keys: frozenset[str] | None
    concurrency: int | None
    timeout_s: int | None
    retry_count: int
    retry_interval_s: int
    window: Mapping[str, Any] | None
    kind: str
    is_open_list: bool
    must_ask: bool
    create: Call
    module: str = ""
    pushes_a_minute: int | None = None
    calls: list[Call] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    seen: dict[str, dict[str, list[Sighting]]] = field(default_factory=dict)
    unread: Record | None = None

    def names(self, device: str) -> bool:
        """Tell whether the order can be for this device: its product and its list."""
        product, _, key = device.partition("/")
        in_list = self.device_keys is None or key in self.device_keys
        return in_list and (not self.product or product == self.product)


@dataclass(slots=True)
class Fault:
    """A planned misfortune of the server (its id begins with S), and when it was over."""

    lo: int
    hi: int = FOREVER


@dataclass(slots=True)
class Evidence:
    """A whole log, read.

    Attributes:
        devices: By name, in order of appearance.
        jobs: By id, in order of creation.
        queries: Every `rows` and `refused_query`, in order.
        faults: Of the server.
        fleets: Fleet name to its dialect and how many devices it has, switched on or not.
        has_server_wire: Whether the server's end of the wire is in the log.
        kept_by_others: Devices that had open tasks of other jobs before the run.
        perhaps_kept: Devices of which nobody could tell whether they had.
        taken_over: Devices in whose name another client may have spoken.
        settled_at_ms: When the run began only to wait; None if it never did.
        end_at_ms: The last instant of the log.
    """

    devices: dict[str, Device] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    queries: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fleets: dict[str, tuple[str, int]] = field(default_factory=dict)
    has_server_wire: bool = False
    kept_by_others: set[str] = field(default_factory=set)
    perhaps_kept: set[str] = field(default_factory=set)
    taken_over: Collection[str] = ()
    settled_at_ms: int | None = None
    end_at_ms: int = 0

    def may_be_kept(self, device: str) -> bool:
        """Tell whether somebody else's jobs may push to a device, or keep ours from doing so."""
        return device in self.kept_by_others or device in self.perhaps_kept

    def is_shared(self, device: str) -> bool:
        """Tell whether not all that a device was told or said need be in this log."""
        return self.may_be_kept(device) or device in self.taken_over

    def dialects(self) -> Sequence[str]:
        """Return the dialects spoken: those of the fleets in their order, then as they appear."""
        spoken = [one.dialect for one in self.devices.values() if one.dialect]
        return tuple(dict.fromkeys([*(dialect for dialect, _ in self.fleets.values()), *spoken]))
