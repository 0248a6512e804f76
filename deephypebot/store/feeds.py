"""Feeds: how far each has been read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, literal_column, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from deephypebot.store.database import Database
from deephypebot.store.lease import Found, Lease, claim, finish
from deephypebot.store.rows import clean, entry_columns
from deephypebot.store.tables import entries, feeds
from deephypebot.types import Entry


class Feeds:
    """What the watchers have read."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def keep(self, names: Sequence[str], now: datetime) -> None:
        """Have a row for each of these feeds."""
        with self.database.writing() as connection:
            for name in names:
                add_new(connection, feeds, [{"name": name, "due_at": now}])

    def claim(self, names: Sequence[str], lease: Lease) -> Found | None:
        """One of these feeds that is due."""
        with self.database.writing() as connection:
            return next(iter(claim(connection, feeds, feeds.c.name.in_(names), lease, 1)), None)

    def arrived(
        self, feed: Found, lease: Lease, came: Sequence[Entry], cursor: str | None, now: datetime, due_at: datetime
    ) -> int:
        """Keep what came and the cursor, in one transaction; how many of the entries were new. Raises Conflict."""
        with self.database.writing() as connection:
            new = add_new(connection, entries, [entry_columns(entry, feed.name, now) for entry in came])
            idle = 0 if new else feed.idle + 1
            kept = {"cursor": cursor if cursor is not None else feed.cursor, "polled_at": now, "due_at": due_at}
            finish(connection, feeds, feed.id, lease, idle=idle, **kept)
        return new

    def failed(self, feed: Found, lease: Lease, error: str, due_at: datetime) -> None:
        """Say what went wrong, and when it is tried again; the cursor stays where it is. Raises Conflict."""
        with self.database.writing() as connection:
            finish(connection, feeds, feed.id, lease, tries=feed.tries, error=clean(error, 1000), due_at=due_at)

    def all(self) -> list[Found]:
        """By name."""
        with self.database.reading() as connection:
            return list(connection.execute(select(feeds).order_by(feeds.c.name)))


def add_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert those rows that offend no UNIQUE; how many they were."""
    insert = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql
    one: ColumnElement[int] = literal_column(
        "1"
    )  # PostgreSQL's driver does not count such rows, so each says that it is there
    return sum(
        len(connection.execute(insert(table).values(**row).on_conflict_do_nothing().returning(one)).all())
        for row in rows
    )
