"""Ordinary English words, by the original corpus: what has a capital only where a sentence begins, or in a name."""

from __future__ import annotations

import re
from functools import cache


@cache
def ordinary_words() -> frozenset[str]:
    """Words that the built-in corpus writes with a small letter, and their letters alone."""
    from deephypebot.corpus.builtin import load_builtin

    found: set[str] = set()
    for sentence in load_builtin():
        found.update(re.findall(r"(?<![\w'’])[a-z][a-z'’]*(?![\w'’])", sentence.text))
    return frozenset(re.sub(r"['’]", "", word) for word in found)


def is_ordinary(word: str) -> bool:
    """Whether it is one of them; word: in small letters."""
    return word in ordinary_words()
