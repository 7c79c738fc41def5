"""A device's outgoing reports."""

from __future__ import annotations

from fleet_sim.device.events import Publish
from fleet_sim.device.post import Post
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.messages import (
    BlockRequest,
    FailureReport,
    ProgressReport,
    VersionQuery,
    VersionReport,
)


def online() -> Post:
    """Return a post with a connection and nothing said."""
    post = Post()
    post.is_online = True
    return post


def test_ids_count_up() -> None:
    """One count for all kinds of message."""
    post = online()

    sent = [*post.version("1.0"), *post.query(), *post.progress(0, "r"), *post.progress(25, "r")]

    assert sent == [
        Publish(VersionReport("1", "1.0")),
        Publish(VersionQuery("2")),
        Publish(ProgressReport("3", 0), "r"),
        Publish(ProgressReport("4", 25), "r"),
    ]


def test_nothing_is_sent_without_a_connection() -> None:
    """Versions and queries are for the next connection to make anew."""
    post = Post()

    assert [*post.version("1.0"), *post.query(), *post.progress(0, "r"), *post.again()] == []


def test_the_last_report_waits_for_a_receipt() -> None:
    """It is sent again under its own id until somebody has it; an older one is not."""
    post = online()
    list(post.progress(75, "r"))
    list(post.failure(FailureCause.VERIFY, "why", "r"))
    again = Publish(FailureReport("2", FailureCause.VERIFY, "why"), "r")

    assert list(post.again()) == [again]
    assert not post.take_receipt("1")
    assert list(post.again()) == [again]
    assert post.take_receipt("2")
    assert not post.take_receipt("2")
    assert list(post.again()) == []


def test_a_report_made_off_line_waits_for_the_connection() -> None:
    """With the request it belongs to."""
    post = Post()
    list(post.progress(50, "r"))

    post.is_online = True

    assert list(post.again()) == [Publish(ProgressReport("1", 50), "r")]


def test_what_is_forgotten_is_not_sent() -> None:
    """Something newer says more."""
    post = online()
    list(post.progress(100, "r"))

    post.forget()

    assert list(post.again()) == []


def test_the_end_of_an_upgrade_is_told_until_it_was_heard() -> None:
    """Every report of that part says so until one of them is acknowledged; others do not."""
    post = online()
    post.upgraded("mcu")

    first = [*post.version("1.0"), *post.version("2.0", "mcu")]
    again = [*post.version("2.0", "mcu")]
    post.take_receipt("2")
    late = [*post.version("2.0", "mcu")]
    post.take_receipt("4")
    after = [*post.version("2.0", "mcu")]

    assert first == [
        Publish(VersionReport("1", "1.0")),
        Publish(VersionReport("2", "2.0", "mcu", after_upgrade=True)),
    ]
    assert again == [Publish(VersionReport("3", "2.0", "mcu", after_upgrade=True))]
    assert late == [Publish(VersionReport("4", "2.0", "mcu", after_upgrade=True))]
    assert after == [Publish(VersionReport("5", "2.0", "mcu"))]


def test_an_answer_does_not_tell_of_an_upgrade() -> None:
    """What the server asked for is what runs; the end of the upgrade is still to be told."""
    post = online()
    post.upgraded("")

    said = [*post.answer("2.0"), *post.version("2.0")]

    assert said == [
        Publish(VersionReport("1", "2.0")),
        Publish(VersionReport("2", "2.0", after_upgrade=True)),
    ]
    assert [*Post().answer("2.0")] == []


def test_a_block_request_has_a_number_of_its_own() -> None:
    """Of the same count as every other message."""
    post = online()
    list(post.query("mcu"))

    assert post.block((7, 1), 512, 256) == BlockRequest("2", (7, 1), 512, 256)


def test_a_version_report_is_known_by_its_id() -> None:
    """The last one; before the first there is none, whatever the id."""
    post = online()
    assert not post.is_version_report("")

    list(post.version("1.0"))

    assert post.is_version_report("1")
    assert not post.is_version_report("2")
