"""Hashed n-grams of a text: what the judges read. numpy only, no vocabulary to store."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deephypebot.model.measures import SLOT

BUCKETS = 1 << 16
CHARACTERS = (3, 4, 5)


def masked(text: str) -> str:
    """The text as a judge reads it: slots become "it", letters case folded, white space single."""
    return " ".join(SLOT.sub(" it ", text).casefold().replace("’", "'").split())


def bucket_counts(text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(buckets, 1 + log of the count in each) of a text's n-grams; the same on every machine (CRC-32)."""
    hashes = [zlib.crc32(gram.encode()) % BUCKETS for gram in _grams(masked(text))]
    buckets, counts = np.unique(np.array(hashes, np.int64), return_counts=True)
    return buckets, (1 + np.log(counts)).astype(np.float32)


def _grams(text: str) -> Iterator[str]:
    """Words, pairs of words, and runs of 3 to 5 characters inside padded words."""
    words = re.findall(r"\w+", text)
    yield from words
    yield from map(" ".join, pairwise(words))
    for word in text.split():
        padded = f" {word} "
        for size in CHARACTERS:
            for at in range(max(1, len(padded) - size + 1)):
                yield f"#{padded[at : at + size]}"
