"""Searches as the log shows them: what was asked, what came back, and what was known to be there.

A row's fields are steady (who, which job, from and to which version) or moving (status, progress,
text). What a filter over moving fields had to return is known only while the row stood still: from
a poll before the search, a read lag earlier, to one that shows the very same row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, matches
from fleet_sim.model.northbound import DeviceRow, TaskRow
from fleet_sim.model.record import Record, filter_from_lists

Row = Mapping[str, Any]
STEADY: Mapping[str, frozenset[str]] = {
    "search_tasks": frozenset(
        {"task_id", "job_id", "product_key", "device_key", "asset_id", "from_version", "to_version"}
    ),
    "search_devices": frozenset({"product_key", "device_key", "asset_id"}),
}
KNOWN: Mapping[str, frozenset[str]] = {
    "search_tasks": frozenset(one.name for one in fields(TaskRow)),
    "search_devices": frozenset(one.name for one in fields(DeviceRow)),
}


@dataclass(frozen=True, slots=True)
class Query:
    """One search.

    Attributes:
        record: `rows` or `refused_query`.
        call: `search_tasks` or `search_devices`.
        where: What was asked.
        t0: When it was sent.
        t1: When the last page was answered.
        is_full: Whether its rows are all there were, not only those changed since the last poll.
    """

    record: Record
    call: str
    where: Filter
    t0: int
    t1: int
    is_full: bool

    @property
    def fields(self) -> frozenset[str]:
        """The fields it compares."""
        return frozenset(_fields(self.where))

    @property
    def is_steady(self) -> bool:
        """Whether its result cannot change by itself: it compares steady fields only."""
        return self.fields <= STEADY[self.call]

    @property
    def strange(self) -> frozenset[str]:
        """Fields it compares that no row has."""
        return self.fields - KNOWN[self.call]

    @property
    def rows(self) -> list[Row]:
        """What came back."""
        return list(self.record.get("rows") or ())

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs it names."""
        return tuple(map(str, _values(self.where, "job_id")))

    @property
    def text(self) -> str:
        """The question, in the vendor's words if the log has them."""
        return str(self.record.get("query") or self.record.get("where"))


@dataclass(slots=True)
class KnownRow:
    """A row as all reads showed it: each time it was new or different, and when last seen so."""

    versions: list[tuple[int, int, Row]] = field(default_factory=list)  # first t1, last t0, row

    def note(self, row: Row, t0: int, t1: int) -> None:
        """Add a read that showed it."""
        if self.versions and self.versions[-1][2] == row:
            first, _, same = self.versions[-1]
            self.versions[-1] = (first, t0, same)
        else:
            self.versions.append((t1, t0, row))

    def exists_since(self) -> int:
        """When it was first seen."""
        return self.versions[0][0]

    def still(self, lo: int, hi: int) -> Row | None:
        """Return the row if it certainly stood unchanged from `lo` to `hi`."""
        for first, last, row in self.versions:
            if first <= lo and hi <= last:
                return row
        return None


@dataclass(slots=True)
class Book:
    """The searches of one dialect, and every row they showed.

    Attributes:
        searches: In order.
        known: Kind of search to a row's name to the row as it was shown.
        cancelled_is_failed: Whether the contract shows the two as one.
    """

    searches: list[Query] = field(default_factory=list)
    known: dict[str, dict[str, KnownRow]] = field(default_factory=dict)
    cancelled_is_failed: bool = False
    _since: dict[str, list[int]] = field(default_factory=dict)

    def known_by(self, job: str, at_ms: int) -> int:
        """Return how many tasks of a job had been seen by an instant."""
        if not self._since:
            for row in self.known.get("search_tasks", {}).values():
                name = str(row.versions[0][2].get("job_id"))
                self._since.setdefault(name, []).append(row.exists_since())
            for seen in self._since.values():
                seen.sort()
        return bisect_right(self._since.get(job, []), at_ms)

    def verdict(self, query: Query, row: Row, *, is_still: bool) -> bool | None:
        """Tell whether a row satisfies a search; None if that hangs on a field that may move."""
        return self._holds(query.where, row, None if is_still else STEADY[query.call])

    def _holds(self, where: Filter, row: Row, sure: frozenset[str] | None) -> bool | None:
        """Evaluate in three values; a search looks at every row known, so it stops early."""
        match where:
            case AllOf(parts):
                return self._join(parts, row, sure, decisive=False)
            case AnyOf(parts):
                return self._join(parts, row, sure, decisive=True)
            case Comparison(name, operator, values):
                if sure is not None and name not in sure:
                    return None
                if name == "status":
                    values = tuple(self._neutral(value) for value in values)
                    have = self._neutral(row.get(name))
                else:
                    have = row.get(name)
                return matches(Comparison(name, operator, values), lambda _: have)

    def _join(
        self, parts: Iterable[Filter], row: Row, sure: frozenset[str] | None, *, decisive: bool
    ) -> bool | None:
        found: bool | None = not decisive
        for part in parts:
            one = self._holds(part, row, sure)
            if one is decisive:
                return decisive
            found = None if one is None else found
        return found

    def _neutral(self, status: Any) -> Any:  # noqa: ANN401 - JSON values
        """Take cancelled and failed for one where the contract shows them as one."""
        return "failed" if self.cancelled_is_failed and status == "cancelled" else status


def open_book(
    records: Iterable[Record],
    *,
    jobs: Collection[str],
    products: Collection[str],
    is_only: bool,
    cancelled_is_failed: bool,
) -> Book:
    """Read the searches that concern these jobs or products.

    Args:
        records: Every `rows` and `refused_query`, in order.
        jobs: Job ids of the dialect.
        products: Product keys of the dialect.
        is_only: Whether no other dialect is spoken, so that searches that name nothing are its own.
        cancelled_is_failed: See `Book`.
    """
    book = Book(cancelled_is_failed=cancelled_is_failed)
    for record in records:
        query = _query(record)
        if query is None or not _is_mine(query, jobs, products, is_only=is_only):
            continue
        book.searches.append(query)
        if record.kind == "rows":
            known = book.known.setdefault(query.call, {})
            for row in query.rows:
                name = row_name(query.call, row)
                known.setdefault(name, KnownRow()).note(row, query.t0, query.t1)
    return book


def row_name(call: str, row: Row) -> str:
    """Return what tells a row from all others."""
    if call == "search_tasks":
        return str(row.get("task_id"))
    return f"{row.get('product_key')}/{row.get('device_key')}"


def _query(record: Record) -> Query | None:
    call, where = str(record.get("call", "")), record.get("where")
    if call not in STEADY or not isinstance(where, list) or not where:
        return None
    try:
        asked = filter_from_lists(where)
    except (ValueError, IndexError, TypeError):
        return None
    t0, t1 = int(record.get("t0", record.t)), int(record.get("t1", record.t))
    return Query(record, call, asked, t0, t1, is_full=bool(record.get("probe")))


def _is_mine(
    query: Query, jobs: Collection[str], products: Collection[str], *, is_only: bool
) -> bool:
    """Tell whose search it is: by the job it names, else by its rows, else by there being one."""
    if query.jobs:
        return any(job in jobs for job in query.jobs)
    if query.rows:
        return any(row.get("product_key") in products for row in query.rows)
    return is_only


def _fields(where: Filter) -> Iterator[str]:
    match where:
        case Comparison(name, _, _):
            yield name
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _fields(part)


def _values(where: Filter, name: str) -> Iterator[Any]:
    match where:
        case Comparison(field_name, _, values) if field_name == name:
            yield from values
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _values(part, name)
        case _:
            return
