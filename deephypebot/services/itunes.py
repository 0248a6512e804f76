"""The search of iTunes: a genre and a link (developer.apple.com, iTunes Search API). Twenty requests a minute."""

from __future__ import annotations

from collections.abc import Mapping

from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_song, as_text
from deephypebot.services.same_song import best_match
from deephypebot.types import Song

API = "https://itunes.apple.com"
PAUSE_S, MOST = 3.1, 15


class ITunes:
    """Implements services.SongCatalogue."""

    name = "itunes"

    def __init__(self, http: Http, api: str = API) -> None:
        self.http, self.api = http, api.rstrip("/")

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        asked: dict[str, str | int] = {
            "term": f"{song.artist} {song.title}",
            "entity": "song",
            "media": "music",
            "limit": MOST,
        }
        answer = as_dict(self.http.get_json(f"{self.api}/search", asked))
        found = [
            (named, (), (named, row))
            for row in as_dicts(answer.get("results"))
            if (named := as_song(row.get("artistName"), row.get("trackName")))
        ]
        match = best_match(song, found)
        if match is None:
            return None
        named, row = match
        known = {"itunes": str(row["trackId"])} if isinstance(row.get("trackId"), int) else {}
        genres = as_genres([row.get("primaryGenreName")])
        return Finding(
            self.name, "Apple terms of use", False, named, genres, ids=known, url=as_text(row.get("trackViewUrl"))
        )
