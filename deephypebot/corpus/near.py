"""What is nearly the same: MinHash signatures (Broder 1997) by rensa, put into buckets band by band (locality-sensitive hashing), so that
memory grows with one band and not with the corpus. Shapes: N signatures of P permutations."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deephypebot.corpus.split import normalised

Signatures = NDArray[np.uint32]
POST, SENTENCE = 64, 32  # permutations of a post's signature, and of a sentence's
POST_SHINGLE, SENTENCE_SHINGLE = 3, 2  # words
ROWS = 4  # of a signature that make a band
ALIKE = 0.7  # Jaccard similarity of posts that are nearly the same
SENTENCES_ALIKE = 0.75


def signature(text: str, permutations: int, shingle: int) -> bytes:
    """Of a text's runs of words: P numbers of 32 bits."""
    from rensa import RMinHash

    words = re.findall(r"\w+", text.casefold())
    runs = [" ".join(words[i : i + shingle]) for i in range(max(1, len(words) - shingle + 1))]
    hashed = RMinHash(num_perm=permutations, seed=1)
    hashed.update(runs)
    return np.asarray(hashed.digest(), dtype=np.uint32).tobytes()


def digest(text: str) -> int:
    """Of the letters and digits of a text alone: 63 bits."""
    return int.from_bytes(hashlib.blake2b(normalised(text).encode(), digest_size=8).digest()) >> 1


class Groups:
    """Which of N things belong together (a forest of disjoint sets); the first of a group is its name."""

    def __init__(self, number: int) -> None:
        self.parent = np.arange(number, dtype=np.int64)

    def first(self, i: int) -> int:
        """The first thing of the group that i is in."""
        root = i
        while self.parent[root] != root:
            root = int(self.parent[root])
        while self.parent[i] != root:
            self.parent[i], i = root, int(self.parent[i])
        return root

    def join(self, i: int, j: int) -> None:
        """Put two groups together."""
        low, high = sorted((self.first(i), self.first(j)))
        self.parent[high] = low


def join_equal(groups: Groups, values: NDArray[Any]) -> None:
    """Put together what has the same value: (N,)."""
    for same in _buckets(values):
        for other in same[1:]:
            groups.join(int(same[0]), int(other))


def join_alike(groups: Groups, signatures: Signatures, rows: NDArray[np.intp], least: float) -> None:
    """Put together what is alike by `least` or more: those rows of signatures (N, P), which may lie on disk; groups are of the rows."""
    for start in range(0, signatures.shape[1], ROWS):
        band = np.ascontiguousarray(signatures[rows, start : start + ROWS]).view(np.dtype((np.void, 4 * ROWS))).ravel()
        for same in _buckets(band):
            alike = (signatures[rows[same[1:]]] == signatures[rows[same[0]]]).mean(1) >= least
            for other in same[1:][alike]:
                groups.join(int(same[0]), int(other))


def _buckets(values: NDArray[Any]) -> Iterator[NDArray[np.intp]]:
    """Places of equal values, in their order, where there are several."""
    if not len(values):
        return
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ends = np.append(starts[1:], len(values))
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        yield order[start:end]
