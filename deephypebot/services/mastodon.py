"""Mastodon and servers that speak its API: home, a hashtag, who mentions the bot, and posting with a key that the server knows for an hour."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import requests
from mastodon import Mastodon as Client
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonUnauthorizedError,
)

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.services import Payload, Poll, Sent
from deephypebot.services.html_text import parse_html
from deephypebot.settings import FeedSettings, MastodonSettings
from deephypebot.types import Entry, Link

T = TypeVar("T")
TIMEOUT_S, AWAY_S, REST_S = 30.0, 30.0, 300.0
PAGE, MOST_PAGES, OWN = 40, 6, 40
LONGEST, LINK_LENGTH = 500, 23  # characters of a post; what each address counts (docs.joinmastodon.org/user/posting)
URL = re.compile(r"https?://[^\s]+")
MENTION = re.compile(r"(@[\w.-]+)@[\w.-]+\w")
KEPT_S = 50 * 60.0  # the server keeps an Idempotency-Key for up to an hour (docs.joinmastodon.org/methods/statuses)
EARLIER = timedelta(minutes=5)  # clocks differ


class Account:
    """Asks a server in the name of the account, and tells what each fault says about what was done."""

    def __init__(self, settings: MastodonSettings) -> None:
        if not settings.server or not settings.token.get_secret_value():
            raise InputError("mastodon.server or mastodon.token is missing; give both, the server as https://...")
        self.settings = settings
        self.local = threading.local()
        session = requests.Session()
        session.hooks["response"].append(self._remember)
        self.client = Client(
            access_token=settings.token.get_secret_value(),
            api_base_url=settings.server,
            request_timeout=TIMEOUT_S,
            ratelimit_method="throw",
            version_check_mode="none",
            session=session,
            user_agent="deephypebot",
        )
        self._lock = threading.Lock()
        self._own: Mapping[str, Any] | None = None

    def own(self) -> Mapping[str, Any]:
        """The account itself. Raises ServiceError."""
        with self._lock:
            if self._own is None:
                self._own = self.ask(lambda client: client.account_verify_credentials())
            return self._own

    def ask(self, act: Callable[[Any], T]) -> T:
        """What the server answers. Raises ServiceError."""
        self.local.wait_s = None
        try:
            return act(self.client)
        except MastodonError as error:
            raise self._fault(error) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unsure(f"mastodon: an answer that is not to be understood ({type(error).__name__})") from error

    def _remember(self, response: requests.Response, *args: object, **kwargs: object) -> None:
        if response.status_code == 429:
            self.local.wait_s = _wait_s(response.headers)

    def _fault(self, error: MastodonError) -> ServiceError:
        said = f"mastodon: {_said(error)}"
        match error:
            case MastodonRatelimitError():
                return Limited(said, self.local.wait_s or 60.0)
            case MastodonNetworkError():
                is_away = (
                    re.search(r"NewConnection|Refused|NameResolution|getaddrinfo", repr(error.__context__)) is not None
                )
                return Limited("mastodon cannot be reached", AWAY_S) if is_away else Unsure("mastodon: no answer")
            case MastodonUnauthorizedError():
                return SignInRefused(said)
            case MastodonAPIError(args=(_, int() as status, *_)):
                if status == 403:
                    return SignInRefused(said)
                return Unsure(said) if status >= 500 or status in (408, 409, 425) else Refused(said)
            case _:
                return Unsure(said)


def _said(error: MastodonError) -> str:
    """What the server said, without what was sent."""
    parts = [str(part) for part in error.args[1:]] if len(error.args) >= 3 else [type(error).__name__]
    return " ".join(parts)[:300]


def _wait_s(headers: Mapping[str, str]) -> float:
    """Retry-After in seconds, else until the limit is reset."""
    try:
        return max(1.0, float(headers["Retry-After"]))
    except (KeyError, ValueError):
        pass
    try:
        reset = datetime.fromisoformat(headers["X-RateLimit-Reset"])
        return max(1.0, (reset - datetime.now(UTC)).total_seconds())
    except (KeyError, ValueError, TypeError):
        return 60.0


class _Feed:
    """What the feeds share: the cursor is the newest number that was seen."""

    def __init__(self, settings: MastodonSettings, feed: FeedSettings) -> None:
        self.account, self.feed = Account(settings), feed

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What is new, at most `limit`, the newest."""
        own = str(self.account.own().get("id"))
        newest, entries = cursor, list[Entry]()
        for row in self._rows(cursor, limit):
            number = str(row.get("id", ""))
            newest = number if newest is None or _order(number) > _order(newest) else newest
            status = self._status(row)
            if status is None or status.get("reblog") or str(_dict(status.get("account")).get("id")) == own:
                continue
            if (entry := parse_status(status, self.asks_us)) and len(entries) < limit:
                entries.append(entry)
        return Poll(tuple(reversed(entries)), newest)

    asks_us = False

    def _rows(self, cursor: str | None, limit: int) -> Iterator[Mapping[str, Any]]:
        """The newest first, back to the cursor; of a feed that was never read one page."""
        before: str | None = None
        taken = 0
        for _ in range(MOST_PAGES if cursor else 1):
            found = self.account.ask(lambda client, before=before: self._page(client, cursor, before))  # type: ignore[misc]
            page = [row for row in found if isinstance(row, dict)]
            yield from page
            taken += len(page)
            if len(page) < PAGE or taken >= limit:
                return
            before = str(page[-1].get("id"))

    def _page(self, client: Any, since: str | None, before: str | None) -> list[Any]:
        raise NotImplementedError

    def _status(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return row


class MastodonHome(_Feed):
    """Implements services.Watcher over the home timeline; boosts are left out."""

    def _page(self, client: Any, since: str | None, before: str | None) -> list[Any]:
        return list(client.timeline_home(since_id=since, max_id=before, limit=PAGE))


class MastodonHashtag(_Feed):
    """Implements services.Watcher over a hashtag."""

    def _page(self, client: Any, since: str | None, before: str | None) -> list[Any]:
        return list(client.timeline_hashtag(self.feed.hashtag.lstrip("#"), since_id=since, max_id=before, limit=PAGE))


class MastodonNotifications(_Feed):
    """Implements services.Watcher over mentions of the bot."""

    asks_us = True

    def _page(self, client: Any, since: str | None, before: str | None) -> list[Any]:
        return list(client.notifications(types=["mention"], since_id=since, max_id=before, limit=PAGE))

    def _status(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return _dict(row.get("status")) if row.get("type") == "mention" else None


def parse_status(status: Mapping[str, Any], asks_us: bool) -> Entry | None:
    """The entry of a post; None for one that lacks what it must have."""
    uri, content, account = status.get("uri"), status.get("content"), _dict(status.get("account"))
    acct, number = account.get("acct"), status.get("id")
    if not (isinstance(uri, str) and isinstance(content, str) and isinstance(acct, str)) or not uri or number is None:
        return None
    text, hrefs = parse_html(content)
    card = {
        name: value
        for name in ("url", "title", "provider_name", "description")
        if isinstance(value := _dict(status.get("card")).get(name), str)
    }
    links = (
        [Link(card["url"], card.get("title", ""), card.get("provider_name", ""), card.get("description", ""))]
        if "url" in card
        else []
    )
    links += [Link(href) for href in hrefs if href != card.get("url")]
    at = status.get("created_at")
    posted_at = at.astimezone(UTC) if isinstance(at, datetime) else datetime.now(UTC)
    thread = (
        {"in_reply_to_id": str(number), "acct": acct, "visibility": str(status.get("visibility") or "")}
        if asks_us
        else {}
    )
    url = status.get("url") if isinstance(status.get("url"), str) else ""
    return Entry("mastodon", uri, text, posted_at, acct, str(url), tuple(links), (), asks_us, thread)


class Mastodon:
    """Implements services.Publisher."""

    network, longest, unit = "mastodon", LONGEST, "characters"
    idempotent_for_s, can_edit, likes_teach = KEPT_S, True, True

    def __init__(self, settings: MastodonSettings) -> None:
        self.account, self.settings = Account(settings), settings

    def length(self, text: str) -> int:
        """As the server counts: an address is 23 characters, and of a mention its server counts nothing."""
        return len(MENTION.sub(r"\1", URL.sub("x" * LINK_LENGTH, text)))

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        thread = thread or {}
        if acct := thread.get("acct", "") if thread.get("in_reply_to_id") else "":
            text = f"@{acct} {text}" if f"@{acct}" not in text else text
        if (length := self.length(text)) > LONGEST:
            raise InputError(
                f"text has {length} characters, with the mention of who asked; allowed are at most {LONGEST}"
            )
        visibility = self.settings.visibility
        if thread.get("visibility") in ("unlisted", "private", "direct"):
            visibility = thread["visibility"]  # type: ignore[assignment]
        return {
            "status": text,
            "visibility": visibility,
            "language": self.settings.language,
            "in_reply_to_id": thread.get("in_reply_to_id"),
            "idempotency_key": f"deephypebot-{key}-{at.timestamp():.6f}",
        }

    def send(self, payload: Payload) -> Sent:
        status = self.account.ask(lambda client: client.status_post(**payload))
        if not isinstance(status.get("uri"), str):
            raise Unsure("mastodon: the answer does not say which post it is")
        return _sent(status)

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        """Among the account's own newest posts, by text, reply and time."""
        own = self.account.own().get("id")
        wanted = _plain(payload["status"])
        statuses = self.account.ask(lambda client: list(client.account_statuses(own, limit=OWN, exclude_reblogs=True)))
        for status in statuses:
            at = status.get("created_at")
            is_later = not isinstance(at, datetime) or at >= first_try - EARLIER
            is_reply = str(status.get("in_reply_to_id") or "") == str(payload["in_reply_to_id"] or "")
            if is_later and is_reply and _plain(parse_html(str(status.get("content")))[0]) == wanted:
                return _sent(status)
        return None

    def edit(self, uri: str, payload: Payload) -> Sent:
        number = self._number(uri)
        return _sent(self.account.ask(lambda client: client.status_update(number, payload["status"])))

    def delete(self, uri: str) -> None:
        try:
            number = self._number(uri)
            self.account.ask(lambda client: client.status_delete(number))
        except Refused as error:
            if not isinstance(error.__cause__, MastodonNotFoundError):
                raise

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for uri in uris:
            number = self._number(uri)
            try:
                status = self.account.ask(lambda client, number=number: client.status(number))  # type: ignore[misc]
            except Refused:
                continue
            if isinstance(count := status.get("favourites_count"), int):
                counts[uri] = count
        return counts

    def check(self) -> str:
        return f"signed in as {self.account.own().get('acct')} at {self.settings.server}"

    def _number(self, uri: str) -> str:
        """Of our own post: the last part of its address."""
        return uri.rstrip("/").rpartition("/")[2]


def _sent(status: Mapping[str, Any]) -> Sent:
    return Sent(str(status.get("uri")), str(status.get("url") or status.get("uri")))


def _plain(text: str) -> str:
    """What two texts are the same by, however a server wraps links and mentions: letters and digits."""
    text = unicodedata.normalize("NFKC", MENTION.sub(r"\1", URL.sub("", text)))
    return "".join(c for c in text if c.isalnum()).casefold()


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _order(number: str) -> tuple[int, str]:
    """Numbers grow, and on some servers they are words that do."""
    return len(number), number
