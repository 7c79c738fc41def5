"""From records to evidence: one pass over the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.asks import AskBook, offers
from fleet_sim.oracle.evidence import (
    FOREVER,
    Call,
    Device,
    Evidence,
    Fault,
    Job,
    Poll,
    Presence,
    Push,
    Report,
    Sighting,
)
from fleet_sim.oracle.take_overs import taken_over

_POLL_FIELD = "job_id"
_TAKEN = 200  # The code of a neutral reply that says yes.
_WORDS = ("version", "step", "desc")  # What a report says, by the fields of its record.


def read(records: Sequence[Record], *, slack_ms: int = 0) -> Evidence:
    """Read a log that is in order.

    Args:
        records: The log.
        slack_ms: How long a server may sit on a push it has decided on (writing it down first,
            say), so that what arrived in between could not stop it any more.
    """
    reader = _Reader(slack_ms)
    for record in records:
        reader.take(record)
    found = reader.finish()
    if not found.has_server_wire:
        found.taken_over = taken_over(records)
    return found


class _Reader:
    """Holds what is half read: messages on their way, calls without an answer.

    Both ends of the wire are kept until the end, since only then it is known whether the server's
    end is in the log at all. Records of two parts with equal `t` may come in either order, so each
    handler takes its half of a message whether or not the other half has come.
    """

    def __init__(self, slack_ms: int) -> None:
        self.found = Evidence()
        self._slack_ms = slack_ms
        self._sent: dict[str, list[Push]] = {}
        self._received: dict[str, list[Push]] = {}
        self._asks = AskBook()
        self._messages: dict[tuple[str, str], Report] = {}
        self._calls: dict[object, Call] = {}
        self._heard: dict[str, int] = {}  # device to when it sent what was acknowledged last
        self._answers: set[str] = set()  # The kinds of reports that the server itself replies to.
        self._handlers: Mapping[tuple[Source, str], Callable[[Record], None]] = {
            (Source.DEVICE, "boot"): self._boot,
            (Source.DEVICE, "flash"): self._flash,
            (Source.DEVICE, "gone"): self._gone,
            (Source.DEVICE, "silent"): self._silent,
            (Source.DEVICE, "download_start"): self._download,
            (Source.WIRE, "online"): self._online,
            (Source.WIRE, "offline"): self._offline,
            (Source.WIRE, "question_sent"): self._questioned,
            (Source.WIRE, "push_sent"): self._push_sent,
            (Source.WIRE, "push_received"): self._push_received,
            (Source.WIRE, "push_replied"): self._replied,
            (Source.WIRE, "push_acked"): self._acked,
            (Source.WIRE, "progress_sent"): self._report_sent,
            (Source.WIRE, "progress_received"): self._report_received,
            (Source.WIRE, "version_sent"): self._report_sent,
            (Source.WIRE, "version_received"): self._report_received,
            (Source.WIRE, "delivered"): self._delivered,
            (Source.WIRE, "answered"): self._answered,
            (Source.WIRE, "request_sent"): self._asked,
            (Source.WIRE, "request_received"): self._asked,
            (Source.WIRE, "offer_sent"): self._offered,
            (Source.WIRE, "offer_received"): self._offered,
            (Source.CONTROL, "api_invoke"): self._invoked,
            (Source.CONTROL, "api_ok"): self._answered_ok,
            (Source.CONTROL, "api_fail"): self._answered_fail,
            (Source.CONTROL, "api_unknown"): self._answered_unknown,
            (Source.CONTROL, "settle"): self._settled,
            (Source.CONTROL, "fleet"): self._fleet,
            (Source.CONTROL, "kept_by_others"): self._kept_by_others,
            (Source.CONTROL, "fault_injected"): self._fault,
            (Source.CONTROL, "fault_healed"): self._healed,
            (Source.NORTHBOUND, "rows"): self._rows,
            (Source.NORTHBOUND, "refused_query"): self._query,
            (Source.NORTHBOUND, "unread"): self._unread,
        }

    def take(self, record: Record) -> None:
        """Read one record; kinds that say nothing here are passed over."""
        if record.src is Source.SERVER:
            self.found.has_server_wire = True  # also where not one message reached it
        handler = self._handlers.get((record.src, record.kind))
        if handler is not None:
            handler(record)
        self.found.end_at_ms = record.t

    def finish(self) -> Evidence:
        """Put the two ends of the wire together."""
        found = self.found
        for call in self._calls.values():
            if call.name == "create_job" and call.outcome in {"unknown", "open"}:
                self._open_job(call, f"?{call.record.get('no')}")
        for device in found.devices.values():
            self._join_pushes(device)
            # A broker acknowledges what its rules then keep from the backend. That the backend
            # hears a device at all shows in what it says of it, or to it.
            is_shown = any(device.name in job.seen for job in found.jobs.values())
            is_heard = is_shown or bool(device.pushes)
            for report in device.reports:
                is_answered = report.kind in self._answers or not is_heard
                _place(report, exact=found.has_server_wire, is_answered=is_answered)
            device.reports.sort(key=_arrival)
            device.round_trip_ms = max(_round_trips(device.reports), default=FOREVER)
        return found

    def _device(self, name: str) -> Device:
        device = self.found.devices.get(name)
        if device is None:
            device = self.found.devices[name] = Device(name)
        return device

    # --- device truth ------------------------------------------------------------------------

    def _boot(self, record: Record) -> None:
        device = self._device(record.device)
        device.fleet = device.fleet or str(record.get("fleet", ""))
        device.dialect = device.dialect or str(record.get("dialect", ""))
        device.boots.append(record)

    def _flash(self, record: Record) -> None:
        self._device(record.device).flashes.append(record)

    def _gone(self, record: Record) -> None:
        self._device(record.device).gone = record

    def _silent(self, record: Record) -> None:
        self._device(record.device).silences.append(record)

    def _download(self, record: Record) -> None:
        if not record.get("offset"):
            self._device(record.device).downloads += 1

    # --- the wire ----------------------------------------------------------------------------

    def _questioned(self, record: Record) -> None:
        self._device(record.device).questioned_at_ms.append(record.t)

    def _online(self, record: Record) -> None:
        self._present(record, is_online=True)
        if record.side == "device":
            self._device(record.device).connected_at_ms = int(record.get("since", record.t))

    def _offline(self, record: Record) -> None:
        self._present(record, is_online=False)

    def _present(self, record: Record, *, is_online: bool) -> None:
        ends = self._device(record.device).presence
        end = ends.setdefault(record.side, Presence())
        end.note(record.t, is_online=is_online, why=str(record.get("why", "")))

    def _push_sent(self, record: Record) -> None:
        self.found.has_server_wire = True
        self._sent.setdefault(record.device, []).append(_push(record, record.t))

    def _push_received(self, record: Record) -> None:
        """Say when a push can have left, seen only by its device.

        It left after the device had asked for this connection. And it left after every answer that
        the device had before it, as one connection keeps its order: so after the messages that were
        answered were sent. A broker's acknowledgement counts where the server gives no answers.
        """
        device = self._device(record.device)
        lo = max(device.connected_at_ms, self._heard.get(record.device, 0))
        self._received.setdefault(record.device, []).append(_push(record, lo))

    def _join_pushes(self, device: Device) -> None:
        ends = self._sent if self.found.has_server_wire else self._received
        known: set[str] = set()
        for push in ends.get(device.name, ()):
            push.is_copy = bool(push.request) and push.request in known
            known.add(push.request)
            push.lo -= self._slack_ms
            device.pushes.append(push)
        device.asks = self._asks.of(device.name, has_server_wire=self.found.has_server_wire)
        offered = list(offers(device, self.found.faults))
        if offered:
            device.pushes.extend(offered)
            device.pushes.sort(key=_leaving)

    def _replied(self, record: Record) -> None:
        report = self._ack(record)
        report.sent_at_ms = record.t if report.sent_at_ms is None else report.sent_at_ms

    def _acked(self, record: Record) -> None:
        report = self._ack(record)
        if report.received_at_ms is None:
            report.received_at_ms = record.t

    def _ack(self, record: Record) -> Report:
        request = str(record.get("request", ""))
        key = (record.device, f"ack {request}")
        report = self._messages.get(key)
        if report is None:
            report = self._messages[key] = Report("ack", record, request, request=request)
            self._device(record.device).reports.append(report)
        return report

    def _report_sent(self, record: Record) -> None:
        report = self._message(record)
        report.request = str(record.get("request", "")) or report.request
        if report.sent_at_ms is None:
            report.sent_at_ms = record.t

    def _report_received(self, record: Record) -> None:
        self.found.has_server_wire = True
        report = self._message(record)
        if report.received_at_ms is not None:
            report = self._again(report, record)
            self._device(record.device).reports.append(report)
        report.received_at_ms = record.t
        report.record = record
        report.step = _step(record) if report.kind == "progress" else report.step

    def _again(self, report: Report, record: Record) -> Report:
        """Read what came under the id of a report that has come: a copy, or it says another thing.

        Devices of others number all their reports alike.
        """
        if _is_like(report.record, record):
            return _copy_of(report, record)
        message = str(record.get("message", ""))
        other = self._messages[record.device, message] = _report(record, message)
        return other

    def _message(self, record: Record) -> Report:
        message = str(record.get("message", ""))
        report = self._messages.get((record.device, message)) if message else None
        if report is None:
            report = _report(record, message)
            self._device(record.device).reports.append(report)
            self._messages[record.device, message] = report
        return report

    def _delivered(self, record: Record) -> None:
        report = self._messages.get((record.device, str(record.get("message", ""))))
        if report is not None and report.delivered_at_ms is None:
            report.delivered_at_ms = record.t
            if not self._answers:
                self._heard[record.device] = report.sent_at_ms or 0

    def _answered(self, record: Record) -> None:
        """Take the server's own word, which may come long after its broker's acknowledgement."""
        report = self._messages.get((record.device, str(record.get("message", ""))))
        if report is not None and report.answered_at_ms is None:
            report.answered_at_ms = record.t
            report.is_refused = record.get("code") != _TAKEN
            self._answers.add(report.kind)
            self._heard[record.device] = report.sent_at_ms or 0

    def _asked(self, record: Record) -> None:
        self._device(record.device)
        self._asks.asked(record)

    def _offered(self, record: Record) -> None:
        self._device(record.device)
        self._asks.offered(record)

    # --- control -----------------------------------------------------------------------------

    def _invoked(self, record: Record) -> None:
        keys = record.get("device_keys")
        call = Call(
            record=record,
            name=str(record.get("call", "")),
            job=record.job,
            device_keys=None if keys is None else frozenset(map(str, keys)),
            lo=record.t,
        )
        self._calls[record.get("no")] = call
        job = self.found.jobs.get(record.job)
        if job is not None:
            job.calls.append(call)

    def _answered_ok(self, record: Record) -> None:
        call = self._calls.get(record.get("no"))
        if call is None:
            return
        call.outcome, call.hi = "ok", record.t
        if call.name == "create_job":
            self._open_job(call, record.job or str(record.get("job", "")))

    def _answered_fail(self, record: Record) -> None:
        call = self._calls.get(record.get("no"))
        if call is not None:
            call.outcome, call.hi = "fail", record.t

    def _answered_unknown(self, record: Record) -> None:
        call = self._calls.get(record.get("no"))
        if call is not None:
            call.outcome = "unknown"

    def _open_job(self, call: Call, job_id: str) -> None:
        call.job = job_id
        self.found.jobs[job_id] = _job(call, job_id)

    def _fleet(self, record: Record) -> None:
        """Add up the shares of a fleet that several workers run."""
        name, dialect = str(record.get("fleet", "")), str(record.get("dialect", ""))
        _, before = self.found.fleets.get(name, (dialect, 0))
        self.found.fleets[name] = (dialect, before + int(record.get("devices") or 0))

    def _kept_by_others(self, record: Record) -> None:
        self.found.kept_by_others.update(map(str, record.get("devices") or ()))
        self.found.perhaps_kept.update(map(str, record.get("untold") or ()))

    def _settled(self, record: Record) -> None:
        if self.found.settled_at_ms is None:
            self.found.settled_at_ms = record.t

    def _fault(self, record: Record) -> None:
        if str(record.get("id", "")).startswith("S"):
            self.found.faults.append(Fault(record.t))

    def _healed(self, record: Record) -> None:
        if str(record.get("id", "")).startswith("S"):
            for fault in self.found.faults:
                fault.hi = min(fault.hi, record.t)

    # --- northbound reads --------------------------------------------------------------------

    def _query(self, record: Record) -> None:
        self.found.queries.append(record)

    def _unread(self, record: Record) -> None:
        job = self.found.jobs.get(record.job)
        if job is not None:
            job.unread = record

    def _rows(self, record: Record) -> None:
        self.found.queries.append(record)
        job = self.found.jobs.get(_polled_job(record))
        if job is not None:
            _take_poll(job, record)


def _take_poll(job: Job, record: Record) -> None:
    poll = len(job.polls)
    t0, t1 = int(record.get("t0", record.t)), int(record.get("t1", record.t))
    rows = record.get("rows") or ()
    for row in rows:
        device = f"{row.get('product_key', '')}/{row.get('device_key', '')}"
        shown = job.seen.setdefault(device, {}).setdefault(str(row.get("task_id", "")), [])
        shown.append(Sighting(poll, t0, t1, row, record))
    known = sum(map(len, job.seen.values()))
    unique = record.get("unique")
    is_whole = unique is None or int(unique) >= known
    job.polls.append(Poll(record, t0, t1, is_whole=is_whole, changed=len(rows)))


def _polled_job(record: Record) -> str:
    """Return the job whose tasks a query lists, all of them; "" if it asks for something else."""
    where = record.get("where")
    if record.get("call") != "search_tasks" or record.get("probe") or not where:
        return ""
    if len(where) == 3 and where[0] == _POLL_FIELD and len(where[2]) == 1:  # noqa: PLR2004 - a comparison
        return str(where[2][0])
    return ""


def _push(record: Record, lo: int) -> Push:
    request, version = str(record.get("request", "")), str(record.get("version", ""))
    module = str(record.get("module", ""))
    return Push(record, min(lo, record.t), record.t, request, version, module=module)


def _report(record: Record, message: str) -> Report:
    module = str(record.get("module", ""))
    if record.kind.startswith("version"):
        version = str(record.get("version", ""))
        return Report("version", record, message, version=version, module=module)
    desc = record.get("desc")
    text = None if desc is None else str(desc)
    return Report("progress", record, message, step=_step(record), desc=text, module=module)


def _step(record: Record) -> int | None:
    """Return the percent or the code; a device that leaves the code to its dialect has none."""
    step = record.get("step")
    if isinstance(step, int):
        return step
    return None if "cause" in record.fields else 0


def _is_like(one: Record, other: Record) -> bool:
    """Tell whether two arrivals say the same, as far as both tell what they say."""
    both = [name for name in _WORDS if name in one.fields and name in other.fields]
    is_of_kind = one.kind == other.kind and one.get("module") == other.get("module")
    return is_of_kind and all(one.get(name) == other.get(name) for name in both)


def _copy_of(report: Report, record: Record) -> Report:
    return Report(
        report.kind,
        record,
        report.message,
        step=report.step,
        version=report.version,
        desc=report.desc,
        request=report.request,
        sent_at_ms=report.sent_at_ms,
        is_copy=True,
        module=report.module,
    )


def _place(report: Report, *, exact: bool, is_answered: bool) -> None:
    """Say when a report arrived: exactly, within its flight, or perhaps never.

    Where the server's end is in the log and did not see it, it is taken as still on its way, also
    with an acknowledgement: a server that was killed may have lost the end of its own part. So it
    is where the server answers such reports and has not answered this one: a broker acknowledges
    what its backend has yet to see. One that the server refused may not count.
    """
    if report.received_at_ms is not None:
        report.lo = report.hi = report.received_at_ms
        return
    report.lo = report.sent_at_ms or 0
    known = report.answered_at_ms if is_answered else report.delivered_at_ms
    if exact or report.is_refused or known is None:
        report.hi = FOREVER
    else:
        report.hi = max(known, report.lo)


def _round_trips(reports: Iterable[Report]) -> Iterator[int]:
    for report in reports:
        if report.sent_at_ms is not None and report.delivered_at_ms is not None:
            yield report.delivered_at_ms - report.sent_at_ms


def _leaving(push: Push) -> int:
    return push.hi


def _arrival(report: Report) -> tuple[int, int]:
    return (report.lo, report.hi)


def _job(call: Call, job_id: str) -> Job:
    order: Mapping[str, Any] = call.record.fields
    kind = str(order.get("job_kind") or "upgrade")
    return Job(
        id=job_id,
        fleet=str(order.get("fleet") or ""),
        product=str(order.get("product") or ""),
        to_version=str(order.get("to_version") or ""),
        from_versions=frozenset(map(str, order.get("from_versions") or ())),
        device_keys=call.device_keys,
        concurrency=order.get("concurrency"),
        timeout_s=order.get("timeout_s"),
        retry_count=int(order.get("retry_count") or 0),
        retry_interval_s=int(order.get("retry_interval_s") or 0),
        window=order.get("window"),
        kind=kind,
        is_open_list=order.get("policy") not in {None, "snapshot", "static"},
        must_ask=bool(order.get("must_ask")) and kind == "upgrade",
        create=call,
        module=str(order.get("module") or ""),
        pushes_a_minute=order.get("pushes_a_minute"),
    )
