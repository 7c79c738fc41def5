import json
from collections.abc import Callable
from typing import Any

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.enos.tokens import EXPIRES_S, SIGNATURE_HEADER, TOKEN_HEADER, TOKEN_PATH
from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.interface import Operator
from fleet_sim.dialects.tuya import northbound as tuya
from fleet_sim.model.filters import Comparison
from fleet_sim.model.filters import Operator as Compare
from fleet_sim.model.northbound import (
    CancelTasks,
    DeleteJob,
    Done,
    Refusal,
    Refused,
    SearchTasks,
    StopJob,
)
from fleet_sim.report.run import NorthboundFigures
from fleet_sim.runtime.operator.northbound import Northbound, Reply
from fleet_sim.runtime.operator.patience import TRIES_MAX, WAIT_MAX_MS
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import run

EPOCH_MS = 1_767_225_600_000
STOP = StopJob("j-1")
OK = {"code": 0, "msg": "OK", "requestId": "r", "data": None}
TOKEN = {"status": 0, "data": {"accessToken": "token-1", "expire": EXPIRES_S}}


class Post:
    """Carries requests to the test, which answers them when it likes."""

    def __init__(self) -> None:
        self.sent: list[HttpRequest] = []
        self._waiting: list[Callable[[HttpResponse | None, str], None]] = []

    def send(self, request: HttpRequest, then: Callable[[HttpResponse | None, str], None]) -> None:
        """Take note."""
        self.sent.append(request)
        self._waiting.append(then)

    def answer(self, body: Any, status: int = 200, retry_after: str = "") -> None:  # noqa: ANN401 - JSON
        """Answer the oldest request that waits."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = (("Retry-After", retry_after),) if retry_after else ()
        self._waiting.pop(0)(HttpResponse(status, content, headers), "")

    def fail(self, why: str) -> None:
        """Bring the news that there is no answer."""
        self._waiting.pop(0)(None, why)

    @property
    def paths(self) -> list[str]:
        """Where requests went."""
        return [request.path for request in self.sent]


class Scene:
    """A session, its carrier and what came of its calls."""

    def __init__(self, app_key: str = "key", operator: Operator | None = None) -> None:
        self.clock = VirtualClock()
        self.post = Post()
        self.replies: list[Reply] = []
        made = operator or registry.get("enos").operator("org", app_key, "secret")
        self.said: list[str] = []
        self.northbound = Northbound(
            made, self.post, self.clock, epoch_ms=EPOCH_MS, say=self.said.append
        )

    def stop(self) -> None:
        """Make a call."""
        self.northbound.ask(STOP, self.replies.append)


def test_many_calls_share_one_login() -> None:
    """They wait for it, and leave in their order, signed with its token."""
    scene = Scene()
    for _ in range(3):
        scene.stop()
    assert scene.post.paths == [TOKEN_PATH]

    scene.post.answer(TOKEN)

    calls = scene.post.sent[1:]
    assert len(calls) == 3
    assert all(call.header(TOKEN_HEADER) == "token-1" for call in calls)
    assert all(call.header(SIGNATURE_HEADER) for call in calls)


def test_a_session_goes_on_by_another_clock() -> None:
    """With the token it has, counting on, and as wary as it was."""
    scene = Scene()
    scene.northbound.log_in(lambda _: None)
    scene.post.answer(TOKEN)
    scene.northbound.pace.slow_down()
    clock = VirtualClock()

    after = scene.northbound.going_on(scene.post, clock, epoch_ms=EPOCH_MS)
    after.ask(STOP, scene.replies.append)
    scene.post.answer(OK)

    assert scene.replies == [Reply(Done(), 0, 0)]
    assert scene.post.paths[0] == TOKEN_PATH
    assert after.traffic.requests == len(scene.post.paths) == 2
    assert after.pace.gap_ms > 0


def test_an_answer_comes_with_both_instants() -> None:
    """When the request left, after the login, and when the answer was there."""
    scene = Scene()
    scene.stop()
    run(scene.clock, 100)
    scene.post.answer(TOKEN)
    run(scene.clock, 150)

    scene.post.answer(OK)

    assert scene.replies == [Reply(Done(), 100, 150)]


def test_a_refusal_is_an_answer() -> None:
    """With the vendor's number."""
    scene = Scene(app_key="")
    scene.stop()

    scene.post.answer({"code": 24616, "msg": "stopped already"})

    (reply,) = scene.replies
    assert isinstance(reply.answer, Refused)
    assert (reply.answer.reason, reply.answer.code) == (Refusal.JOB_STOPPED, 24616)


@pytest.mark.parametrize(
    ("body", "status"), [(b"<html>", 502), (b"", 200), ({"code": "x"}, 200), ([], 200)]
)
def test_an_answer_in_no_form_is_no_answer(body: Any, status: int) -> None:  # noqa: ANN401 - JSON
    """The call may have taken effect; the reason names the vendor's form."""
    scene = Scene(app_key="")
    scene.stop()

    scene.post.answer(body, status)

    (reply,) = scene.replies
    assert reply.answer is None
    assert f"HTTP {status}" in reply.why


def test_no_answer_at_all_says_why() -> None:
    """As the carrier tells it."""
    scene = Scene(app_key="")
    scene.stop()
    run(scene.clock, 30_000)

    scene.post.fail("connection refused")

    assert scene.replies == [Reply(None, 0, 30_000, "connection refused")]


@pytest.mark.parametrize("app_key", ["", "key"])
def test_without_a_key_nobody_logs_in(app_key: str) -> None:
    """And calls are not signed."""
    scene = Scene(app_key)

    scene.stop()

    assert (scene.post.paths[0] == TOKEN_PATH) is bool(app_key)
    assert scene.post.sent[0].header(SIGNATURE_HEADER) == ""


@pytest.mark.parametrize(
    ("fail", "why"),
    [
        (lambda post: post.fail("connection refused"), "no login: connection refused"),
        (lambda post: post.answer({"status": 1, "msg": "who?"}), "no login: no token: 1 who?"),
    ],
)
def test_a_login_that_fails_ends_every_call_that_waits_for_it(
    fail: Callable[[Post], None], why: str
) -> None:
    """None of them was sent; the next one tries again."""
    scene = Scene()
    scene.stop()
    scene.stop()

    fail(scene.post)

    assert scene.replies == [Reply(None, 0, 0, why)] * 2
    scene.stop()
    scene.post.answer(TOKEN)
    scene.post.answer(OK)
    assert scene.replies[2].answer == Done()


def test_a_token_is_renewed_before_it_expires() -> None:
    """No call in flight outlives it."""
    scene = Scene()
    scene.stop()
    scene.post.answer(TOKEN)
    run(scene.clock, EXPIRES_S * 1000 - 61_000)
    scene.stop()
    assert scene.post.paths.count(TOKEN_PATH) == 1

    run(scene.clock, EXPIRES_S * 1000 - 60_000)
    scene.stop()

    assert scene.post.paths[-1] == TOKEN_PATH


def test_a_filter_is_told_in_the_vendors_own_words() -> None:
    """As it is sent."""
    scene = Scene(app_key="")
    where = Comparison("job_id", Compare.EQUAL, ("j-1",))

    text = scene.northbound.text_of(where, SearchTasks(where))

    scene.northbound.ask(SearchTasks(where), scene.replies.append)
    assert text == "jobId='j-1'"
    assert json.loads(scene.post.sent[0].body)["expression"] == text


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_that_is_put_off_is_sent_again_when_the_api_wants_it(status: int) -> None:
    """Once, and what was sent last counts as when it was sent."""
    scene = Scene(app_key="")
    scene.stop()
    run(scene.clock, 100)
    scene.post.answer(b"slow down", status, "3")

    run(scene.clock, 3_099)
    assert len(scene.post.sent) == 1
    run(scene.clock, 3_100)
    assert len(scene.post.sent) == 2
    scene.post.answer(OK)

    assert scene.replies == [Reply(Done(), 3_100, 3_100)]
    assert scene.northbound.traffic == NorthboundFigures(requests=2, throttled=1)
    assert scene.northbound.pace.gap_ms > 0


def test_who_is_put_off_asks_nothing_else_meanwhile() -> None:
    """Calls made in between leave in their order, after the one that was put off."""
    scene = Scene(app_key="")
    scene.stop()
    scene.post.answer(b"", 429, "1")
    scene.northbound.ask(StopJob("j-2"), scene.replies.append)

    run(scene.clock, 999)
    assert len(scene.post.sent) == 1
    run(scene.clock, 1_000)

    assert [dict(one.query)["jobId"] for one in scene.post.sent] == ["j-1", "j-1", "j-2"]


def test_who_waits_for_the_api_is_told_but_not_each_time() -> None:
    """With the first call already; again after half a minute only, in a new session too."""
    scene = Scene(app_key="")
    scene.stop()
    scene.post.answer(b"", 429, "7")
    assert scene.said == [
        "the backend's API says not now (429): waiting 7 s, then it is asked again"
    ]

    run(scene.clock, 7_000)
    scene.post.answer(b"", 503, "5")
    assert len(scene.said) == 1

    later = VirtualClock()
    session = scene.northbound.going_on(scene.post, later, epoch_ms=EPOCH_MS + 12_000)
    for at_ms, said in ((0, 1), (26_000, 2)):
        run(later, at_ms)
        session.ask(STOP, scene.replies.append)
        scene.post.answer(b"", 429, "1")
        assert len(scene.said) == said


def test_a_login_that_is_put_off_is_repeated_too() -> None:
    """No call is lost over it, and whoever asked for the login is told once."""
    scene = Scene()
    told: list[str] = []
    scene.northbound.log_in(told.append)
    scene.stop()
    scene.post.answer(b"", 429, "2")

    run(scene.clock, 2_000)
    assert scene.post.paths == [TOKEN_PATH, TOKEN_PATH]
    scene.post.answer(TOKEN)
    scene.post.answer(OK)

    assert told == [""]
    assert [one.answer for one in scene.replies] == [Done()]


def test_patience_has_an_end_and_then_the_call_is_refused() -> None:
    """Nothing was done, so it is a refusal with the API's own number, and no riddle."""
    scene = Scene(app_key="")
    scene.stop()

    for tries in range(TRIES_MAX):
        scene.post.answer(b"", 429)
        run(scene.clock, (tries + 1) * WAIT_MAX_MS)

    (reply,) = scene.replies
    assert isinstance(reply.answer, Refused)
    assert reply.answer.code == 429
    assert len(scene.post.sent) == TRIES_MAX


def test_a_503_that_names_no_time_is_no_answer() -> None:
    """A write may have taken effect behind it: it is never sent again."""
    scene = Scene(app_key="")
    scene.stop()

    scene.post.answer(b"<html>", 503)

    assert [one.answer for one in scene.replies] == [None]
    assert len(scene.post.sent) == 1
    assert scene.northbound.traffic == NorthboundFigures(requests=1, failed=1)


def test_a_token_that_was_forgotten_is_fetched_anew() -> None:
    """A backend that was started anew denies the old one; the call goes out once more."""
    scene = Scene()
    scene.stop()
    scene.post.answer(TOKEN)
    scene.post.answer({"code": 99403, "msg": "token unknown"})

    scene.post.answer({"status": 0, "data": {"accessToken": "token-2", "expire": EXPIRES_S}})
    scene.post.answer(OK)

    assert [one.answer for one in scene.replies] == [Done()]
    assert scene.post.sent[-1].header(TOKEN_HEADER) == "token-2"


def test_what_a_new_token_does_not_open_stays_denied() -> None:
    """It is tried once; the backend means it."""
    scene = Scene()
    scene.stop()
    denied = {"code": 99403, "msg": "not yours"}
    for answer in (TOKEN, denied, TOKEN, denied):
        scene.post.answer(answer)

    (reply,) = scene.replies
    assert isinstance(reply.answer, Refused)
    assert reply.answer.reason is Refusal.DENIED
    assert len(scene.post.sent) == 4


def test_without_a_token_a_denial_is_final() -> None:
    """There is nothing to fetch."""
    scene = Scene(app_key="")
    scene.stop()

    scene.post.answer({"code": 99403, "msg": "no"})

    assert len(scene.replies) == len(scene.post.sent) == 1


@pytest.mark.parametrize(
    ("tell", "was_refused"),
    [
        (lambda post: post.answer({"status": 1003, "msg": "encryption"}), True),
        (lambda post: post.answer(b"<html>", 404), False),
        (lambda post: post.fail("connection refused"), False),
        (lambda post: post.answer(TOKEN), False),
    ],
)
def test_a_login_that_was_refused_is_told_from_one_that_was_not_understood(
    tell: Callable[[Post], None], *, was_refused: bool
) -> None:
    """The first is about keys, the second about the address."""
    scene = Scene()
    told: list[str] = []
    scene.northbound.log_in(told.append)

    tell(scene.post)

    assert len(told) == 1
    assert scene.northbound.was_refused is was_refused


# --- calls of several requests, and of none ------------------------------------------------------

_JOB = {"success": True, "code": "", "data": {"firmwareId": "f", "productKey": "pk"}}
_DONE = {"success": True, "code": ""}


def _actions(scene: Scene) -> list[str]:
    return [dict(request.query)["Action"] for request in scene.post.sent]


def _of_tuya() -> Scene:
    return Scene(operator=tuya.operator("org", "key", "secret"))


def test_a_call_of_several_requests_has_one_answer() -> None:
    """That to the last of them; the others are traffic all the same."""
    scene = _of_tuya()
    scene.northbound.ask(CancelTasks("j", ("d",)), scene.replies.append)
    scene.post.answer(_JOB)
    assert scene.replies == []

    scene.post.answer(_DONE)

    assert _actions(scene) == ["QueryOTAJob", "CancelOTATaskByDevice"]
    assert [reply.answer for reply in scene.replies] == [Done()]
    assert scene.northbound.traffic == NorthboundFigures(requests=2)


def test_a_request_that_is_put_off_is_repeated_alone() -> None:
    """Not the ones before it."""
    scene = _of_tuya()
    scene.northbound.ask(CancelTasks("j", ("d",)), scene.replies.append)
    scene.post.answer(_JOB)
    scene.post.answer({}, 429)
    run(scene.clock, 2_000)
    scene.post.answer(_DONE)

    assert _actions(scene) == ["QueryOTAJob", "CancelOTATaskByDevice", "CancelOTATaskByDevice"]
    assert [reply.answer for reply in scene.replies] == [Done()]


def test_a_refusal_ends_a_call_of_several_requests() -> None:
    """Nothing is sent after it."""
    scene = _of_tuya()
    scene.northbound.ask(CancelTasks("j", ("d",)), scene.replies.append)
    scene.post.answer({"success": False, "code": "iot.ota.JobNotExisted", "errorMessage": "no"})

    assert _actions(scene) == ["QueryOTAJob"]
    assert [reply.answer for reply in scene.replies] == [
        Refused(Refusal.NO_SUCH_JOB, "no", "iot.ota.JobNotExisted")
    ]


def test_an_answer_that_leads_nowhere_is_no_answer() -> None:
    """The call may have taken effect, as far as one can tell."""
    scene = _of_tuya()
    scene.northbound.ask(CancelTasks("j", ("d",)), scene.replies.append)
    scene.post.answer({"success": True, "code": "", "data": {}})

    assert (scene.replies[0].answer, scene.replies[0].is_unsaid) == (None, False)
    assert "lacks what the next request needs" in scene.replies[0].why


def test_a_call_that_a_vendor_cannot_take_is_not_sent() -> None:
    """It gets no answer, says that it was not sent, and counts as no traffic."""
    scene = _of_tuya()
    scene.northbound.ask(DeleteJob("j"), scene.replies.append)

    assert scene.post.sent == []
    assert scene.replies == [
        Reply(None, 0, 0, "the tuya API has no call for DeleteJob", is_unsaid=True)
    ]
    assert scene.northbound.traffic == NorthboundFigures()
