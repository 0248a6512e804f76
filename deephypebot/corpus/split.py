"""The frozen split of a corpus: by a hash of the post, so that a sentence never stands on both sides."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from deephypebot.types import Sentence


@dataclass(frozen=True)
class Split:
    """Sentences to train on, to choose by, and to report on."""

    train: list[Sentence]
    valid: list[Sentence]
    test: list[Sentence]


def part_of(post: str) -> str:
    """ "train" (90%), "valid" (5%) or "test" (5%), for ever the same for a post id."""
    share = int.from_bytes(hashlib.sha256(post.encode()).digest()[:8], "big") / 2**64
    return "train" if share < 0.90 else "valid" if share < 0.95 else "test"


def normalised(text: str) -> str:
    """Letters and digits of a text alone, case folded: what counts as the same sentence."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def split_sentences(sentences: Iterable[Sentence]) -> Split:
    """90/5/5 by post; a held-out sentence that is also in an earlier part is left out of the split."""
    parts: dict[str, list[Sentence]] = {"train": [], "valid": [], "test": []}
    for sentence in sentences:
        parts[part_of(sentence.post)].append(sentence)
    seen = {normalised(sentence.text) for sentence in parts["train"]}
    valid = [sentence for sentence in parts["valid"] if normalised(sentence.text) not in seen]
    seen |= {normalised(sentence.text) for sentence in valid}
    test = [sentence for sentence in parts["test"] if normalised(sentence.text) not in seen]
    return Split(parts["train"], valid, test)
