"""Link cards: the titles that music sites give their pages."""

from __future__ import annotations

import re

from deephypebot.mentions.guess import Guess, guess
from deephypebot.mentions.words import LABEL_WORDS
from deephypebot.songs import QUOTED
from deephypebot.types import Link

LONGEST = 400
TRACK_PAGE = re.compile(
    r"/(?:track|song|watch|s)\b|youtu\.be/|soundcloud\.com/[^/]+/[^/?]+|last\.fm/music/[^/]+/_|ffm\.to/|lnk\.to/|song\.link/|album\.link",
    re.IGNORECASE,
)
ALBUM_PAGE = re.compile(r"/(?:albums?|playlists?|sets|series|artist|user|channel|events?)\b", re.IGNORECASE)
NO_SONG = re.compile(
    r"\b(?:full\s+(?:album|concert|ep|set|show|performance|session|film)|trailer|interview|making|documentary|episode|podcast|playlist|"
    r"tour|tickets|wikipedia|album|ep|lp|review|reaction|tutorial|lesson|radio|quote|teaser)\b|\w\s*:\s.*\btrailer\b",
    re.IGNORECASE,
)
CONCERT = re.compile(r"\b(?:concert|live\s+(?:at|from|in|on)|sessions?|performance)\b", re.IGNORECASE)
ALBUM_WORDS = re.compile(
    r"(?:^|·|,)\s*(?:album|ep|lp|playlist|compilation)\s*(?:·|,|$)|\d+\s+(?:track\s+album|songs|items|tracks)|entire album",
    re.IGNORECASE,
)
DASH = re.compile(r"\s+[-–—|]\s+|\s+--\s+")
SITE_TAIL = re.compile(
    r"\s+(?:[-–—|•·]\s+)?(?:on|auf|sur)\s+(?:Apple Music|TIDAL|Spotify|Deezer|Amazon Music|YouTube Music)\s*$|\s+\|\s+.*$|\s+[-–—]\s+(?:YouTube|Spotify|song and lyrics by.*)$",
    re.IGNORECASE,
)
CARD_LABEL = re.compile(rf"^(?:{LABEL_WORDS.pattern})\s*[:|]\s*", re.IGNORECASE)
LYRICS_BY = re.compile(r"\s+[-–—]\s+(?:song and lyrics|song|single|track)\s+by\s+", re.IGNORECASE)
STREAM = re.compile(r"^(?:Stream|Listen to|Watch|Hear|Premiere|New)[: ]\s*", re.IGNORECASE)
BY = re.compile(r"^(?P<title>.+?),?\s+by\s+(?P<artist>(?:(?!\sby\s).)+)$", re.IGNORECASE)


def read_card(link: Link) -> list[Guess]:
    """The song that a card names; none where it is of an album, a concert or something else."""
    title = " ".join(link.title[:LONGEST].split())
    if not title or is_of_album(link):
        return []
    if (parts := [part.strip() for part in link.description[:LONGEST].split("·")])[1:] and "Song" in parts:
        return guess(parts[0], title, 0.9, "card")
    if not TRACK_PAGE.search(link.url):
        return _of_post(title)
    if NO_SONG.search(title) or (
        CONCERT.search(re.sub(r"[(\[][^)\]]*[)\]]", "", title)) and "official" not in title.casefold()
    ):
        return []
    return _of_track(title, link)


def is_of_album(link: Link) -> bool:
    """Whether the card says that it is of an album, an EP or a playlist."""
    return bool(ALBUM_PAGE.search(link.url) or ALBUM_WORDS.search(link.description[:LONGEST]))


def album_of(link: Link) -> str:
    """The title of the album that a card is of."""
    title = SITE_TAIL.sub("", " ".join(link.title[:LONGEST].split()))
    by = BY.match(title)
    return by["title"] if by else DASH.split(title)[-1]


def _of_track(title: str, link: Link) -> list[Guess]:
    title = CARD_LABEL.sub("", title)
    title = STREAM.sub("", SITE_TAIL.sub("", LYRICS_BY.sub(" by ", title)))
    parts = DASH.split(title, maxsplit=1)
    if len(parts) == 2 and not BY.match(parts[0]):
        artist, name = reversed(parts) if "last.fm" in link.url else parts
        name = re.sub(r"\s+by\s+\S.*$", "", name) if "soundcloud" in link.url else name
        return guess(artist, name, 0.85, "card")
    if by := BY.match(title):
        return guess(by["artist"], by["title"], 0.85, "card")
    quoted = QUOTED.search(title)
    if quoted and quoted.start():
        return guess(title[: quoted.start()], quoted[quoted.lastindex or 0], 0.8, "card")
    is_channel = "youtu" in link.url and 0 < len(link.description.split()) <= 5
    return guess(link.description, title, 0.7, "card") if is_channel else []


def _of_post(title: str) -> list[Guess]:
    """A page about a song: "Song of the Day: Artist - Title", "Artist – “Title”"."""
    labelled = LABEL_WORDS.match(title)
    rest = title[labelled.end() :].lstrip(" :") if labelled else title
    parts = DASH.split(rest)
    if len(parts) != 2 or NO_SONG.search(title):
        return []
    quoted = QUOTED.fullmatch(parts[1].strip())
    if labelled is None and quoted is None:
        return []
    return guess(parts[0], quoted[quoted.lastindex or 0] if quoted else parts[1], 0.7, "page")
