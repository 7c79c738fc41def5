"""Which planted bugs can plant nothing with which vendor, and why.

A bug in what a vendor does not have (a cap, a rate, a search by any field) changes nothing there,
and its promise reads as if the verdict had missed it. Who plants it is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fleet_sim.dialects.interface import Dialect
from fleet_sim.dialects.registry import get
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.filters import AllOf, Comparison, Filter, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ProgressReport
from fleet_sim.model.northbound import SearchTasks
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.carried import sayable
from fleet_sim.scenario.planned import Plan

_DONE_PERCENT = 100
_OF_A_JOB = Comparison("job_id", Operator.EQUAL, ("1",))
_BY_DEVICES = AllOf((_OF_A_JOB, Comparison("device_key", Operator.IN, ("1", "2"))))
_BY_ANY_FIELD = AllOf((_OF_A_JOB, Comparison("noSuchField", Operator.EQUAL, ("1",))))


def _has_word(_: Dialect) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Need:
    """What bugs need of a vendor to be bugs there.

    Attributes:
        bugs: Their ids.
        what: It, so that a sentence can say that a vendor has no such thing.
        lacking: What its contract says where it has none: every one of these parameters so.
        unnamed: The same of what its jobs have to name, so that no override alone gives it.
        has_word: Tells whether its dialect can say it.
    """

    bugs: tuple[str, ...]
    what: str
    lacking: Mapping[str, object] = field(default_factory=dict)
    unnamed: Mapping[str, object] = field(default_factory=dict)
    has_word: Callable[[Dialect], bool] = _has_word

    def is_met(self, dialect: Dialect, own: ContractProfile, contract: ContractProfile) -> bool:
        """Tell whether a vendor has it.

        Args:
            dialect: Of the vendor.
            own: Its own contract.
            contract: The same with a scenario's overrides.
        """
        said = sayable(own, contract)
        found = (
            *(getattr(contract, knob) == none for knob, none in self.lacking.items()),
            *(getattr(said, knob) == none for knob, none in self.unnamed.items()),
        )
        return not (found and all(found)) and self.has_word(dialect)


def _tells_100_percent(dialect: Dialect) -> bool:
    """Tell whether 100 % arrives as progress, and not only as the report of the new version."""
    device = DeviceId("product", "device")
    try:
        wire = dialect.devices.encode(device, ProgressReport("1", _DONE_PERCENT, version="1"))
        if wire is None:
            return False
        _, heard = dialect.server.decode(wire.topic, wire.payload)
    except DialectError:
        return False
    return isinstance(heard, ProgressReport) and heard.percent == _DONE_PERCENT


def _searches(where: Filter) -> Callable[[Dialect], bool]:
    """Return a test: has the vendor's API a form for this search of tasks?"""

    def has_form(dialect: Dialect) -> bool:
        try:
            dialect.operator("", "", "").expression(where, SearchTasks(where))
        except DialectError:
            return False
        return True

    return has_form


NEEDS: tuple[Need, ...] = (
    Need(("B01", "B02", "B03", "B04"), "cap on devices under way", {"cap_default": None}),
    Need(("B08",), "timeout for devices that never speak", {"silent_device": "waits"}),
    Need(("B13",), "gap between attempts", unnamed={"retry_interval_s_max": 0}),
    Need(("B14",), "way to cancel a task", {"cancellable": ()}),
    Need(("B15",), "word for 100 % apart from the new version's", has_word=_tells_100_percent),
    Need(
        ("B29",),
        "job whose devices depend on what they have reported",
        {"must_have_reported_version": False},
        {"source_versions_max": 0},
    ),
    Need(("B30",), "job with an open list", {"policy_names": None}),
    Need(("B41",), "search for one of several devices", has_word=_searches(_BY_DEVICES)),
    Need(("B43",), "search by a field of any name", has_word=_searches(_BY_ANY_FIELD)),
    Need(("B51", "B68"), "job that devices have to ask for", {"devices_may_ask": False}),
    Need(("B51",), "job that is kept from devices that do not ask", {"pushes_unasked": True}),
    Need(("B53",), "rate of pushes", {"pushes_a_minute": None}),
    Need(("B61",), "source versions that a job names", unnamed={"source_versions_max": 0}),
    Need(("B64",), "failure code in what it shows", {"shows_progress": False}),
    Need(("B68",), "job that is kept from devices that ask", {"offers_pushed": True}),
)


def barren(plan: Plan) -> tuple[str, ...]:
    """Return a sentence for each planted bug and vendor of a plan that do not go together."""
    return tuple(barren_with(plan.target.plant, plan.contracts))


def barren_with(plant: Sequence[str], contracts: Mapping[str, ContractProfile]) -> Iterator[str]:
    """Yield the same of bugs and of what vendors promise, by dialect."""
    for bug in plant:
        for name, contract in contracts.items():
            dialect, own = get(name), vocabulary.contract(name)
            unmet = [
                one for one in NEEDS if bug in one.bugs and not one.is_met(dialect, own, contract)
            ]
            if unmet:
                yield f"{bug} plants nothing with {name}, which has no {unmet[0].what}."
