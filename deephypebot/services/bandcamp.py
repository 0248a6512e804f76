"""Bandcamp: what artists and labels say of albums and tracks, from the JSON-LD of pages (schema.org/MusicAlbum)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deephypebot.errors import InputError, Refused, shown
from deephypebot.http import Http
from deephypebot.services import Haul
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_text
from deephypebot.services.archived import as_address, as_name, as_prose, read_number, site_of
from deephypebot.types import Document

PAUSE_S = 3.0  # no limit is published, as there is no API: pages are read as a person would
MARK, MOST_BLOCKS, TYPES = "application/ld+json", 10, ("MusicAlbum", "MusicRecording")


class Bandcamp:
    """Implements services.Archive: one page a look. urls: of albums and tracks."""

    def __init__(self, http: Http, urls: Sequence[str]) -> None:
        self.http, self.urls = http, tuple(urls)
        for url in self.urls:
            if not as_address(url):
                raise InputError(f"url is {shown(url)}; allowed is an address of a page, https://...")

    def look(self, cursor: str | None) -> Haul:
        """The cursor: the number of the page. Raises ServiceError."""
        at = read_number(cursor)
        if at >= len(self.urls):
            return Haul()
        following = str(at + 1) if at + 1 < len(self.urls) else None
        try:
            page = self.http.get(self.urls[at]).body.decode("utf-8", "replace")
        except Refused:
            return Haul(cursor=following)  # this page is gone: the others are not
        document = parse_bandcamp(page, self.urls[at])
        return Haul((document,) if document else (), cursor=following)


def parse_bandcamp(html: str, url: str) -> Document | None:
    """What the page of an album or track says of it; None where it says nothing, and for other pages."""
    work = next((block for block in _blocks(html) if _is_music(block)), {})
    name, text = as_name(work.get("name")), as_prose(work.get("description")) or as_prose(work.get("about"))
    if not name or not text:
        return None
    artist = as_name(as_dict(work.get("byArtist")).get("name"))
    return Document(
        url,
        name,
        text,
        as_name(as_dict(work.get("publisher")).get("name")) or artist,
        site_of(url),
        as_name(work.get("datePublished")),
        licence=as_address(work.get("license")) or as_name(work.get("copyrightNotice")),
        source="bandcamp",
        artist=artist,
        song=name if "MusicRecording" in _types(work) else "",
        genres=_genres(work.get("keywords")),
    )


def _blocks(html: str) -> list[Mapping[str, Any]]:
    """What stands in the scripts of JSON-LD. Cutting by their mark stays linear, whatever the page is."""
    found: list[Mapping[str, Any]] = []
    for piece in html.split(MARK, MOST_BLOCKS + 1)[1 : MOST_BLOCKS + 1]:
        script = piece.partition(">")[2].partition("</script")[0]
        try:
            value = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for block in as_dicts(value if isinstance(value, list) else [value]):
            found += [block, *as_dicts(block.get("@graph"))]
    return found


def _types(block: Mapping[str, Any]) -> list[str]:
    types = block.get("@type")
    return [as_text(one) for one in (types if isinstance(types, list) else [types])]


def _is_music(block: Mapping[str, Any]) -> bool:
    return any(one in TYPES for one in _types(block))


def _genres(keywords: object) -> tuple[str, ...]:
    """Tags that are genres: others are towns and moods. Older pages have them as one text."""
    labels = as_text(keywords).split(",") if isinstance(keywords, str) else keywords
    return as_genres(labels if isinstance(labels, list) else (), only_known=True)
