"""A page to its article, by trafilatura; feeds, sitemaps and OPML to the addresses in them. Pure, and ready for anything."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from deephypebot.corpus.addresses import blog_of
from deephypebot.services.answers import as_text
from deephypebot.services.bandcamp import parse_bandcamp
from deephypebot.types import Document

LEAST_WORDS = 8
MOST_LINKS = 50_000  # of a sitemap, as its protocol has it
MOST_NESTED = 4000
CHARSET = re.compile(rb"<meta\b[^<>]{0,300}?charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
XML_ENCODING = re.compile(rb"^\s*<\?xml[^<>]{0,200}encoding\s*=\s*[\"']([\w-]{2,30})", re.IGNORECASE)
LOC = re.compile(r"<(?:\w+:)?loc\b[^<>]*>\s*(?:<!\[CDATA\[)?\s*([^<>\]\s]{1,2000})", re.IGNORECASE)
OUTLINE = re.compile(r"\bxmlUrl\s*=\s*[\"']([^\"'<>\s]{1,2000})", re.IGNORECASE)
IS_INDEX = re.compile(r"<(?:\w+:)?sitemapindex\b", re.IGNORECASE)
DEPTH = re.compile(rb"<(/?)(?:div|span|table|tr|td|ul|li|b|i|font|center|p|blockquote|section)\b", re.IGNORECASE)
LICENCE = re.compile(
    r"<(?:a|link)\b(?=[^<>]{0,400}\brel\s*=\s*[\"']?[^\"'<>]{0,60}\blicen[sc]e\b)[^<>]{0,400}?\bhref\s*=\s*[\"']([^\"'<>\s]{1,300})",
    re.IGNORECASE,
)


class NoArticle(Exception):
    """A page that has no article, and why."""


def read_article(body: bytes, headers: dict[str, str], url: str, source: str) -> Document:
    """The article of a page. Raises NoArticle."""
    html = decoded(body, headers)
    if (found := parse_bandcamp(html, url)) is not None:
        return found
    if _is_nested_too_deep(body):
        raise NoArticle("nested too deep")
    row = _extracted(html, url)
    text = row.get("text") or ""
    if len(text.split()) < LEAST_WORDS:
        raise NoArticle("no article in the page")
    licence = row.get("license") or next(iter(LICENCE.findall(html[:300_000])), "")
    return Document(
        url=url,
        title=_line(row.get("title")),
        text=text,
        author=_line(row.get("author")),
        site=blog_of(url),
        published=_line(row.get("date")),
        language=_line(row.get("language")),
        licence=_line(licence),
        source=source,
    )


def _extracted(html: str, url: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its downloader, unused here, looks for a SOCKS library
        import trafilatura

    try:
        found = trafilatura.bare_extraction(
            html, url=url, output_format="python", include_comments=False, include_tables=False, include_formatting=True, include_links=False,
            include_images=False, with_metadata=True, favor_precision=True,
        )  # fmt: skip
    except Exception as error:  # a parser of strangers' pages may fail in any way
        raise NoArticle(f"page cannot be read ({type(error).__name__})") from error
    if found is None:
        raise NoArticle("no article in the page")
    row: dict[str, Any] = found if isinstance(found, dict) else found.as_dict()
    return row


def _is_nested_too_deep(body: bytes) -> bool:
    """Whether elements stand within each other by the thousand: parsers slow down or give up there."""
    depth = deepest = 0
    for match in DEPTH.finditer(body):
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest > MOST_NESTED


def decoded(body: bytes, headers: dict[str, str]) -> str:
    """A page as text: UTF-8 where it is that, whatever else is declared; else as declared, else Windows-1252."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    told = re.search(r"charset\s*=\s*[\"']?([\w-]{2,30})", headers.get("content-type", ""), re.IGNORECASE)
    names = [told[1]] if told else []
    names += [match[1].decode("ascii") for pattern in (CHARSET, XML_ENCODING) if (match := pattern.search(body[:4000]))]
    for name in names:
        if name.lower() in ("utf-8", "utf8", "iso-8859-1", "latin1", "us-ascii"):
            continue  # it is not UTF-8, and who says Latin-1 means Windows-1252 (whatwg encoding standard)
        try:
            return body.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("cp1252", "replace")


def read_feed(body: bytes, url: str) -> list[str]:
    """Addresses of the posts of a feed. A text that stands in the feed is read from its page too: the page may opt out of training."""
    import feedparser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feed = feedparser.parse(io.BytesIO(body))  # bare bytes would be taken for the name of a file
    links = (urljoin(url, item.get("link")) for item in feed.entries[:MOST_LINKS] if isinstance(item.get("link"), str))
    return [link for link in dict.fromkeys(links) if link.startswith("http")]


def read_sitemap(body: bytes) -> tuple[list[str], bool]:
    """Addresses of a sitemap, and whether they are those of other sitemaps."""
    text = body.decode("utf-8", "replace")
    urls = [url.replace("&amp;", "&") for url in _firsts(LOC, text)]
    return list(dict.fromkeys(urls)), IS_INDEX.search(text[:5000]) is not None


def read_opml(body: bytes) -> list[str]:
    """Addresses of the feeds of an OPML file."""
    return list(dict.fromkeys(url.replace("&amp;", "&") for url in _firsts(OUTLINE, body.decode("utf-8", "replace"))))


def _firsts(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for number, match in enumerate(pattern.finditer(text)):
        if number >= MOST_LINKS:
            return
        yield match[1]


def _line(value: object) -> str:
    return " ".join(as_text(value).split())[:500]
