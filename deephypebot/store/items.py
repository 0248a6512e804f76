"""Items: a song that a post is about, on its way from being found to being decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from deephypebot.errors import InputError
from deephypebot.store.database import Database
from deephypebot.store.lease import Found, Lease, claim, finish
from deephypebot.store.rows import clean
from deephypebot.store.songs import Fact, keep_song
from deephypebot.store.tables import attributes, candidates, entries, items, outbox, posts, songs, verdicts
from deephypebot.types import Candidate, Song


@dataclass(frozen=True)
class Shown:
    """An item with all that a curator sees of it. candidates: those of its present song, the newest batch first; song: None before look-up."""

    item: Found
    entry: Found
    song: Found | None
    facts: list[Found]
    candidates: list[Found]
    verdicts: list[Found]
    outbox: list[Found]
    posts: list[Found]


class Items:
    """Songs on their way through the bot."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def claim(self, state: str, lease: Lease, limit: int) -> list[Found]:
        """Items in this state; those that somebody asked for first."""
        order = [(items.c.asked_by == "").asc()]
        with self.database.writing() as connection:
            return claim(connection, items, items.c.state == state, lease, limit, order)

    def looked_up(self, item: Found, lease: Lease, song: Song, facts: Sequence[Fact]) -> None:
        """Keep which song it is and what is known of it. Raises Conflict."""
        with self.database.writing() as connection:
            song_id = keep_song(connection, song, facts, lease.now)
            named = {"artist": clean(song.artist, 300), "title": clean(song.title, 300)}
            finish(connection, items, item.id, lease, state="looked_up", song_id=song_id, due_at=lease.now, **named)

    def proposed(self, item: Found, lease: Lease, written: Sequence[tuple[Candidate, list[str]]]) -> None:
        """Keep the candidates, each with its warnings; the item waits for its curator. Raises Conflict."""
        with self.database.writing() as connection:
            batch = 1 + int(connection.scalar(_last_batch(item.id)) or 0)
            version = items.c.version + 1
            finish(connection, items, item.id, lease, state="proposed", proposed_at=lease.now, version=version)
            for candidate, warnings in written:
                new = {
                    "item_id": item.id,
                    "batch": batch,
                    "text": candidate.text,
                    "nll": candidate.nll,
                    "seed": candidate.seed,
                    "checkpoint": candidate.checkpoint,
                    "rewards": dict(candidate.rewards),
                    "warnings": warnings,
                    "wish": item.wish,
                    "created_at": lease.now,
                }
                connection.execute(insert(candidates).values(new))

    def dropped(self, item: Found, lease: Lease, reason: str) -> None:
        """It goes no further. Raises Conflict."""
        with self.database.writing() as connection:
            values = {"state": "dropped", "reason": clean(reason, 1000), "decided_at": lease.now}
            finish(connection, items, item.id, lease, version=items.c.version + 1, **values)

    def postponed(self, item: Found, lease: Lease, error: str, due_at: datetime) -> None:
        """Something was away; it is tried again. Raises Conflict."""
        with self.database.writing() as connection:
            finish(connection, items, item.id, lease, tries=item.tries, error=clean(error, 1000), due_at=due_at)

    def known_songs(self, since: datetime, but: int, song_id: int) -> bool:
        """Whether another item of the same song waits, or was approved since then."""
        recent = and_(items.c.state == "approved", items.c.decided_at > since)
        waits = and_(items.c.state == "proposed", items.c.proposed_at > since)
        busy = and_(items.c.state == "looked_up", items.c.id < but)  # of two at once the earlier goes on
        query = select(items.c.id).where(items.c.song_id == song_id, items.c.id != but, or_(recent, waits, busy))
        with self.database.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def queue(self, limit: int = 100, after: tuple[bool, datetime, int] | None = None) -> list[Found]:
        """What waits for a curator: who asked first, then the oldest. Each with its post."""
        query = _with_entry().where(items.c.state == "proposed")
        order = ((items.c.asked_by == "").asc(), items.c.proposed_at, items.c.id)
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(*order).limit(limit)))

    def get(self, item_id: int) -> Shown:
        """Everything about an item. Raises InputError where there is none."""
        with self.database.reading() as connection:
            item = connection.execute(select(items).where(items.c.id == item_id)).first()
            if item is None:
                raise InputError(f"item is {item_id}; there is none of this number")

            def of(table: Any, which: ColumnElement[bool], *order: Any) -> list[Found]:
                return list(connection.execute(select(table).where(which).order_by(*order)))

            own = candidates.c.batch > int(item.wish.get("after_batch", 0))
            return Shown(
                item,
                connection.execute(select(entries).where(entries.c.id == item.entry_id)).one(),
                connection.execute(select(songs).where(songs.c.id == item.song_id)).first(),
                of(attributes, attributes.c.song_id == item.song_id, attributes.c.name, attributes.c.source),
                of(candidates, and_(candidates.c.item_id == item_id, own), candidates.c.batch.desc(), candidates.c.id),
                of(verdicts, verdicts.c.item_id == item_id, verdicts.c.id),
                of(outbox, outbox.c.item_id == item_id, outbox.c.id),
                of(posts, posts.c.item_id == item_id, posts.c.id),
            )

    def history(self, search: str = "", state: str = "", limit: int = 50, before: int | None = None) -> list[Found]:
        """Items with their posts, the newest first. search: in artist, title or what was written."""
        query = _with_entry()
        if state:
            query = query.where(items.c.state == state)
        if before is not None:
            query = query.where(items.c.id < before)
        if search:
            query = query.where(_has(search))
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(items.c.id.desc()).limit(limit)))

    def counts(self) -> dict[str, int]:
        """Items by state."""
        with self.database.reading() as connection:
            rows = connection.execute(select(items.c.state, func.count()).group_by(items.c.state))
            return {row[0]: row[1] for row in rows}


def _last_batch(item_id: int) -> Any:
    return select(func.max(candidates.c.batch)).where(candidates.c.item_id == item_id)


def _with_entry() -> Any:
    own = (entries.c.network, entries.c.feed, entries.c.author, entries.c.url, entries.c.asks_us, entries.c.posted_at)
    return select(items, *own, entries.c.text.label("entry_text")).join(entries, items.c.entry_id == entries.c.id)


def _has(search: str) -> ColumnElement[bool]:
    """Whether the words stand in its names, its candidates or what was decided; % and _ are letters like others."""
    written = select(verdicts.c.item_id).where(verdicts.c.text.icontains(search, autoescape=True))
    named = or_(items.c.artist.icontains(search, autoescape=True), items.c.title.icontains(search, autoescape=True))
    return or_(named, items.c.id.in_(written))


def touch(connection: Any, item_id: int, version: int, **values: Any) -> bool:
    """Change an item that is still as somebody saw it; False where it is not."""
    which = (items.c.id == item_id, items.c.version == version)
    changed = connection.execute(update(items).where(*which).values(version=version + 1, **values))
    return bool(changed.rowcount == 1)


def facts_by_name(facts: Sequence[Found]) -> Mapping[str, list[Found]]:
    """Facts under the attribute that they are of."""
    by_name: dict[str, list[Found]] = {}
    for fact in facts:
        by_name.setdefault(fact.name, []).append(fact)
    return by_name
