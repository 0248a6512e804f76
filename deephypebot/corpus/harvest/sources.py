"""Sources of a corpus, as people name them: "rss:https://blog.example/feed", "tumblr:blog:NAME", "hypem:popular", ..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deephypebot.corpus.read_posts import SUFFIXES
from deephypebot.errors import InputError, Refused, shown
from deephypebot.http import Http
from deephypebot.services import Archive
from deephypebot.services.web_page import check_address
from deephypebot.settings import Settings

WEB = ("page", "rss", "sitemap", "opml")  # read by the fetcher itself
LISTS = ("urls",)
ARCHIVES = ("hypem", "tumblr", "soundcloud", "bandcamp", "wikipedia", "musiccaps")
FILES = ("file",)
ALLOWED = (
    "rss:URL, opml:URL_OR_FILE, sitemap:URL, page:URL, urls:FILE, file:POSTS.JSONL, hypem:popular, hypem:latest, hypem:tag:NAME, hypem:blog:NAME, "
    "tumblr:blog:NAME, tumblr:tag:NAME, soundcloud:user:NAME, soundcloud:search:WORDS, bandcamp:URL, wikipedia:category:NAME, wikipedia:page:TITLE, musiccaps"
)


@dataclass(frozen=True)
class SourceName:
    """A source as it is kept. kind: of WEB, LISTS, ARCHIVES or FILES; what: an address, a path, or what the archive is asked for."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.what}" if self.what else self.kind


def parse_source_name(text: str) -> SourceName:
    """A source by its name; a bare address is taken for a feed, a sitemap, an OPML file or a page by how it looks. Raises InputError."""
    text = text.strip()
    kind, _, what = text.partition(":")
    try:
        urlsplit(text)
    except ValueError as error:
        raise InputError(f"SOURCE is {shown(text)}: no address ({error})") from error
    if kind in ("http", "https"):
        kind, what = _kind_of(text), text
    if kind not in (*WEB, *LISTS, *ARCHIVES, *FILES):
        raise InputError(f"SOURCE is {shown(text)}; allowed are {ALLOWED}")
    if kind == "musiccaps":
        return SourceName(kind, "")
    if not what.strip() or what.endswith(":") or len(text) > 700:
        raise InputError(f"SOURCE is {shown(text)}; allowed are {ALLOWED}")
    if kind in (*LISTS, *FILES) or (kind == "opml" and not what.startswith("http")):
        path = Path(what).expanduser()
        if not path.is_file():
            raise InputError(f"SOURCE {shown(text)}: there is no such file")
        if kind in FILES and path.suffix.lower() not in SUFFIXES:
            raise InputError(f"SOURCE {shown(text)}: allowed are files that end in {', '.join(SUFFIXES)}")
        return SourceName(kind, str(path.resolve()))
    if kind in WEB or kind == "bandcamp":
        try:
            check_address(what)
        except Refused as error:
            raise InputError(
                f"SOURCE is {shown(text)}: {error}; allowed is an address such as https://blog.example/feed"
            ) from error
    return SourceName(kind, what)


def _kind_of(url: str) -> str:
    path = urlsplit(url).path.lower()
    if "sitemap" in path:
        return "sitemap"
    if path.endswith(".opml"):
        return "opml"
    is_feed = any(word in path for word in ("/feed", "/rss", "/atom", ".rss", ".atom")) or path.endswith(".xml")
    return "rss" if is_feed else "page"


def open_archive(source: SourceName, settings: Settings) -> Archive:
    """What is looked into for a source of ARCHIVES. Raises InputError where the settings lack a key, or `what` is not allowed."""
    harvest = settings.corpus

    def own(name: str) -> dict[str, str]:
        return {"api": harvest.addresses[name]} if name in harvest.addresses else {}

    def http(pause_s: float) -> Http:
        return Http(harvest.contact, pause_s if not harvest.addresses else 0.0)  # look-alikes need no politeness

    openers: dict[str, Callable[[], Archive]] = {
        "hypem": lambda: _hypem(source, settings, http, own),
        "tumblr": lambda: _tumblr(source, settings, http, own),
        "soundcloud": lambda: _soundcloud(source, settings, http, own),
        "bandcamp": lambda: _bandcamp(source, http),
        "wikipedia": lambda: _wikipedia(source, http, own),
        "musiccaps": lambda: _musiccaps(http, own),
    }
    return openers[source.kind]()


Https = Callable[[float], Http]
Own = Callable[[str], dict[str, str]]


def _hypem(source: SourceName, settings: Settings, http: Https, own: Own) -> Archive:
    from deephypebot.services import hype_machine

    feeds = {"feeds": settings.corpus.addresses["hypem_feeds"]} if "hypem_feeds" in settings.corpus.addresses else {}
    key = settings.corpus.hype_machine_key.get_secret_value()
    return hype_machine.HypeMachine(http(hype_machine.PAUSE_S), source.what, key, **own("hypem"), **feeds)


def _tumblr(source: SourceName, settings: Settings, http: Https, own: Own) -> Archive:
    from deephypebot.services import tumblr

    key = _needed("tumblr_key", settings.corpus.tumblr_key.get_secret_value(), source)
    return tumblr.Tumblr(http(tumblr.PAUSE_S), source.what, key, **own("tumblr"))


def _soundcloud(source: SourceName, settings: Settings, http: Https, own: Own) -> Archive:
    from deephypebot.services import soundcloud

    secret = _needed("soundcloud_secret", settings.corpus.soundcloud_secret.get_secret_value(), source)
    client = _needed("soundcloud_id", settings.corpus.soundcloud_id, source)
    sign_in = (
        {"sign_in": settings.corpus.addresses["soundcloud_sign_in"]}
        if "soundcloud_sign_in" in settings.corpus.addresses
        else {}
    )
    return soundcloud.SoundCloud(http(soundcloud.PAUSE_S), source.what, client, secret, **own("soundcloud"), **sign_in)


def _bandcamp(source: SourceName, http: Https) -> Archive:
    from deephypebot.services import bandcamp

    return bandcamp.Bandcamp(http(bandcamp.PAUSE_S), [source.what])


def _wikipedia(source: SourceName, http: Https, own: Own) -> Archive:
    from deephypebot.services import wikipedia

    return wikipedia.Wikipedia(http(wikipedia.PAUSE_S), source.what, **own("wikipedia"))


def _musiccaps(http: Https, own: Own) -> Archive:
    from deephypebot.services import musiccaps

    return musiccaps.MusicCaps(http(musiccaps.PAUSE_S), **own("musiccaps"))


def _needed(key: str, value: str, source: SourceName) -> str:
    if not value:
        raise InputError(f"corpus.{key} is missing in the settings; {source} needs it")
    return value
