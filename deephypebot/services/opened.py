"""Services by the names that the settings use: the one place that knows them all. Each is imported when it is opened."""

from __future__ import annotations

from deephypebot.services import Notice, Publisher, Purse, Sheet, SongCatalogue, Watcher
from deephypebot.settings import FeedSettings, Settings


def open_publisher(network: str, settings: Settings) -> Publisher:
    """The publisher of a network, not yet signed in."""
    raise NotImplementedError(network)


def open_watcher(feed: FeedSettings, settings: Settings, purse: Purse) -> Watcher:
    """The watcher of a feed, not yet signed in. purse: for a service that costs."""
    raise NotImplementedError(feed.kind)


def open_catalogues(settings: Settings) -> list[SongCatalogue]:
    """The catalogues that songs are looked up in, in their order."""
    raise NotImplementedError


def open_sheet(settings: Settings) -> Sheet:
    """The sheet to curate in."""
    raise NotImplementedError


def open_notice(settings: Settings) -> Notice:
    """Where notices go."""
    raise NotImplementedError
