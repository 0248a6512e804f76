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
    look_up = settings.look_up
    own = {"api": look_up.addresses[name]} if name in look_up.addresses else {}
    match name:
        case "odesli":
            from deephypebot.services import odesli

            return odesli.Odesli(Http(look_up.contact, odesli.PAUSE_S), **own)
        case "listenbrainz":
            from deephypebot.services import listenbrainz

            token = look_up.listenbrainz_token.get_secret_value()
            return listenbrainz.ListenBrainz(Http(look_up.contact, 0.5), token, **own)
        case "musicbrainz":
            from deephypebot.services import musicbrainz

            _refuse_without("contact", look_up.contact, name)
            return musicbrainz.MusicBrainz(Http(look_up.contact, musicbrainz.PAUSE_S), **own)
        case "lastfm":
            from deephypebot.services import lastfm

            key = _refuse_without("lastfm_key", look_up.lastfm_key.get_secret_value(), name)
            return lastfm.LastFm(Http(look_up.contact, lastfm.PAUSE_S), key, **own)
        case "deezer":
            from deephypebot.services import deezer

            return deezer.Deezer(Http(look_up.contact, deezer.PAUSE_S), **own)
        case "itunes":
            from deephypebot.services import itunes

            return itunes.ITunes(Http(look_up.contact, itunes.PAUSE_S), **own)
        case "spotify":
            from deephypebot.services import spotify

            _refuse_without("spotify_id", look_up.spotify_id, name)
            secret = _refuse_without("spotify_secret", look_up.spotify_secret.get_secret_value(), name)
            own |= {"sign_in": look_up.addresses["spotify_sign_in"]} if "spotify_sign_in" in look_up.addresses else {}
            return spotify.Spotify(Http(look_up.contact, 0.2), look_up.spotify_id, secret, **own)
        case "reccobeats":
            from deephypebot.services import reccobeats

            return reccobeats.ReccoBeats(Http(look_up.contact, reccobeats.PAUSE_S), **own)
        case _:
            from deephypebot.services.embedded import EmbeddedCatalogue

            return EmbeddedCatalogue()


def _refuse_without(key: str, value: str, name: str) -> str:
    if not value:
        raise InputError(f"look_up.{key} is missing; {name} needs it, or take {name} out of look_up.catalogues")
    return value


def open_sheet(settings: Settings, columns: Sequence[str]) -> Sheet:
    """The sheet to curate in. columns: of its header. Raises InputError where the settings lack a part of it."""
    from deephypebot.services.google_sheet import GoogleSheet

    return GoogleSheet(settings.sheet, columns)


def open_notice(settings: Settings) -> Notice:
    """Where notices go."""
    from deephypebot.services.notice import Notifier

    return Notifier(settings.notice, Http(settings.look_up.contact))
