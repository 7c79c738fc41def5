"""What the run itself asked for and did not get: without it, nothing expected was tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.thresholds import ExpectationResult

_NAMES = {"create_firmware": "the image", "create_job": "the job"}


def refused_orders(log: Iterable[Record]) -> Iterator[ExpectationResult]:
    """Yield an expectation that was not met for each image or job the backend did not take.

    Likewise one if it would not show its tasks. All this is expected of every run, so it stands in
    no scenario and has no line there.
    """
    is_shown = True
    orders: dict[tuple[str, int], Record] = {}
    for record in log:
        if record.kind == "refused_query" and not record.get("probe") and is_shown:
            is_shown = False
            yield _not_shown(record)
        if record.src is not Source.CONTROL or record.get("call") not in _NAMES:
            continue
        key = (record["call"], record["no"])
        if record.kind == "api_invoke":
            orders[key] = record
        elif record.kind in {"api_fail", "api_unknown"} and key in orders:
            yield _not_taken(orders[key], record)


def _not_taken(order: Record, answer: Record) -> ExpectationResult:
    version = order.get("to_version") or order.get("version")
    text = f"the backend takes {_NAMES[order['call']]} {version} for {order.get('fleet')}"
    if answer.kind == "api_fail":
        found = f"refused with {answer.get('code')}: {answer.get('text')}"
    else:
        found = f"no answer: {answer.get('why')}"
    return ExpectationResult(text, "", 0, held=False, value=found)


def _not_shown(record: Record) -> ExpectationResult:
    text = "the backend shows the tasks of its jobs"
    found = f"refused with {record.get('code')}: {record.get('query')}"
    return ExpectationResult(text, "", 0, held=False, value=found)
