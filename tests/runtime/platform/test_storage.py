"""Every store keeps the same rows, so most tests run on each of the three."""

import inspect
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from fleet_sim.backend.events import Forget, Keep
from fleet_sim.runtime.platform import storage
from fleet_sim.runtime.platform.storage import FileStore, MemoryStore, StorageError

T = TypeVar("T")
Store = MemoryStore | FileStore

EMPTY: dict[str, list[dict[str, Any]]] = {
    name: [] for name in ("counters", "devices", "modules", "firmware", "jobs", "tasks")
}


async def _done(value: Awaitable[T] | T) -> T:
    return await value if inspect.isawaitable(value) else value


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own, on a local socket."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found and os.environ.get("CI") == "true":
        pytest.fail("no PostgreSQL server is installed: apt-get install postgresql")
    if not found:  # A contributor's machine may lack it; CI installs it and never skips.
        pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "postgres" if os.geteuid() == 0 else None  # It refuses to run as root.
    if user:
        shutil.chown(home, user)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [found[-1].with_name(program), "-D", home / "data", *arguments],
            check=True,
            user=user,
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    try:
        run("initdb", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        run("pg_ctl", "-w", "-o", f"-k {home} -F -c listen_addresses=''", "start")
        yield f"postgresql://postgres@/postgres?host={home}"
        run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    if request.param == "memory":
        memory = MemoryStore()
        yield memory
        memory.close()
        return
    url = f"sqlite:///{tmp_path / 'store.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        await _wipe(url)
    opened = await FileStore.open(url)
    yield opened
    await opened.close()


async def _wipe(url: str) -> None:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()


def _task(key: str, number: int, **more: Any) -> Keep:  # noqa: ANN401 - JSON values
    row = {"key": key, "number": number, "job_id": "j", "device": "p/d", "status": "queued"}
    return Keep("tasks", key, {**row, **more})


async def test_rows_come_back_as_they_were_kept(store: Store) -> None:
    """Every kind of JSON value survives, in typed columns as in the rest of a row."""
    row = {
        "key": "t1",
        "number": 1 << 40,
        "job_id": "j1",
        "device": "p/d1",
        "status": "under_way",
        "progress": None,
        "has_slot": True,
        "ended_by": ["7", "8"],
        "order": {"names": {"default": "x"}, "retry": None},
    }

    await _done(store.apply([Keep("tasks", "t1", row), Keep("counters", "job", {"value": 7})]))

    expected = {**EMPTY, "tasks": [row], "counters": [{"key": "job", "value": 7}]}
    assert await _done(store.load()) == expected


@pytest.mark.parametrize(
    "hostile", ["a\x00b", "\ud800", "🦊 \u202e", "'; DROP TABLE tasks;--", "%s"]
)
async def test_hostile_text_survives(store: Store, hostile: str) -> None:
    """What a device wrote as desc is stored, whatever it is, and never executed."""
    await _done(store.apply([_task("t1", 1, desc=hostile)]))

    assert (await _done(store.load()))["tasks"][0]["desc"] == hostile


async def test_a_later_row_replaces_an_earlier_one(store: Store) -> None:
    """Across transactions as within one, the last change of a key is what stays."""
    await _done(store.apply([_task("t1", 1, progress=10), _task("t2", 2, progress=10)]))
    await _done(store.apply([_task("t1", 1, progress=20), _task("t1", 1, progress=30)]))

    found = (await _done(store.load()))["tasks"]
    assert [(row["key"], row["progress"]) for row in found] == [("t1", 30), ("t2", 10)]


async def test_the_last_of_keep_and_forget_wins(store: Store) -> None:
    """A key kept and forgotten in one batch is gone; forgotten and kept, it is there."""
    await _done(store.apply([_task("t1", 1), _task("t2", 2)]))

    await _done(
        store.apply([_task("t1", 1), Forget("tasks", "t1"), Forget("tasks", "t2"), _task("t2", 2)])
    )

    assert [row["key"] for row in (await _done(store.load()))["tasks"]] == ["t2"]


async def test_rows_load_in_order_of_creation(store: Store) -> None:
    """Rows with a number come by it, whatever their keys are."""
    await _done(store.apply([_task("c", 10), _task("a", 9), _task("b", 100)]))

    assert [row["key"] for row in (await _done(store.load()))["tasks"]] == ["a", "c", "b"]


async def test_a_whole_job_fits_one_batch(store: Store) -> None:
    """Several thousand rows at once are no special case."""
    await _done(store.apply([_task(f"t{number}", number) for number in range(5_000)]))

    assert len((await _done(store.load()))["tasks"]) == 5_000


async def test_a_batch_is_all_or_nothing(store: Store) -> None:
    """If one row cannot be written, none of its batch is, and the store goes on."""
    await _done(store.apply([_task("t1", 1)]))

    with pytest.raises(StorageError):
        await _done(store.apply([_task("t2", 2), Keep("counters", "job", {"value": None})]))

    await _done(store.apply([_task("t3", 3)]))
    assert [row["key"] for row in (await _done(store.load()))["tasks"]] == ["t1", "t3"]


async def test_nothing_to_write_is_fine(store: Store) -> None:
    """An empty batch changes nothing."""
    await _done(store.apply([]))

    assert await _done(store.load()) == EMPTY


async def test_meta_values_are_json(store: Store) -> None:
    """What belongs to the store as a whole is put, replaced and got by name."""
    await _done(store.meta_put("products", {"pk": "secret"}))
    await _done(store.meta_put("epoch_ms", 1_700_000_000_000))
    await _done(store.meta_put("epoch_ms", 1_700_000_000_001))

    assert await _done(store.meta_get("products")) == {"pk": "secret"}
    assert await _done(store.meta_get("epoch_ms")) == 1_700_000_000_001
    assert await _done(store.meta_get("nothing")) is None


# --- files and servers -----------------------------------------------------------------------


async def test_a_file_is_found_again(tmp_path: Path) -> None:
    """Rows and meta values are there when the file is opened a second time."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    first = await FileStore.open(url)
    await first.apply([_task("t1", 1)])
    await first.meta_put("org", "o1")
    await first.close()

    second = await FileStore.open(url)

    assert [row["key"] for row in (await second.load())["tasks"]] == ["t1"]
    assert await second.meta_get("org") == "o1"
    await second.close()


async def test_a_killed_process_loses_nothing_it_applied(tmp_path: Path) -> None:
    """Once `apply` has returned, kill -9 takes nothing back."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    script = f"""
import asyncio, os, signal
from fleet_sim.backend.events import Keep
from fleet_sim.runtime.platform.storage import FileStore

async def main():
    store = await FileStore.open({url!r})
    for value in range(1, 51):
        await store.apply([Keep("counters", "job", {{"value": value}})])
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: ASYNC221

    store = await FileStore.open(url)

    assert killed.returncode == -signal.SIGKILL
    assert (await store.load())["counters"] == [{"key": "job", "value": 50}]
    await store.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("store.db", "URL cannot be read"),
        ("", "URL cannot be read"),
        ("postgresql://me:hunter2@[::1/db", "URL cannot be read"),
        ("postgresql://me:hunter2@host:port/db", "URL cannot be read"),
        (
            "postgresql://me:hunter2@host/db?foo=hunter2",
            "has options (foo) that asyncpg does not know",
        ),
        ("sqlite:///store.db?mode=ro", "has options (mode), and a file takes none"),
        ("mysql://root:hunter2@host/db", "cannot live at mysql://"),
        ("sqlite+aiosqlite:///x.db", "cannot live at sqlite+aiosqlite://"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////nowhere/at/all/store.db", "unable to open database file"),
        ("postgresql://me:hunter2@127.0.0.1:1/db", "postgresql://me:***@127.0.0.1:1/db"),
    ],
)
async def test_a_store_that_cannot_be_opened_says_why(url: str, sentence: str) -> None:
    """The error is one sentence, names the mistake, and never the password."""
    with pytest.raises(StorageError) as caught:
        await FileStore.open(url)

    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Somebody's text file is not touched."""
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)

    with pytest.raises(StorageError, match="file is not a database"):
        await FileStore.open(f"sqlite:///{path}")

    assert path.read_text() == "dear diary, " * 100


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A database that holds other tables stays as it is."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()

    with pytest.raises(StorageError, match="no fleet_sim store"):
        await FileStore.open(f"sqlite:///{path}")


async def test_another_version_of_the_store_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store written by a later fleet_sim is named with both versions."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with monkeypatch.context() as later:
        later.setattr(storage, "SCHEMA_VERSION", 99)
        await (await FileStore.open(url)).close()

    with pytest.raises(StorageError, match="store version 99, here 1"):
        await FileStore.open(url)


async def test_a_table_that_an_older_store_lacks_is_made(tmp_path: Path) -> None:
    """What the store holds stays, and the new table takes rows."""
    path = tmp_path / "store.db"
    older = await FileStore.open(f"sqlite:///{path}")
    await older.apply([_task("t1", 1)])
    await older.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE modules")
    connection.close()
    row = {"key": "pk/mcu", "number": 1, "name": "Mcu"}

    store = await FileStore.open(f"sqlite:///{path}")
    await store.apply([Keep("modules", "pk/mcu", row)])
    found = await store.load()
    await store.close()

    assert found["modules"] == [row]
    assert [one["key"] for one in found["tasks"]] == ["t1"]


async def test_a_locked_file_fails_cleanly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the lock a write fails; afterwards the next one succeeds."""
    monkeypatch.setattr(storage, "_BUSY_TIMEOUT_MS", 1)
    path = tmp_path / "store.db"
    store = await FileStore.open(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageError, match="database is locked"):
        await store.apply([_task("t1", 1)])
    other.execute("ROLLBACK")
    await store.apply([_task("t2", 2)])

    assert [row["key"] for row in (await store.load())["tasks"]] == ["t2"]
    other.close()
    await store.close()
