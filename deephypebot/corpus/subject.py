"""Which song is a post about? The headline guesses, the address and the text bear out: one song, or none. Pure.

What several places say is surer than what one says: a title that stands quoted in the text and in the address is a title.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from deephypebot.corpus.blocks import Block
from deephypebot.corpus.headline import (
    DASH,
    ROLES,
    SPAN,
    Headline,
    is_furniture,
    is_site,
    read_headline,
    read_slug,
    site_key,
    slug_of,
)
from deephypebot.errors import InputError
from deephypebot.mentions.names import FEATURED, clean_title, is_marked, is_name
from deephypebot.mentions.words import CONNECTORS
from deephypebot.services.embedded import genre_root
from deephypebot.songs import build_song, normalise_name
from deephypebot.types import Song

THRESHOLD = 0.5
READ, LONGEST = 12, 3000  # blocks that are read, and characters of each
MOST_NAMES = 12  # of each kind that are weighed against each other
NAME = re.compile(
    r"(?<![\w#@])((?:[A-ZÀ-ÞØ-Ý0-9](?:[\w'’!$&-]|\.(?!\.))*|[a-z]{1,3}[A-Z]\w+)(?:\s+(?:(?:of|the|and|de|la|&|x|\+|du|von|van|for|in|to|y)\s+)?[A-ZÀ-ÞØ-Ý0-9](?:[\w'’!$&-]|\.(?!\.))*){0,5})"
)
POSSESSIVE = re.compile(r"['’]s?$")
NO_ARTISTS = frozenset(
    "the this that it its i a an in on with from and but his her their my your our he she they we you there here what when while after as at for to of "
    "if is so not no new music song single album ep track listen watch video stream spotify soundcloud facebook twitter instagram youtube bandcamp apple itunes "
    "following featuring last one two first now just today yesterday tomorrow both these those once since back out over it's i'm i've let's that's there's "
    "hype machine related posts tags comments share photo london new york los angeles la nyc uk us usa u.k u.s berlin paris brooklyn toronto u.s.a l.a swedish danish norwegian british american canadian australian french german english irish scottish spanish italian dutch icelandic finnish "
    "electronic thoughts words image loading posted categories tagged "
    "january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday".split()
)


DOES = (
    "have|has just|has been|has a|has re|share|return|are back|is back|release|drop|unveil|just|recently|deliver|combine|blend|make|makes|wrote|writes|sing|sings|explains|says|told|offer|"
    "manages|knows|brings|teams|debut|announce|will release|continues|hails|keeps"
)


ACTS = re.compile(rf"\\*?\s+(?:{DOES})\b")
BY_AFTER = re.compile(r"[\"“”'‘’]{0,2},?\s+(?:(?:is\s+)?(?:the|a)\s+[\w\s-]{0,40}?)?by\s+[\"“”'‘’]{0,2}")
MOST_PLACES = 20
ROLE = re.compile(rf"\b(?:{ROLES})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """The song of a post. guests: who else is credited; score: how sure that is, 0..1."""

    song: Song
    guests: tuple[str, ...] = ()
    score: float = 1.0


class Names:
    """How often names are set in some way, by how they are matched; and how they are written."""

    def __init__(self) -> None:
        self.number, self.written = Counter[str](), dict[str, str]()

    def add(self, name: str, number: int = 1) -> None:
        """Once more."""
        if key := matched(name):
            self.number[key] += number
            self.written.setdefault(key, name)


@dataclass(frozen=True)
class Evidence:
    """What the post says, where names are looked for. quoted, named: in quotation marks, in bold or italics; artists: in running text;
    owners: of those, with an apostrophe; actors: who share, return or have done something, as artists do."""

    headline: str
    slug: str
    text: str
    flat: str
    quoted: Names
    named: Names
    artists: Names
    owners: Names
    actors: Names
    knows: Callable[[str], bool]
    site: str


@lru_cache(50_000)
def matched(name: str) -> str:
    """What a name is matched by: without guests and brackets."""
    return normalise_name(bare(name))


def bare(title: str) -> str:
    """Without what stands in brackets, unless that is all."""
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", FEATURED.sub("", title)).strip() or title


def find_subject(
    headline: str, url: str, site: str, blocks: Sequence[Block], knows: Callable[[str], bool]
) -> Subject | None:
    """The song, None where that is not sure enough. knows: whether a name is that of an artist, where a catalogue can tell."""
    evidence = read_evidence(headline, url, site, blocks, knows)
    pairs: dict[tuple[str, str], Headline] = {}
    is_told = not (is_furniture(headline) or is_site(headline, evidence.site))
    guesses = read_headline(headline, site, knows) if is_told else read_slug(url, knows)
    for one in [*completed(guesses, evidence), *from_openings(blocks, site, knows), *from_text(evidence)]:
        key = (matched(one.artist), matched(one.title))
        if all(key) and key[0] != key[1] and (key not in pairs or one.prior > pairs[key].prior):
            pairs[key] = one
    scored = [(weigh(one, evidence), one) for one in pairs.values()]
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    if best is None or score < THRESHOLD:
        return None
    best = replace(best, artist=whole_name(best, [one.artist for _, one in scored], evidence))
    try:
        guests = tuple(name for name in best.guests if normalise_name(name) != normalise_name(best.artist))
        return Subject(build_song(best.artist, best.title), guests, min(1.0, score))
    except InputError:
        return None


def whole_name(one: Headline, others: Sequence[str], evidence: Evidence) -> str:
    """The artist's longest form that the headline or the address has: not Misch but Tom Misch."""
    key, title, small = matched(one.artist), matched(one.title), one.artist.casefold()
    part = re.compile(rf"(?<!\w){re.escape(one.artist)}(?!\w)", re.IGNORECASE)
    longer = [
        name
        for name in [*evidence.artists.written.values(), *evidence.named.written.values(), *others]
        if len(name) > len(one.artist) and is_name(name, 6) and not re.search(r"['’]s?$|:|\s[-–]\s", name)
        if small in name.casefold() and part.search(name) and not is_furniture(part.sub(" ", name))
        if (other := matched(name)) in evidence.headline or other in evidence.slug
        if title not in other and other != key
    ]
    return max(longer, key=len, default=one.artist)


def read_evidence(
    headline: str, url: str, site: str, blocks: Sequence[Block], knows: Callable[[str], bool]
) -> Evidence:
    """Counts of names by how they are set."""
    quoted, named, artists, owners, actors = Names(), Names(), Names(), Names(), Names()
    texts = [block.text[:LONGEST] for block in blocks[:READ]]
    for block, text in zip(blocks, texts, strict=False):
        if block.kind == "item":
            continue
        for span in SPAN.finditer(text):
            words = next(group for group in span.groups() if group)
            if len(words.split()) <= 9:
                quoted.add(clean_title(words.rstrip(",.!?")))
        for name in block.named:
            name = SPAN.sub(lambda m: next(g for g in m.groups() if g), POSSESSIVE.sub("", name)).strip(" ,.:;!'\"’“”")
            if 0 < len(name.split()) <= 9:
                named.add(name)
        for name, owns, acts in names_in(text) if block.kind != "quote" else ():
            artists.add(name)
            if owns:
                owners.add(name)
            if acts:
                actors.add(name)
    flat = normalise_name(" ".join(texts))
    return Evidence(
        normalise_name(headline),
        slug_of(url),
        "\n".join(texts),
        flat,
        quoted,
        named,
        artists,
        owners,
        actors,
        knows,
        site_key(site),
    )


def names_in(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Words with capitals that may be artists, whether something is theirs, and whether they do something."""
    for match in NAME.finditer(text):
        name, owns = POSSESSIVE.sub("", match[1].rstrip(".,!?'’")), POSSESSIVE.search(match[1]) is not None
        opens = match.start() == 0 or text[: match.start()].rstrip()[-1:] in ".!?:"
        name = _without_opening(name) if opens else name
        if name and not is_no_artist(name):
            yield name, owns, ACTS.match(text, match.end()) is not None
            if owns and len(name) < 6:  # Her's
                yield match[1], False, False


@lru_cache(50_000)
def is_no_artist(name: str) -> bool:
    """A word that only begins a sentence, a day, a place, a genre."""
    return name.casefold().strip(".") in NO_ARTISTS or (genre_root(name) is not None and not name.isupper())


def _without_opening(name: str) -> str:
    """Without a word that has its capital from the beginning of a sentence."""
    first, _, rest = name.partition(" ")
    return (
        rest if first.casefold() in NO_ARTISTS and first.casefold() not in ("the", "a", "my", "new") and rest else name
    )


def completed(guesses: Sequence[Headline], evidence: Evidence) -> list[Headline]:
    """Headlines that have only one of the two names, with the other from the text; and shorter or longer forms of artists."""
    found: list[Headline] = []
    artists = likely_artists(evidence)
    for one in guesses:
        if one.artist and one.title:
            found += [
                one,
                *(replace(one, artist=form, prior=one.prior - 0.08) for form in other_forms(one.artist, artists)),
            ]
        elif one.title:
            guests = {matched(name) for name in one.guests}
            artists = [name for name in artists if matched(name) not in guests]
            found += [replace(one, artist=name, prior=one.prior - 0.05) for name in artists]
        else:
            found += [
                replace(one, artist=name, title=one.artist[len(name) :].strip(), prior=0.5)
                for name in artists
                if one.artist.startswith(f"{name} ") and matched(one.artist) not in evidence.named.number
            ]
            found += [replace(one, title=title, prior=one.prior - 0.05) for title in likely_titles(evidence)]
    return found


def other_forms(artist: str, artists: Sequence[str]) -> list[str]:
    """Names of the text that this one is a part of; where the text does not have it, those that are a part of it; and it without its
    possessive."""
    key, known = matched(artist), {matched(name): name for name in artists}
    forms = [name for other, name in known.items() if key in other and key != other]
    forms += [] if key in known else [name for other, name in known.items() if other in key and len(other) > 2]
    return [*forms, *([POSSESSIVE.sub("", artist)] if POSSESSIVE.search(artist) else [])]


def from_openings(blocks: Sequence[Block], site: str, knows: Callable[[str], bool]) -> list[Headline]:
    """Headings, and lines that open the post as a headline would: Artist - 'Title'."""
    found: list[Headline] = []
    for number, block in enumerate(blocks[:READ]):
        opens = " ".join(block.text.split()[:16])
        if block.kind == "heading" or (number < 2 and (dash := DASH.search(opens)) and dash.start() < 40):
            text = block.text if block.kind == "heading" else opens
            found += [
                replace(one, prior=one.prior - 0.12)
                for one in read_headline(text, site, knows)
                if one.artist and one.title
            ]
    return found


def from_text(evidence: Evidence) -> list[Headline]:
    """All likely artists with all likely titles, where the headline says nothing."""
    return [Headline(a, t, 0.12) for a in likely_artists(evidence)[:6] for t in likely_titles(evidence)[:5]]


def likely_artists(evidence: Evidence) -> list[str]:
    """Names in the text, those in bold and those with possessions first."""
    counts = Counter[str]()
    written = evidence.named.written | evidence.artists.written
    for key, name in written.items():
        if is_marked(name) and not name.isdecimal() and not is_no_artist(name) and key != evidence.site:
            counts[name] = (
                2 * (evidence.artists.number[key] + evidence.owners.number[key])
                + 3 * evidence.named.number[key]
                + _seen(key, evidence)
            )
    return [name for name, _ in counts.most_common(MOST_NAMES)]


def likely_titles(evidence: Evidence) -> list[str]:
    """What is quoted or in bold or italics, oftenest first."""
    counts = Counter[str]()
    for key, name in (evidence.named.written | evidence.quoted.written).items():
        counts[name] = 2 * evidence.quoted.number[key] + 2 * evidence.named.number[key] + _seen(key, evidence)
    return [name for name, _ in counts.most_common(MOST_NAMES) if name]


def _seen(key: str, evidence: Evidence) -> int:
    return 6 if len(key) > 2 and (key in evidence.slug or key in evidence.headline) else 0


def weigh(one: Headline, evidence: Evidence) -> float:
    """How sure a pair is, by all places that could speak for or against it."""
    artist, title = matched(one.artist), matched(one.title)
    score = one.prior * 0.75
    for name in (artist, title):
        score += (0.12 if len(name) > 3 else 0.05) if len(name) > 1 and name in evidence.slug else 0.0
        score += 0.1 if name in evidence.headline else 0.0
    quoted, quoted_artist = evidence.quoted.number[title], evidence.quoted.number[artist]
    score += 0.2 if quoted else 0.08 if evidence.named.number[title] else 0.0
    score -= 0.2 if quoted_artist > quoted else 0.0
    owner = evidence.owners.number[artist]
    score += (
        0.06 * min(3, evidence.artists.number[artist]) + 0.08 * (owner > 0) + 0.08 * (evidence.named.number[artist] > 0)
    )
    score -= 0.12 if evidence.owners.number[title] > owner else 0.0
    score += 0.1 * evidence.knows(one.artist)
    score += 0.15 * stand_together(one, evidence.text)
    score += 0.1 if evidence.headline.startswith(artist) else 0.0
    score += 0.15 * (evidence.actors.number[artist] > 0) - 0.15 * (evidence.actors.number[title] > 0)
    score -= 0.0 if artist in evidence.flat else 0.25 if len(evidence.flat) > 250 else 0.1
    score -= 0.2 if artist in title and len(artist) < len(title) else 0.0
    score -= 0.2 if artist not in evidence.flat and ROLE.search(one.artist) else 0.0
    if artist == evidence.site or is_no_artist(one.artist) or one.title.casefold() in CONNECTORS:
        score -= 0.5
    return score


def stand_together(one: Headline, text: str) -> bool:
    """ "Title" by Artist, or Artist's ... "Title", in the text."""
    artist, title, text = one.artist.casefold(), bare(one.title).casefold(), text.casefold()
    for at in _places(title, text):
        after = BY_AFTER.match(text, at + len(title))
        if after and text.startswith(artist, after.end()):
            return True
        before = text[max(0, at - len(artist) - 70) : at]
        owner = max(before.rfind(f"{artist}'"), before.rfind(f"{artist}’"))
        if owner >= 0 and not re.search(r"[.!?\n]\s", before[owner + len(artist) :]):
            return True
    return False


def _places(name: str, text: str) -> Iterator[int]:
    at = text.find(name)
    for _ in range(MOST_PLACES):
        if at < 0:
            return
        yield at
        at = text.find(name, at + 1)
