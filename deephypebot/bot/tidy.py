"""The stage that tidies, once a day: answers of catalogues that are too old to be used, and posts in which no song was found."""

from __future__ import annotations

from datetime import timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.settings import Settings
from deephypebot.store import Store

EVERY, KEPT = timedelta(days=1), timedelta(days=90)


class Tidy:
    """What curators decided, and what was posted, is kept for ever; the rest goes after ninety days."""

    name = "tidy"

    def __init__(self, store: Store, settings: Settings, clock: Clock = utc_now) -> None:
        self.store, self.settings, self.clock = store, settings, clock
        self.due_at = clock()

    def step(self, owner: str) -> bool:
        """Tidy up; False where it is not time."""
        now = self.clock()
        if now < self.due_at:
            return False
        self.due_at = now + EVERY
        self.store.songs.forget_answers(now - timedelta(days=self.settings.look_up.cache_days))
        self.store.entries.forget(now - KEPT)
        return False
