"""Which runs of words stand in the training text: their hashes, small enough to ship with a checkpoint.

Eight words in a row that also stand in the training text are a quotation, and no text with one is posted. A hash of 32 bits is
taken for another one in about 1 of 10,000 runs; then a text is dropped that need not be.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from deephypebot.model.beside import read_beside
from deephypebot.model.measures import ngrams, words

COPIED = 8
FILE = "runs.safetensors"


@dataclass(frozen=True)
class Runs:
    """hashes: (N,) uint32, sorted, of all runs of COPIED words of a text, as measures.words has them."""

    hashes: NDArray[np.uint32]

    def is_copied(self, text: str) -> bool:
        """Whether a run of COPIED words of this text stands in the training text."""
        asked = _hashes([text])
        if not len(asked) or not len(self.hashes):
            return False
        at = np.minimum(np.searchsorted(self.hashes, asked), len(self.hashes) - 1)
        return bool((self.hashes[at] == asked).any())

    def to_bytes(self) -> bytes:
        """The safetensors file."""
        return save({"hashes": self.hashes})


def fit_runs(texts: Iterable[str]) -> Runs:
    """The runs of training texts."""
    return Runs(np.unique(_hashes(texts)))


def load_runs(checkpoint: Path) -> Runs | None:
    """Those of a checkpoint folder, None where it has none. Raises CheckpointError for a file that cannot be used."""
    return read_beside(checkpoint, FILE, _read)


def _read(path: Path) -> Runs:
    hashes = load_file(path)["hashes"]
    if hashes.dtype != np.uint32 or hashes.ndim != 1 or (hashes[1:] < hashes[:-1]).any():
        raise ValueError("hashes is no sorted row of uint32")
    return Runs(hashes)


def _hashes(texts: Iterable[str]) -> NDArray[np.uint32]:
    return np.array(
        [zlib.crc32(" ".join(run).encode()) for text in texts for run in ngrams(words(text), COPIED)], np.uint32
    )
