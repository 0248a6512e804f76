"""The connection: SQLite in WAL mode or PostgreSQL, transactions that write and transactions that read, the tables' version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from deephypebot.errors import InputError, StoreError

BUSY_S = 30.0


class Database:
    """url: of SQLAlchemy, `sqlite:///FILE` or `postgresql+psycopg://USER@HOST/NAME`. Raises InputError and StoreError."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        try:
            with _phrased("cannot be opened"):
                self._upgrade()
        except StoreError:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: whole or not at all. On SQLite it holds the one lock for writing from the start."""
        with _phrased("cannot be written"), self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one consistent state."""
        with _phrased("cannot be read"), self.engine.connect() as connection, connection.begin():
            yield connection

    def one_at_a_time(self, connection: Connection, name: str) -> None:
        """Until this transaction ends no other gets past the same name. SQLite's writers are one at a time anyway."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})

    def close(self) -> None:
        self.engine.dispose()

    def _upgrade(self) -> None:
        """Bring the tables to this version; several processes may try at once."""
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory(str(files("deephypebot.store") / "migrations"))
        head = scripts.get_current_head()
        with self.reading() as connection:
            if MigrationContext.configure(connection).get_current_revision() == head:
                return
        with self.writing() as connection:
            self.one_at_a_time(connection, "upgrade deephypebot's tables")
            context = MigrationContext.configure(connection, opts={"fn": _steps(scripts, head)})
            from alembic.operations import Operations

            with Operations.context(context):
                context.run_migrations()


def _steps(scripts: Any, head: str | None) -> Any:
    def steps(revision: Any, _context: Any) -> Any:
        from alembic.util import CommandError

        try:
            return scripts._upgrade_revs(head, revision)
        except CommandError as error:
            raise StoreError(
                f"the database has tables of version {', '.join(revision)}, which this deephypebot does not know; install a later one"
            ) from error

    return steps


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError(
            "the url of the database is no address of one; allowed is sqlite:///FILE or postgresql+psycopg://..."
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(parsed)
    if backend == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10)
    raise InputError(f"the url of the database is of {backend!r}; allowed are sqlite and postgresql")


def _open_sqlite(url: Any) -> Engine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the database cannot be opened: {url.database}: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _phrased(what: str) -> Iterator[None]:
    """A fault of the database as a StoreError, which does not show the address: a password may be in it."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"the database {what}: {type(error.orig).__name__}: {str(error.orig).splitlines()[0]}"
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database {what}: {type(error).__name__}") from error
