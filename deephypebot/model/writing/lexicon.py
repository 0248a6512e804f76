"""Words as they may be spelt: pieces of words are only put together as some training text did.

A small model that is unsure of a word glues pieces into one that nobody knows ("peaceboat"). Here the tokens of each word of the
training text form a trie; a word goes on along the trie, and ends where a word ends.

Shapes: V outputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LETTER = r"(?:[A-Za-z']|[^\x00-\x7f])"  # what lies beyond ASCII may be cut into bytes, so it all counts as letters
WORD = re.compile(rf" ?{LETTER}+")
SLOT = re.compile(r"\{\w+\}")


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of texts in alphabetical order, each with the space before it where it has one; slots are no words."""
    return sorted({word for text in texts for word in WORD.findall(SLOT.sub("0", text))})


class Lexicon:
    """Which outputs may follow. texts: the text of each output; spelt: the outputs of each word. Without words all is allowed."""

    def __init__(self, texts: Sequence[str], spelt: Iterable[tuple[int, ...]]) -> None:
        self.spells = [WORD.fullmatch(text) is not None for text in texts]
        self.spaced = [text.startswith(" ") for text in texts]
        self.whole = {(), *spelt}
        self.children: dict[tuple[int, ...], set[int]] = {}
        for outputs in self.whole:
            for end, output in enumerate(outputs):
                self.children.setdefault(outputs[:end], set()).add(output)
        self.all = np.ones(len(texts), bool) if not self.children else None
        first = np.isin(np.arange(len(texts)), [*self.children.get((), ())])
        between = ~np.array(self.spells)  # what is no part of a word
        self.after_word = between | (first & self.spaced)
        self.after_other = between | first  # at the start and after a dash a word has no space before it

    def allowed(self, written: Sequence[int]) -> Array:
        """After the outputs that are written: (V,) bool"""
        if self.all is not None:
            return self.all
        word = tuple(written[self.last_word(written) :])
        if not word:
            return self.after_other
        mask = self.after_word.copy() if word in self.whole else np.zeros(len(self.spells), bool)
        mask[[output for output in self.children.get(word, ()) if not self.spaced[output]]] = True
        return mask

    def last_word(self, written: Sequence[int]) -> int:
        """Where the word begins that the text ends with; the end where it ends with something else."""
        start = len(written)
        while start and self.spells[written[start - 1]]:
            start -= 1
            if self.spaced[written[start]]:
                break
        return start
