"""A language model of another family, which knows nothing of ours: words given the two before them, counted on held-out text.

Interpolated absolute discounting (Ney, Essen and Kneser 1994). It is weak, and that is its use: it cannot be talked into liking what
our own model likes. Its figures are only good beside that of human text which it has not seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from deephypebot.model.measures import words

ORDER = 3
DISCOUNT = 0.75
START, END = "<s>", "</s>"


class NgramModel:
    """Fitted to texts; slots are no words."""

    def __init__(self, texts: Iterable[str], order: int = ORDER) -> None:
        self.order = order
        self.counts = [Counter[tuple[str, ...]]() for _ in range(order)]  # by number of words before the last
        for text in texts:
            row = _padded(text, order)
            for n, counts in enumerate(self.counts):
                counts.update(tuple(row[i - n : i + 1]) for i in range(order - 1, len(row)))
        self.totals = [Counter[tuple[str, ...]]() for _ in range(order)]
        self.kinds = [Counter[tuple[str, ...]]() for _ in range(order)]
        for n, counts in enumerate(self.counts):
            for run, number in counts.items():
                self.totals[n][run[:-1]] += number
                self.kinds[n][run[:-1]] += 1
        self.size = len(self.counts[0]) + 1  # and all words that it does not know

    def nats_a_word(self, texts: Sequence[str]) -> float:
        """Mean -log p of a word, the end of a text counted as one. Raises ValueError for no texts."""
        if not texts:
            raise ValueError("there are no texts; allowed are 1 or more")
        rows = [_padded(text, self.order) for text in texts]
        costs = [-math.log(self.probability(row[: i + 1])) for row in rows for i in range(self.order - 1, len(row))]
        return sum(costs) / len(costs)

    def probability(self, words: Sequence[str]) -> float:
        """p(the last word | those before it)"""
        probability = 1 / self.size
        for n in range(min(self.order, len(words))):
            run = tuple(words[len(words) - 1 - n :])
            if total := self.totals[n][run[:-1]]:
                seen = max(self.counts[n][run] - DISCOUNT, 0) / total
                probability = seen + DISCOUNT * self.kinds[n][run[:-1]] / total * probability
        return probability


def _padded(text: str, order: int) -> list[str]:
    return [START] * (order - 1) + words(text) + [END]
