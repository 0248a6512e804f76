"""Odesli: which song a link is of, and where else it is (odesli.co, /v1-alpha.1/links). Ten requests a minute."""

from __future__ import annotations

from collections.abc import Mapping

from deephypebot.errors import Refused
from deephypebot.http import Http
from deephypebot.services import Finding
from deephypebot.services.answers import as_dict, as_song, as_text
from deephypebot.services.same_song import is_same_song
from deephypebot.types import Song

API = "https://api.song.link/v1-alpha.1"
PAUSE_S = 6.1
IDS = {"spotify": "spotify", "deezer": "deezer", "itunes": "itunes"}
HOSTS = (
    "spotify",
    "spoti.fi",
    "apple.com",
    "youtu",
    "bandcamp",
    "soundcloud",
    "deezer",
    "tidal",
    "song.link",
    "odesli",
    "napster",
    "pandora",
    "audiomack",
    "amazon",
)


class Odesli:
    """Implements services.SongCatalogue for a song whose post links to it."""

    name = "odesli"

    def __init__(self, http: Http, api: str = API) -> None:
        self.http, self.api = http, api.rstrip("/")

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """None where the link is of another song. Raises ServiceError."""
        link = ids.get("url", "")
        if not link.startswith("http") or not any(host in link for host in HOSTS):
            return None
        try:
            answer = as_dict(self.http.get_json(f"{self.api}/links", {"url": link[:1000]}))
        except Refused:
            return None
        entities = as_dict(answer.get("entitiesByUniqueId"))
        main = as_dict(entities.get(as_text(answer.get("entityUniqueId"))))
        found = as_song(main.get("artistName"), main.get("title"))
        if main.get("type") == "album" or found is None or not is_same_song(song, found):
            return None
        known: dict[str, str] = {}
        for entity in map(as_dict, entities.values()):
            name = IDS.get(as_text(entity.get("apiProvider")))
            if name and isinstance(entity.get("id"), str):
                known.setdefault(name, entity["id"])
        return Finding(
            self.name, "Odesli terms of service", False, found, ids=known, url=as_text(answer.get("pageUrl"))
        )
