"""Spotify: a link and an id, no more: genres are mostly missing now, and its terms forbid to train on it (developer.spotify.com)."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping

from deephypebot.errors import Unsure
from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_genres, as_song, as_text
from deephypebot.services.same_song import best_match
from deephypebot.types import Song

API, SIGN_IN = "https://api.spotify.com/v1", "https://accounts.spotify.com/api/token"
MOST, EARLY_S = 5, 60.0


class Spotify:
    """Implements services.SongCatalogue."""

    name = "spotify"

    def __init__(self, http: Http, client_id: str, secret: str, api: str = API, sign_in: str = SIGN_IN) -> None:
        self.http, self.pair, self.api, self.sign_in = http, f"{client_id}:{secret}", api.rstrip("/"), sign_in
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        artist, title = (name.replace('"', " ") for name in (song.artist, song.title))
        asked: dict[str, str | int] = {"q": f'track:"{title}" artist:"{artist}"', "type": "track", "limit": MOST}
        answer = as_dict(self.http.get_json(f"{self.api}/search", asked, self._headers()))
        found = []
        for row in as_dicts(as_dict(answer.get("tracks")).get("items")):
            names = [as_text(artist.get("name")) for artist in as_dicts(row.get("artists"))]
            if named := as_song(", ".join(names), row.get("name")):
                found.append((named, names, (named, row)))
        match = best_match(song, found)
        if match is None:
            return None
        named, row = match
        known = {"spotify": as_text(row.get("id"))} | (
            {"isrc": isrc} if (isrc := as_text(as_dict(row.get("external_ids")).get("isrc"))) else {}
        )
        genres = as_genres(label for artist in as_dicts(row.get("artists")) for label in artist.get("genres") or [])
        url = as_text(as_dict(row.get("external_urls")).get("spotify"))
        return Finding(self.name, "Spotify Developer Terms", False, named, genres, ids=known, url=url)

    def _headers(self) -> dict[str, str]:
        with self._lock:
            if time.monotonic() > self._until:
                basic = {"authorization": f"Basic {base64.b64encode(self.pair.encode()).decode()}"}
                answer = self.http.post(self.sign_in, {"grant_type": "client_credentials"}, basic, as_form=True)
                try:
                    said = json.loads(answer.body)
                    self._token, seconds = str(said["access_token"]), float(said.get("expires_in", 3600))
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    raise Unsure("spotify: signing in brought no token") from error
                self._until = time.monotonic() + seconds - EARLY_S
            return {"authorization": f"Bearer {self._token}"}
