"""Bluesky: the home timeline, who mentions the bot, and posting, each post under a key of our own so that it cannot be there twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from deephypebot.errors import InputError, Refused
from deephypebot.services import Payload, Poll, Sent
from deephypebot.services.bluesky_account import Account
from deephypebot.services.bluesky_text import POST, build_record, build_tid, count_graphemes
from deephypebot.settings import BlueskySettings
from deephypebot.types import Entry, Link

LONGEST, LONGEST_BYTES = 300, 3000  # graphemes and bytes of a post (lexicon app.bsky.feed.post)
PAGE, MOST_PAGES, LIKES_AT_ONCE = 100, 10, 25
KNOWN = 400  # addresses that a cursor remembers
OVERLAP = timedelta(minutes=10)  # posts may be shown a little out of order
Json = Mapping[str, Any]


class _Feed:
    """What home and notifications share: pages from the newest back to what is known. The cursor: the newest time, and addresses seen."""

    def __init__(self, settings: BlueskySettings) -> None:
        self.account = Account(settings)

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What is new, at most `limit`."""
        since, seen = _read_cursor(cursor)
        newest, uris, entries = since, list[str](), list[Entry]()
        for view in self._views(since):
            at, uri = _time(view.get("indexedAt")), view.get("uri")
            if not isinstance(uri, str) or uri in seen or uri in uris:
                continue
            uris.append(uri)
            newest = max(newest, at)
            entry = self._entry(view)
            if entry is not None:
                entries.append(entry)
            if len(entries) >= limit:
                break
        kept = [newest.isoformat(), (uris + [uri for uri in seen if uri not in uris])[:KNOWN]]
        return Poll(tuple(reversed(entries)), json.dumps(kept) if newest > EPOCH else cursor)

    def _views(self, since: datetime) -> Iterator[Json]:
        """Posts as they are shown, the newest first, back to a little before `since`; of a feed that was never read one page."""
        cursor: dict[str, Any] = {}
        for _ in range(MOST_PAGES if since > EPOCH else 1):
            answer = self._page(cursor)
            views = [view for view in map(self._view, _dicts(answer.get(self.rows))) if view is not None]
            yield from views
            times = [at for view in views if (at := _time(view.get("indexedAt"))) > EPOCH]
            if not isinstance(answer.get("cursor"), str) or (times and min(times) < since - OVERLAP) or not views:
                return
            cursor = {"cursor": answer["cursor"]}

    rows = ""

    def _page(self, cursor: dict[str, Any]) -> Json:
        raise NotImplementedError

    def _view(self, row: Json) -> Json | None:
        raise NotImplementedError

    def _entry(self, view: Json) -> Entry | None:
        raise NotImplementedError


class BlueskyHome(_Feed):
    """Implements services.Watcher over the home timeline. Reposts are left out; so are posts that mention the bot: they are notifications."""

    rows = "feed"

    def _page(self, cursor: dict[str, Any]) -> Json:
        return self.account.ask("app.bsky.feed.getTimeline", limit=PAGE, **cursor)

    def _view(self, row: Json) -> Json | None:
        post = row.get("post")
        return post if isinstance(post, dict) and "reason" not in row else None

    def _entry(self, view: Json) -> Entry | None:
        author = _dict(view.get("author"))
        if author.get("did") == self.account.did or self.account.did in _mentioned(_dict(view.get("record"))):
            return None
        return parse_post(view, asks_us=False)


class BlueskyNotifications(_Feed):
    """Implements services.Watcher over mentions of the bot."""

    rows = "notifications"

    def _page(self, cursor: dict[str, Any]) -> Json:
        return self.account.ask("app.bsky.notification.listNotifications", limit=PAGE, **cursor)

    def _view(self, row: Json) -> Json | None:
        return row

    def _entry(self, view: Json) -> Entry | None:
        is_mention = self.account.did in _mentioned(_dict(view.get("record")))
        return parse_post(view, asks_us=True) if view.get("reason") in ("mention", "reply") and is_mention else None


def parse_post(view: Json, asks_us: bool) -> Entry | None:
    """The entry of a post as it is shown; None for one that lacks what it must have."""
    record, author = _dict(view.get("record")), _dict(view.get("author"))
    uri, handle, text = view.get("uri"), author.get("handle"), record.get("text")
    if not (isinstance(uri, str) and isinstance(handle, str) and isinstance(text, str)) or not uri.startswith("at://"):
        return None
    url = f"https://bsky.app/profile/{handle}/post/{uri.rpartition('/')[2]}"
    thread = _thread(view, record, author) if asks_us else _strings(author, "did", "handle")
    at = _time(view.get("indexedAt"))
    return Entry("bluesky", uri, text, at, handle, url, tuple(_links(record)), (), asks_us, thread)


def _thread(view: Json, record: Json, author: Json) -> dict[str, str]:
    root = _dict(_dict(record.get("reply")).get("root"))
    roots = {f"root_{name}": value for name, value in _strings(root, "uri", "cid").items()}
    return _strings(view, "uri", "cid") | roots | _strings(author, "did", "handle")


def _links(record: Json) -> Iterator[Link]:
    embed = _dict(record.get("embed"))
    external = _dict(embed.get("external") or _dict(embed.get("media")).get("external"))
    card = _strings(external, "uri", "title", "description")
    if "uri" in card:
        yield Link(card["uri"], card.get("title", ""), _host(card["uri"]), card.get("description", ""))
    for feature in _features(record):
        if isinstance(uri := feature.get("uri"), str) and uri != card.get("uri"):
            yield Link(uri)


def _features(record: Json) -> Iterator[Json]:
    for facet in _dicts(record.get("facets")):
        yield from _dicts(facet.get("features"))


def _mentioned(record: Json) -> set[object]:
    return {did for feature in _features(record) if isinstance(did := feature.get("did"), str)}


class Bluesky:
    """Implements services.Publisher (docs.bsky.app/docs/api/com-atproto-repo-put-record)."""

    network, longest, unit = "bluesky", LONGEST, "graphemes"
    idempotent_for_s, can_edit, likes_teach = float("inf"), False, True

    def __init__(self, settings: BlueskySettings) -> None:
        self.account = Account(settings)

    def length(self, text: str) -> int:
        return count_graphemes(text)

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        length, size = self.length(text), len(text.encode())
        if length > LONGEST or size > LONGEST_BYTES:
            raise InputError(f"text has {length} graphemes, {size} bytes; allowed are {LONGEST} and {LONGEST_BYTES}")
        return {"rkey": build_tid(at, key), "record": build_record(text, at, thread or {})}

    def send(self, payload: Payload) -> Sent:
        """putRecord: the same record under the same key changes nothing, while createRecord would answer with a server error."""
        where = {"repo": self.account.did, "collection": POST, "rkey": payload["rkey"]}
        answer = self.account.tell("com.atproto.repo.putRecord", record=payload["record"], **where)
        return self._sent(str(answer.get("uri") or f"at://{where['repo']}/{POST}/{payload['rkey']}"))

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        where = {"repo": self.account.did, "collection": POST, "rkey": payload["rkey"]}
        try:
            answer = self.account.ask("com.atproto.repo.getRecord", **where)
        except Refused:
            return None
        return self._sent(str(answer.get("uri")))

    def edit(self, uri: str, payload: Payload) -> Sent:
        raise Refused("bluesky does not show posts that were changed; a correction is a new post")

    def delete(self, uri: str) -> None:
        self.account.tell(
            "com.atproto.repo.deleteRecord", repo=self.account.did, collection=POST, rkey=uri.rpartition("/")[2]
        )

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for at in range(0, len(uris), LIKES_AT_ONCE):
            answer = self.account.ask("app.bsky.feed.getPosts", uris=list(uris[at : at + LIKES_AT_ONCE]))
            for post in _dicts(answer.get("posts")):
                if isinstance(post.get("uri"), str) and isinstance(post.get("likeCount"), int):
                    counts[post["uri"]] = post["likeCount"]
        return counts

    def check(self) -> str:
        return f"signed in as {self.account.settings.handle} ({self.account.did})"

    def _sent(self, uri: str) -> Sent:
        return Sent(uri, f"https://bsky.app/profile/{self.account.settings.handle}/post/{uri.rpartition('/')[2]}")


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read_cursor(cursor: str | None) -> tuple[datetime, list[str]]:
    try:
        at, seen = json.loads(cursor or "")
        return _time(at), [str(uri) for uri in seen]
    except (ValueError, TypeError):
        return EPOCH, []


def _time(value: object) -> datetime:
    """A time as servers write it; the epoch for what is none, and now for one that is still to come."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return EPOCH
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(at.astimezone(UTC), datetime.now(UTC)) if at.year < 9000 else EPOCH


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _strings(row: Json, *names: str) -> dict[str, str]:
    return {name: value for name in names if isinstance(value := row.get(name), str)}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
