"""The stage that reads: entries -> items, the songs that a post is about."""

from __future__ import annotations

import re
from collections.abc import Callable

from deephypebot.bot.clock import Clock, utc_now
from deephypebot.errors import InputError
from deephypebot.mentions import find_mentions
from deephypebot.settings import Settings
from deephypebot.songs import build_song
from deephypebot.store import Store
from deephypebot.store.lease import Found, Lease
from deephypebot.store.rows import entry_of
from deephypebot.types import Entry, Mention, Song

AT_ONCE, HOPELESS = 50, 5
MOST_SONGS = 4  # a scrobble names one; a post with more is a list
CALLED = re.compile(r"^(?:\s*@[\w.@-]+[:,]?)+\s*")  # "@bot@example.org, @friend "


class Read:
    """Finds songs in posts. knows: whether a name is that of an artist."""

    name, lease_s = "read", 120.0

    def __init__(
        self, store: Store, settings: Settings, knows: Callable[[str], bool] | None = None, clock: Clock = utc_now
    ) -> None:
        self.store, self.settings, self.knows, self.clock = store, settings, knows, clock

    def step(self, owner: str) -> bool:
        """Read some posts; False where there are none."""
        lease = Lease(owner, self.clock(), self.lease_s * self.settings.store.patience)
        rows = self.store.entries.claim(lease, AT_ONCE)
        for row in rows:
            if row.tries > HOPELESS:
                self.store.entries.failed(row, lease, f"reading it has failed {HOPELESS} times")
            else:
                self._read(row, lease)
        return bool(rows)

    def _read(self, row: Found, lease: Lease) -> None:
        entry = entry_of(row)
        if entry.asks_us and self._has_asked_enough(entry):
            limit = self.settings.queue.answers_a_day
            self.store.entries.read(row, lease, [], f"{entry.author} has asked {limit} times today, which is the limit")
            return
        try:
            mentions = self.mentions(entry)
        except (ValueError, RecursionError) as error:  # a post must not stop those behind it
            self.store.entries.failed(row, lease, f"{type(error).__name__}: {error}")
            return
        self.store.entries.read(row, lease, mentions, "" if mentions else "names no song")

    def mentions(self, entry: Entry) -> list[Mention]:
        """The songs that a post is about: those that it names outright, else those that are read off its links and text."""
        if entry.songs:
            named = [song for song in map(_allowed, entry.songs[:MOST_SONGS]) if song is not None]
            return [Mention(song, 1.0, "scrobble") for song in named]
        text = CALLED.sub("", entry.text) if entry.asks_us else entry.text
        return find_mentions(text, entry.links, self.knows)

    def _has_asked_enough(self, entry: Entry) -> bool:
        return self.store.entries.asked(entry.network, entry.author, self.clock()) >= self.settings.queue.answers_a_day


def _allowed(song: Song) -> Song | None:
    try:
        return build_song(song.artist, song.title)
    except InputError:
        return None
