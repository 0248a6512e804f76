"""Listings of Reddit: the newest posts of a subreddit (github.com/reddit-archive/reddit/wiki/JSON)."""

from __future__ import annotations

import base64
import threading
import time
from datetime import UTC, datetime
from typing import Any

from deephypebot.errors import Unsure
from deephypebot.http import Http
from deephypebot.services import Poll
from deephypebot.settings import RedditSettings
from deephypebot.types import Entry, Link

PAGE, EARLY_S = 100, 60.0


class Reddit:
    """Implements services.Watcher. The cursor is when the newest post was made: posts that vanish do not matter. With a client id it signs
    in as an application, else it reads what anybody may."""

    def __init__(self, subreddit: str, settings: RedditSettings, http: Http) -> None:
        self.subreddit, self.settings, self.http = subreddit.removeprefix("r/").strip("/"), settings, http
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def poll(self, cursor: str | None, limit: int) -> Poll:
        """What is new, at most `limit` of the newest hundred."""
        api = self.settings.api if self.settings.client_id else self.settings.sign_in
        url = f"{api.rstrip('/')}/r/{self.subreddit}/new.json"
        answer = self.http.get_json(url, {"limit": PAGE, "raw_json": 1}, self._headers())
        children = (
            answer.get("data", {}).get("children")
            if isinstance(answer, dict) and isinstance(answer.get("data"), dict)
            else None
        )
        if not isinstance(children, list):
            raise Unsure("reddit: an answer that is no listing")
        since = float(cursor) if cursor else 0.0
        rows = [child["data"] for child in children if isinstance(child, dict) and isinstance(child.get("data"), dict)]
        new = [(at, entry) for row in rows if (at := _seconds(row)) > since and (entry := parse_post(row))]
        newest = max([since, *(at for at, _ in new)])
        return Poll(tuple(entry for _, entry in reversed(new[:limit])), repr(newest) if newest else cursor)

    def _headers(self) -> dict[str, str]:
        if not self.settings.client_id:
            return {}
        with self._lock:
            if time.monotonic() > self._until:
                pair = f"{self.settings.client_id}:{self.settings.client_secret.get_secret_value()}"
                basic = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
                url = f"{self.settings.sign_in.rstrip('/')}/api/v1/access_token"
                answer = self.http.post(url, {"grant_type": "client_credentials"}, basic, as_form=True)
                self._token, seconds = _token(answer.body)
                self._until = time.monotonic() + seconds - EARLY_S
            return {"authorization": f"Bearer {self._token}"}


def _token(body: bytes) -> tuple[str, float]:
    import json

    try:
        answer = json.loads(body)
        return str(answer["access_token"]), float(answer.get("expires_in", 3600))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unsure("reddit: signing in brought no token") from error


def parse_post(row: dict[str, Any]) -> Entry | None:
    """The entry of a post; None for one that lacks what it must have."""
    name, title = row.get("name"), row.get("title")
    if not isinstance(name, str) or not isinstance(title, str) or row.get("stickied"):
        return None
    author = row["author"] if isinstance(row.get("author"), str) else ""
    permalink = row["permalink"] if isinstance(row.get("permalink"), str) else ""
    url = row["url"] if isinstance(row.get("url"), str) and not row.get("is_self") else ""
    oembed = row.get("media", {}).get("oembed") if isinstance(row.get("media"), dict) else None
    card = oembed.get("title") if isinstance(oembed, dict) else ""
    links = (Link(url, card if isinstance(card, str) else ""),) if url else ()
    at = datetime.fromtimestamp(_seconds(row), UTC)
    return Entry(
        "reddit", f"reddit:{name}", title, at, author, f"https://www.reddit.com{permalink}" if permalink else "", links
    )


def _seconds(row: dict[str, Any]) -> float:
    value = row.get("created_utc")
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 4e9 else 0.0
