"""The record: one line of the run log, and what each kind of it says.

A run's log is all records of all parts, ordered by `(t, part, seq)`. Each process writes its own
part. Within a part the order is certain; records of two parts with equal `t` are concurrent, and no
oracle may convict on their order. No wall time, path or run id stands in a record.

Sources, in falling order of trust:

    D  device truth: what a device did and holds
    W  wire: messages as they entered and left the broker (`side` "server") or a device ("device")
    C  control: northbound writes we made, as a pair invoke / complete
    N  northbound reads: rows returned by a search sent at `t0`, answered at `t1` (= `t`)
    S  the reference platform's journal; it explains and never convicts

Kinds and their fields (`device` is `product_key/device_key`; `message` is the id of a device's own
message, `request` the id of the upgrade request it belongs to, "" where there is none; an offer
that the device took counts as one, see `request_of_offer`; `flash`, `download_start`,
`download_end`, pushes, requests, version and progress records of a part of a device also carry its
name as `module`, and then their version is that part's and not the device's):

    D  boot             version; the first of a device also carries fleet, dialect
       flash            version, request
       download_start   version, request, offset
       download_cut     request, offset, why
       download_end     version, request, size, sha256 (of the bytes the device holds)
       upgrade_failed   request, cause, desc
       gone             why (never comes back)
       silent           request, why (takes the push and will say nothing more of this attempt)
    W  online, offline(why)                                      side device or server; online has
                        since (device: when the CONNECT left) or
                        over (server: the gateway it came by, if it did)
       push_sent        request, version, size, digest            server: left the broker
       push_received    request, version, size, digest            device
       push_replied     request, code                             device
       push_acked       request, code                             server: the reply arrived
       progress_sent    message, step, desc, request              device; a negative step: failure
       progress_received message, step, desc                      server
       version_sent     message, version                          device
       version_received message, version                          server
       delivered        message                                   device: acknowledged by the server
       answered         message, code                             device: the server's own reply,
                                                                  where a broker acknowledges first
       request_sent     message                                   device asks for a version
       request_received message                                   server
       offer_sent       message, versions                         server
       offer_received   message, versions                         device
       question_sent, question_received       message           server, device: which version?
       block_request_sent, block_request_received   message, offset, size    device, server
       block_sent, block_received   message, offset, size, code  server, device
       activation_sent, activation_received   message           server, device: a secret was told
       activation_replied, activation_acked   message, code     device, server: the device keeps it
       turned_away      why                                       device: not let in
       not_subscribed   filters (how many)                        device: refused by the broker
       refused          topic, why                                server or device: not taken in
       file_sent        path, status, offset, size                server: one HTTP answer
    C  contract         dialect, and every parameter of its contract profile, at the start
       api_invoke       call, no, and the call's arguments (see `runtime.control`)
       api_ok           call, no, and what came of it (job, firmware)
       api_fail         call, no, code (null: it was never sent), text
       api_unknown      call, no (no answer: it may have taken effect any time later)
       fleet            fleet, dialect, devices (how many), at the start
       expect           expectations (a list of text, line, flag), at the start
       firmware_known   firmware, product, version, size, digest, digest_method (as it was before)
       plants_nothing   why (a planted bug changes nothing with this vendor), at the start
       kept_by_others   devices (busy with somebody else's jobs), untold (the backend did not say)
       fault_injected, fault_healed    id, and the devices it hits
       settle           — from here on no fault is injected and the run only waits
       end              why
       cleaned          call, of, why (not; "" where it was taken back)
    N  rows             call, query, where, probe, t0, t1, rows, pages, unique; see below
       refused_query    call, query, where, probe, t0, t1, code
       unread           why (the last look at this job, after the end, showed nothing)
    S  started          dialect: the platform is there, and its end of the wire in this log

`rows` of a poll hold only the rows that changed since the last poll of the same query; `pages` is
`[[number, size, rows, total], …]` as walked and `unique` the number of distinct rows over all
pages, so an unchanged row is known to have been seen again. A probe (`probe: true`) is a search
made to test the search: its `rows` are all there were. `query` is the vendor's text, `where` the
neutral filter as nested lists (`filter_as_lists`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, Operator

# Why a device went `offline` where neither it nor its link ended the connection.
CLOSED_BY_BROKER = "closed by the broker"


class Source(StrEnum):
    """Who says so; see the module."""

    DEVICE = "D"
    WIRE = "W"
    CONTROL = "C"
    NORTHBOUND = "N"
    SERVER = "S"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the run log.

    Attributes:
        t: Whole milliseconds since the start of the run.
        seq: Place within the part.
        src: Who says so.
        kind: What happened.
        device: `product_key/device_key`, or "".
        job: The server's job id, or "".
        fields: The kind's own fields: JSON values.
        part: Which part it stands in; from the file, not in the line.
    """

    t: int
    seq: int
    src: Source
    kind: str
    device: str = ""
    job: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    part: int = 0

    @property
    def side(self) -> str:
        """Whose end of the wire, `device` or `server`; "" for other sources."""
        return str(self.fields.get("side", ""))

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON values
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        """Return one of the kind's own fields."""
        return self.fields.get(name, default)


# What every line has, or may have: whether it must be there, and its type.
_FRAME: Mapping[str, type] = {
    "t": int, "seq": int, "src": str, "kind": str, "device": str, "job": str,
}  # fmt: skip
_NEEDED = ("t", "seq", "src", "kind")
_EXCERPT_CHARS_MAX = 40  # A line may hold a page of rows.


def request_of_offer(message: str) -> str:
    """Name the attempt that an offer began, by the device's own message that it answers.

    Devices and servers number their messages each for themselves, so the bare id could be that of a
    push as well.
    """
    return f"offer {message}"


def to_line(record: Record) -> str:
    """Render a record as one JSON line, without the line end; keys in a fixed order.

    The line is ASCII: what devices say holds line ends of other scripts, and worse.
    """
    line: dict[str, Any] = {
        "t": record.t,
        "seq": record.seq,
        "src": record.src.value,
        "kind": record.kind,
    }
    if record.device:
        line["device"] = record.device
    if record.job:
        line["job"] = record.job
    line.update(record.fields)
    return json.dumps(line, separators=(",", ":"))


def from_line(line: str, part: int = 0) -> Record:
    """Read what `to_line` wrote.

    Raises:
        ValueError: No JSON object; `t`, `seq`, `src` or `kind` is missing; one of these, `device`
            or `job` is of another type; or nobody knows the source.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{excerpt(line)} is no JSON object, as a record is") from error
    if not isinstance(found, dict):
        raise ValueError(f"a record is a JSON object, not {excerpt(line)}")  # noqa: TRY004 - what the text holds
    for name in _NEEDED:
        if name not in found:
            raise ValueError(f"the record {line[:80]!r} lacks {name!r}")
    for name, kind in _FRAME.items():
        if name in found and type(found[name]) is not kind:  # a bool is no number here
            right = "a whole number" if kind is int else "a text"
            raise ValueError(f"{name} is {excerpt(found[name])}; {right} would be right")
    if found["src"] not in set(Source):
        raise ValueError(f"src is {excerpt(found['src'])}; D, W, C, N or S would be right")
    return Record(
        t=found["t"],
        seq=found["seq"],
        src=Source(found["src"]),
        kind=found["kind"],
        device=found.get("device", ""),
        job=found.get("job", ""),
        fields={name: value for name, value in found.items() if name not in _FRAME},
        part=part,
    )


def excerpt(value: object) -> str:
    """Return the beginning of a value, as a sentence about it can hold it."""
    text = repr(value)
    return text if len(text) <= _EXCERPT_CHARS_MAX else f"{text[:_EXCERPT_CHARS_MAX]}…"


def in_order(parts: Iterable[Iterable[Record]]) -> list[Record]:
    """Merge the parts of a log into one list, ordered by `(t, part, seq)`."""
    merged = [record for part in parts for record in part]
    merged.sort(key=lambda record: (record.t, record.part, record.seq))
    return merged


def filter_as_lists(where: Filter) -> list[Any]:
    """Render a filter for a record: `["all", …]`, `["any", …]` or `[field, operator, [values]]`."""
    match where:
        case AllOf(parts):
            return ["all", *(filter_as_lists(part) for part in parts)]
        case AnyOf(parts):
            return ["any", *(filter_as_lists(part) for part in parts)]
        case Comparison(name, operator, values):
            return [name, operator.value, list(values)]


def filter_from_lists(lists: list[Any]) -> Filter:
    """Read what `filter_as_lists` rendered."""
    head, *rest = lists
    if head == "all":
        return AllOf(tuple(_filters(rest)))
    if head == "any":
        return AnyOf(tuple(_filters(rest)))
    return Comparison(str(head), Operator(rest[0]), tuple(rest[1]))


def _filters(lists: list[list[Any]]) -> Iterator[Filter]:
    return (filter_from_lists(part) for part in lists)
