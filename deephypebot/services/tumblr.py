"""Tumblr: posts of a blog or of a tag (tumblr.com/docs/en/api/v2, /posts and /tagged), in the legacy format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deephypebot.errors import InputError, shown
from deephypebot.http import Http
from deephypebot.services import Haul
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_text
from deephypebot.services.archived import as_address, as_name, as_number, as_prose, read_number, read_what, site_of
from deephypebot.types import Document

API = "https://api.tumblr.com/v2"
PAUSE_S = 3.7  # 1000 requests an hour and 5000 a day for each key (tumblr.com/docs/en/api/v2#rate-limits)
PAGE, LATEST_S = 20, 4 * 10**9
TEXTS = {"text": "body", "link": "description", "audio": "caption", "video": "caption"}  # where each type has its text
BLOG = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


class Tumblr:
    """Implements services.Archive. what: "blog:NAME" (or its domain) or "tag:NAME"; key: the consumer key."""

    def __init__(self, http: Http, what: str, key: str, api: str = API) -> None:
        self.http, self.key, self.api = http, key, api.rstrip("/")
        self.kind, self.name = read_what(what, "blog:NAME", "tag:NAME")
        if self.kind == "blog" and not BLOG.fullmatch(self.name):
            raise InputError(f"what is {shown(what)}; allowed is blog:NAME with the name or domain of a blog")

    def look(self, cursor: str | None) -> Haul:
        """Twenty posts, the newest first. Raises ServiceError."""
        return self._blog(read_number(cursor)) if self.kind == "blog" else self._tag(read_number(cursor))

    def _blog(self, offset: int) -> Haul:
        """The cursor: how many posts were passed."""
        host = self.name if "." in self.name else f"{self.name}.tumblr.com"
        answer = as_dict(self._ask(f"blog/{host}/posts", {"offset": offset}))
        posts, total = as_dicts(answer.get("posts")), as_number(answer.get("total_posts"))
        is_last = not posts or (total is not None and offset + PAGE >= total)
        return Haul(_documents(posts), cursor=None if is_last else str(offset + PAGE))

    def _tag(self, before: int) -> Haul:
        """The cursor: when the oldest post that was read was made, in seconds."""
        posts = as_dicts(self._ask("tagged", {"tag": self.name, **({"before": before} if before else {})}))
        times = [at for post in posts if (at := as_number(post.get("timestamp"))) and at < LATEST_S]
        is_last = not times or (before > 0 and min(times) >= before)
        return Haul(_documents(posts), cursor=None if is_last else str(min(times)))

    def _ask(self, path: str, asked: Mapping[str, str | int]) -> object:
        """filter: "text" would drop the links, and none gives Markdown as HTML with Tumblr's own wrappings."""
        fixed: dict[str, str | int] = {"api_key": self.key, "limit": PAGE, "filter": "raw", "npf": "false"}
        return as_dict(self.http.get_json(f"{self.api}/{path}", {**fixed, **asked})).get("response")


def _documents(posts: list[Mapping[str, Any]]) -> tuple[Document, ...]:
    return tuple(document for post in posts if (document := parse_post(post)))


def parse_post(post: Mapping[str, Any]) -> Document | None:
    """None for posts without words, such as photos and quotations."""
    kind, url = as_text(post.get("type")), as_address(post.get("post_url"))
    text = as_prose(post.get(TEXTS[kind])) if kind in TEXTS else ""
    if not text or not url:
        return None
    artist, song = (as_name(post.get(name)) if kind == "audio" else "" for name in ("artist", "track_name"))
    tags = post.get("tags")
    return Document(
        url,
        as_name(post.get("title")) or as_name(post.get("source_title")),
        text,
        as_name(post.get("blog_name")),
        site_of(url),
        as_name(post.get("date")),
        source="tumblr",
        artist=artist,
        song=song,
        genres=as_genres(tags if isinstance(tags, list) else (), only_known=True),
        is_html=post.get("format") != "markdown",  # with filter=raw such a post comes as its author typed it
    )
