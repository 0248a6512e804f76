"""RSS and Atom feeds: read only when they have changed, each item once."""

from __future__ import annotations

import calendar
import hashlib
import io
import json
import warnings
from datetime import UTC, datetime
from typing import Any

import feedparser

from deephypebot.http import Http
from deephypebot.services import Poll
from deephypebot.services.html_text import parse_html
from deephypebot.types import Entry, Link

KNOWN = 500  # items that a cursor remembers; a feed has seldom more than a hundred
LONGEST_ITEM = 5000


class RssFeed:
    """Implements services.Watcher. The cursor: the feed's ETag and Last-Modified, and the items that were seen."""

    def __init__(self, url: str, http: Http) -> None:
        self.url, self.http = url, http

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """Items that are new, at most `limit`."""
        tag, modified, seen = _read_cursor(cursor)
        headers = {"if-none-match": tag, "if-modified-since": modified}
        answer = self.http.get(self.url, headers={name: value for name, value in headers.items() if value})
        if answer.status == 304:
            return Poll((), cursor)
        items = parse_feed(answer.body, self.url)
        new = [(key, entry) for key, entry in items if key not in seen]
        entries = tuple(entry for _, entry in reversed(new[:limit]))
        keys = [key for key, _ in items] + [key for key in seen if key not in dict(items)]
        kept = [answer.headers.get("etag", "")[:300], answer.headers.get("last-modified", "")[:100], keys[:KNOWN]]
        return Poll(entries, json.dumps(kept))


def parse_feed(body: bytes, url: str) -> list[tuple[str, Entry]]:
    """Items with a key for each, the newest first as feeds have them; none where it is no feed. feedparser expands no entities."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feed = feedparser.parse(io.BytesIO(body))  # bare bytes are taken for the name of a file first
    found = []
    for item in feed.entries[:KNOWN]:
        entry = _entry(item, url)
        if entry is not None:
            found.append((hashlib.blake2b(entry.uri.encode("utf-8", "replace"), digest_size=8).hexdigest(), entry))
    return found


def _entry(item: Any, url: str) -> Entry | None:
    title, _ = parse_html(_text(item, "title"))
    summary, hrefs = parse_html(_text(item, "summary"))
    link = _text(item, "link")
    if not title and not summary:
        return None
    key = (
        _text(item, "id")
        or link
        or hashlib.blake2b(f"{title}{summary}".encode("utf-8", "replace"), digest_size=12).hexdigest()
    )
    links = tuple(Link(href) for href in hrefs if href.startswith("http"))
    return Entry(
        "rss",
        f"rss:{key}"[:700],
        (title or summary)[:LONGEST_ITEM],
        _time(item),
        _text(item, "author")[:200],
        link,
        links,
    )


def _text(item: Any, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _time(item: Any) -> datetime:
    parsed = dict.get(item, "published_parsed") or dict.get(item, "updated_parsed")
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed or ()), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def _read_cursor(cursor: str | None) -> tuple[str, str, list[str]]:
    try:
        tag, modified, seen = json.loads(cursor or "")
        return str(tag), str(modified), [str(key) for key in seen]
    except (ValueError, TypeError):
        return "", "", []
