"""Entries: posts that were found, until it is known which songs they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from deephypebot.store.database import Database
from deephypebot.store.lease import Found, Lease, claim, finish
from deephypebot.store.rows import clean
from deephypebot.store.tables import entries, items
from deephypebot.types import Mention


class Entries:
    """Posts as they came."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def claim(self, lease: Lease, limit: int) -> list[Found]:
        """Posts that nobody has read; those that ask us first."""
        order = [entries.c.asks_us.desc()]
        with self.database.writing() as connection:
            return claim(connection, entries, entries.c.state == "new", lease, limit, order)

    def read(self, entry: Found, lease: Lease, mentions: Sequence[Mention], note: str = "") -> None:
        """Keep the songs that it is about, each as an item. note: why there are none. Raises Conflict."""
        with self.database.writing() as connection:
            finish(connection, entries, entry.id, lease, state="read", error=note)
            for position, mention in enumerate(mentions):
                new = {
                    "entry_id": entry.id,
                    "position": position,
                    "artist": mention.song.artist,
                    "title": mention.song.title,
                    "score": mention.score,
                    "how": mention.how,
                    "state": "found",
                    "asked_by": entry.author if entry.asks_us else "",
                    "wish": {},
                    "created_at": lease.now,
                    "due_at": lease.now,
                }
                connection.execute(insert(items).values(new))

    def failed(self, entry: Found, lease: Lease, error: str) -> None:
        """It could not be read, and will not be. Raises Conflict."""
        with self.database.writing() as connection:
            finish(connection, entries, entry.id, lease, state="failed", error=clean(error, 1000))

    def asked(self, network: str, author: str, now: datetime) -> int:
        """How many items this person has asked for in the last 24 hours."""
        recent = items.c.created_at > now - timedelta(days=1)
        theirs = (entries.c.network == network, entries.c.author == author, entries.c.asks_us)
        query = select(func.count(func.distinct(entries.c.id))).select_from(entries.join(items)).where(recent, *theirs)
        with self.database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def forget(self, before: datetime) -> int:
        """Drop posts from before then that led to no item; how many. Feeds do not bring them again: their cursors are further on."""
        old = (entries.c.found_at < before, entries.c.state != "new", entries.c.id.not_in(select(items.c.entry_id)))
        with self.database.writing() as connection:
            return connection.execute(delete(entries).where(*old)).rowcount

    def counts(self) -> dict[str, int]:
        """Entries by state."""
        with self.database.reading() as connection:
            rows = connection.execute(select(entries.c.state, func.count()).group_by(entries.c.state))
            return {row[0]: row[1] for row in rows}
