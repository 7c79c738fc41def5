from fleet_sim.model.northbound import Retry, TaskStatus, UpdateJob
from tests.backend.playbook import Server, contract

KEYS = ("a", "b", "c", "d", "e")
MINUTE_MS = 60_000


def test_what_is_beyond_the_rate_waits_for_its_minute() -> None:
    """Two at once, two when those are a minute old, and so on, by a timer of the server's own."""
    server = Server()
    server.fleet(*KEYS)
    server.job(pushes_a_minute=2)

    counts = [len(server.pushed())]
    for span_ms in (MINUTE_MS - 1, 1, MINUTE_MS):
        server.after(span_ms)
        counts.append(len(server.pushed()))

    assert counts == [2, 2, 4, 5]
    assert server.brain.next_at_ms is None


def test_the_minute_slides() -> None:
    """Room comes back one push at a time."""
    server = Server()
    server.fleet("a")
    server.job(pushes_a_minute=2, open_list=True)
    server.after(20_000)
    server.fleet("b")
    server.after(20_000)
    server.fleet("c")

    counts = [len(server.pushed())]
    server.after(20_000)
    counts.append(len(server.pushed()))

    assert counts == [2, 3]


def test_the_contracts_rate_is_that_of_a_job_that_names_none() -> None:
    """And a job's own comes first."""
    server = Server(contract(pushes_a_minute=1))
    server.fleet(*KEYS)

    server.job("2.0")
    by_default = len(server.pushed())
    server.job("3.0", pushes_a_minute=3)
    for key in KEYS:
        server.failure(key)

    assert by_default == 1
    assert len(server.pushed()) == 1 + 3


def test_a_repeated_push_takes_no_room() -> None:
    """It is the same attempt; its device has only come back."""
    server = Server(contract(repush_on_reconnect="always"))
    server.fleet("a", "b")
    server.job(pushes_a_minute=1)

    server.connect("a", version="1.0")

    assert server.pushed() == ["a", "a"]


def test_a_further_attempt_takes_room() -> None:
    """Of the minute it is in; the device that waits is next after that."""
    server = Server()
    server.fleet("a", "b")
    server.job(pushes_a_minute=1, retry=Retry(1, 0))

    server.failure("a")
    server.after(2 * MINUTE_MS)

    assert server.pushed() == ["a", "a", "b"]


def test_a_changed_rate_counts_at_once() -> None:
    """For more as for less."""
    server = Server()
    server.fleet(*KEYS)
    job_id = server.job(pushes_a_minute=1)

    server.call(UpdateJob(job_id, pushes_a_minute=4))
    more = len(server.pushed())
    server.call(UpdateJob(job_id, pushes_a_minute=1))
    server.after(MINUTE_MS - 1)
    less = len(server.pushed())
    server.after(1)

    assert (more, less, len(server.pushed())) == (4, 4, 5)


ASKING = contract(asks_version=True, version_answer_timeout_s=180)


def test_a_question_takes_the_room_of_its_push() -> None:
    """As many are asked as may be pushed; each answer brings the push, and none beyond the rate."""
    server = Server(ASKING)
    server.fleet(*KEYS)
    server.job(pushes_a_minute=2)
    asked = [key for key in KEYS if server.asked(key)]

    for key in asked:
        server.version(key, "1.0")
    server.after(MINUTE_MS - 1)
    early = [key for key in KEYS if server.asked(key)]
    server.after(1)

    assert asked == early == server.pushed() == ["a", "b"]
    assert [key for key in KEYS if server.asked(key)] == ["a", "b", "c", "d"]


def test_a_late_answer_needs_room_again() -> None:
    """Others have used up the minute meanwhile; the device is asked anew in the next."""
    server = Server(ASKING)
    server.fleet("a", "b")
    job_id = server.job(pushes_a_minute=1)
    server.after(MINUTE_MS)
    server.version("b", "1.0")

    server.version("a", "1.0")
    late = (server.pushed(), server.asked("a"), server.status(job_id, "a"))
    server.after(MINUTE_MS)
    server.version("a", "1.0")

    assert late == (["b"], 1, TaskStatus.QUEUED)
    assert server.pushed() == ["b", "a"]


def test_a_question_that_comes_to_nothing_leaves_its_room() -> None:
    """Here the device already runs the target, so the next one is asked at once."""
    server = Server(ASKING)
    server.fleet("a", "b")
    server.job(pushes_a_minute=1)

    server.version("a", "2.0")

    assert (server.asked("a"), server.asked("b")) == (1, 1)


def test_room_that_is_kept_survives_a_restart() -> None:
    """A question of the last minute is known from its task."""
    server = Server(ASKING)
    server.fleet("a", "b")
    server.job(pushes_a_minute=1)
    server.after(20_000)

    server.restart()
    server.connect("b", version="1.0")
    early = server.asked("b")
    server.after(MINUTE_MS - 20_000)

    assert (early, server.asked("b")) == (0, 1)


def test_the_rate_survives_a_restart() -> None:
    """What was pushed in the last minute is known from the tasks."""
    server = Server()
    server.fleet(*KEYS)
    server.job(pushes_a_minute=2)
    server.after(30_000)

    server.restart()
    server.connect(*KEYS, version="1.0")
    fresh = {who for at_ms, who, _ in server.told if at_ms == 30_000} - {"a", "b"}
    early = set(server.pushed())
    server.after(30_000)

    assert fresh
    assert early == {"a", "b"}
    assert set(server.pushed()) == {"a", "b", "c", "d"}
