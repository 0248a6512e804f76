"""Is what a catalogue returned the song that was asked for? Pure. The right song or none: never simply the first hit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rapidfuzz import fuzz

from deephypebot.songs import normalise_name
from deephypebot.types import Song

T = TypeVar("T")
GUEST = re.compile(r"\s*[(\[]?\s*(?<!\w)(?:feat\.?|ft\.?|featuring|with)\s+[^)\]]*[)\]]?", re.IGNORECASE)
JOINED = re.compile(r"\s*(?:,|;|&|\+|/|\s(?:and|und|et|y|e|x|vs\.?|with)\s)\s*", re.IGNORECASE)
NOTE = re.compile(r"\s*(?:[(\[]([^)\]]*)[)\]]|\s[-–—]\s(.+))\s*$")
SAME = re.compile(  # a note that leaves the song what it is
    r"""\b(?:remaster(?:ed)?|(?:mono|stereo|album|single|radio|original|lp|full|explicit|clean)(?:\s(?:version|edit|mix))?|version\soriginale?|
    official|video|audio|visuali[sz]er|lyrics?|hd|hq|deluxe|bonus|from|soundtrack|(?:19|20)\d\d|anniversary|edition|edit)\b""",
    re.IGNORECASE | re.VERBOSE,
)
OTHER = re.compile(  # a note that makes another recording of it
    r"\b(?:remix|rmx|rework|refix|dub|bootleg|mashup|cover|karaoke|tribute|instrumental|a\s?cappella|acoustic|demo|live|session|sped\sup|slowed|"
    r"nightcore|8d|mix|medley|lullaby|in\sthe\sstyle\sof|originally\sperformed)\b",
    re.IGNORECASE,
)
IMITATORS = re.compile(
    r"\b(?:karaoke|tribute|cover(?:s|ed)?|made famous|in the style|lullaby|piano guys|ameritz|party tyme|vitamin string)\b",
    re.IGNORECASE,
)
CLOSE = 92.0  # percent of the letters, of names that are not short
SHORT = 5


def is_same_song(asked: Song, found: Song, artists: Sequence[str] = ()) -> bool:
    """Whether artist and title agree. artists: those that the catalogue credits one by one; any main one may be the asked one."""
    if IMITATORS.search(found.artist) and not IMITATORS.search(asked.artist):
        return False
    return is_same_title(asked.title, found.title) and is_same_artist(asked.artist, [found.artist, *artists])


def is_same_title(asked: str, found: str) -> bool:
    """But for notes on the version; a remix, a cover or a live recording is another one unless it was asked for."""
    return _kinds(asked) == _kinds(found) and _agree(_bare(asked), _bare(found))


def is_same_artist(asked: str, found: Iterable[str]) -> bool:
    """Whether one of the names is the asked one, or all of its parts are among theirs."""
    names = [name for name in found if name]
    if any(_agree(GUEST.sub("", asked), GUEST.sub("", name)) for name in names):
        return True
    theirs = {normalise_name(part) for name in names for part in JOINED.split(GUEST.sub("", name)) if part}
    ours = {normalise_name(part) for part in JOINED.split(GUEST.sub("", asked)) if part}
    return bool(ours) and (ours <= theirs or theirs <= ours)


def best_match(asked: Song, found: Sequence[tuple[Song, Sequence[str], T]]) -> T | None:
    """Of what was found, with the artists of each, the one that is the song and is spelt most like it; None where none is."""
    same = [(song, what) for song, artists, what in found if is_same_song(asked, song, artists)]
    likeness = [fuzz.ratio(asked.title.casefold(), song.title.casefold()) for song, _ in same]
    return same[likeness.index(max(likeness))][1] if same else None


def _bare(title: str) -> str:
    """Without guests and notes that do not matter."""
    title = GUEST.sub("", title)
    while (note := NOTE.search(title)) and note.start() > 0:
        said = note[1] or note[2] or ""
        if not (SAME.search(said) or OTHER.search(said)):
            break
        title = title[: note.start()]
    return title.strip()


def _kinds(title: str) -> frozenset[str]:
    """The words of its notes that make it another recording; of a remix also whose it is."""
    kinds: set[str] = set()
    rest = GUEST.sub("", title)
    while (note := NOTE.search(rest)) and note.start() > 0:
        said = note[1] or note[2] or ""
        other = OTHER.search(said)
        if other and not re.search(r"\b(?:original|radio|single|album)\s+mix\b", said, re.IGNORECASE):
            is_somebodys = re.search(r"remix|rework|mix\b|dub|edit", said, re.IGNORECASE)
            kinds.add(normalise_name(said) if is_somebodys else other[0].casefold())
        rest = rest[: note.start()]
    return frozenset(kinds)


def _agree(one: str, other: str) -> bool:
    one, other = normalise_name(one), normalise_name(other)
    if one == other:
        return bool(one)
    return min(len(one), len(other)) > SHORT and fuzz.ratio(one, other) >= CLOSE
