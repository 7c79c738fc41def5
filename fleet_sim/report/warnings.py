"""What is no promise of the backend and yet decides what can be known of it.

A run behind a broker that keeps messages from devices or backend looks like a run of silent
devices; one beside other people's jobs, like a backend that forgets devices. Its promises hold or
cannot be known. Who reads the verdict is to know why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from fleet_sim.model.record import Record, Source
from fleet_sim.oracle.take_overs import taken_over

_REASONS_MAX = 3  # A broker that is restarted has many words for one thing.
# A line of a terminal holds two or three device keys, and a screen as many jobs; the log has all.
_NAMED_MAX = 3
_HEARD = frozenset({"version_received", "progress_received", "request_received"})


def warnings(records: Sequence[Record]) -> tuple[str, ...]:
    """Return sentences about a run's log; none where nothing of the kind shows."""
    found = _Counts(records)
    return (
        *found.barren,
        *found.turned_away(),
        *_taken_over(records),
        *found.not_subscribed(),
        *found.unheard(),
        *found.unreached(),
        *found.untold(),
        *_unread(records),
    )


class _Counts:
    """One pass over the log: device to how often, by what it met."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.barren: list[str] = []  # what was planted and is none
        self._faults: dict[str, frozenset[str]] = {}
        self._untold: set[str] = set()
        self._turned_away: dict[str, Counter[str]] = {}
        self._met: defaultdict[str, set[str]] = defaultdict(set)  # kind to devices
        self._has_server = False
        self._answers = True
        for record in records:
            self._has_server = self._has_server or record.src is Source.SERVER
            if record.src is Source.WIRE:
                self._take(record)
            elif record.src is Source.CONTROL:
                self._take_control(record)

    def _take_control(self, record: Record) -> None:
        match record.kind:
            case "fault_injected":
                hit = frozenset(map(str, record.get("devices") or ()))
                self._faults[str(record.get("id", ""))] = hit
            case "fault_healed":
                self._faults.pop(str(record.get("id", "")), None)
            case "contract":
                self._answers = bool(record.get("answers_reports", self._answers))
            case "plants_nothing":
                self.barren.append(str(record.get("why", "")))
            case "kept_by_others":
                self._untold.update(map(str, record.get("untold") or ()))

    def _is_planned(self, device: str) -> bool:
        """Tell whether the scenario is disturbing a device just now."""
        return any(device in hit for hit in self._faults.values())

    def _take(self, record: Record) -> None:
        match record.kind:
            case "turned_away" if self._is_planned(record.device):
                pass  # the scenario's doing, and no news to whoever wrote it
            case "turned_away":
                why = str(record.get("why", ""))
                self._turned_away.setdefault(why, Counter())[record.device] += 1
            case kind:
                self._met[kind].add(record.device)

    def turned_away(self) -> Iterable[str]:
        """Say whom the broker did not let in."""
        by_count = sorted(self._turned_away.items(), key=lambda one: (-one[1].total(), one[0]))
        for why, times in by_count[:_REASONS_MAX]:
            yield f"the broker turned {_devices(times)} away, {_times(times.total())} in all: {why}"

    def not_subscribed(self) -> Iterable[str]:
        """Say who asked in vain to be told anything."""
        refused = self._met["not_subscribed"]
        if refused:
            yield (
                f"the broker refused subscriptions of {_devices(refused)}; what it "
                "keeps from them cannot be told from a backend that says nothing"
            )

    def unheard(self) -> Iterable[str]:
        """Say that what devices said, and the broker took, did not get any further.

        Without the server's end of the wire only its answers tell, where the vendor's gives any.
        """
        if not (self._has_server or self._answers):
            return
        met = self._met
        heard = set().union(*(met[kind] for kind in (_HEARD if self._has_server else {"answered"})))
        spoke = met["delivered"]
        lost = spoke - heard
        if _is_most(lost, spoke):
            what = "reached the backend" if self._has_server else "was answered by the backend"
            yield (
                f"nothing that {_devices(lost)} of {len(spoke)} said {what}, though the "
                "broker took it: do its access rules let the backend read?"
            )

    def unreached(self) -> Iterable[str]:
        """Say that pushes left and did not arrive."""
        pushed = self._met["push_sent"]
        lost = pushed - self._met["push_received"]
        if _is_most(lost, pushed):
            yield (
                f"no upgrade request for {_devices(lost)} of {len(pushed)} arrived: do the "
                "broker's access rules and size limits let them through?"
            )

    def untold(self) -> Iterable[str]:
        """Say of whom the backend did not tell whether they are free for our jobs."""
        if self._untold:
            yield (
                f"the backend did not tell whether jobs of somebody else keep "
                f"{_devices(self._untold)} busy ({_named(self._untold)}); what it does with them "
                "can be held against nobody"
            )


def _taken_over(records: Sequence[Record]) -> Iterable[str]:
    """Say who may have been two."""
    cuts = taken_over(records)
    if cuts:
        yield (
            f"the broker cut {_devices(cuts)} off {_times(cuts.total())}, and let "
            f"{'it' if len(cuts) == 1 else 'them'} in again: does another client use the same ids, "
            "as a second run with the same devices does? What such a one did cannot be told from "
            "what our devices did"
        )


def _unread(records: Sequence[Record]) -> Iterable[str]:
    """Say of which jobs the last look showed nothing, and from when what is known of them is.

    Pushes, downloads and the wire were seen all the same, and the backend need not be to blame: a
    Ctrl-C leaves a last look little time.
    """
    read_ms: dict[str, int] = {}  # when the last look began that showed the job
    why: dict[str, str] = {}
    for record in records:
        if record.src is not Source.NORTHBOUND:
            continue
        if record.kind == "rows" and record.job:
            read_ms[record.job] = int(record.get("t0", record.t))
        elif record.kind == "unread":
            why[record.job] = str(record.get("why", ""))
    for job in list(why)[:_NAMED_MAX]:
        when = f"last read at {read_ms[job] / 1000:.1f} s" if job in read_ms else "never read"
        yield (
            f"the last look at job {job} showed nothing ({why[job]}); what the backend shows of it "
            f"was {when}"
        )
    if len(why) > _NAMED_MAX:
        yield f"nor did the last look at {len(why) - _NAMED_MAX:,} more of its jobs show anything"


def _named(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - _NAMED_MAX
    return ", ".join(ordered[:_NAMED_MAX]) + (f" and {more:,} more" if more > 0 else "")


def _is_most(lost: Sequence[str] | set[str], all_of_them: set[str]) -> bool:
    """Tell whether it is no accident: bad links lose a message here and there."""
    return bool(lost) and 2 * len(lost) >= len(all_of_them)


def _devices(names: Iterable[str]) -> str:
    count = len(set(names))
    return "1 device" if count == 1 else f"{count:,} devices"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
