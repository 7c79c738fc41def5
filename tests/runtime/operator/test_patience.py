import pytest

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.runtime.operator.patience import (
    CALM_ANSWERS,
    PACE_FIRST_MS,
    PACE_MAX_MS,
    TRIES_MAX,
    WAIT_MAX_MS,
    Pace,
    is_put_off,
    wait_ms,
)

NOON_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z


def answer(status: int, retry_after: str = "") -> HttpResponse:
    """Return an answer that may name a time to come back."""
    headers = (("Retry-After", retry_after),) if retry_after else ()
    return HttpResponse(status, b"", headers)


@pytest.mark.parametrize(
    ("retry_after", "waits_ms"),
    [
        ("3", 3_000),
        (" 3 ", 3_000),
        ("0", PACE_FIRST_MS),
        ("99999999999999999999", WAIT_MAX_MS),
        ("Thu, 01 Jan 2026 12:00:07 GMT", 7_000),
        ("Thu, 01 Jan 2026 11:00:00 GMT", PACE_FIRST_MS),
        ("Fri, 01 Jan 2027 12:00:00 GMT", WAIT_MAX_MS),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_who_names_a_time_is_heard(status: int, retry_after: str, waits_ms: int) -> None:
    """In seconds or as a date; never sooner than a moment, never later than a minute."""
    assert wait_ms(answer(status, retry_after), 1, NOON_MS) == waits_ms
    assert is_put_off(answer(status, retry_after))


@pytest.mark.parametrize(
    "retry_after",
    [
        "", "soon", "-1", "٣", "1.5",
        "Mon, 01 Jan 99999999999 00:00:00 GMT", f"Mon, 01 Jan 2026 00:00:00 +{'9' * 30}",
    ],
)  # fmt: skip
def test_without_a_time_the_wait_doubles(retry_after: str) -> None:
    """From a second up to a minute; what cannot be read names no time."""
    waits = [wait_ms(answer(429, retry_after), tries, NOON_MS) for tries in range(1, TRIES_MAX)]

    assert waits == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]


def test_patience_has_an_end() -> None:
    """Whoever was asked to wait eight times has waited long enough."""
    assert wait_ms(answer(429, "1"), TRIES_MAX, NOON_MS) is None


@pytest.mark.parametrize("status", [200, 400, 408, 500, 502, 504])
def test_nothing_else_is_sent_again(status: int) -> None:
    """It may have taken effect, or will never."""
    assert wait_ms(answer(status, "1"), 1, NOON_MS) is None
    assert not is_put_off(answer(status, "1"))


def test_a_proxy_that_finds_nobody_puts_nothing_off() -> None:
    """A 503 without a time says nothing about what became of the call."""
    assert wait_ms(answer(503), 1, NOON_MS) is None


def test_the_pace_falls_with_complaints_and_rises_with_answers() -> None:
    """The gap doubles up to a limit, and is halved after enough answers, down to none."""
    pace = Pace()
    gaps = []
    for _ in range(7):
        pace.slow_down()
        gaps.append(pace.gap_ms)
    assert gaps == [200, 400, 800, 1_600, 3_200, PACE_MAX_MS, PACE_MAX_MS]

    for _ in range(CALM_ANSWERS):
        pace.go_on()
    assert pace.gap_ms == 2_500
    for _ in range(CALM_ANSWERS * 4 + CALM_ANSWERS):
        pace.go_on()
    assert pace.gap_ms == 0


def test_answers_without_a_complaint_change_nothing() -> None:
    """There is no debt to pay off."""
    pace = Pace()

    for _ in range(3 * CALM_ANSWERS):
        pace.go_on()

    assert pace.gap_ms == 0
