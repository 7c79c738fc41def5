"""Which planted bugs can plant nothing with which vendor, and why.

A bug in what a vendor does not have (a cap, a rate, a search by any field) changes nothing there,
and its promise reads as if the verdict had missed it. Who plants it is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario import vocabulary
from fleet_sim.scenario.carried import Speech, sayable
from fleet_sim.scenario.planned import Plan


def _has_word(_: Speech) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Need:
    """What bugs need of a vendor to be bugs there.

    Attributes:
        bugs: Their ids.
        what: It, so that a sentence can say that a vendor has no such thing.
        lacking: What its contract says where it has none: every one of these parameters so.
        unnamed: The same of what its jobs have to name, so that no override alone gives it.
        has_word: Tells whether its messages can say it.
    """

    bugs: tuple[str, ...]
    what: str
    lacking: Mapping[str, object] = field(default_factory=dict)
    unnamed: Mapping[str, object] = field(default_factory=dict)
    has_word: Callable[[Speech], bool] = _has_word

    def is_met(self, speech: Speech, own: ContractProfile, contract: ContractProfile) -> bool:
        """Tell whether a vendor has it.

        Args:
            speech: What its messages can say.
            own: Its own contract.
            contract: The same with a scenario's overrides.
        """
        said = sayable(own, contract)
        found = (
            *(getattr(contract, knob) == none for knob, none in self.lacking.items()),
            *(getattr(said, knob) == none for knob, none in self.unnamed.items()),
        )
        return not (found and all(found)) and self.has_word(speech)


NEEDS: tuple[Need, ...] = (
    Need(("B01", "B02", "B03", "B04"), "cap on devices under way", {"cap_default": None}),
    Need(("B08",), "timeout for devices that never speak", {"silent_device": "waits"}),
    Need(("B13",), "gap between attempts", unnamed={"retry_interval_s_max": 0}),
    Need(("B14",), "way to cancel a task", {"cancellable": ()}),
    Need(
        ("B15",),
        "word for 100 % apart from the new version's",
        has_word=lambda one: one.tells_100_percent,
    ),
    Need(
        ("B29",),
        "job whose devices depend on what they have reported",
        {"must_have_reported_version": False},
        {"source_versions_max": 0},
    ),
    Need(("B30",), "job with an open list", {"policy_names": None}),
    Need(("B41",), "search for one of several devices", has_word=lambda one: one.searches_devices),
    Need(("B43",), "search by a field of any name", has_word=lambda one: one.searches_any_field),
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
            speech, own = vocabulary.speech(name), vocabulary.contract(name)
            unmet = [
                one for one in NEEDS if bug in one.bugs and not one.is_met(speech, own, contract)
            ]
            if unmet:
                yield f"{bug} plants nothing with {name}, which has no {unmet[0].what}."
