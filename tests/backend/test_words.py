from typing import get_args

from fleet_sim.backend.words import DESCS, desc_of
from fleet_sim.model.contract import DescOf
from tests.backend.playbook import Server, contract


def test_there_are_words_for_every_end() -> None:
    """A contract may leave any of them out."""
    assert DESCS.keys() == set(get_args(DescOf))


def test_the_vendors_words_come_first() -> None:
    """Where it has none, ours are shown."""
    books = Server(contract(descs=(("timeout", "Updating timeout"),))).brain._books

    assert desc_of(books, "timeout") == "Updating timeout"
    assert desc_of(books, "busy") == DESCS["busy"]


def test_words_read_from_json_are_the_same_words() -> None:
    """Pairs become lists there, and the profile is compared as a whole."""
    pairs = [["busy", "Task Conflict"]]

    assert contract(descs=pairs) == contract(descs=(("busy", "Task Conflict"),))
