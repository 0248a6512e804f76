"""The stage that watches: feeds -> entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.bot.open import StorePurse
from deephypebot.errors import DeepHypeBotError, Limited, SignInRefused
from deephypebot.services import Purse, Watcher
from deephypebot.services.opened import open_watcher
from deephypebot.settings import FeedSettings, Settings
from deephypebot.store import Store
from deephypebot.store.lease import Found, Lease

Open = Callable[[FeedSettings, Settings, Purse], Watcher]
IDLE_POLLS, MOST_IDLE = 10, 5  # a feed without news is polled less often after each so many polls, down to a fifth
LONGEST_WAIT_S = 3600.0


class Watch:
    """Polls the feeds of the settings, each when it is due."""

    name, lease_s = "watch", 300.0

    def __init__(self, store: Store, settings: Settings, open_: Open = open_watcher, clock: Clock = utc_now) -> None:
        self.store, self.settings, self.open, self.clock = store, settings, open_, clock
        self.watchers: dict[str, Watcher] = {}
        self.has_rows = False

    def step(self, owner: str) -> bool:
        """Poll one feed; False where none is due."""
        names = list(self.settings.feeds)
        if not self.has_rows:
            self.store.feeds.keep(names, self.clock())
            self.has_rows = True
        lease = Lease(owner, self.clock(), self.lease_s * self.settings.store.patience)
        feed = self.store.feeds.claim(names, lease)
        if feed is None:
            return False
        try:
            self._poll(feed, lease)
        except DeepHypeBotError as error:
            wait = timedelta(seconds=self._wait_s(feed, error))
            self.store.feeds.failed(feed, lease, str(error), self.clock() + wait)
            if isinstance(error, SignInRefused):
                self.watchers.pop(feed.name, None)
        return True

    def _poll(self, feed: Found, lease: Lease) -> None:
        settings = self.settings.feeds[feed.name]
        poll = self._watcher(feed.name).poll(feed.cursor, settings.most)
        now = self.clock()
        idle = 0 if poll.entries else feed.idle + 1
        slower = min(MOST_IDLE, 1 + idle // IDLE_POLLS)
        due_at = now + timedelta(seconds=settings.every_s * slower)
        self.store.feeds.arrived(feed, lease, poll.entries, poll.cursor, now, due_at)

    def _watcher(self, name: str) -> Watcher:
        if name not in self.watchers:
            purse = StorePurse(self.store, "x", self.settings.x.dollars_a_day, self.clock)
            self.watchers[name] = self.open(self.settings.feeds[name], self.settings, purse)
        return self.watchers[name]

    def _wait_s(self, feed: Found, error: Exception) -> float:
        """Until it is tried again: as long as the service asks, else twice as long each time."""
        doubled = min(LONGEST_WAIT_S, self.settings.feeds[feed.name].every_s * 2.0 ** min(feed.tries, 10))
        return max(error.retry_after_s, 1.0) if isinstance(error, Limited) else doubled
