"""MusicBrainz: which recording it is, and its genres (musicbrainz.org/doc/MusicBrainz_API). One request a second, with a contact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_song, as_text
from deephypebot.services.same_song import best_match
from deephypebot.types import Song

API = "https://musicbrainz.org/ws/2"
SPECIAL = re.compile(r'([+\-!(){}\[\]^"~*?:\\/]|&&|\|\|)')  # of Lucene's language
PAUSE_S, MOST = 1.1, 10


class MusicBrainz:
    """Implements services.SongCatalogue. Names and ids are CC0; genres are of its supplementary data, CC BY-NC-SA 3.0."""

    name = "musicbrainz"

    def __init__(self, http: Http, api: str = API) -> None:
        self.http, self.api = http, api.rstrip("/")

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        query = f'recording:"{escape(song.title)}" AND artist:"{escape(song.artist)}"'
        answer = as_dict(self.http.get_json(f"{self.api}/recording", {"query": query, "fmt": "json", "limit": MOST}))
        found = [
            (
                named,
                [as_text(as_dict(credit.get("artist")).get("name")) for credit in as_dicts(row.get("artist-credit"))],
                row,
            )
            for row in as_dicts(answer.get("recordings"))
            if (named := as_song(_credit(row), row.get("title")))
        ]
        row = best_match(song, found)
        if row is None:
            return None
        named = next(one for one, _, other in found if other is row)
        mbid, isrcs = as_text(row.get("id")), [isrc for isrc in row.get("isrcs") or [] if isinstance(isrc, str)]
        known = ({"mbid": mbid} if mbid else {}) | ({"isrc": isrcs[0]} if isrcs else {})
        genres = as_genres((tag.get("name") for tag in self._tags(row)), only_known=True)
        url = f"https://musicbrainz.org/recording/{mbid}" if mbid else ""
        return Finding(self.name, "CC BY-NC-SA 3.0", False, named, genres, ids=known, url=url)

    def _tags(self, row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Of the recording; where it has none, of its first artist."""
        tags = as_dicts(row.get("tags"))
        artist = next(
            (as_text(as_dict(credit.get("artist")).get("id")) for credit in as_dicts(row.get("artist-credit"))), ""
        )
        if not tags and re.fullmatch(r"[0-9a-f-]{36}", artist):
            answer = as_dict(self.http.get_json(f"{self.api}/artist/{artist}", {"inc": "genres", "fmt": "json"}))
            tags = as_dicts(answer.get("genres"))
        return sorted(tags, key=lambda tag: tag["count"] if isinstance(tag.get("count"), int) else 0, reverse=True)


def escape(text: str) -> str:
    """For Lucene's language."""
    return SPECIAL.sub(r"\\\1", text)


def _credit(row: Mapping[str, Any]) -> str:
    """The artists as they are credited: "A feat. B"."""
    credits = as_dicts(row.get("artist-credit"))
    return "".join(f"{as_text(credit.get('name'))}{as_text(credit.get('joinphrase'))}" for credit in credits)
