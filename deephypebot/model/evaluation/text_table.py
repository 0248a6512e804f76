"""What a set of texts is like, whoever wrote it: the measures of the scoreboard that need nothing but the texts.

All depend on the number of texts, so sets are compared at equal numbers, slots unfilled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deephypebot.corpus.split import Split
from deephypebot.model import measures
from deephypebot.model.evaluation.bias import place_shares, pronoun_shares
from deephypebot.model.evaluation.divergence import mauve
from deephypebot.model.evaluation.ngram import NgramModel
from deephypebot.model.judging.copying import COPIED
from deephypebot.model.judging.kinds import load_kinds
from deephypebot.model.judging.rewards import UNWANTED
from deephypebot.songs import find_fault
from deephypebot.types import PLACEHOLDER

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
SEEDS = 5
SLOT = re.compile(r"\{(artist|title)\}")


@dataclass(frozen=True)
class Yardstick:
    """What sets of texts are measured by. held_out: human texts of the same kind, unseen by the writer."""

    index: measures.CopyIndex
    ngrams: NgramModel
    held_out: list[str]
    embed: Embed | None = None

    @classmethod
    def of(cls, split: Split, embed: Embed | None = None) -> Yardstick:
        """From a split: what is copied is copied from train, fluency is counted on test, likeness is to test; valid is for comparison."""
        train = [s.text for s in split.train]
        test = [s.text for s in split.test]
        return cls(measures.CopyIndex(train), NgramModel(test), test, embed)

    def measure(self, texts: Sequence[str]) -> dict[str, Any]:
        """A number for each measure; shares and scores 0..1, costs in nats a word, runs in words. Raises ValueError for no texts."""
        runs = [measures.longest_copied_run(text, self.index) for text in texts]
        kinds = Counter(load_kinds("judge").kinds(texts))
        found = {
            "texts": len(texts),
            "words": float(np.mean([len(measures.words(text)) for text in texts])),
            "finished": float(np.mean([find_fault(_filled(text), PLACEHOLDER) is None for text in texts])),
            "with_artist": float(np.mean(["{artist}" in text for text in texts])),
            "with_title": float(np.mean(["{title}" in text for text in texts])),
            "distinct_2": measures.distinct_n(texts, 2),
            "self_bleu_4": measures.self_bleu(texts),
            "commonest_opening": opening_share(texts),
            "nats_a_word": self.ngrams.nats_a_word(texts),
            "copied_run_median": float(np.median(runs)),
            "copied_run_max": max(runs),
            f"copied_{COPIED}_or_more": float(np.mean([run >= COPIED for run in runs])),
            "copied_4_grams": copied_share(texts, self.index),
            "descriptions": kinds["description"] / len(texts),
            "promo_release_live": sum(kinds[kind] for kind in UNWANTED) / len(texts),
            "pronouns": pronoun_shares(texts),
            "places": place_shares(texts),
        }
        return found | self.likeness(texts)

    def likeness(self, texts: Sequence[str]) -> dict[str, float]:
        """MAUVE against held-out text, the mean and the spread over SEEDS draws of equally many; nothing without an encoder."""
        if self.embed is None:
            return {}
        own, other = self.embed(texts), self.embed(self.held_out)
        number, scores = min(len(own), len(other), 500), []
        for seed in range(SEEDS):
            dice = np.random.default_rng(seed)
            p, q = (side[dice.choice(len(side), number, replace=False)] for side in (own, other))
            scores.append(mauve(p, q, seed))
        return {"mauve": float(np.mean(scores)), "mauve_spread": float(np.std(scores)), "mauve_n": number}


def opening_share(texts: Sequence[str], number: int = 3) -> float:
    """The share of texts that open with the commonest first words, slots counted as words."""
    first = Counter(tuple(SLOT.sub(r"\1", text).casefold().split()[:number]) for text in texts)
    return first.most_common(1)[0][1] / len(texts) if texts else 0.0


def copied_share(texts: Sequence[str], index: measures.CopyIndex) -> float:
    """The share of runs of 4 words that also stand in the training text (Lovelace et al. 2023)."""
    rows = [measures.words(text) for text in texts]
    copied = [index.run_at(row, i) >= 4 for row in rows for i in range(len(row) - 3)]
    return float(np.mean(copied)) if copied else 0.0


def _filled(text: str) -> str:
    return text.replace("{artist}", PLACEHOLDER.artist).replace("{title}", PLACEHOLDER.title)
