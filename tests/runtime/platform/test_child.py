import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.northbound import Listed, SearchJobs
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.log_reader import read_run
from fleet_sim.runtime.platform.child import PlatformChild, platform_child, platform_children
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.real_time import monotonic_ns
from fleet_sim.runtime.run_log import part_path
from tests.runtime.platforms import WAIT_S, Talker, calling, running

HOST = "127.0.0.1"


def pid_of(child: PlatformChild) -> int:
    """Return a child's process id."""
    return child._process.pid


async def ended(child: PlatformChild) -> int:
    """Wait until a child's process has ended; return its code."""
    return await asyncio.wait_for(child._process.wait(), WAIT_S)


async def test_a_child_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """It says that it is ready, writes its part of the log, and tells how late it was."""
    async with platform_child() as child:
        await child.start(PlatformSettings(log=part_path(tmp_path, 1)))
        async with calling(child.ready) as caller:
            found = await caller.ask(SearchJobs())
        cpu_s, rss_bytes = child.usage()

        assert found == Listed((), 1, 10, 0)
        assert child.ready["mqtt"].startswith(f"mqtt://{HOST}:")
        assert cpu_s > 0
        assert rss_bytes > 1 << 20
        assert not child.has_died
        pid = pid_of(child)

    assert not psutil.pid_exists(pid)
    assert set(child.closing) == {"slip_ms_p99", "slip_ms_max"}
    assert [record.kind for record in read_run(tmp_path)] == ["started"]


async def test_a_child_of_a_run_counts_from_when_the_run_begins(tmp_path: Path) -> None:
    """What came before stands at 0; what comes after counts from the instant it was told."""
    hour_ms = 3_600_000
    known = Registration(DeviceId("pk", "dk"), "secret")
    async with platform_child() as child:
        await child.start(
            PlatformSettings(devices=[known], log=part_path(tmp_path, 1), is_of_run=True)
        )
        await child.begin(monotonic_ns() - hour_ms * 1_000_000)
        talker = await Talker.connect(child.ready["mqtt"], known.device, known.secret)
        await talker.close()

    started, online = read_run(tmp_path)[:2]
    assert (started.kind, started.t) == ("started", 0)
    assert (online.kind, online.t >= hour_ms) == ("online", True)


async def test_a_child_that_died_before_its_run_began_is_a_sentence() -> None:
    """It is the platform's end, not a broken pipe."""
    async with platform_child() as child:
        await child.start(PlatformSettings(is_of_run=True))
        psutil.Process(pid_of(child)).send_signal(signal.SIGKILL)
        await ended(child)

        with pytest.raises(TargetError, match="ended before it was ready"):
            await child.begin(monotonic_ns())


async def test_a_child_that_cannot_start_says_why() -> None:
    """In its own words."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        async with platform_child() as child:
            with pytest.raises(TargetError, match=f"cannot start: MQTT port {port} cannot be had"):
                await child.start(PlatformSettings(mqtt_port=port))
            assert await ended(child) == 0


async def test_a_child_that_was_never_started_ends_quietly(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Its parent has given up before."""
    async with platform_child():
        pass

    assert capfd.readouterr().err == ""


async def test_a_child_that_died_before_it_was_told_how_to_run_is_a_sentence() -> None:
    """However much there was to tell: a pipe that nobody reads breaks under it."""
    async with platform_child() as child:
        psutil.Process(pid_of(child)).send_signal(signal.SIGKILL)
        await ended(child)

        with pytest.raises(TargetError, match="ended before it was ready"):
            await child.start(PlatformSettings(org="o" * (1 << 20)))


async def test_a_killed_child_has_died() -> None:
    """It is noticed, it uses nothing any more, and stopping it does no harm."""
    async with platform_child() as child:
        await child.start(PlatformSettings())
        psutil.Process(pid_of(child)).send_signal(signal.SIGKILL)
        await ended(child)

        assert child.has_died
        assert child.usage() == (0.0, 0)

    assert child.closing == {}


async def test_a_child_that_ends_before_it_is_ready_is_told() -> None:
    """Nobody waits for ever."""
    async with platform_child() as child:
        psutil.Process(pid_of(child)).send_signal(signal.SIGKILL)
        await ended(child)

        with pytest.raises((TargetError, ConnectionError)):
            await child.start(PlatformSettings())


async def test_a_ctrl_c_is_the_parents_to_handle() -> None:
    """The child goes on serving until its parent stops it."""
    async with platform_child() as child:
        await child.start(PlatformSettings())
        psutil.Process(pid_of(child)).send_signal(signal.SIGINT)

        ready = child.ready
        identity = ready["device"]
        device = DeviceId(ready["product_key"], identity["device_key"])
        talker = await Talker.connect(ready["mqtt"], device, identity["device_secret"])
        await talker.close()

        assert not child.has_died
    assert child.closing


async def test_a_terminated_child_ends_in_good_order() -> None:
    """With its closing line."""
    async with platform_child() as child:
        await child.start(PlatformSettings())
        psutil.Process(pid_of(child)).send_signal(signal.SIGTERM)
        assert await ended(child) == 0

    assert child.closing


async def test_several_children_end_with_their_context() -> None:
    """Each is a process of its own, and none is left."""
    async with platform_children(2) as children:
        pids = [pid_of(child) for child in children]
        for child in children:
            await child.start(PlatformSettings())
        assert len({child.ready["http"] for child in children}) == 2

    assert len(set(pids)) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert all(child.closing for child in children)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have children make their temporary folders in here."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def left_in(folder: Path) -> set[str]:
    """Return the names of what is in a folder, at any depth."""
    return {path.name for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL", None])
async def test_no_end_of_a_child_leaves_its_folder(folders: Path, name: str | None) -> None:
    """Not even being killed, for its parent looks to that."""
    async with platform_child() as child:
        await child.start(PlatformSettings())
        assert "platform.sqlite" in left_in(folders)
        if name is not None:
            psutil.Process(pid_of(child)).send_signal(signal.Signals[name])
            await ended(child)

    assert left_in(folders) == set()


async def test_a_child_that_cannot_start_leaves_no_folder(folders: Path) -> None:
    """Nor does one that was never told how to run."""
    async with platform_child():
        assert left_in(folders)
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
        with pytest.raises(TargetError, match="cannot start"):
            async with platform_child() as child:
                await child.start(PlatformSettings(mqtt_port=port))

    assert left_in(folders) == set()


async def test_an_error_of_a_childs_end_is_not_lost_beside_other_lines() -> None:
    """Each line is heard, even if a kill cuts the last."""
    said = '{"slip_ms_max": 7}\n{"error": "the log is full"}\n{"more'
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"print({said!r}, end='')",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    child = PlatformChild(process)

    await child.stop()

    assert child.closing == {"slip_ms_max": 7, "error": "the log is full"}


PARENT = """
import asyncio
from fleet_sim.runtime.platform.child import platform_child
from fleet_sim.runtime.platform.settings import PlatformSettings

async def main():
    async with platform_child() as child:
        if {starts}:
            await child.start(PlatformSettings())
        print(child._process.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("starts", [True, False])
def test_a_child_whose_parent_was_killed_leaves_no_folder(folders: Path, *, starts: bool) -> None:
    """It learns of it by the end of its input, and then ends in good order."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(starts=starts)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert left_in(folders)
        parent.kill()
    child.wait(WAIT_S)

    assert left_in(folders) == set()


async def test_running_stops_with_its_context() -> None:
    """The helper of these tests leaves no port open."""
    async with running() as ready:
        port = int(ready["http"].rpartition(":")[2])

    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0
