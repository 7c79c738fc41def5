from fleet_sim.backend.books import Books
from fleet_sim.backend.events import Forget, Journal, Keep, KeepFile, Tell
from fleet_sim.backend.state import DeviceState
from fleet_sim.model.ids import HEX, IdForm, IdForms, IdKind
from fleet_sim.model.messages import VersionOffer
from tests.backend.playbook import CONTRACT, EPOCH_MS, device, registration

MESSAGE = VersionOffer("1")


def _books() -> Books:
    return Books(
        contract=CONTRACT,
        planted=frozenset(),
        epoch_ms=EPOCH_MS,
        seed=7,
        file_url=lambda firmware_id, file_name: f"{firmware_id}/{file_name}",
    )


def test_names_have_the_vendors_form() -> None:
    """Each kind its own; the seed is the server's."""
    books = _books()
    digits = IdForm(alphabet="0123456789", counted=3, drawn=6)
    books.ids = IdForms(job=digits)

    assert books.name("job", 5) == digits.write(5, seed=7, kind="job")
    assert books.name("task", 5) == HEX.write(5, seed=7, kind="task")


def test_rows_leave_before_words_whatever_came_first() -> None:
    """A message is told, then a row is kept: the row leaves first."""
    books, state = _books(), DeviceState(registration("d1"))

    books.tell(state, MESSAGE)
    books.keep(state)
    books.file(KeepFile("f", "f.bin", b""))

    kinds = [type(effect) for effect in books.settle()]
    assert kinds == [KeepFile, Keep, Tell]


def test_a_state_that_changed_twice_leaves_once() -> None:
    """As it is at the end of the event, and urgent if any of its changes was."""
    books, state = _books(), DeviceState(registration("d1"))

    books.keep(state)
    state.version = "2.0"
    books.keep(state, urgent=False)

    (kept,) = books.settle()
    assert isinstance(kept, Keep)
    assert (kept.row["version"], kept.row["key"], kept.urgent) == ("2.0", "pk/d1", True)


def test_what_is_forgotten_is_not_kept() -> None:
    """A change before the end of a state is not worth writing."""
    books, state = _books(), DeviceState(registration("d1"))

    books.keep(state)
    books.forget(state)

    assert books.settle() == (Forget("devices", "pk/d1"),)


def test_every_event_begins_a_new_page() -> None:
    """What was settled does not leave again."""
    books = _books()
    books.tell(DeviceState(registration("d1")), MESSAGE)

    assert books.settle() == (Tell(device("d1"), MESSAGE),)
    assert books.settle() == ()


def test_numbers_are_written_down_as_they_are_given() -> None:
    """Each kind counts from 1; the row that says so leaves with the event."""
    books = _books()

    numbers = [books.number("job"), books.number("job"), books.number("task")]

    assert numbers == [1, 2, 1]
    assert books.settle() == (
        Keep("counters", "job", {"key": "job", "value": 2}),
        Keep("counters", "task", {"key": "task", "value": 1}),
    )


def test_names_depend_on_kind_and_number_alone() -> None:
    """24 hexadecimal digits, another for every number and kind."""
    books = _books()

    kinds: tuple[IdKind, ...] = ("job", "task")
    names = {books.name(kind, number) for kind in kinds for number in range(100)}

    assert len(names) == 200
    assert books.name("job", 1) == books.name("job", 1)
    assert all(len(name) == 24 for name in names)


def test_the_journal_names_device_and_job_where_there_are_any() -> None:
    """A line without a task stands for the server as a whole."""
    books = _books()

    books.journal("woke_up", slots=3)

    assert books.settle() == (Journal("woke_up", "", "", {"slots": 3}),)
