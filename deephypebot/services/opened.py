"""Services by the names that the settings use: the one place that knows them all. Each is imported when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deephypebot.config import state_dir
from deephypebot.errors import InputError
from deephypebot.http import Http
from deephypebot.services import Notice, Publisher, Purse, Sheet, SongCatalogue, Watcher
from deephypebot.settings import FeedSettings, Settings

SUFFIX = {"rss": "xml", "json": "json", "markdown": "md"}


def open_publisher(network: str, settings: Settings) -> Publisher:
    """The publisher of a network, not yet signed in. Raises InputError where the settings lack its account."""
    match network:
        case "console":
            from deephypebot.services.console import Console

            return Console()
        case "bluesky":
            from deephypebot.services.bluesky import Bluesky

            return Bluesky(settings.bluesky)
        case "mastodon":
            from deephypebot.services.mastodon import Mastodon

            return Mastodon(settings.mastodon)
        case "x":
            from deephypebot.services.x import X

            return X(settings.x)
        case "rss" | "json" | "markdown":
            from deephypebot.services.publications import Publication

            post = settings.posting(network)
            return Publication(network, post.path or state_dir() / f"posts.{SUFFIX[network]}", post.title)
        case _:
            raise InputError(f"network is {network!r}; allowed are bluesky, mastodon, x, console, rss, json, markdown")


def open_watcher(feed: FeedSettings, settings: Settings, purse: Purse) -> Watcher:
    """The watcher of a feed, not yet signed in. purse: for a service that costs."""
    match feed.kind:
        case "bluesky-home" | "bluesky-notifications":
            from deephypebot.services import bluesky

            watcher = bluesky.BlueskyHome if feed.kind == "bluesky-home" else bluesky.BlueskyNotifications
            return watcher(settings.bluesky)
        case "mastodon-home" | "mastodon-hashtag" | "mastodon-notifications":
            from deephypebot.services import mastodon

            watchers = {
                "mastodon-home": mastodon.MastodonHome,
                "mastodon-hashtag": mastodon.MastodonHashtag,
                "mastodon-notifications": mastodon.MastodonNotifications,
            }
            return watchers[feed.kind](settings.mastodon, feed)
        case "x-home":
            from deephypebot.services.x import XHome

            return XHome(settings.x, purse)
        case "file":
            from deephypebot.services.file_feed import FileFeed, StdinFeed

            return StdinFeed() if feed.path == "-" else FileFeed(Path(feed.path))
        case "rss":
            from deephypebot.services.rss_feed import RssFeed

            return RssFeed(feed.url, Http(settings.look_up.contact))
        case "reddit":
            from deephypebot.services.reddit import Reddit

            return Reddit(feed.subreddit, settings.reddit, Http(settings.look_up.contact, pause_s=1.0))
        case "jetstream":
            from deephypebot.services.jetstream import Jetstream

            return Jetstream(settings.bluesky.jetstream, feed.people)


def open_catalogues(settings: Settings) -> list[SongCatalogue]:
    """The catalogues that songs are looked up in, in their order. Raises InputError where the settings lack a key."""
    return [_open_catalogue(name, settings) for name in settings.look_up.catalogues]


def _open_catalogue(name: str, settings: Settings) -> SongCatalogue:
    match name:
        case "embedded":
            from deephypebot.services.embedded import EmbeddedCatalogue

            return EmbeddedCatalogue()
        case _:
            raise InputError(f"catalogue is {name!r}, which is not there yet")


def open_sheet(settings: Settings, columns: Sequence[str]) -> Sheet:
    """The sheet to curate in. columns: of its header. Raises InputError where the settings lack a part of it."""
    from deephypebot.services.google_sheet import GoogleSheet

    return GoogleSheet(settings.sheet, columns)


def open_notice(settings: Settings) -> Notice:
    """Where notices go."""
    from deephypebot.services.notice import Notifier

    return Notifier(settings.notice, Http(settings.look_up.contact))
