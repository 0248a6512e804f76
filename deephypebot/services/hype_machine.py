"""Hype Machine: where music blogs have written (api.hypem.com/api-docs; without a key the feeds of hypem.com/feed)."""

from __future__ import annotations

import io
import warnings
from urllib.parse import quote

import feedparser

from deephypebot.errors import Refused, shown
from deephypebot.http import Http
from deephypebot.services import Haul
from deephypebot.services.answers import as_dict, as_dicts, as_text
from deephypebot.services.archived import as_address, as_number, read_number, read_what, site_of
from deephypebot.services.html_text import parse_html
from deephypebot.songs import normalise_name

API, FEEDS = "https://api.hypem.com/v2", "https://hypem.com/feed"
PAUSE_S = 3.0  # no limit is published; clients (pypi.org/project/HypeM.py) meet 403 when they do not wait some seconds
PAGE, MOST_ITEMS, OWN = 50, 500, "hypem.com"


class HypeMachine:
    """Implements services.Archive: pages alone. what: "popular", "latest", "tag:NAME" or "blog:NAME_OR_NUMBER"."""

    def __init__(self, http: Http, what: str, key: str = "", api: str = API, feeds: str = FEEDS) -> None:
        self.http, self.key, self.api, self.feeds = http, key, api.rstrip("/"), feeds.rstrip("/")
        self.kind, self.name = read_what(what, "popular", "latest", "tag:NAME", "blog:NAME")
        self._blog = self.name if self.name.isascii() and self.name.isdigit() else ""

    def look(self, cursor: str | None) -> Haul:
        """The posts of one page; the cursor is its number. Raises ServiceError."""
        page = read_number(cursor, first=1)
        try:
            found = self._from_api(page) if self.key else self._from_feed(page)
        except Refused:
            if page == 1:
                raise
            return Haul()  # a page beyond the last may be a 404
        pages = tuple(dict.fromkeys(url for url in found if url))
        return Haul(pages=pages, cursor=str(page + 1) if found else None)

    def _from_api(self, page: int) -> list[str]:
        asked: dict[str, str | int] = {"key": self.key, "page": page, "count": PAGE}
        if self.kind == "popular":
            asked["mode"] = "now"
        rows = as_dicts(self.http.get_json(f"{self.api}/{self._path()}", asked))
        return [as_address(row.get("posturl")) for row in rows]

    def _path(self) -> str:
        match self.kind:
            case "popular":
                return "popular"
            case "tag":
                return f"tags/{quote(self.name, safe='')}/tracks"
            case "blog":
                return f"blogs/{self._number_of_blog()}/tracks"
        return "tracks"

    def _number_of_blog(self) -> str:
        """Blogs are asked for by number; the list of all has their names. It is read once."""
        if not self._blog:
            for row in as_dicts(self.http.get_json(f"{self.api}/blogs", {"key": self.key})):
                number = as_number(row.get("siteid"))
                if number is not None and self._is_it(as_text(row.get("sitename")), as_text(row.get("siteurl"))):
                    self._blog = str(number)
                    return self._blog
            raise Refused(f"hypem knows no blog {shown(self.name)}")
        return self._blog

    def _is_it(self, name: str, url: str) -> bool:
        host = self.name.casefold().removeprefix("www.")
        return normalise_name(name) == normalise_name(self.name) or site_of(url).removeprefix("www.") == host

    def _from_feed(self, page: int) -> list[str]:
        name = quote(self.name, safe="")
        part = {"popular": "popular/now", "latest": "latest/all", "tag": f"tags/{name}", "blog": name}[self.kind]
        return parse_posts(self.http.get(f"{self.feeds}/{part}/{page}/feed.xml").body)


def parse_posts(body: bytes) -> list[str]:
    """The post that each item is about, "" where it names none: items link to hypem.com, their texts to the blog."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # As a stream: bytes alone would be opened as a file where a server sends the name of one.
        items = feedparser.parse(io.BytesIO(body)).entries[:MOST_ITEMS]
    found = []
    for item in items:
        _, links = parse_html(as_text(item.get("summary")))
        source = as_dict(item.get("source")).get("href")
        urls = [as_address(url) for url in (item.get("link"), *links, source)]
        found.append(next((url for url in urls if url and not _is_own(url)), ""))
    return found


def _is_own(url: str) -> bool:
    host = site_of(url)
    return host == OWN or host.endswith(f".{OWN}")
