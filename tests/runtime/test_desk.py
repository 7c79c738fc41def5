from fleet_sim.model.northbound import Done, StopJob
from fleet_sim.runtime.operator.northbound import Reply
from fleet_sim.runtime.virtual_time import VirtualClock
from tests.runtime.desk import ANSWER_MS, NEVER, Desk, PromptDesk, run


def test_a_desk_answers_later_and_remembers() -> None:
    """With both instants, as a carrier would."""
    clock = VirtualClock()
    desk = Desk(clock, lambda _: Done())
    replies: list[Reply] = []
    run(clock, 50)

    desk.ask(StopJob("j"), replies.append)
    assert replies == []
    run(clock, 1_000)

    assert replies == [Reply(Done(), 50, 50 + ANSWER_MS)]
    assert desk.asked == [(50, StopJob("j"))]
    assert desk.calls == [StopJob("j")]


def test_a_desk_that_has_no_answer_is_silent_for_its_time() -> None:
    """Then comes the news that there is none."""
    clock = VirtualClock()
    desk = Desk(clock, lambda _: None)
    desk.silence_ms = 30_000
    replies: list[Reply] = []

    desk.ask(StopJob("j"), replies.append)
    run(clock, 60_000)

    assert replies == [Reply(None, 0, 30_000, "no answer came")]


def test_a_prompt_desk_answers_at_once_or_never() -> None:
    """For those who do not live in virtual time."""
    desk = PromptDesk(VirtualClock(), lambda call: Done() if call == StopJob("j") else None)
    replies: list[Reply] = []

    desk.ask(StopJob("j"), replies.append)
    desk.ask(StopJob("other"), replies.append)
    desk.answer = lambda _: NEVER
    desk.ask(StopJob("j"), replies.append)

    assert replies == [Reply(Done(), 0, 0), Reply(None, 0, 0, "no answer came")]
    assert len(desk.asked) == 3
