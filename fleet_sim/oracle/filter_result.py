"""V41: a search returns the rows that match, all of them and no others."""

from __future__ import annotations

from fleet_sim.oracle.outcome import Outcome
from fleet_sim.oracle.queries import Query, Row, row_name
from fleet_sim.oracle.tally import Tally, some
from fleet_sim.oracle.timeline import Timeline


def filter_result(timeline: Timeline) -> Outcome:
    """Judge every search: what it returned, and, if its rows are all there were, what it left out.

    A field that no row has must be refused: any answer to it is wrong, most of all everything. A
    refusal of known fields is a doubt, since not every vendor compares every field every way.
    """
    tally = Tally("V41")
    for query in timeline.book.searches:
        if query.strange:
            _strange(tally, query)
        elif query.record.kind == "refused_query":
            tally.doubtful(f"the search for {query.text} was refused", [query.record])
        else:
            _judge(timeline, tally, query)
    return tally.outcome()


def _strange(tally: Tally, query: Query) -> None:
    if query.record.kind == "refused_query":
        tally.held()
        return
    text = (
        f"the search for {query.text} names {some(sorted(query.strange))}, which no row has; it "
        f"was answered with {len(query.rows)} rows instead of an error"
    )
    tally.broken(text, [query.record])


def _judge(timeline: Timeline, tally: Tally, query: Query) -> None:
    wrong = [row_name(query.call, row) for row in query.rows if _is_wrong(timeline, query, row)]
    missing = _missing(timeline, query)
    if wrong:
        text = f"the search for {query.text} returned rows that do not match: {some(wrong)}"
        tally.broken(text, [query.record])
    elif missing:
        text = f"the search for {query.text} left out rows that match: {some(missing)}"
        tally.broken(text, [query.record])
    else:
        tally.held()


def _is_wrong(timeline: Timeline, query: Query, row: Row) -> bool:
    """Tell whether a returned row certainly matched at no time while the search ran."""
    book = timeline.book
    sure = book.verdict(query, row, is_still=False)
    if sure is not None:
        return not sure
    known = book.known[query.call][row_name(query.call, row)]
    is_still = known.still(query.t0 - timeline.delta_ms, query.t0) == row
    return book.verdict(query, row, is_still=is_still) is False


def _missing(timeline: Timeline, query: Query) -> list[str]:
    """Return known rows that certainly matched all the while and are not in a full result."""
    pages = query.record.get("pages") or ()
    totals = {page[3] for page in pages}
    if not query.is_full or totals != {sum(page[2] for page in pages)}:
        return []
    returned = {row_name(query.call, row) for row in query.rows}
    lo = query.t0 - timeline.delta_ms
    found = []
    for name, known in timeline.book.known.get(query.call, {}).items():
        if name in returned or known.exists_since() > lo:
            continue
        still = known.still(lo, query.t1)
        row = known.versions[-1][2] if still is None else still
        if timeline.book.verdict(query, row, is_still=still is not None) is True:
            found.append(name)
    return found
