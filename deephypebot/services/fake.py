"""A network that is none: it plays the roles of a real one, with its faults, for the demo and the tests.

What is public lives in a SQLite file, so that several processes see the same network, and a worker that is killed leaves it as it was.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deephypebot.errors import InputError, Limited, Refused, Unsure
from deephypebot.services import Payload, Poll, Sent
from deephypebot.types import Entry, Link

TABLES = """
CREATE TABLE IF NOT EXISTS feed (id INTEGER PRIMARY KEY, entry TEXT);
CREATE TABLE IF NOT EXISTS post (id INTEGER PRIMARY KEY, key TEXT UNIQUE, text TEXT, at TEXT, likes INTEGER DEFAULT 0, gone INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, kind TEXT, key TEXT)
"""
Fault = Callable[[str, int], str | None]
"""(kind of request, its number) -> None, or "lost": done but not answered; "limited": not done; "refused"; "broken": not done, not answered"""


class FakeNetwork:
    """The network itself. path: of its file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.open() as connection:
            connection.executescript(TABLES)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose work is kept whole or not at all."""
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def say(self, entry: Entry) -> None:
        """Somebody posts something that the bot will see."""
        links = [[link.url, link.title, link.site] for link in entry.links]
        row = [entry.uri, entry.text, entry.posted_at.isoformat(), entry.author, entry.url, links, entry.asks_us]
        with self.open() as connection:
            connection.execute("INSERT INTO feed (entry) VALUES (?)", (json.dumps(row),))

    def public(self) -> list[str]:
        """The texts that the bot has public, oldest first."""
        with self.open() as connection:
            return [text for (text,) in connection.execute("SELECT text FROM post WHERE gone = 0 ORDER BY id")]

    def like(self, uri: str, count: int) -> None:
        """So many like it now."""
        with self.open() as connection:
            connection.execute("UPDATE post SET likes = ? WHERE id = ?", (count, _number(uri)))


class FakeWatcher:
    """Implements services.Watcher. The cursor is the number of the last post that was read."""

    def __init__(self, network: FakeNetwork, name: str = "fake") -> None:
        self.network, self.name = network, name

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What was said since."""
        query = "SELECT id, entry FROM feed WHERE id > ? ORDER BY id DESC LIMIT ?"
        with self.network.open() as connection:
            rows = connection.execute(query, (int(cursor or 0), limit)).fetchall()
        entries = tuple(self._entry(*json.loads(entry)) for _, entry in reversed(rows))
        return Poll(entries, str(rows[0][0]) if rows else cursor)

    def _entry(
        self, uri: str, text: str, at: str, author: str, url: str, links: list[list[str]], asks_us: bool
    ) -> Entry:
        cards = tuple(Link(*link) for link in links)
        return Entry(self.name, uri, text, datetime.fromisoformat(at), author, url, cards, asks_us=asks_us)


class FakePublisher:
    """Implements services.Publisher. idempotent_for_s: 0 plays X, 3000 plays Mastodon; fault: what goes wrong with a request."""

    longest, unit, can_edit, likes_teach = 500, "characters", True, True

    def __init__(
        self,
        network: FakeNetwork,
        name: str = "fake",
        idempotent_for_s: float = float("inf"),
        fault: Fault = lambda kind, number: None,
    ) -> None:
        self._network, self.network = network, name
        self.idempotent_for_s, self.fault = idempotent_for_s, fault
        self._lock = threading.Lock()

    def length(self, text: str) -> int:
        return len(text)

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        if self.length(text) > self.longest:
            raise InputError(f"text has {self.length(text)} {self.unit}; allowed are at most {self.longest}")
        return {"text": text, "key": str(key), "at": at.isoformat(), "thread": dict(thread or {})}

    def send(self, payload: Payload) -> Sent:
        """Without idempotence each sending is another post, as at a network that knows no keys."""
        fault = self._request("send", payload["key"])
        with self._network.open() as connection:
            key = payload["key"] if self.idempotent_for_s else None
            now = datetime.now(UTC).isoformat()
            insert = "INSERT INTO post (key, text, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            connection.execute(insert, (key, payload["text"], now))
            which = "key = ?" if key else "id = last_insert_rowid() AND ? IS NULL"
            (number,) = connection.execute(f"SELECT id FROM post WHERE {which}", (key,)).fetchone()
        if fault == "lost":
            raise Unsure("the answer was lost")
        return _sent(self.network, number)

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        self._request("find", payload["key"])
        with self._network.open() as connection:
            query = "SELECT id FROM post WHERE text = ? AND gone = 0 ORDER BY id DESC"
            row = connection.execute(query, (payload["text"],)).fetchone()
        return _sent(self.network, row[0]) if row else None

    def edit(self, uri: str, payload: Payload) -> Sent:
        if not self.can_edit:
            raise Refused("posts cannot be changed here")
        self._request("edit", payload["key"])
        with self._network.open() as connection:
            connection.execute("UPDATE post SET text = ? WHERE id = ?", (payload["text"], _number(uri)))
        return _sent(self.network, _number(uri))

    def delete(self, uri: str) -> None:
        self._request("delete", uri)
        with self._network.open() as connection:
            connection.execute("UPDATE post SET gone = 1 WHERE id = ?", (_number(uri),))

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        self._request("likes", "")
        with self._network.open() as connection:
            counts = dict(connection.execute("SELECT id, likes FROM post WHERE gone = 0"))
        return {uri: counts[_number(uri)] for uri in uris if _number(uri) in counts}

    def check(self) -> str:
        return f"nobody, at {self._network.path.name}"

    def _request(self, kind: str, key: str) -> str | None:
        """Count it, and let go wrong what is to go wrong."""
        with self._lock, self._network.open() as connection:
            connection.execute("INSERT INTO request (kind, key) VALUES (?, ?)", (kind, key))
            (number,) = connection.execute("SELECT COUNT(*) FROM request").fetchone()
        match fault := self.fault(kind, number):
            case "limited":
                raise Limited("too many requests", 2.0)
            case "refused":
                raise Refused("not allowed")
            case "broken":
                raise Unsure("no answer")
        return fault


def _sent(network: str, number: int) -> Sent:
    return Sent(f"{network}:{number}", f"https://{network}.example/{number}")


def _number(uri: str) -> int:
    return int(uri.rpartition(":")[2])
