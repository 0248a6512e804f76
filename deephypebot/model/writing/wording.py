"""What a writer does not choose, because the song does not bear it out: he and she, and verbs in the wrong number.

Unless it is said who sings, nobody is called he or she. A name that looks like a plural ("The Rolling Stones") is
followed by "sing", any other by "sings"; the model cannot know, since it writes a slot where the name will be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from deephypebot.model.judging.facts import GENDERED, wrong_pronouns
from deephypebot.model.writing.lexicon import Lexicon
from deephypebot.types import Song

Array = np.ndarray[Any, Any]
SLOT_NAMES = ("artist", "title")
LONGEST_NAME = 120  # characters; with a longer name in it a text of 280 characters says nothing
IRREGULAR = {"are": "is", "were": "was", "have": "has", "do": "does"}
NOT_VERBS = frozenset(
    "all but for from half just most only over some that than their they thing this with your".split()
)
PLURAL_ARTICLES = frozenset("the los las les die os as".split())
PAIR = re.compile(r"\s(?:&|and|x|y|und|et|e|\+)\s", re.IGNORECASE)


class Wording:
    """The words of a checkpoint. texts: the text of each output; words: of words_of; encode: text -> outputs."""

    def __init__(self, texts: Sequence[str], words: Sequence[str], encode: Callable[[str], Sequence[int]]) -> None:
        spelt = {word: tuple(encode(word)) for word in words}
        wrong = {plural: wrong_number(spelt.keys(), plural) for plural in (False, True)}
        self.size = len(texts)
        self.words, self.lexicon = frozenset(word.strip() for word in words), Lexicon(texts, spelt.values())
        self.after_artist = {
            plural: Lexicon(texts, [outputs for word, outputs in spelt.items() if word not in wrong[plural]])
            for plural in wrong
        }
        stripped = [text.strip() for text in texts]
        self.gendered = [(i, text.casefold()) for i, text in enumerate(stripped) if text.casefold() in GENDERED]
        self.slots = {name: [i for i, text in enumerate(stripped) if text == f"{{{name}}}"] for name in SLOT_NAMES}

    def about(self, song: Song, pronouns: str | None = None) -> Callable[[Sequence[int]], Array]:
        """Outputs written so far -> (V,) bool, those that may follow in a text about a song; pronouns: see types.Wish."""
        ever, artists, wrong = np.ones(self.size, bool), {*self.slots["artist"]}, wrong_pronouns(pronouns)
        ever[[i for i, word in self.gendered if word in wrong]] = False
        ever[[i for name in SLOT_NAMES if len(getattr(song, name)) > LONGEST_NAME for i in self.slots[name]]] = False
        after_artist = self.after_artist[looks_plural(song.artist, self.words)]

        def allowed(written: Sequence[int]) -> Array:
            start = self.lexicon.last_word(written)
            named = start > 0 and written[start - 1] in artists
            mask: Array = (after_artist if named else self.lexicon).allowed(written) & ever
            return mask

        return allowed


def wrong_number(words: Iterable[str], plural: bool) -> set[str]:
    """Those of words that may not follow the name of an artist: " sings" after a plural, " sing" after any other."""
    bare = {word[1:] for word in words if word.startswith(" ") and word.islower() and len(word) > 2} - NOT_VERBS
    pairs = [(word, third) for word in bare if (third := third_person(word)) in bare]
    return {f" {third if plural else word}" for word, third in pairs}


def third_person(verb: str) -> str:
    """sing -> sings, carry -> carries, push -> pushes, have -> has"""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if re.search(r"(?:s|x|z|ch|sh|[^aeiou]o)$", verb) else f"{verb}s"


def looks_plural(name: str, words: AbstractSet[str]) -> bool:
    """Whether a name is that of several: "X & Y", "The Strokes", "Los Lobos", "Arctic Monkeys". words: known, lower-case.

    Without an article it must be made of known words: "Glass Animals" is, "Miles Davis" and "Azealia Banks" are not.
    """
    *before, last = name.casefold().split() or [""]
    if PAIR.search(name):
        return True
    if not re.search(r"[^su]s$", last):
        return False
    return (bool(before) and before[0] in PLURAL_ARTICLES) or {*before, last[:-1]} <= words
