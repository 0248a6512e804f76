"""Values of deephypebot.types as columns, and back. Texts lose what no database keeps: null characters and lone surrogates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deephypebot.store.lease import Found
from deephypebot.types import Entry, Link, Song

LONGEST_TEXT, LONGEST_URL, MOST_LINKS = (
    20_000,
    2_000,
    50,
)  # characters, characters, links: no post that people read is longer


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """As it can be kept."""
    return text[:longest].encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def entry_columns(entry: Entry, feed: str, now: datetime) -> dict[str, Any]:
    """A new row of `entries`."""
    links = [link for link in entry.links[:MOST_LINKS] if len(link.url) <= LONGEST_URL]
    return {
        "feed": feed,
        "network": entry.network,
        "uri": clean(entry.uri, 700),
        "author": clean(entry.author, 300),
        "url": clean(entry.url, LONGEST_URL),
        "text": clean(entry.text),
        "links": [
            {
                "url": clean(link.url),
                "title": clean(link.title, 1000),
                "site": clean(link.site, 200),
                "description": clean(link.description, 1000),
            }
            for link in links
        ],
        "songs": [{"artist": clean(s.artist, 300), "title": clean(s.title, 300)} for s in entry.songs[:MOST_LINKS]],
        "asks_us": entry.asks_us,
        "thread": {clean(key, 100): clean(value, 2000) for key, value in entry.thread.items()},
        "posted_at": entry.posted_at,
        "found_at": now,
        "state": "new",
        "due_at": now,
    }


def entry_of(row: Found) -> Entry:
    """The entry of a row of `entries`."""
    links = tuple(Link(**link) for link in row.links)
    songs = tuple(Song(**song) for song in row.songs)
    return Entry(
        row.network, row.uri, row.text, row.posted_at, row.author, row.url, links, songs, row.asks_us, dict(row.thread)
    )
