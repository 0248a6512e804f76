"""Guesses: a song and how sure that is. What text and cards both say is surer than either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from deephypebot.errors import InputError
from deephypebot.mentions.names import clean_artist, clean_title
from deephypebot.mentions.text import Post
from deephypebot.songs import build_song, normalise_name
from deephypebot.types import Song

AGREED = 0.15
SURE = 0.8  # a guess that needs no card
MISSPELT = 85.0  # percent of the letters


@dataclass(frozen=True)
class Guess:
    """A song that a post may be about. score: 0..1; how: the rule that found it; alone: it may be the other way round."""

    song: Song
    score: float
    how: str
    may_be_reversed: bool = False


def guess(artist: str, title: str, score: float, how: str, may_be_reversed: bool = False) -> list[Guess]:
    """The guess with its names cleaned; none where they are not allowed as names."""
    try:
        song = build_song(clean_artist(artist), clean_title(title))
    except InputError:
        return []
    return [Guess(song, min(1.0, score), how, may_be_reversed)]


def merged(written: Sequence[Guess], cards: Sequence[Guess], post: Post) -> list[Guess]:
    """Each song once. A card bears out what the text says, or turns it round; alone it counts where the text does not speak against it."""
    found: dict[tuple[str, str], Guess] = {}
    spelt = [card for card in cards if _stands_in(card.song, post)]
    for one in written:
        best = _borne_out(one, cards)
        if best.score < SURE and best is one:
            best = next((card for card in spelt if _shares_a_name(one.song, card.song)), one)
        found.setdefault(_key(best.song), best)
    if not any(one.score >= SURE for one in found.values()) and (spelt or not post.is_about_something_else):
        titles = [one.song.title for one in found.values()]
        for card in spelt or cards:
            if not any(_same_name(card.song.title, title) for title in titles):
                found.setdefault(_key(card.song), card)
    return list(found.values())


def _stands_in(song: Song, post: Post) -> bool:
    """Whether the text has both names, perhaps misspelt."""
    text = " ".join(line.text for line in post.lines).casefold()
    return all(fuzz.partial_ratio(name.casefold(), text) >= MISSPELT for name in (song.artist, song.title))


def _shares_a_name(one: Song, other: Song) -> bool:
    names = (one.artist, one.title)
    return any(_same_name(name, theirs) for name in names for theirs in (other.artist, other.title))


def _borne_out(one: Guess, cards: Sequence[Guess]) -> Guess:
    """The guess, surer and perhaps turned round, where a card names the same song."""
    for card in cards:
        if _same(one.song, card.song):
            is_part = card.song.artist.startswith(f"{one.song.artist} ")
            song = Song(card.song.artist, one.song.title) if is_part else one.song
            return replace(one, song=song, score=min(1.0, one.score + AGREED))
        if _same(one.song, Song(card.song.title, card.song.artist)) and one.may_be_reversed:
            return replace(one, song=card.song, score=min(1.0, one.score + AGREED))
        if one.song.artist.startswith("@") and _same_name(one.song.title, card.song.title):
            return replace(one, song=card.song)
    return one


def _same(one: Song, other: Song) -> bool:
    return _same_name(one.title, other.title) and _same_name(one.artist, other.artist)


def _same_name(one: str, other: str) -> bool:
    one, other = normalise_name(one.lstrip("@")), normalise_name(other)
    return bool(one and other) and (one == other or (min(len(one), len(other)) > 3 and (one in other or other in one)))


def _key(song: Song) -> tuple[str, str]:
    return normalise_name(song.artist), normalise_name(song.title)
