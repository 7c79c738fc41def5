import sys
from pathlib import Path

import pytest

from tests.vendors import stranger as helper
from tests.vendors.stranger import stranger

ECHO = """
import json, sys
settings = json.loads(sys.stdin.readline())
print(json.dumps({"event": "ready", **settings}))
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "die":
        sys.exit("died as told")
    if order["do"] != "nothing":
        print(json.dumps({"event": order["do"], "n": order["n"]}))
"""
PYTHON = Path(sys.executable)


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    """Return a script that repeats its orders as events."""
    script = tmp_path / "echo.py"
    script.write_text(ECHO, encoding="utf-8")
    return script


async def test_orders_go_in_and_events_come_out(echo: Path, tmp_path: Path) -> None:
    """The settings first; then what was told is heard, and the end is in good order."""
    async with stranger(PYTHON, echo, tmp_path, name="x") as one:
        ready = await one.hear("ready")
        await one.tell(do="say", n=1)
        said = await one.hear("say")
        code = await one.end()

    assert (ready, said, code) == (
        {"event": "ready", "name": "x"},
        {"event": "say", "n": 1},
        0,
    )


async def test_other_events_are_passed_over_but_kept(echo: Path, tmp_path: Path) -> None:
    """One waits for what matters, and may look at the rest afterwards."""
    async with stranger(PYTHON, echo, tmp_path) as one:
        for n in (1, 2, 3):
            await one.tell(do="say", n=n)
        found = await one.hear("say", n=2)
        await one.hear("say", n=3)

    assert found == {"event": "say", "n": 2}
    assert [event.get("n") for event in one.heard] == [None, 1, 2, 3]


async def test_what_came_before_the_end_is_kept(echo: Path, tmp_path: Path) -> None:
    """Its last words count, also when nobody waited for them."""
    async with stranger(PYTHON, echo, tmp_path) as one:
        await one.tell(do="say", n=1)
        await one.end()

    assert one.heard[-1] == {"event": "say", "n": 1}


async def test_one_that_ends_says_why(echo: Path, tmp_path: Path) -> None:
    """Its stderr is in the error, and telling it more is no error of its own."""
    async with stranger(PYTHON, echo, tmp_path) as one:
        await one.tell(do="die")
        with pytest.raises(AssertionError, match="died as told"):
            await one.hear("say")
        await one.tell(do="say", n=1)


async def test_one_that_falls_silent_is_not_waited_for(
    echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait has an end, and says what was heard until then."""
    async with stranger(PYTHON, echo, tmp_path) as one:
        await one.hear("ready")
        monkeypatch.setattr(helper, "HEAR_S", 0.01)
        await one.tell(do="nothing")
        with pytest.raises(AssertionError, match=r"no 'say' .*ready"):
            await one.hear("say")
