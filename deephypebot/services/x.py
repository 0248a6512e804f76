"""X, which costs money and knows no keys: one attempt a post, and whether it arrived is found out by reading.

Prices: docs.x.com/x-api, pay per use; a post read $0.005, an own post read $0.001, a post $0.015, a post with an address $0.20.
"""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import regex
import requests
import tweepy

from deephypebot.errors import InputError, Limited, Refused, ServiceError, SignInRefused, Unsure
from deephypebot.services import Payload, Poll, Purse, Sent
from deephypebot.settings import XSettings
from deephypebot.types import Entry, Link

HOST = "https://api.twitter.com"  # where the library asks, whatever the settings say
TIMEOUT_S, AWAY_S = 30.0, 60.0
A_POST, AN_OWN_POST = 0.005, 0.001  # dollars for each post that is read
LONGEST, URL_LENGTH, PAGE, OWN = 280, 23, 100, 10
URL = re.compile(
    r"https?://\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|fm|co|app|dev|me|tv)\b(?:/\S*)?", re.IGNORECASE
)
LIGHT = (
    (0, 4351),
    (8192, 8205),
    (8208, 8223),
    (8242, 8247),
)  # characters that count 1; all others count 2 (docs.x.com/fundamentals/counting-characters)
GRAPHEME = regex.compile(r"\X")
EARLIER = timedelta(minutes=5)


class Account:
    """Asks in the name of the account, and tells what each fault says about what was done."""

    def __init__(self, settings: XSettings) -> None:
        keys = {
            name: getattr(settings, name).get_secret_value()
            for name in ("consumer_key", "consumer_secret", "access_token", "access_secret")
        }
        if missing := [name for name, key in keys.items() if not key]:
            raise InputError(f"x.{missing[0]} is missing; needed are {', '.join(keys)}")
        keys["access_token_secret"] = keys.pop("access_secret")
        self.client = tweepy.Client(**keys, return_type=dict, wait_on_rate_limit=False)
        self.client.session = _Session(settings.api)
        self._lock = threading.Lock()
        self._own: dict[str, Any] | None = None

    def own(self) -> dict[str, Any]:
        """The account itself."""
        with self._lock:
            if self._own is None:
                self._own = _dict(self.ask(lambda client: client.get_me()).get("data"))
            return self._own

    def ask(self, act: Callable[[Any], Any]) -> dict[str, Any]:
        """What X answers. Raises ServiceError."""
        try:
            answer = act(self.client)
        except (tweepy.TweepyException, requests.RequestException, ValueError, AttributeError, TypeError) as error:
            raise _fault(error) from error
        if not isinstance(answer, dict):
            raise Unsure("x: an answer that is not to be understood")
        return answer


class _Session(requests.Session):
    """Asks at the address of the settings, with a time limit, and once."""

    def __init__(self, api: str) -> None:
        super().__init__()
        self.api = api.rstrip("/")

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = TIMEOUT_S
        return super().request(str(method), str(url).replace(HOST, self.api, 1), *args, **kwargs)


def _fault(error: Exception) -> ServiceError:
    said = (
        f"x: {str(error)[:200]}"
        if isinstance(error, tweepy.HTTPException)
        else f"x: no answer ({type(error).__name__})"
    )
    match error:
        case tweepy.TooManyRequests():
            return Limited(said, _wait_s(error.response.headers))
        case tweepy.Unauthorized():
            return SignInRefused(said)
        case tweepy.Forbidden() if "duplicate" in str(error).casefold():
            return Unsure(f"{said} (perhaps it is there already)")
        case tweepy.Forbidden() if "suspended" in str(error).casefold() or "not permitted" in str(error).casefold():
            return SignInRefused(said)
        case tweepy.HTTPException() if error.response.status_code < 500:
            return Refused(said)
        case requests.ConnectionError() if re.search(r"NewConnection|refused|NameResolution", repr(error)):
            return Limited("x cannot be reached", AWAY_S)
        case _:
            return Unsure(said)


def _wait_s(headers: Mapping[str, str]) -> float:
    for name, base in (("retry-after", 0.0), ("x-rate-limit-reset", time.time())):
        try:
            return max(1.0, float(headers[name]) - base)
        except (KeyError, ValueError):
            continue
    return 900.0


class XHome:
    """Implements services.Watcher over the home timeline. Off while [x] dollars_a_day is 0. The cursor is the newest number that was seen."""

    def __init__(self, settings: XSettings, purse: Purse) -> None:
        self.account, self.purse = Account(settings), purse
        if settings.dollars_a_day <= 0:
            raise InputError("x.dollars_a_day is 0; reading the timeline costs money, so allowed is a number above 0")

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What is new, at most `limit`; what it can cost is reserved first, and stays spent where the answer is lost."""
        size = min(limit, PAGE)
        self.purse.reserve(size * A_POST)
        params = {
            "max_results": size,
            "expansions": "author_id",
            "tweet_fields": "created_at,entities",
            "exclude": "retweets",
        }
        try:
            answer = self.account.ask(lambda client: client.get_home_timeline(since_id=cursor, **params))
        except (Limited, Refused, SignInRefused):
            self.purse.settle(size * A_POST, 0.0)
            raise
        rows = [row for row in answer.get("data") or [] if isinstance(row, dict)]
        self.purse.settle(size * A_POST, len(rows) * A_POST)
        people = {
            user.get("id"): user.get("username")
            for user in _dict(answer.get("includes")).get("users") or []
            if isinstance(user, dict)
        }
        own = self.account.own().get("id")
        entries = [entry for row in rows if row.get("author_id") != own and (entry := parse_post(row, people))]
        numbers = [str(row["id"]) for row in rows if str(row.get("id", "")).isdigit()]
        newest = max([*numbers, *([cursor] if cursor else [])], key=int, default=None)
        return Poll(tuple(reversed(entries)), newest)


def parse_post(row: Mapping[str, Any], people: Mapping[Any, Any]) -> Entry | None:
    """The entry of a post; None for one that lacks what it must have."""
    number, text = row.get("id"), row.get("text")
    if not isinstance(number, str) or not number.isdigit() or not isinstance(text, str):
        return None
    author = people.get(row.get("author_id"))
    author = author if isinstance(author, str) else ""
    urls = [url for url in _dict(row.get("entities")).get("urls") or [] if isinstance(url, dict)]
    links = [Link(str(url.get("expanded_url")), str(url.get("title") or "")) for url in urls if url.get("expanded_url")]
    return Entry(
        "x", f"x:{number}", text, _time(row.get("created_at")), author, f"https://x.com/i/status/{number}", tuple(links)
    )


class X:
    """Implements services.Publisher. Its likes are for people to look at: X forbids to train on them."""

    network, longest, unit = "x", LONGEST, "weighted"
    idempotent_for_s, can_edit, likes_teach = 0.0, False, False

    def __init__(self, settings: XSettings) -> None:
        self.account = Account(settings)

    def length(self, text: str) -> int:
        """An address counts 23, an emoji 2, letters of most scripts 1 and of some 2."""
        bare = URL.sub("", unicodedata.normalize("NFC", text))
        return URL_LENGTH * len(URL.findall(text)) + sum(_weight(grapheme) for grapheme in GRAPHEME.findall(bare))

    def freeze(self, text: str, key: int, at: datetime, thread: Mapping[str, str] | None = None) -> Payload:
        if (length := self.length(text)) > LONGEST:
            raise InputError(f"text has {length} characters as X counts; allowed are at most {LONGEST}")
        if URL.search(text):
            raise InputError("text has an address, and X asks $0.20 for such a post; allowed is text without one")
        return {"text": text}

    def send(self, payload: Payload) -> Sent:
        answer = self.account.ask(lambda client: client.create_tweet(text=payload["text"]))
        number = _dict(answer.get("data")).get("id")
        if number is None:
            raise Unsure("x: the answer does not say which post it is")
        return _sent(str(number))

    def find(self, payload: Payload, first_try: datetime) -> Sent | None:
        """Among the account's own newest posts, by text and time."""
        own, wanted = self.account.own().get("id"), _plain(payload["text"])
        ask = {"max_results": OWN, "tweet_fields": "created_at", "user_auth": True}
        rows = self.account.ask(lambda client: client.get_users_tweets(own, **ask)).get("data") or []
        for row in rows:
            if (
                isinstance(row, dict)
                and _plain(str(row.get("text"))) == wanted
                and _time(row.get("created_at")) >= first_try - EARLIER
            ):
                return _sent(str(row.get("id")))
        return None

    def edit(self, uri: str, payload: Payload) -> Sent:
        raise Refused("x: posts cannot be changed; a correction is a new post")

    def delete(self, uri: str) -> None:
        try:
            self.account.ask(lambda client: client.delete_tweet(uri.removeprefix("x:")))
        except Refused as error:
            if not isinstance(error.__cause__, tweepy.NotFound):
                raise

    def likes(self, uris: Sequence[str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for at in range(0, len(uris), PAGE):
            answer = self._metrics([uri.removeprefix("x:") for uri in uris[at : at + PAGE]])
            for row in answer.get("data") or []:
                count = _dict(_dict(row).get("public_metrics")).get("like_count")
                if isinstance(count, int):
                    counts[f"x:{_dict(row).get('id')}"] = count
        return counts

    def _metrics(self, numbers: list[str]) -> dict[str, Any]:
        return self.account.ask(
            lambda client: client.get_tweets(numbers, tweet_fields="public_metrics", user_auth=True)
        )

    def check(self) -> str:
        return f"signed in as @{self.account.own().get('username')}"


def _sent(number: str) -> Sent:
    return Sent(f"x:{number}", f"https://x.com/i/status/{number}")


def _weight(grapheme: str) -> int:
    if len(grapheme) > 1 and any(unicodedata.category(c) == "So" or c == "\u20e3" for c in grapheme):
        return 2  # a sequence of emoji
    return sum(1 if any(low <= ord(c) <= high for low, high in LIGHT) else 2 for c in grapheme)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text.replace("&amp;", "&")) if c.isalnum()).casefold()


def _time(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
