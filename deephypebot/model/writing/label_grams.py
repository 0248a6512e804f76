"""Labels of any spelling as weighted buckets of character n-grams (fastText, arXiv 1607.04606); no torch."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence

SIZES = (3, 4, 5)
MAX_CHARACTERS = 100


def label_bag(labels: Sequence[str], buckets: int) -> list[tuple[int, float]]:
    """(bucket, weight) of the words of labels and their n-grams; each label counts the same, and the weights sum to 1."""
    bags = [bag for bag in map(_grams, labels) if bag]
    return [(zlib.crc32(gram.encode()) % buckets, 1 / len(bag) / len(bags)) for bag in bags for gram in bag]


def _grams(label: str) -> list[str]:
    text = unicodedata.normalize("NFKC", label[:MAX_CHARACTERS]).casefold()
    words = "".join(c if c.isalnum() or c in "&+" else " " for c in text).split()
    grams = []
    for framed in (f"<{word}>" for word in words):
        runs = (framed[i : i + n] for n in SIZES for i in range(len(framed) - n + 1))
        grams += [framed, *(run for run in runs if run != framed)]
    return grams
