"""Small logs with literal instants: who was pushed when, what was reported, what polls showed.

    log = Log()
    log.devices("d1", "d2")                       # booted, on line, version 1.0 reported by 100 ms
    log.job(at=1_000, cap=1, timeout_s=60)        # job "j1" to 2.0, made by 1,010
    log.push(2_000, "d1")
    log.progress(2_500, "d1", 0)
    log.show("d1", "under_way", 0); log.poll(3_000)

A message is written at both ends of the wire, 20 ms apart with its arrival in the middle; with
`Log(is_foreign=True)` only at the device's end, as with somebody else's broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.record import Record, Source, request_of_offer
from fleet_sim.oracle.evidence import Evidence
from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.reading import read
from fleet_sim.oracle.timeline import Timeline, draw_up
from fleet_sim.oracle.tolerance import VIRTUAL_TIME, Tolerance

PRODUCT = "p"
SERVER, FLEET = 0, 1  # the parts of a log

CONTRACT = ContractProfile(
    upgrading_starts="first_progress",
    timeout_anchor="upgrading",
    silent_device="waits",
    timeout_s_min=10,
    timeout_s_max=172_800,
    timeout_s=7_200,
    retry_count_min=1,
    retry_count_max=5,
    retry_on=("failed", "timeout"),
    retry_round="per_device",
    foreign_version="fails",
    repush_on_reconnect="while_unanswered",
    between_attempts_status=("queued", "failed"),
    slot_taken_at="push",
    slot_freed_at="attempt_end",
    cap_default=300,
    already_at_target="skip",
    late_success="stick",
    progress_policy="last",
    cancel_shows_as="failed",
    cancel_descs=("user cancel",),
    cancellable=("queued", "pushed"),
    policy_names=("snapshot", "incremental"),
    page_base=1,
    page_size_default=10,
    page_size_max=200,
    busy_device="queue",
    must_have_reported_version=True,
    window_min_s=None,
)


def profile(**changes: Any) -> ContractProfile:  # noqa: ANN401 - any of the contract's fields
    """Return the contract of these tests with some parameters changed."""
    return replace(CONTRACT, **changes)


@dataclass
class Log:
    """A log in the making; records may be added in any order."""

    is_foreign: bool = False
    records: list[Record] = field(default_factory=list)
    _rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _shown: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _serving: dict[str, str] = field(default_factory=dict)

    # --- anything ----------------------------------------------------------------------------

    def add(
        self,
        t: int,
        src: str,
        kind: str,
        device: str = "",
        *,
        job: str = "",
        part: int = FLEET,
        fields: Mapping[str, Any] | None = None,
        **more: Any,  # noqa: ANN401 - the kind's own fields
    ) -> Record:
        """Add one record as it stands; a device is named by its key."""
        name = f"{PRODUCT}/{device}" if device else ""
        seq = len(self.records)
        found = {**(fields or {}), **more}
        record = Record(t, seq, Source(src), kind, name, job, found, part)
        self.records.append(record)
        return record

    def in_order(self) -> list[Record]:
        """Return the log as a merged one is read."""
        return sorted(self.records, key=lambda one: (one.t, one.part, one.seq))

    def _number(self, what: str) -> str:
        self._counts[what] = self._counts.get(what, 0) + 1
        return str(self._counts[what])

    # --- devices -----------------------------------------------------------------------------

    def devices(self, *keys: str, version: str = "1.0", fleet: str = "f", at: int = 0) -> None:
        """Boot devices, connect them, and have them report their version."""
        for key in keys:
            self.boot(at, key, version, fleet=fleet, dialect="enos")
            self.online(at + 50, key)
            self.version(at + 100, key, version)

    def boot(self, t: int, key: str, version: str, **fields: Any) -> Record:  # noqa: ANN401
        """A device starts."""
        return self.add(t, "D", "boot", key, version=version, **fields)

    def online(self, t: int, key: str, **fields: Any) -> None:  # noqa: ANN401
        """A device connects, seen at both ends."""
        if not self.is_foreign:
            self.add(t, "W", "online", key, part=SERVER, side="server")
        self.add(t, "W", "online", key, side="device", **fields)

    def offline(self, t: int, key: str, why: str = "link") -> None:
        """A device's connection ends, seen at both ends."""
        if not self.is_foreign:
            self.add(t, "W", "offline", key, part=SERVER, side="server", why=why)
        self.add(t, "W", "offline", key, side="device", why=why)

    def push(
        self, t: int, key: str, request: str = "", version: str = "2.0", *, module: str = ""
    ) -> str:
        """The server sends a request at `t`; the device has it 10 ms later. Returns its id."""
        request = request or f"r{self._number('request')}"
        part = {"module": module} if module else {}
        fields = {"request": request, "version": version, "size": 1, "digest": "ab", **part}
        if not self.is_foreign:
            self.add(t, "W", "push_sent", key, part=SERVER, fields={"side": "server", **fields})
        self.add(t + 10, "W", "push_received", key, fields={"side": "device", **fields})
        self._serving[key] = request
        return request

    def ask(
        self, t: int, key: str, *versions: str, message: str = "", is_answered: bool = True
    ) -> str:
        """A device's question arrives at `t`; the server offers these 10 ms later, and it has them.

        Returns the name of the attempt that an offer begins.
        """
        message = message or self._number("message")
        self._both(key, (t - 10, "request_sent"), (t, "request_received"), message=message)
        if is_answered:
            offer = {"message": message, "versions": list(versions)}
            self._both(key, (t + 20, "offer_received"), (t + 10, "offer_sent"), **offer)
        request = request_of_offer(message)
        if versions:
            self._serving[key] = request
        return request

    def _both(
        self,
        key: str,
        device: tuple[int, str],
        server: tuple[int, str],
        **fields: Any,  # noqa: ANN401
    ) -> None:
        """Write a message at both ends: when, and the record's kind."""
        self.add(device[0], "W", device[1], key, fields={"side": "device", **fields})
        if not self.is_foreign:
            seen = {"side": "server", **fields}
            self.add(server[0], "W", server[1], key, part=SERVER, fields=seen)

    def progress(
        self,
        t: int,
        key: str,
        step: int,
        desc: str = "",
        *,
        request: str | None = None,
        **kw: Any,  # noqa: ANN401
    ) -> None:
        """A progress (or, below 0, a failure) arrives at `t`."""
        request = self._serving.get(key, "") if request is None else request
        self._report(t, key, "progress", {"step": step, "desc": desc}, request, **kw)

    def version(self, t: int, key: str, version: str, **kw: Any) -> None:  # noqa: ANN401
        """A version report arrives at `t`."""
        self._report(t, key, "version", {"version": version}, None, **kw)

    def _report(
        self,
        t: int,
        key: str,
        kind: str,
        fields: dict[str, Any],
        request: str | None,
        *,
        is_delivered: bool = True,
        message: str = "",
        module: str = "",
    ) -> None:
        message = message or self._number("message")
        fields = {**fields, "module": module} if module else fields
        own = {} if request is None else {"request": request}
        sent = {"message": message, "side": "device", **fields, **own}
        self.add(t - 10, "W", f"{kind}_sent", key, fields=sent)
        if not is_delivered:
            return
        if not self.is_foreign:
            here = {"message": message, "side": "server", **fields}
            self.add(t, "W", f"{kind}_received", key, part=SERVER, fields=here)
        self.add(t + 10, "W", "delivered", key, message=message, side="device")

    def update(self, t: int, key: str, version: str = "2.0") -> None:
        """A device restarts into a version, off line for a second, and reports it at `t`."""
        self.offline(t - 1_000, key, "reboot")
        self.add(t - 500, "D", "flash", key, version=version, request="")
        self.boot(t - 400, key, version)
        self.online(t - 50, key)
        self.version(t, key, version)

    # --- control -----------------------------------------------------------------------------

    def job(
        self,
        at: int,
        *,
        job: str = "j1",
        to: str = "2.0",
        outcome: str = "ok",
        **order: Any,  # noqa: ANN401
    ) -> None:
        """Order a job; `cap`, `timeout_s`, `retries`, `interval_s`, `keys`, `sources` are short."""
        fields = {
            "fleet": "f",
            "product": PRODUCT,
            "to_version": to,
            "from_versions": list(order.pop("sources", ())),
            "device_keys": order.pop("keys", None),
            "concurrency": order.pop("cap", None),
            "timeout_s": order.pop("timeout_s", 60),
            "retry_count": order.pop("retries", 0),
            "retry_interval_s": order.pop("interval_s", 0),
            "window": None,
            "job_kind": "upgrade",
            "policy": "snapshot",
            "must_ask": False,
            **order,
        }
        self._call(at, "create_job", outcome, job, invoke_job="", **fields)

    def call(self, at: int, name: str, *keys: str, job: str = "j1", outcome: str = "ok") -> None:
        """Cancel, retry, stop, …; `keys` only where the call names devices."""
        fields = {"device_keys": list(keys)} if keys else {}
        self._call(at, name, outcome, job, invoke_job=job, **fields)

    def _call(
        self,
        at: int,
        name: str,
        outcome: str,
        job: str,
        *,
        invoke_job: str,
        **fields: Any,  # noqa: ANN401
    ) -> None:
        no = int(self._number("call"))
        self.add(at, "C", "api_invoke", job=invoke_job, fields={"call": name, "no": no, **fields})
        if outcome:
            self.add(at + 10, "C", f"api_{outcome}", job=job, call=name, no=no)

    def settle(self, at: int) -> None:
        """From here on the run only waits."""
        self.add(at, "C", "settle")

    def end(self, at: int) -> None:
        """The log closes."""
        self.add(at, "C", "end", why="settled")

    # --- northbound reads --------------------------------------------------------------------

    def show(
        self,
        key: str,
        status: str,
        progress: int | None = None,
        desc: str | None = None,
        *,
        job: str = "j1",
        task: str = "",
        product: str = PRODUCT,
        **fields: Any,  # noqa: ANN401 - a row's other fields
    ) -> None:
        """From now on polls show this row."""
        name = task or f"{job}-{key}"
        self._rows.setdefault(job, {})[name] = {
            "task_id": name,
            "job_id": job,
            "product_key": product,
            "device_key": key,
            "asset_id": "",
            "from_version": "1.0",
            "to_version": "2.0",
            "status": status,
            "progress": progress,
            "desc": desc,
            "updated_epoch_ms": 0,
            **fields,
        }

    def hide(self, key: str, job: str = "j1") -> None:
        """From now on polls no longer show this row."""
        del self._rows[job][f"{job}-{key}"]

    def poll(self, at: int, *, job: str = "j1", **fields: Any) -> Record:  # noqa: ANN401
        """Look at a job: asked at `at`, answered 10 ms later, holding the rows that changed."""
        rows, known = self._rows.get(job, {}), self._shown.setdefault(job, {})
        changed = [dict(row) for name, row in rows.items() if known.get(name) != row]
        known.update({row["task_id"]: row for row in changed})
        found = {
            "call": "search_tasks",
            "query": f"jobId='{job}'",
            "where": ["job_id", "=", [job]],
            "probe": False,
            "t0": at,
            "t1": at + 10,
            "rows": changed,
            "pages": [[1, 200, len(rows), len(rows)]],
            "unique": len(rows),
            **fields,
        }
        return self.add(at + 10, "N", "rows", job=job, fields=found)

    def probe(self, at: int, where: list[Any], *tasks: str, job: str = "j1", **fields: Any) -> None:  # noqa: ANN401
        """Search with a filter; the answer holds these of the rows now shown, by task id."""
        rows = [dict(self._rows[job][task]) for task in tasks]
        self.poll(
            at,
            job=job,
            **{
                "where": where,
                "query": str(where),
                "probe": True,
                "rows": rows,
                "unique": len(rows),
                "pages": [[1, 7, len(rows), len(rows)]],
                **fields,
            },
        )

    def refuse(self, at: int, where: list[Any]) -> None:
        """Search with a filter, and be refused."""
        found = {"call": "search_tasks", "query": str(where), "where": where, "probe": True}
        instants = {"t0": at, "t1": at + 10, "code": 99400}
        self.add(at + 10, "N", "refused_query", fields={**found, **instants})


def evidence(log: Log, tolerance: Tolerance = VIRTUAL_TIME) -> Evidence:
    """Read a log."""
    return read(log.in_order(), slack_ms=tolerance.epsilon_ms)


def drawn(log: Log, tolerance: Tolerance = VIRTUAL_TIME, **changes: Any) -> Timeline:  # noqa: ANN401
    """Draw up a log's timeline under the contract of these tests, or one that differs."""
    return draw_up(evidence(log, tolerance), "enos", profile(**changes), tolerance)


def judged(
    oracle: Callable[[Timeline], Outcome],
    log: Log,
    tolerance: Tolerance = VIRTUAL_TIME,
    **changes: Any,  # noqa: ANN401 - any of the contract's fields
) -> Outcome:
    """Have one oracle judge a log."""
    return oracle(drawn(log, tolerance, **changes))


def instants(outcome: Outcome, place: int = 0) -> Sequence[int]:
    """Return the instants of a violation's witness."""
    return [record.t for record in outcome.violations[place].witness.records]
