from fleet_sim.backend.signs_of_life import COPY_MS, SignsOfLife
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import ProgressReport, VersionReport

DEVICE = DeviceId("pk", "d1")
OTHER = DeviceId("pk", "d2")


def test_a_first_message_of_any_kind_begins_a_connection() -> None:
    """The backend may have come after the device."""
    presence = SignsOfLife()

    begun = [presence.heard(DEVICE, ProgressReport("7", 50), 0),
             presence.heard(OTHER, VersionReport("1", "1.0"), 0),
             presence.heard(DEVICE, ProgressReport("8", 75), 1)]  # fmt: skip

    assert begun == [True, True, False]
    assert presence.devices == (DEVICE, OTHER)


def test_words_about_something_else_begin_one_as_well() -> None:
    """A gateway speaks of its children before it speaks of itself."""
    presence = SignsOfLife()

    begun = [presence.heard(DEVICE, None, 0), presence.heard(DEVICE, None, 1),
             presence.heard(DEVICE, VersionReport("1", "1.0"), 2)]  # fmt: skip

    assert begun == [True, False, True]


def test_each_new_version_report_begins_one() -> None:
    """Devices report on each connect, under a new id or with another version."""
    presence = SignsOfLife()

    begun = [presence.heard(DEVICE, VersionReport(message, version), 0)
             for message, version in (("1", "1.0"), ("2", "1.0"), ("2", "2.0"))]  # fmt: skip

    assert begun == [True, True, True]


def test_a_version_report_after_other_words_begins_one() -> None:
    """The first was heard before the backend was there."""
    presence = SignsOfLife()
    presence.heard(DEVICE, ProgressReport("7", 50), 0)

    assert presence.heard(DEVICE, VersionReport("8", "1.0"), 1)


def test_a_copy_begins_none() -> None:
    """It was delivered twice; else an unanswered push would be repeated without a cause."""
    presence = SignsOfLife()
    presence.heard(DEVICE, VersionReport("1", "1.0"), 0)

    assert not presence.heard(DEVICE, VersionReport("1", "1.0"), COPY_MS - 1)


def test_the_same_words_much_later_begin_one() -> None:
    """A device that was switched off and on again begins its ids anew."""
    presence = SignsOfLife()
    presence.heard(DEVICE, VersionReport("1", "1.0"), 0)

    assert presence.heard(DEVICE, VersionReport("1", "1.0"), COPY_MS)


def test_a_device_that_is_forgotten_begins_anew() -> None:
    """And is forgotten once."""
    presence = SignsOfLife()
    presence.heard(DEVICE, VersionReport("1", "1.0"), 0)

    assert [presence.forget(DEVICE), presence.forget(DEVICE)] == [True, False]
    assert presence.devices == ()
    assert presence.heard(DEVICE, VersionReport("1", "1.0"), 1)
