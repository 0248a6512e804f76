"""Outside services: one file each. Here are the roles that they play, as Protocols.

A new network is one file here, one line in opened.py, and the contract test of its role. Services never see the database: what
they must remember is a cursor that they hand out, or a payload that they are given again. Each method raises errors.ServiceError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from deephypebot.types import Document, Entry, Song

Payload = dict[str, Any]  # what JSON can hold: it waits in the outbox


@dataclass(frozen=True)
class Match:
    """An artist that a catalogue knows. genres: the most fitting first; country: ISO 3166, "" if unknown; source: the catalogue."""

    name: str
    genres: tuple[str, ...]
    country: str
    source: str


class Catalogue(Protocol):
    """Knows artists."""

    def find(self, artist: str) -> Match | None:
        """The artist of this name, None if unknown."""
        ...


@dataclass(frozen=True)
class Finding:
    """What a catalogue knows of a song.

    song: as the catalogue spells it, None where it knows no more than the artist; genres: the most fitting first; features: of
    types.FEATURES and others, by name; ids: of the song by the name of the id ("mbid", "isrc", "spotify", ...); licence: of these facts,
    as they may be passed on; may_train: whether a model may learn from them; url: where people find the song, "" if nowhere.
    """

    source: str
    licence: str
    may_train: bool
    song: Song | None = None
    genres: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    country: str = ""
    url: str = ""


class SongCatalogue(Protocol):
    """Knows songs."""

    name: str

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """What it knows of this very song, None if it does not know it: never merely the first hit.

        ids: what is known already, such as the "url" that a post links to or the "spotify" id that another catalogue gave.
        """
        ...


@dataclass(frozen=True)
class Poll:
    """What a watcher read. cursor: to be given at the next poll, also where there were no entries."""

    entries: tuple[Entry, ...]
    cursor: str | None


@dataclass(frozen=True)
class Haul:
    """What one look into an archive gave. documents: texts that it has itself; pages: addresses of pages to read; cursor: to be given
    at the next look, None where there is no more."""

    documents: tuple[Document, ...] = ()
    pages: tuple[str, ...] = ()
    cursor: str | None = None


class Archive(Protocol):
    """Holds writing about music, or knows where it is: a source of the corpus."""

    def look(self, cursor: str | None) -> Haul:
        """One request's worth, from the cursor of the haul before; None for the first. The same cursor gives the same haul."""
        ...


class Watcher(Protocol):
    """Reads a feed."""

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """At most `limit` entries after the cursor, oldest first, none by the bot itself; without a cursor the newest ones.

        Where more have come than the limit, the newest are read and the others passed over: a bot that was away does not catch up for days.
        """
        ...


@dataclass(frozen=True)
class Sent:
    """A post that is public. uri: the network's name of it; url: where people read it."""

    uri: str
    url: str


class Publisher(Protocol):
    """Posts texts.

    longest: of a text, in what `length` counts; unit: what that is ("graphemes", "characters" or "weighted", as X counts);
    idempotent_for_s: how long after the first try the same payload may be sent again without there being two posts, 0 for never;
    can_edit: whether a post can be changed in place; likes_teach: whether its likes may teach a model.
    """

    network: str
    longest: int
    unit: str
    idempotent_for_s: float
    can_edit: bool
    likes_teach: bool

    def length(self, text: str) -> int:
        """How long the network thinks the text is."""
        ...

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        """All that will be sent, down to the last byte; touches no network.

        key: of the row in the outbox, there is only one of it; thread: of the entry that is answered. Raises InputError for a text that
        the network does not take.
        """
        ...

    def send(self, payload: Payload) -> Sent:
        """Make it public. Raises Unsure where it may have become so."""
        ...

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        """The post that sending the payload made, None where there is none. Raises Unsure where that cannot be told."""
        ...

    def edit(self, uri: str, payload: Payload) -> Sent:
        """Put another text in its place. Raises Refused where can_edit is false."""
        ...

    def delete(self, uri: str) -> None:
        """Take it back; one that is gone already is well deleted."""
        ...

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        """How many like each post now; those that are gone are left out."""
        ...

    def check(self) -> str:
        """Sign in and say as whom, for `doctor`."""
        ...


class Purse(Protocol):
    """Money for a service that costs: a limit a day that cannot be exceeded."""

    def reserve(self, dollars: float) -> None:
        """Before a request: the most that it can cost. Raises Limited where that is more than is left."""
        ...

    def settle(self, reserved: float, spent: float) -> None:
        """After it: what it has cost."""
        ...


class Sheet(Protocol):
    """A table that people edit: a Google Sheet. Rows are texts by the name of their column."""

    def rows(self) -> list[dict[str, str]]:
        """All rows, top to bottom."""
        ...

    def append(self, rows: Sequence[Mapping[str, str]]) -> None:
        """New rows at the end."""
        ...


class Notice(Protocol):
    """Tells the curator something."""

    def tell(self, subject: str, text: str) -> None:
        """By mail or by a webhook."""
        ...
