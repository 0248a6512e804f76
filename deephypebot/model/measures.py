"""Measures of texts: diversity, overlap and copying. Pure functions on strings, no torch.

A word is a run of letters, digits and apostrophes, case folded, slots removed, so that the measures see what a reader would
call the same words. `tokens` for BLEU keeps punctuation apart, as the papers do.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SLOT = re.compile(r"\{(?:artist|title)\}(?:['’]s)?")
WORD = re.compile(r"\w+(?:['’]\w+)*")
BLEU_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
MAX_ORDER = 4


def words(text: str) -> list[str]:
    """Case-folded words without slots and punctuation."""
    return WORD.findall(SLOT.sub(" ", text).casefold().replace("’", "'"))


def ngrams(sequence: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """All runs of n items, in order; [] where the sequence is shorter."""
    return [tuple(sequence[i : i + n]) for i in range(len(sequence) - n + 1)]


def distinct_n(texts: Iterable[str], n: int) -> float:
    """Unique over all n-grams of a set of texts (Li et al. 2016, arXiv 1510.03055); 0 where there are none.

    Depends on the number of texts: compare at equal numbers only.
    """
    grams = [gram for text in texts for gram in ngrams(words(text), n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def diversity(texts: Sequence[str]) -> float:
    """Product of distinct-2, -3 and -4 (Lovelace et al. 2023, arXiv 2212.09462): 1 where no n-gram comes twice."""
    return math.prod(distinct_n(texts, n) for n in (2, 3, 4))


def bleu4(hypothesis: str, reference: str) -> float:
    """Sentence BLEU-4, 0..1, brevity penalty included (Papineni et al. 2002), add-one from 2-grams on (Lin and Och 2004)."""
    statistics = _bleu_statistics(_bleu_tokens(hypothesis), [_bleu_tokens(reference)])
    return _bleu(
        [(matches + (n > 0), total + (n > 0)) for n, (matches, total) in enumerate(statistics[0])], *statistics[1:]
    )


def corpus_bleu4(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """Corpus BLEU-4, 0..1: n-gram counts summed over all pairs before the ratio, no smoothing (Papineni et al. 2002)."""
    pairs = zip(hypotheses, references, strict=True)
    rows = [_bleu_statistics(_bleu_tokens(hypothesis), [_bleu_tokens(reference)]) for hypothesis, reference in pairs]
    counts = [(sum(row[0][n][0] for row in rows), sum(row[0][n][1] for row in rows)) for n in range(MAX_ORDER)]
    return _bleu(counts, sum(row[1] for row in rows), sum(row[2] for row in rows))


def self_bleu(texts: Sequence[str]) -> float:
    """Mean corpus-style BLEU-4 of each text against all the others (Zhu et al. 2018, arXiv 1802.01886), 0..1; lower is more diverse.

    The most that any other text holds of an n-gram is read off its two largest counts, so no pair of texts is compared.
    Depends on the number of texts: compare at equal numbers only.
    """
    rows = [_bleu_tokens(text) for text in texts]
    if len(rows) < 2:
        raise ValueError(f"texts has {len(rows)} items; self-BLEU needs 2")
    ceilings = _two_largest_counts(rows)
    lengths = [len(row) for row in rows]
    return sum(_self_bleu_of(i, row, ceilings, lengths) for i, row in enumerate(rows)) / len(rows)


def _bleu_tokens(text: str) -> list[str]:
    return BLEU_TOKEN.findall(SLOT.sub(" slot ", text).casefold())


BleuStatistics = tuple[list[tuple[int, int]], int, int]


def _bleu_statistics(hypothesis: list[str], references: list[list[str]]) -> BleuStatistics:
    """([(clipped matches, total) for n = 1..4], length of the hypothesis, length of the closest reference)"""
    counts = []
    for n in range(1, MAX_ORDER + 1):
        own = Counter(ngrams(hypothesis, n))
        ceiling: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            ceiling |= Counter(ngrams(reference, n))
        counts.append(((own & ceiling).total(), own.total()))
    closest = min((len(reference) for reference in references), key=lambda size: (abs(size - len(hypothesis)), size))
    return counts, len(hypothesis), closest


def _bleu(counts: Sequence[tuple[int, int]], length: int, reference_length: int) -> float:
    if length == 0 or any(matches == 0 or total == 0 for matches, total in counts):
        return 0.0
    precision = sum(math.log(matches / total) for matches, total in counts) / len(counts)
    return math.exp(precision + min(0.0, 1 - reference_length / length))


Ceilings = dict[tuple[str, ...], tuple[int, int, int]]


def _two_largest_counts(rows: Sequence[list[str]]) -> Ceilings:
    """n-gram -> (largest count in a text, which text, second largest count in another text)"""
    ceilings: Ceilings = {}
    for i, row in enumerate(rows):
        for gram, count in Counter(gram for n in range(1, MAX_ORDER + 1) for gram in ngrams(row, n)).items():
            first, owner, second = ceilings.get(gram, (0, -1, 0))
            ceilings[gram] = (count, i, first) if count > first else (first, owner, max(second, count))
    return ceilings


def _self_bleu_of(i: int, row: list[str], ceilings: Ceilings, lengths: Sequence[int]) -> float:
    counts = []
    for n in range(1, MAX_ORDER + 1):
        own, matches = Counter(ngrams(row, n)), 0
        for gram, count in own.items():
            first, owner, second = ceilings[gram]
            matches += min(count, second if owner == i else first)
        counts.append((matches + (n > 1), own.total() + (n > 1)))
    others = (size for j, size in enumerate(lengths) if j != i)
    return _bleu(counts, len(row), min(others, key=lambda size: (abs(size - len(row)), size)))


class CopyIndex:
    """Where every pair of neighbouring words stands in the training texts, to find runs that were copied.

    10,000 sentences take about a second and 30 MB. Runs never cross the border of a text.
    """

    def __init__(self, train_texts: Iterable[str]) -> None:
        self.texts = [words(text) for text in train_texts]
        self.singles = {word for text in self.texts for word in text}
        self.pairs: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for number, text in enumerate(self.texts):
            for at in range(len(text) - 1):
                self.pairs.setdefault((text[at], text[at + 1]), []).append((number, at))

    def run_at(self, query: Sequence[str], start: int) -> int:
        """Length of the longest run from query[start] on that stands in a training text."""
        if start + 1 >= len(query) or (query[start], query[start + 1]) not in self.pairs:
            return int(query[start] in self.singles)
        places, length = self.pairs[query[start], query[start + 1]], 2
        while start + length < len(query):
            word = query[start + length]
            places = [
                (n, at) for n, at in places if at + length < len(self.texts[n]) and self.texts[n][at + length] == word
            ]
            if not places:
                break
            length += 1
        return length


def longest_copied_run(text: str, index: CopyIndex) -> int:
    """Words of the longest run that also stands, word for word, in one training text of the index."""
    query, longest = words(text), 0
    for start in range(len(query)):
        if len(query) - start <= longest:
            break
        longest = max(longest, index.run_at(query, start))
    return longest


def repeated_ngram(text: str, n: int) -> bool:
    """Whether a run of n words comes more than once in the text."""
    grams = ngrams(words(text), n)
    return len(set(grams)) < len(grams)


def exact_duplicates(texts: Iterable[str]) -> int:
    """How many texts are the same, letter for letter but for outer white space, as an earlier one of the list."""
    stripped = [text.strip() for text in texts]
    return len(stripped) - len(set(stripped))


@dataclass(frozen=True)
class Share:
    """A share with its 95% interval, all 0..1."""

    share: float
    low: float
    high: float


def share_with_ci(successes: int, n: int, z: float = 1.959964) -> Share:
    """successes / n with the score interval of Wilson (1927), which also holds near 0 and 1. Raises ValueError."""
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"successes is {successes!r} of n {n!r}; allowed is 0 <= successes <= n, n > 0")
    share, spread = successes / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return Share(share, max(0.0, centre - half), min(1.0, centre + half))
