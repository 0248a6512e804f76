"""Deezer: tempo, ISRC and the genre of the album, without a key (developers.deezer.com/api). Fifty requests in five seconds."""

from __future__ import annotations

from collections.abc import Mapping

from deephypebot.errors import Limited
from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_features, as_genres, as_song, as_text
from deephypebot.services.same_song import best_match
from deephypebot.types import Song

API = "https://api.deezer.com"
PAUSE_S, QUOTA_S, MOST = 0.15, 5.0, 10


class Deezer:
    """Implements services.SongCatalogue."""

    name = "deezer"

    def __init__(self, http: Http, api: str = API) -> None:
        self.http, self.api = http, api.rstrip("/")

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        artist, title = (name.replace('"', " ") for name in (song.artist, song.title))
        answer = self._ask("search", q=f'artist:"{artist}" track:"{title}"', limit=MOST)
        found = [
            (named, (), (named, row))
            for row in as_dicts(answer.get("data"))
            if (named := as_song(as_dict(row.get("artist")).get("name"), row.get("title")))
        ]
        match = best_match(song, found)
        if match is None:
            return None
        named, row = match
        number = row.get("id")
        track = self._ask(f"track/{number}") if isinstance(number, int) else {}
        features = {name: value for name, value in as_features({"tempo": track.get("bpm")}).items() if value}
        known = {"deezer": str(number)} | ({"isrc": as_text(track.get("isrc"))} if track.get("isrc") else {})
        genres = self._genres(as_dict(row.get("album")).get("id"))
        return Finding(
            self.name, "Deezer terms of use", False, named, genres, features, known, url=as_text(row.get("link"))
        )

    def _genres(self, album: object) -> tuple[str, ...]:
        if not isinstance(album, int):
            return ()
        rows = as_dicts(as_dict(self._ask(f"album/{album}").get("genres")).get("data"))
        return as_genres(row.get("name") for row in rows)

    def _ask(self, path: str, **asked: str | int) -> Mapping[str, object]:
        answer = as_dict(self.http.get_json(f"{self.api}/{path}", asked))
        if as_dict(answer.get("error")).get("code") == 4:
            raise Limited("deezer asks to wait", QUOTA_S)
        return answer
