"""Songs, what is known of them and who says so, and what catalogues have answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from deephypebot.songs import normalise_name
from deephypebot.store.database import Database
from deephypebot.store.feeds import add_new
from deephypebot.store.lease import Found
from deephypebot.store.rows import clean
from deephypebot.store.tables import attributes, lookups, songs
from deephypebot.types import Song


@dataclass(frozen=True)
class Fact:
    """One attribute of a song as one source gives it. value: what JSON can hold."""

    name: str
    value: Any
    source: str
    licence: str
    may_train: bool


def song_key(song: Song) -> str:
    """What songs are the same by."""
    return f"{normalise_name(song.artist)}|{normalise_name(song.title)}"[:700]


class Songs:
    """Songs and the answers of catalogues."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def answer(self, key: str, catalogue: str, since: datetime) -> tuple[bool, Mapping[str, Any] | None]:
        """Whether this catalogue has been asked since then, and what it said: a finding, or None."""
        which = (lookups.c.key == key, lookups.c.catalogue == catalogue, lookups.c.fetched_at > since)
        with self.database.reading() as connection:
            row = connection.execute(select(lookups.c.finding).where(*which)).first()
        return (False, None) if row is None else (True, row.finding)

    def keep_answer(self, key: str, catalogue: str, finding: Mapping[str, Any] | None, now: datetime) -> None:
        """Keep what a catalogue said."""
        with self.database.writing() as connection:
            which = (lookups.c.key == key, lookups.c.catalogue == catalogue)
            values = {"finding": None if finding is None else dict(finding), "fetched_at": now}
            if connection.execute(update(lookups).where(*which).values(**values)).rowcount == 0:
                add_new(connection, lookups, [{"key": key, "catalogue": catalogue, **values}])

    def forget_answers(self, before: datetime) -> int:
        """Drop the answers that are too old to be used; how many."""
        with self.database.writing() as connection:
            return connection.execute(delete(lookups).where(lookups.c.fetched_at <= before)).rowcount

    def facts(self, song_id: int) -> list[Found]:
        """What is known of a song, by name and source."""
        order = (attributes.c.name, attributes.c.source)
        with self.database.reading() as connection:
            return list(connection.execute(select(attributes).where(attributes.c.song_id == song_id).order_by(*order)))


def keep_song(connection: Connection, song: Song, facts: Sequence[Fact], now: datetime) -> int:
    """The song's id; what the same sources said before is replaced."""
    key = song_key(song)
    add_new(connection, songs, [{"artist": clean(song.artist, 300), "title": clean(song.title, 300), "key": key}])
    song_id = int(connection.execute(select(songs.c.id).where(songs.c.key == key)).scalar_one())
    connection.execute(select(songs.c.id).where(songs.c.id == song_id).with_for_update())  # one at a time for each song
    said = {fact.source for fact in facts}
    connection.execute(delete(attributes).where(attributes.c.song_id == song_id, attributes.c.source.in_(said)))
    for fact in facts:
        columns = {"name": fact.name, "value": fact.value, "source": fact.source, "licence": fact.licence}
        connection.execute(
            insert(attributes).values(song_id=song_id, may_train=fact.may_train, fetched_at=now, **columns)
        )
    return song_id
