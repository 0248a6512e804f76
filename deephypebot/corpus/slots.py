"""Names in a post's sentences as slots: {artist}, {title}, {guest}, {author} and {site}, in all the forms that blogs write them. Pure.

Names are matched by their letters and digits, over as many words as it takes: "Tom Misch", "TomMisch", "#tommisch" and "TOM MISCH" are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from deephypebot.corpus.blocks import Block
from deephypebot.corpus.headline import site_key
from deephypebot.corpus.ordinary import is_ordinary
from deephypebot.corpus.subject import Subject, bare
from deephypebot.mentions.names import FEATURED, is_marked
from deephypebot.songs import normalise_name

TOKEN = re.compile(r"[#@]?[\w$](?:[\w$!*.&+_-]*[\w$!*+])?(?:['’]\w+)*|&|\+")
OPEN, CLOSE = "\"“„‟'‘‚«‹", "\"”“'’»›"
MOST_TOKENS = 12
SHORTEST_MISSPELT = 5
ALIAS = re.compile(
    r"\b(?:a\.?k\.?a\.?|real name|born|n[ée]e|otherwise known as|better known as|moniker (?:of|for)|alias (?:of|for)|solo project of|solo project for|project of|project from|"
    r"brainchild of|alter ego of|pseudonym of|stage name of|known to \w+ \w+ as|the work of|outlet (?:of|for))\s+(?:\w+(?:-based)?\s+){0,4}?((?:[A-ZÀ-Þ][\w'’.-]+\s?){2,3})"
)
REAL = re.compile(
    r"\bis\s+(?:\w+-based\s+)?((?:[A-ZÀ-Þ][\w'’-]+\s){1,2}[A-ZÀ-Þ][\w'’-]+)['’]s\s+(?:\w+\s+){0,2}(?:project|moniker|alias|pseudonym)"
)
SMALL = frozenset(
    "a an and the of in on to for my your our i me you it is at by de la feat ft with no or da le".split()
)
JOINT = re.compile(r"\s*(?:\s&\s|\sand\s|\sx\s|,\s|\s\+\s|\s/\s|\svs\.?\s|\swith\s)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """One way of writing a name. slot: what it stands for; key: its letters and digits; written: as the post has it; whole: the name in
    full, not a part of it."""

    slot: str
    key: str
    written: str
    whole: bool = True

    @property
    def words(self) -> int:
        """How many it is written with, without an article."""
        return len(re.sub(r"^the\s", "", self.written.casefold()).split())


@dataclass(frozen=True)
class Word:
    """A word of a sentence at its place. key: its letters and digits, without a possessive, whose length is `owns`; full: with it."""

    start: int
    end: int
    text: str
    key: str
    full: str
    owns: int


class Masker:
    """The names of one post, to be masked in its sentences."""

    def __init__(self, subject: Subject | None, author: str = "", site: str = "", blocks: Sequence[Block] = ()) -> None:
        names = [*_song_forms(subject, blocks)] if subject else []
        self.forms = list(dict.fromkeys([*names, *_site_forms(author, site)]))
        self.by_first: dict[str, list[Form]] = {}
        for form in self.forms:
            self.by_first.setdefault(form.key[:1], []).append(form)

    def mask(self, sentence: str) -> str:
        """The sentence with slots. Quotation marks around a title go with it."""
        words = list(_words(sentence))
        found: list[tuple[int, int, str]] = []
        at = 0
        while at < len(words):
            match = self._longest(words, at, sentence)
            if match is None:
                at += 1
                continue
            last, form, owns = match
            takes_article = at > 0 and words[at - 1].key == "the" and form.written.casefold().startswith("the ")
            start = words[at - 1].start if takes_article else words[at].start
            found.append((start, words[last].end - owns, form.slot))
            at = last + 1
        text, end = "", 0
        for start, stop, slot in found:
            text += f"{sentence[end:start]}{{{slot}}}"
            end = stop
        return _tidied(text + sentence[end:]) if found else sentence

    def _longest(self, words: Sequence[Word], at: int, sentence: str) -> tuple[int, Form, int] | None:
        """The form that begins at a word: its last word, and how long the possessive is that does not belong to it."""
        best: tuple[int, Form, int] | None = None
        before = ""
        forms = self.by_first.get(words[at].key[:1], ())
        if not forms:
            return None
        for last in range(at, min(len(words), at + MOST_TOKENS)):
            word, ends = words[last], {before + words[last].key: words[last].owns}
            ends.setdefault(before + word.full, 0)
            for form in forms:
                is_better = best is None or last > best[0] or (form.whole and not best[1].whole)
                owns = next((ends[joined] for joined in ends if _is_same(joined, form, words[at : last + 1])), None)
                if is_better and owns is not None and self._fits(form, words, at, last, sentence, owns):
                    best = (last, form, owns)
            before += word.full
        return best

    def _fits(self, form: Form, words: Sequence[Word], at: int, last: int, sentence: str, owns: int) -> bool:
        """Whether the words are set as a name is: in quotation marks, as the post writes it, or with capitals."""
        text = sentence[words[at].start : words[last].end - owns]
        if text.startswith(("#", "@")) or _is_quoted(sentence, words[at].start, words[last].end):
            return True
        opens = at == 0 or sentence[: words[at].start].rstrip()[-1:] in ".!?:"
        capitals = all(is_marked(word.text) for word in words[at : last + 1] if word.key not in SMALL) and is_marked(
            text
        )
        plain = all(is_ordinary(word.key) for word in words[at : last + 1])
        if not form.whole:
            near = [
                words[i].text
                for i in (at - 1, last + 1)
                if 0 <= i < len(words) and _may_be_name(words, i, at, sentence)
            ]
            alone = (
                not any(is_marked(word) and not word.isdigit() and len(word) > 1 for word in near if near)
                or words[last].owns
            )
            return capitals and not (opens and plain) and bool(alone)
        if capitals:
            return not (opens and plain and form.slot == "title" and last == at and text != form.written)
        return text == form.written and (not plain or last > at + 1 or form.slot == "artist")


def _is_same(joined: str, form: Form, words: Sequence[Word]) -> bool:
    if joined == form.key:
        return True
    if not form.whole:
        return (
            joined == f"{form.key}s" and len(form.key) >= SHORTEST_MISSPELT and not is_ordinary(joined)
        )  # Brownings voice
    if len(form.key) < SHORTEST_MISSPELT or abs(len(joined) - len(form.key)) > 1 or joined[:2] != form.key[:2]:
        return False
    if len(words) != form.words:
        return False
    near = Levenshtein.distance(joined, form.key, score_cutoff=1) <= 1
    is_set_as_name = len(words) > 1 and all(is_marked(word.text) for word in words)
    return near and is_marked(words[0].text) and (is_set_as_name or not all(is_ordinary(word.key) for word in words))


def _words(sentence: str) -> Iterator[Word]:
    for match in TOKEN.finditer(sentence):
        text = match[0]
        owns = 2 if text[-2:].casefold() in ("'s", "’s") else 0
        key = _key(text[: len(text) - owns].lstrip("#@"))
        if key:
            yield Word(match.start(), match.end(), text, key, _key(text.lstrip("#@")), owns)


@lru_cache(100_000)
def _key(text: str) -> str:
    return "".join(c for c in normalise_name(text) if c.isalnum())


def _may_be_name(words: Sequence[Word], i: int, other: int, sentence: str) -> bool:
    """Whether a word beside another could be of the same name: only a space stands between, and it does not just open the sentence."""
    return _touch(words[i], words[other], sentence) and not (i == 0 and is_ordinary(words[i].key))


def _touch(one: Word, other: Word, sentence: str) -> bool:
    """Whether only a space stands between two words."""
    return not sentence[min(one.end, other.end) : max(one.start, other.start)].strip()


def _is_quoted(sentence: str, start: int, end: int) -> bool:
    before, after = sentence[:start].rstrip()[-1:], sentence[end:].lstrip(",.!? ")[:1]
    return before in OPEN and after in CLOSE and before != "" and after != ""


def _song_forms(subject: Subject, blocks: Sequence[Block]) -> Iterator[Form]:
    artist, title = subject.song.artist, subject.song.title
    for name in _variants(title):
        yield _form("title", name)
    for name in [artist, *JOINT.split(artist), *_aliases(artist, blocks)]:
        if len(name) > 1:
            yield _form("artist", name)
            yield from _parts(name)
    for guest in subject.guests:
        yield _form("guest", guest)
        yield from (Form("guest", part.key, part.written, False) for part in _parts(guest))


def _site_forms(author: str, site: str) -> Iterator[Form]:
    for name in re.split(
        r"\s*(?:,|&|\band\b|\n)\s*", re.sub(r"(?i)\b(?:words|photos?|written|posted|wording|by)\b", " ", author)
    ):
        if len(name.split()) in (2, 3) and is_marked(name):
            yield _form("author", " ".join(name.split()))
    if len(key := site_key(site)) > 5:
        yield Form("site", key, key)


def _form(slot: str, name: str) -> Form:
    return Form(slot, _key(name) or name, name)


def _variants(title: str) -> list[str]:
    """A title in full, without what is in brackets, without a guest, and without an article."""
    plain = bare(title)
    shorter = re.sub(r"^(?:the|a)\s+", "", plain, flags=re.IGNORECASE)
    return [
        name
        for name in dict.fromkeys(
            (title, FEATURED.sub("", title).strip(), plain, shorter if len(shorter.split()) > 1 else plain)
        )
        if _key(name)
    ]


def _parts(name: str) -> Iterator[Form]:
    """The words of a name that may stand for it: Misch, Knocks."""
    words = name.split()
    for word in words if len(words) > 1 else ():
        if len(_key(word)) > 2 and word.casefold() not in SMALL and (is_marked(word) or name.islower()):
            yield Form("artist", _key(word), word, False)


def _aliases(artist: str, blocks: Sequence[Block]) -> Iterator[str]:
    """What else the artist is called, where the post says so in the sentence that names it."""
    for block in blocks[:12]:
        if artist.casefold() not in block.text.casefold():
            continue
        for pattern in (ALIAS, REAL):
            for match in pattern.finditer(block.text[:2000]):
                name = match[1].strip(" .,'’")
                if _key(name) != _key(artist):
                    yield re.sub(r"['’]s$", "", name)


def _tidied(text: str) -> str:
    """Slots without their quotation marks, without guests in brackets; each name once."""
    text = re.sub(r"[\"“„‟'‘‚«‹]\s?(\{title\})([,.!?]?)\s?[\"”“'’»›](?!\w)", r"\1\2", text)
    text = re.sub(r"\{title\}\s*[(\[]?\s*(?:feat\.?|ft\.?|featuring|w/)\s*\{(?:guest|artist)\}[)\]]?", "{title}", text)
    text = re.sub(r"\{(artist|guest)\}(?:\s*(?:,|&|and|x|\+|/)\s*\{\1\})+", r"{\1}", text)
    text = re.sub(r"(\{\w+\})(?:\s\1)+", r"\1", text)
    return re.sub(r"\{(\w+)\}(['’])(?=[\s,.;:!?]|$)(?!s)", r"{\1}\2s", text)
