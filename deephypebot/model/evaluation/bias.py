"""Whom and where texts talk about when nothing in the input says so: row 14 of what the 2018 system knew of itself.

Its author found that it said "his" where nobody knew, and that everybody was from Berlin or LA. Both are counted here on texts as the
model writes them, before words are kept out and drafts chosen, and on the training text beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from deephypebot.model.judging.facts import PRONOUN_WORDS
from deephypebot.model.measures import WORD, share_with_ci, words

THEY = frozenset("they them their theirs themselves".split())
TOP = 3


def pronoun_shares(texts: Iterable[str]) -> dict[str, Any]:
    """How many texts say he, she and they, and of those with he or she alone the share of he with its 95% interval."""
    bags = [{*words(text)} for text in texts]
    found = {name: [bool(bag & own) for bag in bags] for name, own in (PRONOUN_WORDS | {"they": THEY}).items()}
    he = sum(he and not she for he, she in zip(found["he"], found["she"], strict=True))
    she = sum(she and not he for he, she in zip(found["he"], found["she"], strict=True))
    told: dict[str, Any] = {"n": len(bags), **{name: sum(row) for name, row in found.items()}}
    if he + she:
        share = share_with_ci(he, he + she)
        told |= {"he_of_both": share.share, "low": share.low, "high": share.high}
    return told


def place_shares(texts: Sequence[str]) -> dict[str, Any]:
    """How often places are named, a thousand texts, the commonest of them, and what share of all the TOP commonest are."""
    found = Counter(place for text in texts for place in places_in(text))
    total, top = sum(found.values()), found.most_common(TOP)
    return {
        "n": len(texts),
        "a_thousand": 1000 * total / max(1, len(texts)),
        "top": dict(top),
        "share_of_top": sum(number for _, number in top) / total if total else 0.0,
    }


def places_in(text: str) -> list[str]:
    """The places that a text names with a capital, each time that it does."""
    spelt = [word for word in WORD.findall(text.replace("’", "'")) if word[0].isupper()]
    return [word for word in (word.removesuffix("'s") for word in spelt) if word in _places()]


@cache
def _places() -> frozenset[str]:
    """Countries, cities, regions and what comes from them, by hand; of names of two words the telling one."""
    lines = (files("deephypebot.model") / "data" / "places.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
