"""The database: what the stages of the bot hand to one another. One file a subject, one method a question."""

from __future__ import annotations

from deephypebot.store.database import Database
from deephypebot.store.decisions import Decisions
from deephypebot.store.entries import Entries
from deephypebot.store.feeds import Feeds
from deephypebot.store.harvest import Harvest
from deephypebot.store.items import Items
from deephypebot.store.outbox import Outbox
from deephypebot.store.posts import Posts
from deephypebot.store.songs import Songs
from deephypebot.store.switches import Switches

__all__ = ["Store"]


class Store:
    """url: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; the tables are made, or brought to this version.

    Safe to share between threads. Raises InputError for another address, StoreError where the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.feeds = Feeds(self.database)
        self.entries = Entries(self.database)
        self.songs = Songs(self.database)
        self.items = Items(self.database)
        self.decisions = Decisions(self.database)
        self.outbox = Outbox(self.database)
        self.posts = Posts(self.database)
        self.harvest = Harvest(self.database)
        self.switches = Switches(self.database)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
