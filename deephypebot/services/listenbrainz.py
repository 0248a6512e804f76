"""ListenBrainz: one call for names, MusicBrainz's ids and tags (listenbrainz.readthedocs.io, /1/metadata/lookup/)."""

from __future__ import annotations

from collections.abc import Mapping

from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_song, as_text
from deephypebot.services.same_song import is_same_song
from deephypebot.types import Song

API = "https://api.listenbrainz.org"
MIN_COUNT = 1


class ListenBrainz:
    """Implements services.SongCatalogue. token: of an account, which is free."""

    name = "listenbrainz"

    def __init__(self, http: Http, token: str, api: str = API) -> None:
        self.http, self.token, self.api = http, token, api.rstrip("/")

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        asked = {
            "artist_name": song.artist,
            "recording_name": song.title,
            "metadata": "true",
            "inc": "artist tag release",
        }
        headers = {"authorization": f"Token {self.token}"} if self.token else {}
        answer = as_dict(self.http.get_json(f"{self.api}/1/metadata/lookup/", asked, headers))
        found = as_song(answer.get("artist_credit_name"), answer.get("recording_name"))
        if found is None or not is_same_song(song, found):
            return None
        tags = as_dict(as_dict(answer.get("metadata")).get("tag"))
        rows = [row for kind in ("recording", "release_group", "artist") for row in as_dicts(tags.get(kind))]
        rows.sort(key=lambda row: row["count"] if isinstance(row.get("count"), int) else 0, reverse=True)
        mbid = as_text(answer.get("recording_mbid"))
        url = f"https://musicbrainz.org/recording/{mbid}" if mbid else ""
        genres = as_genres((row.get("tag") for row in rows), only_known=True)
        return Finding(self.name, "CC BY-NC-SA 3.0", False, found, genres, ids={"mbid": mbid} if mbid else {}, url=url)
