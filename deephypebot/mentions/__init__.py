"""Which songs is a post about? Pure functions: a text and its link cards in, scored guesses out; below a threshold nothing is said.

scrobble records -> link cards -> quoted titles -> dashed lines, "Title by Artist"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deephypebot.mentions.cards import album_of, is_of_album, read_card
from deephypebot.mentions.guess import Guess, merged
from deephypebot.mentions.lines import read_lines
from deephypebot.mentions.quoted import read_quoted
from deephypebot.mentions.records import read_record
from deephypebot.mentions.text import parse_post
from deephypebot.songs import normalise_name
from deephypebot.types import Link, Mention

__all__ = ["MOST_SONGS", "THRESHOLD", "find_guesses", "find_mentions"]

THRESHOLD = 0.55
MOST_SONGS = 4  # a post that names more is a list or a playlist
MOST_LINKS = 20


def find_mentions(text: str, links: Sequence[Link] = (), knows: Callable[[str], bool] | None = None) -> list[Mention]:
    """The songs that a post is about, in the order of their appearance; none where that is not sure enough, or where they are many.

    knows: whether a name is that of an artist, where a catalogue can tell.
    """
    sure = [guess for guess in find_guesses(text, links, knows) if guess.score >= THRESHOLD]
    return [Mention(guess.song, guess.score, guess.how) for guess in sure] if len(sure) <= MOST_SONGS else []


def find_guesses(text: str, links: Sequence[Link] = (), knows: Callable[[str], bool] | None = None) -> list[Guess]:
    """All guesses, each song once, with how sure they are."""
    if (record := read_record(text)) is not None:
        return record
    post = parse_post(text, knows or (lambda artist: False))
    links = links[:MOST_LINKS]
    cards = [guess for link in links for guess in read_card(link)]
    albums = {normalise_name(album_of(link)) for link in links if is_of_album(link)} - {
        normalise_name(c.song.title) for c in cards
    }
    written = [one for one in read_quoted(post) or read_lines(post) if normalise_name(one.song.title) not in albums]
    return merged(written, cards, post)
