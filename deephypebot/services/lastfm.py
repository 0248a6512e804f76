"""Last.fm: the tags that people give (last.fm/api/show/track.getTopTags). Five requests a second."""

from __future__ import annotations

from collections.abc import Mapping

from deephypebot.errors import Limited, Refused, SignInRefused
from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_song, as_text
from deephypebot.services.same_song import is_same_song
from deephypebot.types import Song

API = "https://ws.audioscrobbler.com/2.0/"
PAUSE_S, LEAST_COUNT, QUOTA_S = 0.25, 10, 60.0


class LastFm:
    """Implements services.SongCatalogue. Its tags may be shown with a link, and not trained on."""

    name = "lastfm"

    def __init__(self, http: Http, key: str, api: str = API) -> None:
        self.http, self.key, self.api = http, key, api

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        answer = self._ask("track.getInfo", artist=song.artist, track=song.title, autocorrect=1)
        track = as_dict(answer.get("track"))
        found = as_song(as_dict(track.get("artist")).get("name"), track.get("name"))
        if found is None or not is_same_song(song, found):
            return None
        genres = self._tags("track.getTopTags", artist=found.artist, track=found.title)
        genres = genres or self._tags("artist.getTopTags", artist=found.artist)
        return Finding(self.name, "Last.fm terms of service", False, found, genres, url=as_text(track.get("url")))

    def _tags(self, method: str, **asked: str) -> tuple[str, ...]:
        rows = as_dicts(as_dict(self._ask(method, **asked).get("toptags")).get("tag"))
        often = [row.get("name") for row in rows if isinstance(row.get("count"), int) and row["count"] >= LEAST_COUNT]
        return as_genres(often, only_known=True)

    def _ask(self, method: str, **asked: str | int) -> Mapping[str, object]:
        """An error of Last.fm comes with status 200 too."""
        try:
            answer = as_dict(
                self.http.get_json(self.api, {"method": method, "api_key": self.key, "format": "json", **asked})
            )
        except Refused:
            return {}
        match answer.get("error"):
            case 29:
                raise Limited("lastfm asks to wait", QUOTA_S)
            case 4 | 9 | 10 | 26:
                raise SignInRefused("lastfm: look_up.lastfm_key is not valid")
        return answer
