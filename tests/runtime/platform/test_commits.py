from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.backend.events import Durable, Forget, Keep, KeepFile
from fleet_sim.runtime.platform.commits import IDLE_COMMIT_MS, Commits
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.lone_platform import WINDOW_MS, SlowStore


class Scene:
    """Changes and words, and a store whose commits end when the test says so.

    Attributes:
        left: The words that left, in order.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = SlowStore()
        self.left: list[str] = []
        self.commits: Commits[str] = Commits(self.clock, self.store, WINDOW_MS, self._let_go)

    def _let_go(self, held: Sequence[str]) -> None:
        self.left += held

    def take(self, *what: Durable | str) -> None:
        """Take changes and words in, in this order."""
        for one in what:
            if isinstance(one, str):
                self.commits.hold(one)
            else:
                self.commits.change(one)
        self.commits.settle()

    def run(self, ms: int) -> None:
        """Let some time pass."""
        until_ms = self.clock.now_ms() + ms
        self.clock.call_at(until_ms, lambda: None)
        while self.clock.next_at_ms is not None and self.clock.next_at_ms <= until_ms:
            self.clock.step()


def _urgent(key: str) -> Keep:
    return Keep("devices", key, {})


def _late(key: str) -> Keep:
    return Keep("devices", key, {}, urgent=False)


def test_files_are_kept_before_the_rows_that_name_them() -> None:
    """And hold up, like those, the words that follow."""
    scene = Scene()

    scene.take(KeepFile("f-1", "fw.bin", b"bytes"), _late("f-1"), "uploaded")
    scene.run(WINDOW_MS)

    assert scene.store.shelf.done == [("keep", "f-1", "fw.bin")]
    assert scene.store.commits == [[_late("f-1")]]
    assert scene.left == []
    scene.store.end()
    assert scene.left == ["uploaded"]


def test_words_that_rest_on_nothing_leave_at_once() -> None:
    """No transaction is made for them."""
    scene = Scene()

    scene.take("hello")

    assert scene.left == ["hello"]
    assert scene.commits.is_settled
    assert scene.store.commits == []


def test_words_wait_for_the_changes_before_them() -> None:
    """Not only until they are handed to the store, but until they are there."""
    scene = Scene()

    scene.take(_urgent("a"), "told")
    scene.run(WINDOW_MS)
    before = list(scene.left)
    scene.store.end()

    assert (before, scene.left) == ([], ["told"])
    assert scene.commits.is_settled


def test_a_row_that_is_removed_is_urgent() -> None:
    """Nobody may be told that it is gone before it is."""
    scene = Scene()

    scene.take(Forget("jobs", "j"), "gone")
    scene.run(WINDOW_MS - 1)

    assert (scene.left, scene.store.commits) == ([], [])
    scene.run(1)
    assert scene.store.commits == [[Forget("jobs", "j")]]


def test_words_do_not_wait_for_what_may_be_written_late() -> None:
    """Only a commit under way holds them back, as they may rest on it."""
    scene = Scene()

    scene.take(_late("a"), "progress")
    assert scene.left == ["progress"]
    scene.run(IDLE_COMMIT_MS)
    scene.take("more")

    assert scene.left == ["progress"]
    scene.store.end()
    scene.run(WINDOW_MS)
    scene.store.end()
    assert scene.left == ["progress", "more"]


def test_a_change_that_nobody_waits_for_is_written_all_the_same() -> None:
    """It came during a commit, its own turn has come and gone, and nothing else ever comes."""
    scene = Scene()
    scene.take(_urgent("a"))
    scene.run(WINDOW_MS)
    assert scene.store.is_busy

    scene.take(_late("b"))
    scene.run(2 * IDLE_COMMIT_MS)
    scene.store.end()
    scene.run(IDLE_COMMIT_MS)

    assert scene.store.commits == [[_urgent("a")], [_late("b")]]


def test_a_flush_does_not_wait_for_the_window() -> None:
    """What gathered is written at once; then nothing is left to wait for."""
    scene = Scene()
    scene.take(_urgent("a"), "told")

    scene.commits.flush()
    scene.store.end()
    scene.run(WINDOW_MS)

    assert scene.left == ["told"]
    assert scene.store.commits == [[_urgent("a")]]


def test_a_flush_with_nothing_to_write_writes_nothing() -> None:
    """No empty transaction."""
    scene = Scene()

    scene.commits.flush()

    assert scene.store.commits == []
    assert scene.commits.is_settled
