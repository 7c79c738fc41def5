from __future__ import annotations

from typing import Any

import pytest

from fleet_sim.backend.tokens import TOKEN_MS
from fleet_sim.model.northbound import CancelTasks, Refused, Retry
from tests.backend.playbook import Server, contract


def _pushed(*keys: str, **order: Any) -> tuple[Server, str, str]:  # noqa: ANN401 - any field
    """Return a server that has pushed a firmware with tokens, the firmware and the job."""
    server = Server(contract(retry_round="at_once", timeout_s=2 * TOKEN_MS // 1000))
    server.fleet(*keys)
    firmware_id = server.upload(needs_token=True)
    return server, firmware_id, server.job(firmware_id=firmware_id, **order)


def _token(server: Server, key: str) -> str:
    return server.requests(key)[-1].image.token


def _opens(server: Server, firmware_id: str, token: str) -> bool:
    return server.brain.opens(firmware_id, token, server.now_ms)


def test_each_device_gets_a_token_of_its_own() -> None:
    """It opens the file of the upgrade that it came with, and no other."""
    server, firmware_id, _ = _pushed("a", "b")
    other_id = server.upload("3.0", needs_token=True)
    tokens = [_token(server, key) for key in "ab"]

    assert len(set(tokens)) == 2
    assert [_opens(server, firmware_id, token) for token in tokens] == [True, True]
    assert [_opens(server, other_id, token) for token in tokens] == [False, False]


def test_a_firmware_without_tokens_is_open() -> None:
    """Its requests bring none, and any is as good; so is one that nobody keeps."""
    server = Server()
    server.fleet("a")
    firmware_id = server.upload()
    server.job(firmware_id=firmware_id)

    assert _token(server, "a") == ""
    assert _opens(server, firmware_id, "")
    assert _opens(server, firmware_id, "x")
    assert _opens(server, "nobody", "")


@pytest.mark.parametrize(
    "wrong",
    [
        "", "x", "é" * 40, "0" * 40, "f" * 99, "+" + "0" * 39,
        "00000001" + "0" * 32, "00000001" + "\udcff" * 32,
    ],
)  # fmt: skip
def test_what_is_no_token_opens_nothing(wrong: str) -> None:
    """Whatever is in it."""
    server, firmware_id, _ = _pushed("a")

    assert not _opens(server, firmware_id, wrong)
    assert not _opens(server, firmware_id, _token(server, "a") + wrong[:1] + "0")


def test_a_token_opens_until_the_result_is_told() -> None:
    """Progress leaves it as it is."""
    server, firmware_id, _ = _pushed("a", "b")
    good, bad = (_token(server, key) for key in "ab")
    server.progress("a", 50)
    before = _opens(server, firmware_id, good)

    server.version("a", "2.0")
    server.failure("b")

    assert before
    assert not _opens(server, firmware_id, good)
    assert not _opens(server, firmware_id, bad)


def test_the_next_attempt_has_another_token() -> None:
    """That of the last one stays worthless."""
    server, firmware_id, _ = _pushed("a", retry=Retry(1, 0))
    first = _token(server, "a")

    server.failure("a")

    second = _token(server, "a")
    assert server.pushes("a") == 2
    assert [_opens(server, firmware_id, one) for one in (first, second)] == [False, True]


def test_a_cancelled_task_has_no_token() -> None:
    """As after every end without a report, which is inferred."""
    server, firmware_id, job_id = _pushed("a")
    token = _token(server, "a")

    assert not isinstance(server.call(CancelTasks(job_id, ("a",))), Refused)

    assert not _opens(server, firmware_id, token)


def test_a_token_is_valid_for_a_day() -> None:
    """Though the attempt may run longer."""
    server, firmware_id, _ = _pushed("a")
    token = _token(server, "a")

    server.after(TOKEN_MS - 1)
    before = _opens(server, firmware_id, token)
    server.after(1)

    assert (before, _opens(server, firmware_id, token)) == (True, False)


def test_a_token_outlives_a_restart() -> None:
    """It follows from the seed; nothing of it is in the store."""
    server, firmware_id, _ = _pushed("a")
    token = _token(server, "a")

    server.restart()

    assert _opens(server, firmware_id, token)
    assert token not in repr(server.rows)
