"""Pages that sources, feeds, sitemaps and redirects lead to. Pure, but for lists that lie in files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from deephypebot.corpus.addresses import address_of, host_and_port
from deephypebot.corpus.harvest.article import read_feed, read_opml, read_sitemap
from deephypebot.corpus.harvest.sources import WEB, SourceName
from deephypebot.errors import InputError
from deephypebot.store.harvest import NewPage

LONGEST, LONGEST_KEY = 2000, 600  # characters of an address that is read, and of what it is kept by


def pages_of(name: SourceName) -> list[NewPage]:
    """The pages that a source of the web or a list stands for. Raises InputError."""
    if name.kind == "opml" and not name.what.startswith("http"):
        return new_pages(read_opml(_read(name.what)), "index")
    if name.kind in WEB:
        return new_pages([name.what], "page" if name.kind == "page" else "index")
    lines = _read(name.what).decode("utf-8-sig", "replace").splitlines()
    return new_pages(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def new_pages(urls: Iterable[str], kind: str = "page", hops: int = 0) -> list[NewPage]:
    """Pages of the web among these addresses, each once."""
    found: dict[str, NewPage] = {}
    for url in map(str.strip, urls):
        host = host_and_port(url) if len(url) <= LONGEST else ""
        if host:
            key = _key(address_of(url) if kind == "page" else f"{kind} {url}")
            plain = urlsplit(url)._replace(fragment="").geturl()
            found.setdefault(key, NewPage(plain, key, host, kind, hops))
    return list(found.values())


def _key(text: str) -> str:
    """The text, or where it is too long for the database its beginning and a hash."""
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[:500]} {hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def moved_to(page: Any, location: str) -> list[NewPage]:
    """Where a redirect leads; nothing where that is no address of the web.

    One page is one page, but where a page leads to itself in another guise, https or a slash, it needs a key of its own.
    """
    plain = page.key.split(" after ")[0]
    found = new_pages([urljoin(page.url, location)], page.kind, page.hops + 1)
    return [replace(one, key=f"{plain} after {one.hops}") if one.key == plain else one for one in found]


def read_index(body: bytes, url: str) -> list[NewPage]:
    """What a feed, a sitemap or an OPML leads to."""
    head = body[:3000].lower()
    if b"<opml" in head:
        return new_pages(read_opml(body), "index")
    if b"<urlset" in head or b"<sitemapindex" in head:
        urls, is_index = read_sitemap(body)
        return new_pages(urls, "index" if is_index else "page")
    return new_pages(read_feed(body, url))
