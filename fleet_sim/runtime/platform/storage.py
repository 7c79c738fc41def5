"""Where the backend's rows live: SQLite in memory or in a file, or PostgreSQL. One code for all.

Each table has the row's key, a few typed columns worth a query, and the rest of the row as JSON.
Free text of devices stands in the JSON only, where it is plain ASCII: a column would refuse a NUL
in PostgreSQL and half a surrogate pair everywhere, and devices send both.

`MemoryStore` serves virtual time: synchronous, no second thread. `FileStore` serves real time. What
`apply` was given is durable when it returns: a killed process loses nothing of it.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    event,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from fleet_sim.backend.events import Change, Keep

SCHEMA_VERSION = 1

# How long a writer waits for another's lock before it gives up: longer than a reader with a shell
# on the file should take, shorter than anybody waits for an answer.
_BUSY_TIMEOUT_MS = 5_000

_DRIVERS: Mapping[str, str] = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}

_METADATA = MetaData()
_META = Table("meta", _METADATA, Column("key", Text, primary_key=True), Column("value", JSON))


def _table(name: str, *columns: Column[Any]) -> Table:
    key = Column("key", Text, primary_key=True)
    return Table(name, _METADATA, key, *columns, Column("rest", JSON, nullable=False))


def _number() -> Column[Any]:
    return Column("number", BigInteger, nullable=False)


_TABLES: Mapping[str, Table] = {
    "counters": _table("counters", Column("value", BigInteger, nullable=False)),
    "devices": _table("devices"),
    "modules": _table("modules", _number()),
    "firmware": _table("firmware", _number()),
    "jobs": _table("jobs", _number(), Column("status", Text, nullable=False)),
    "tasks": _table(
        "tasks",
        _number(),
        Column("job_id", Text, nullable=False),
        Column("device", Text, nullable=False),
        Column("status", Text, nullable=False),
    ),
}

Rows = dict[str, list[dict[str, Any]]]


class StorageError(Exception):
    """The store cannot be opened, read or written; the text is one sentence for its owner."""


class MemoryStore:
    """A store that ends with its process: the same statements on SQLite in memory."""

    def __init__(self) -> None:
        self._engine: Engine = create_engine(
            "sqlite://", poolclass=StaticPool, json_serializer=_to_json
        )
        with _blame("memory"), self._engine.begin() as connection:
            _METADATA.create_all(connection)

    def apply(self, changes: Sequence[Change]) -> None:
        """Write these changes in one transaction; of one key the last wins."""
        if changes:
            with _blame("memory"), self._engine.begin() as connection:
                _write(connection, changes)

    def load(self) -> Rows:
        """Return every table's rows as they were kept, in order of creation."""
        with _blame("memory"), self._engine.connect() as connection:
            return _read(connection)

    def meta_get(self, key: str) -> Any:  # noqa: ANN401 - JSON values
        """Return what was put under this key, None if nothing was."""
        with _blame("memory"), self._engine.connect() as connection:
            return _meta_read(connection, key)

    def meta_put(self, key: str, value: Any) -> None:  # noqa: ANN401 - JSON values
        """Keep a JSON value that belongs to the store as a whole."""
        with _blame("memory"), self._engine.begin() as connection:
            _meta_write(connection, key, value)

    def close(self) -> None:
        """Let it go; everything in it is gone."""
        self._engine.dispose()


class FileStore:
    """A store that outlives its process; made by `open`."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self._engine = engine
        self._name = name

    @classmethod
    async def open(cls, url: str) -> FileStore:
        """Open a store, making it if there is none.

        Args:
            url: `sqlite:///FILE` or `postgresql://user:password@host/database`.

        Raises:
            StorageError: The URL is no such URL, the file or server cannot be used, or it holds
                something else or another version of this. The sentence never holds a password.
        """
        parsed = _parsed(url)
        name = parsed.render_as_string(hide_password=True)
        with _blame(name):
            if parsed.drivername == "sqlite":
                await asyncio.to_thread(_probe, str(parsed.database))
            engine = _async_engine(parsed)
        store = cls(engine, name)
        try:
            with _blame(name):
                async with engine.begin() as connection:
                    await connection.run_sync(_prepare, name)
        except TypeError as error:  # the driver's, for an option that it does not know
            await engine.dispose()
            if not parsed.query:
                raise
            options = ", ".join(sorted(parsed.query))
            raise StorageError(
                f"the store's URL has options ({options}) that asyncpg does not know; leave out "
                "what follows the question mark"
            ) from error
        except BaseException:
            await engine.dispose()
            raise
        return store

    async def apply(self, changes: Sequence[Change]) -> None:
        """Write these changes in one transaction; of one key the last wins.

        Raises:
            StorageError: Nothing of them was written: locked for too long, full, or gone.
        """
        if changes:
            with _blame(self._name):
                async with self._engine.begin() as connection:
                    await connection.run_sync(_write, changes)

    async def load(self) -> Rows:
        """Return every table's rows as they were kept, in order of creation.

        Raises:
            StorageError: It cannot be read.
        """
        with _blame(self._name):
            async with self._engine.connect() as connection:
                return await connection.run_sync(_read)

    async def meta_get(self, key: str) -> Any:  # noqa: ANN401 - JSON values
        """Return what was put under this key, None if nothing was.

        Raises:
            StorageError: It cannot be read.
        """
        with _blame(self._name):
            async with self._engine.connect() as connection:
                return await connection.run_sync(_meta_read, key)

    async def meta_put(self, key: str, value: Any) -> None:  # noqa: ANN401 - JSON values
        """Keep a JSON value that belongs to the store as a whole: organisation, keys, zero of time.

        Raises:
            StorageError: It was not written.
        """
        with _blame(self._name):
            async with self._engine.begin() as connection:
                await connection.run_sync(_meta_write, key, value)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


# --- opening ---------------------------------------------------------------------------------


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # the latter of a port or an address
        raise StorageError(
            "the store's URL cannot be read; write sqlite:///FILE or postgresql://…"
        ) from error
    if parsed.drivername not in _DRIVERS:
        raise StorageError(
            f"a store cannot live at {parsed.drivername}://; write sqlite:///FILE or postgresql://…"
        )
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StorageError("the store's URL names no file; write sqlite:///FILE")
    if parsed.drivername == "sqlite" and parsed.query:
        options = ", ".join(sorted(parsed.query))
        raise StorageError(
            f"the store's URL has options ({options}), and a file takes none; leave out what "
            "follows the question mark"
        )
    return parsed


def _probe(path: str) -> None:
    """Find out whether SQLite can open the file, before a driver's thread does.

    That thread outlives a failed attempt for a moment, and complains aloud if the event loop ends
    within it.
    """
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_MS / 1000)) as connection:
        connection.execute("PRAGMA schema_version")


def _async_engine(url: URL) -> AsyncEngine:
    driver = _DRIVERS[url.drivername]
    try:
        engine = create_async_engine(url.set(drivername=driver), json_serializer=_to_json)
    except ModuleNotFoundError as error:
        raise StorageError(f"{driver} needs the package {error.name}; install it") from error
    if url.drivername == "sqlite":
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - any driver's
    """Make one SQLite connection fit for a server.

    With a write-ahead log, `NORMAL` hands a commit to the operating system: that survives any death
    of the process, though not of the machine, and costs no wait for the disk.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.close()


def _prepare(connection: Connection, name: str) -> None:
    """Make the tables that are missing; refuse a database that holds anything but this version."""
    present = set(inspect(connection).get_table_names())
    if not present:
        _METADATA.create_all(connection)
        _meta_write(connection, "schema_version", SCHEMA_VERSION)
        return
    found = _meta_read(connection, "schema_version") if "meta" in present else None
    if found is None:
        raise StorageError(f"{name} is a database, but no fleet_sim store; name another")
    if found != SCHEMA_VERSION:
        raise StorageError(
            f"{name} was written by another fleet_sim (store version {found}, "
            f"here {SCHEMA_VERSION}); name a new store"
        )
    _METADATA.create_all(connection)  # a table that has come since is empty in an older store


@contextmanager
def _blame(name: str) -> Iterator[None]:
    """Turn what the database says into a `StorageError` that names the store."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise StorageError(f"{name}: {said[0] if said else type(error).__name__}") from error


def _to_json(value: Any) -> str:  # noqa: ANN401 - JSON values
    """Render JSON in ASCII, so that no text of a device can be unstorable."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


# --- statements ------------------------------------------------------------------------------


def _write(connection: Connection, changes: Iterable[Change]) -> None:
    latest = {(change.table, change.key): change for change in changes}
    kept: dict[str, list[dict[str, Any]]] = {}
    gone: dict[str, list[dict[str, Any]]] = {}
    for (table, key), change in latest.items():
        if isinstance(change, Keep):
            kept.setdefault(table, []).append(_columns(_TABLES[table], key, change.row))
        else:
            gone.setdefault(table, []).append({"gone": key})
    for table, values in kept.items():
        _upsert(connection, _TABLES[table], values)
    for table, values in gone.items():
        where = _TABLES[table].c.key == bindparam("gone")
        connection.execute(delete(_TABLES[table]).where(where), values)


def _columns(table: Table, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Split a row into the table's own columns and the rest."""
    own = {name: row[name] for name in table.c.keys() if name not in ("key", "rest")}  # noqa: SIM118 - no dict
    rest = {name: value for name, value in row.items() if name not in own and name != "key"}
    return {"key": key, **own, "rest": rest}


def _upsert(connection: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    """Insert rows or replace those of the same key."""
    connection.execute(_upsert_into(table, connection.dialect.name), values)


@cache  # Built anew, a statement costs as much as carrying it out, and each commit needs some.
def _upsert_into(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    others = [column.name for column in table.c if not column.primary_key]
    if dialect == "postgresql":
        new = postgresql.insert(table)
        return new.on_conflict_do_update(
            index_elements=["key"], set_={name: new.excluded[name] for name in others}
        )
    fresh = sqlite.insert(table)
    return fresh.on_conflict_do_update(
        index_elements=["key"], set_={name: fresh.excluded[name] for name in others}
    )


def _read(connection: Connection) -> Rows:
    found: Rows = {}
    for name, table in _TABLES.items():
        order = table.c.number if "number" in table.c else table.c.key
        found[name] = [
            {**row.pop("rest"), **row}
            for row in map(dict, connection.execute(select(table).order_by(order)).mappings())
        ]
    return found


def _meta_read(connection: Connection, key: str) -> Any:  # noqa: ANN401 - JSON values
    return connection.execute(select(_META.c.value).where(_META.c.key == key)).scalar()


def _meta_write(connection: Connection, key: str, value: Any) -> None:  # noqa: ANN401 - JSON values
    _upsert(connection, _META, [{"key": key, "value": value}])
