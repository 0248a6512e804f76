"""A catalogue that is asked for each song at most once in so many days: what it said is in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from deephypebot.errors import Limited
from deephypebot.services import Finding, SongCatalogue
from deephypebot.store.songs import Songs, song_key
from deephypebot.types import Song

NEEDS = {"odesli": "url", "reccobeats": "spotify"}  # catalogues that know songs by an id alone


class Remembered:
    """Implements services.SongCatalogue over another. One that asks to wait is left alone as long as it asked for."""

    def __init__(self, catalogue: SongCatalogue, songs: Songs, days: float, clock: Callable[[], datetime]) -> None:
        self.name, self.catalogue, self.songs, self.days, self.clock = catalogue.name, catalogue, songs, days, clock
        self.rests_until = 0.0

    def find_song(self, song: Song, ids: Mapping[str, str]) -> Finding | None:
        """Raises ServiceError."""
        now, key, needed = self.clock(), song_key(song), NEEDS.get(self.name)
        if needed is not None and needed not in ids:
            return None
        key = f"{key}|{ids[needed]}"[:700] if needed else key
        is_kept, kept = self.songs.answer(key, self.name, now - timedelta(days=self.days))
        if is_kept:
            return None if kept is None else finding_of(kept)
        if self.rests_until > now.timestamp():
            raise Limited(f"{self.name} asked to wait", self.rests_until - now.timestamp())
        try:
            finding = self.catalogue.find_song(song, ids)
        except Limited as error:
            self.rests_until = now.timestamp() + error.retry_after_s
            raise
        self.songs.keep_answer(key, self.name, None if finding is None else asdict(finding), now)
        return finding


def finding_of(kept: Mapping[str, Any]) -> Finding:
    """As it was before it was kept."""
    song = Song(**kept["song"]) if kept["song"] else None
    return Finding(**{**kept, "song": song, "genres": tuple(kept["genres"])})
