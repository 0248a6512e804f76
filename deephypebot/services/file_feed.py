"""A feed in a file, or on stdin: a post a line, as JSON or as plain text."""

from __future__ import annotations

import hashlib
import json
import queue
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from deephypebot.errors import Refused
from deephypebot.services import Poll
from deephypebot.types import Entry, Link, Song

LONGEST_LINE = 200_000  # bytes
HEAD = 256  # bytes by which a file is known again


class FileFeed:
    """Implements services.Watcher. The cursor is how far the file has been read, and what it began with: another file starts anew.

    A line {"text": ..., "id": ..., "author": ..., "url": ..., "links": [{"url": ..., "title": ..., "site": ...}], "posted_at": ...}; all but
    the text may be missing. A last line without its end waits until it is whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """The next lines. Raises Refused where the file cannot be read."""
        try:
            with self.path.open("rb") as file:
                start, head, length = _place(cursor)
                file.seek(start if head == _head(file, length) else 0)
                entries = _read(file, limit, self.path.name)
                at = file.tell()
                length = min(HEAD, at)
                head = _head(file, length)
        except OSError as error:
            raise Refused(f"feed file {self.path}: {error.strerror}") from error
        return Poll(tuple(entries), json.dumps([at, head, length]) if at else cursor)


class StdinFeed:
    """Implements services.Watcher over lines that come on stdin; a thread waits for them. They have no cursor."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self.lines: queue.Queue[bytes] = queue.Queue(1000)
        self.number = 0
        source = file or sys.stdin.buffer
        threading.Thread(target=self._listen, args=[source], daemon=True, name="stdin").start()

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What has come so far."""
        entries: list[Entry] = []
        while len(entries) < limit and not self.lines.empty():
            if entry := parse_line(self.lines.get(), "stdin"):
                entries.append(entry)
        return Poll(tuple(entries), cursor)

    def _listen(self, source: IO[bytes]) -> None:
        for line in source:
            self.lines.put(line[:LONGEST_LINE])


def _place(cursor: str | None) -> tuple[int, str, int]:
    try:
        at, head, length = json.loads(cursor or "")
        return int(at), str(head), int(length)
    except (ValueError, TypeError):
        return 0, "", 0


def _head(file: IO[bytes], length: int) -> str:
    """A file that grows keeps its head; one that was replaced has another."""
    file.seek(0)
    return hashlib.blake2b(file.read(length), digest_size=8).hexdigest()


def _read(file: IO[bytes], limit: int, name: str) -> list[Entry]:
    """At most `limit` entries; the file is left at the start of the line after them."""
    entries: list[Entry] = []
    while len(entries) < limit:
        at = file.tell()
        line = file.readline()
        if not line.endswith(b"\n"):
            file.seek(at)
            break
        if entry := parse_line(line[:LONGEST_LINE], name):
            entries.append(entry)
    return entries


def parse_line(line: bytes, name: str) -> Entry | None:
    """The entry of a line; None for one that says nothing or is not to be understood. The same line is the same entry."""
    text = line.decode("utf-8", "replace").strip()
    if not text:
        return None
    row: Any = {"text": text}
    if text.startswith("{"):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if "trackName" in row:
            row = {"text": text}
    if not isinstance(row.get("text"), str):
        return None
    key = str(row.get("id") or hashlib.blake2b(line, digest_size=12).hexdigest())
    url, author = (value if isinstance(value := row.get(field), str) else "" for field in ("url", "author"))
    songs = tuple(Song(s["artist"], s["title"]) for s in _dicts(row.get("songs")) if _has_texts(s, "artist", "title"))
    return Entry(
        "file", f"file:{name}:{key}", row["text"], _time(row.get("posted_at")), author, url, _links(row), songs
    )


def _links(row: dict[str, Any]) -> tuple[Link, ...]:
    keys = ("url", "title", "site", "description")
    cards = [
        {key: value for key in keys if isinstance(value := card.get(key), str)} for card in _dicts(row.get("links"))
    ]
    return tuple(Link(**card) for card in cards if "url" in card)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _has_texts(row: dict[str, Any], *keys: str) -> bool:
    return all(isinstance(row.get(key), str) for key in keys)


def _time(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
