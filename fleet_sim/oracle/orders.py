"""What the run itself asked for and did not get: without it, nothing expected was tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.thresholds import ExpectationResult

# One refused look may be a throttle, a restart, or a job that is not visible yet.
REFUSED_LOOKS_MAX = 3

_NAMES = {"create_firmware": "the image", "create_job": "the job"}


def refused_orders(log: Iterable[Record]) -> Iterator[ExpectationResult]:
    """Yield an expectation that was not met for each image or job the backend did not take.

    Likewise one if at the end it would not show its tasks: so many looks in a row were refused. All
    this is expected of every run, so it stands in no scenario and has no line there.
    """
    refused: dict[str, list[Record]] = {}
    orders: dict[tuple[str, int], Record] = {}
    for record in log:
        if not record.get("probe") and record.kind == "refused_query":
            refused.setdefault(record.job, []).append(record)
        elif not record.get("probe") and record.kind == "rows":
            refused.pop(record.job, None)
        if record.src is not Source.CONTROL or record.get("call") not in _NAMES:
            continue
        key = (record["call"], record["no"])
        if record.kind == "api_invoke":
            orders[key] = record
        elif record.kind in {"api_fail", "api_unknown"} and key in orders:
            yield _not_taken(orders[key], record)
    blind = [looks for looks in refused.values() if len(looks) >= REFUSED_LOOKS_MAX]
    if blind:
        yield _not_shown(blind[0][0])


def _not_taken(order: Record, answer: Record) -> ExpectationResult:
    version = order.get("to_version") or order.get("version")
    text = f"the backend takes {_NAMES[order['call']]} {version} for {order.get('fleet')}"
    if answer.kind == "api_fail" and answer.get("code") is None:
        found = f"not sent: {answer.get('text')}"
    elif answer.kind == "api_fail":
        found = f"refused with {answer.get('code')}: {answer.get('text')}"
    else:
        found = f"no answer: {answer.get('why')}"
    return ExpectationResult(text, "", 0, held=False, value=found)


def _not_shown(record: Record) -> ExpectationResult:
    text = "the backend shows the tasks of its jobs"
    found = f"refused with {record.get('code')}: {record.get('query')}"
    return ExpectationResult(text, "", 0, held=False, value=found)
