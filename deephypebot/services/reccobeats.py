"""ReccoBeats: audio features by Spotify's id, without a key (reccobeats.com/docs). Where they come from it does not say: not for training."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deephypebot.errors import Refused
from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_dicts, as_features, as_text
from deephypebot.types import Song

API = "https://api.reccobeats.com/v1"
PAUSE_S = 1.0


class ReccoBeats:
    """Implements services.SongCatalogue for a song whose id at Spotify is known."""

    name = "reccobeats"

    def __init__(self, http: Http, api: str = API) -> None:
        self.http, self.api = http, api.rstrip("/")

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        spotify = ids.get("spotify", "")
        if not re.fullmatch(r"[A-Za-z0-9]{10,40}", spotify):
            return None
        try:
            tracks = as_dicts(as_dict(self.http.get_json(f"{self.api}/track", {"ids": spotify})).get("content"))
            track = next((as_text(row.get("id")) for row in tracks if spotify in as_text(row.get("href"))), "")
            if not re.fullmatch(r"[A-Za-z0-9-]{10,40}", track):
                return None
            features = as_features(as_dict(self.http.get_json(f"{self.api}/track/{track}/audio-features")))
        except Refused:
            return None
        return Finding(self.name, "none stated", False, None, (), features, {"reccobeats": track}) if features else None
