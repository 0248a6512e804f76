"""How fresh a text is: free of the words and turns that a writer falls back on far more often than the text it learned from.

A small writer has favourites ("{artist} sings the", "down the stairs"), harmless in one text and tiresome in a hundred. What they are is counted:
over drafts and over the corpus, single words and pairs, the start of a text being a word of its own. Each phrase that drafts use more is worn by
log p(drafts) - log p(corpus), in nats, where p is the share of texts that have it; a text is as worn as its phrases together, by the root of its
length. Drafts are chosen for being fresh (choose.py) and z is steered there (constraints.py).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from deephypebot.model.beside import read_beside

FILE = "worn_phrases.json"
START = "^"
LEAST = 0.001  # share of drafts that have a phrase, or it tells nothing
LITTLE = 0.1  # nats that are not worth keeping
PRIOR = 2  # texts with a phrase, as if seen before
SLOPE = 0.5  # of log freshness


@dataclass(frozen=True)
class Freshness:
    """worn: nats of each phrase."""

    worn: Mapping[str, float]

    def __call__(self, text: str) -> float:
        """A text, slots unfilled -> 0..1, 1 where no phrase of it is worn."""
        known = phrases(text)
        return math.exp(-SLOPE * sum(self.worn.get(phrase, 0.0) for phrase in known) / math.sqrt(len(known) or 1))

    def to_bytes(self) -> bytes:
        """The JSON file, the most worn first."""
        ranked = sorted(self.worn.items(), key=lambda one: -one[1])
        return json.dumps({phrase: round(nats, 3) for phrase, nats in ranked}, indent=0).encode()


def phrases(text: str) -> set[str]:
    """The words of a text, slots among them, and its pairs of neighbours."""
    said = [START, *(word.strip(".,;:!?\"'“”‘’()").casefold() for word in text.split())]
    return {*said[1:], *(" ".join(pair) for pair in pairwise(said))}


def fit_freshness(drafts: Iterable[str], corpus: Iterable[str]) -> Freshness:
    """From what a writer wrote, and what it was to write like."""
    (written, number), (real, size) = _count(drafts), _count(corpus)
    often = {phrase: count for phrase, count in written.items() if count >= max(PRIOR, LEAST * number)}
    same = PRIOR * size / max(1, number)  # the prior's share of texts is the same on both sides
    worn = {
        phrase: math.log((count + PRIOR) / (number + PRIOR)) - math.log((real[phrase] + same) / (size + same))
        for phrase, count in often.items()
    }
    return Freshness({phrase: nats for phrase, nats in worn.items() if nats > LITTLE})


def load_freshness(checkpoint: Path) -> Freshness | None:
    """That of a checkpoint folder, None where it has none. Raises CheckpointError for a file that cannot be used."""
    return read_beside(checkpoint, FILE, _read)


def _read(path: Path) -> Freshness:
    worn = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(worn, dict) or not all(map(_is_positive, worn.values())):
        raise ValueError("it is no object of phrases and numbers above 0")
    return Freshness(worn)


def _is_positive(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and 0 < value < math.inf


def _count(texts: Iterable[str]) -> tuple[Counter[str], int]:
    """How many texts have each phrase, and how many there are."""
    found, number = Counter[str](), 0
    for text in texts:
        found.update(phrases(text))
        number += 1
    return found, number
