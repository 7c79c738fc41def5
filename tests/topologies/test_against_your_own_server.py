"""The walk of docs/against-your-own-server.md, as a reader types it."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fleet_sim.dialects import registry
from fleet_sim.model.identity import DeviceId
from fleet_sim.oracle.catalogue import PROMISES
from tests.planted.seen_outside import INCONCLUSIVE, NOT_EXERCISED
from tests.runtime.mosquitto import free_port, mosquitto_or_skip
from tests.topologies.commands import ROOT, environment

_PAGE = ROOT / "docs" / "against-your-own-server.md"
_PORT = re.compile(r"\b188\d\d\b")  # The page's own; nothing else on it looks like them.
_END_S = 10.0  # A platform writes what it holds; no longer than its own bound, twice.
_WALK_S = 280.0  # Three runs of twenty seconds, on a machine that does other things too.


def page() -> str:
    """Return the page."""
    return _PAGE.read_text(encoding="utf-8")


def commands(text: str) -> str:
    """Return everything a page has the reader type, in order."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


def on_free_ports(script: str) -> str:
    """Return a script with each of the page's own ports replaced by one that is free here."""
    ports: dict[str, str] = {}
    for found in _PORT.findall(script):
        while found not in ports:
            port = str(free_port())
            # Neither twice, nor one that reads like the page's own.
            if port not in ports.values() and not _PORT.fullmatch(port):
                ports[found] = port
    return _PORT.sub(lambda found: ports[found[0]], script)


def walk(script: str, folder: Path, wait_s: float) -> tuple[int | None, str]:
    """Type a script into a shell, and see that nothing it started is left, whatever happens.

    Output goes to files: a server that was left behind would keep a pipe open.

    Returns:
        The shell's exit code, None if it had to be killed; and everything that was said.
    """
    told = folder / "told.txt"
    with told.open("wb") as file:
        shell = subprocess.Popen(
            ["/bin/sh", "-eu", "-c", script], cwd=folder, env=environment(), stdout=file,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    try:
        code: int | None = shell.wait(wait_s)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        end_group(shell.pid)
        shell.wait()
    logs = (path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))
    return code, told.read_text(errors="replace") + "".join(logs)


def end_group(leader: int) -> None:
    """End a shell's processes in good order, for that leaves nothing behind; else kill them."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGTERM)
    psutil.wait_procs(list(group_of(leader)), timeout=_END_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def group_of(leader: int) -> Iterator[psutil.Process]:
    """Yield the processes of a shell that are not the shell itself."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if process.pid != leader and os.getpgid(process.pid) == leader:
                yield process


def test_commands_are_found_and_samples_are_not() -> None:
    """Only what is marked as a shell's is typed."""
    text = "a\n```sh\none\n```\n```\nsample\n```\n```sh\ntwo \\\n    more\n```\n"

    assert commands(text) == "one\n\ntwo \\\n    more\n"


def test_each_port_becomes_one_of_its_own() -> None:
    """The same everywhere it is named; other numbers stay."""
    first, again, other, rest = on_free_ports("18830 18830 18831 1883").split()

    assert first == again != other
    assert rest == "1883"


@pytest.mark.parametrize(("last", "wait_s", "code"), [("false", 60.0, 1), ("wait", 5.0, None)])
def test_nothing_that_a_walk_starts_outlives_it(
    tmp_path: Path, last: str, wait_s: float, code: int | None
) -> None:
    """Neither after an error nor after its time, and neither keeps the walk waiting."""
    script = f"sleep 1000 & echo $! > left; echo heard; {last}"

    assert walk(script, tmp_path, wait_s) == (code, "heard\n")

    pid = int((tmp_path / "left").read_text())
    while not has_ended(pid):
        time.sleep(0.01)  # Nobody is told of the end of a process that is not his child.


def has_ended(pid: int) -> bool:
    """Tell whether a process that was killed is gone, or waits only to be buried."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def test_the_page_has_commands_on_ports_that_are_found() -> None:
    """Three runs, one of them against a platform that is served."""
    script = commands(page())

    assert script.count("./fleet-sim run ") == 3
    assert script.count("./fleet-sim serve ") == 1
    assert not _PORT.search(on_free_ports(script))


def rows(text: str, mark: str) -> list[tuple[str, str]]:
    """Return the two cells of each row of the table between a page's marks, without its heading."""
    table = text.split(f"<!-- {mark}: begin -->")[1].split(f"<!-- {mark}: end -->", maxsplit=1)[0]
    cells = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    return [(first, second) for first, second in cells[2:]]


def told_in_code(folder: Path) -> str:
    """Return every text in the code of a folder and below, what is put into them left out."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))]
    return "\n".join(
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_the_page_names_each_promise_that_says_less_from_outside() -> None:
    """Those for which the tests of the oracles have to allow it, and no others."""
    told = [first for first, _ in rows(page(), "promises from outside")]

    names = sorted(INCONCLUSIVE.keys() | NOT_EXERCISED.keys())
    assert told == [f"{name} `{PROMISES[name].name}`" for name in names]


def test_what_the_page_says_that_nothing_is_said_of() -> None:
    """Of the same promises as the tests of the oracles."""
    table = rows(page(), "promises from outside")

    assert {first[:3] for first, second in table if "`not_exercised`" in second} == set(
        NOT_EXERCISED
    )


def test_each_sentence_that_the_page_explains_can_be_said() -> None:
    """Its telling parts stand in the code; `…` is what differs."""
    said = told_in_code(ROOT / "fleet_sim" / "runtime")
    telling = [part for first, _ in rows(page(), "refusals") for part in quoted(first)]

    assert len(telling) > 15
    assert [part for part in telling if part not in said] == []


def quoted(cell: str) -> list[str]:
    """Return what a cell sets in code, cut where something is left out."""
    texts = re.findall(r"`([^`]+)`", cell)
    return [part.strip() for text in texts for part in text.split("…") if part.strip()]


def test_the_page_names_every_topic_that_a_broker_has_to_let_through() -> None:
    """Of the devices and of the backend; gateways and activation too."""
    enos = registry.get("enos")
    assert enos.gateways is not None
    filters = (
        *enos.server.claimed, *enos.gateways.claimed, *enos.devices.filters(DeviceId("P", "D")),
    )  # fmt: skip

    leaves = [one.split("/", 6)[-1] if "/ota/" in one else one for one in filters]
    shown = {
        beginning.removesuffix("…") + ending
        for line in page().replace("\n`", "`").splitlines()
        for beginning in ("", *(one for one in re.findall(r"`([^`]+)`", line) if one.endswith("…")))
        for ending in re.findall(r"`([^`]+)`", line)
    }
    assert [one for one in leaves if one not in shown] == []


@pytest.mark.timeout(_WALK_S + 20)
def test_the_walk_ends_in_three_verdicts(tmp_path: Path) -> None:
    """Every command succeeds; each of the three runs passes, and says so."""
    mosquitto_or_skip()  # its package brings the tool for passwords
    (tmp_path / "fleet-sim").symlink_to(ROOT / "fleet-sim")

    code, said = walk(on_free_ports(commands(page())), tmp_path, _WALK_S)

    assert code == 0, said
    assert said.count("PASSED  happy-path") == 3, said
    assert "Traceback" not in said
